"""A fragmented table of the practice hospital's pharmacy, rebuilt in a window, and the document that says so."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.hospital.practice import Hospital, hospital
from lab.hospital.site import key, make_site

pytestmark = pytest.mark.long

MAINTKIT = Path(sys.executable).with_name("maintkit")
HOST = "pharmacy1"
APPROVER, SECOND, REQUESTER = "li@hospital.example", "chen@hospital.example", "zhang@provider.example"
ASKED = {"databases": ["pharmacy"], "min_mb": 5, "spare_mb": 16, "budget": 120, "binlog": True}
TABLE = "`发药 记录``旧`"


@dataclass(frozen=True, kw_only=True)
class Pharmacy:
    """A running pharmacy and its site; every method is a command of maintkit's, or a question to the database."""

    his: Hospital
    site: Path

    def maintkit(self, *words: object) -> subprocess.CompletedProcess[str]:
        argv = [str(MAINTKIT), *map(str, words), "--site", str(self.site)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def asked(self) -> dict[str, Any]:
        """`maintkit plan rebuild_tables`."""
        file = self.site / "vars.yml"
        file.write_text(json.dumps(ASKED))
        words = ("--vars", file, "--reason", "表空间碎片", "--requester", REQUESTER, "--json")
        told: dict[str, Any] = json.loads(self.maintkit("plan", "rebuild_tables", "--limit", HOST, *words).stdout)
        return told

    def approved(self) -> str:
        """A plan that two people have approved and one supervises; its id."""
        plan = str(self.asked()["plan"])
        for who, role in ((APPROVER, "approver"), (SECOND, "second-approver")):
            self.maintkit("approve", plan, "--key", key(self.site, who), "--role", role, "--window", "practice")
        self.maintkit("supervise", "in", plan, "--key", key(self.site, APPROVER))
        return plan

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
    plan = pharmacy.approved()
    pharmacy.maintkit("apply", plan)
    after = int(pharmacy.sql(size))
    print(f"{TABLE}: {before} -> {after} bytes")
    assert after < before / 2
    run = json.loads(pharmacy.maintkit("status", "--json").stdout)[0]
    assert (run["verdict"], run["hosts"]) == ("done", {HOST: "done"})
    told = pharmacy.maintkit("report", "change", run["run"], "--format", "html", "--json")
    page = Path(json.loads(told.stdout)["written"][0]).read_text()
    assert "性能优化实施记录" in page
    assert f"{before / 2**20:.1f} MiB" in page
    assert f"{after / 2**20:.1f} MiB" in page
    assert pharmacy.asked()["effect"] == "none"
