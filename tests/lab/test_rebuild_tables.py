"""A fragmented table of the practice hospital's pharmacy, rebuilt in a window, and the document that says so."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from office import Engineer

from lab.hospital.practice import Hospital, hospital
from lab.hospital.site import make_site

pytestmark = pytest.mark.long

HOST = "pharmacy1"
ASKED = {"databases": ["pharmacy"], "min_mb": 5, "spare_mb": 16, "budget": 120, "binlog": True}
TABLE = "`发药 记录``旧`"


@dataclass(frozen=True, kw_only=True)
class Pharmacy(Engineer):
    """A running pharmacy and its site; every method is a command of maintkit's, or a question to the database."""

    his: Hospital

    def asked(self) -> subprocess.CompletedProcess[str]:
        """`maintkit plan rebuild_tables`."""
        return self.proposed("rebuild_tables", HOST, ASKED, reason="表空间碎片")

    def sql(self, statements: str) -> str:
        words = ("mariadb", "--batch", "--skip-column-names", "--default-character-set=utf8mb4", "pharmacy")
        return self.his.lab[HOST].run(*words, "-e", statements).out.strip()


@pytest.fixture(scope="module")
def pharmacy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pharmacy]:
    with hospital((HOST,)) as made:
        yield Pharmacy(his=made, site=make_site(made, tmp_path_factory.mktemp("rebuild") / "site"))


def test_a_fragmented_table_is_rebuilt_in_the_window_and_the_record_shows_both_sizes(pharmacy: Pharmacy) -> None:
    pharmacy.sql(
        f"CREATE TABLE {TABLE} (n int PRIMARY KEY, filler varchar(300));"  # noqa: S608  # a test's own table
        f"INSERT INTO {TABLE} SELECT seq, REPEAT(MD5(seq), 8) FROM seq_1_to_60000; DELETE FROM {TABLE} WHERE n % 5 > 0;"
        f"SET GLOBAL innodb_max_purge_lag_wait = 0; FLUSH TABLES {TABLE} FOR EXPORT; UNLOCK TABLES"
    )
    size = (
        "SELECT FILE_SIZE FROM information_schema.INNODB_SYS_TABLESPACES"
        " WHERE HEX(NAME) = CONCAT(HEX('pharmacy/'), HEX(CONVERT('发药 记录`旧' USING filename)))"
    )
    before = int(pharmacy.sql(size))
    plan = pharmacy.signed(pharmacy.asked())
    done = pharmacy.maintkit("apply", plan)
    assert done.returncode == 0, done.stdout + done.stderr
    after = int(pharmacy.sql(size))
    print(f"{TABLE}: {before} -> {after} bytes")
    assert after < before / 2
    run = pharmacy.run()
    assert (run["verdict"], run["hosts"]) == ("done", {HOST: "done"})
    page = pharmacy.page("change", run["run"])
    assert "性能优化实施记录" in page
    assert f"{before / 2**20:.1f} MiB" in page
    assert f"{after / 2**20:.1f} MiB" in page
    assert json.loads(pharmacy.asked().stdout)["effect"] == "none"
