"""A fragmented table of a MySQL 8.0 as Ubuntu packages it, rebuilt in a window by an account with the rights it needs.

What a rebuild meets on MySQL is tried in tests/faults/test_rebuild_tables.py, on a server without a host.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mysqltables import MYSQL
from office import Office, office
from procedures import module

from lab import File, Host, Spec, lab
from lab.faults.mysql import sql
from lab.suites import JAMMY

pytestmark = pytest.mark.long

OPTIONS, ACCOUNT = "/etc/maintkit-rebuild.cnf", "rebuilder@localhost"
PASSWORD = "only-of-this-lab"  # noqa: S105  # of a host that lives for a minute
ASKED = {"databases": ["药房 1"], "defaults_file": OPTIONS, "min_mb": 5, "spare_mb": 16, "budget": 120}
EVERYWHERE = ("PROCESS", "REPLICATION CLIENT", "SYSTEM_VARIABLES_ADMIN")
TABLE = "`药房 1`.`发药 记录``旧`"
DIGITS = "(SELECT 0 AS n{})".format("".join(f" UNION ALL SELECT {number}" for number in range(1, 10)))
SIZE = "SELECT FILE_SIZE FROM information_schema.INNODB_TABLESPACES WHERE NAME = '药房 1/发药 记录`旧'"


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A host and its site; its only fragmented table, and the account with the rights of docs/rebuild-tables.md."""
    with lab([Spec(name="h1", layers=(MYSQL,), suite=JAMMY)]) as made:
        host = made["h1"]
        host.put(File(path=OPTIONS, content=f"[client]\nuser=rebuilder\npassword={PASSWORD}\n".encode(), mode=0o600))
        digits = " JOIN ".join(f"{DIGITS} {name}" for name in "abcde")
        sql(
            host,
            "SET NAMES utf8mb4",
            f"CREATE USER {ACCOUNT} IDENTIFIED BY '{PASSWORD}'",
            f"GRANT {', '.join(EVERYWHERE)} ON *.* TO {ACCOUNT}",
            "CREATE DATABASE `药房 1`",
            f"GRANT ALTER, CREATE, INSERT, SELECT ON `药房 1`.* TO {ACCOUNT}",
            f"CREATE TABLE {TABLE} (n int PRIMARY KEY, filler varchar(300))",
            f"INSERT INTO {TABLE} SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS n,"  # noqa: S608  # the same
            f" REPEAT('x', 256) FROM {digits} ORDER BY 1",
            f"DELETE FROM {TABLE} WHERE n % 5 > 0",  # noqa: S608  # a test's own table
            f"FLUSH TABLES {TABLE} FOR EXPORT",
            "UNLOCK TABLES",
        )
        yield office(made, tmp_path_factory.mktemp("rebuild") / "site")


def size(host: Host) -> int:
    return int(sql(host, "SET NAMES utf8mb4", SIZE))


@pytest.mark.parametrize(
    ("right", "said"),
    [
        ("PROCESS", "you need (at least one of) the PROCESS privilege"),
        ("REPLICATION CLIENT", "SUPER, REPLICATION CLIENT privilege"),
        ("SYSTEM_VARIABLES_ADMIN", "SYSTEM_VARIABLES_ADMIN or SESSION_VARIABLES_ADMIN privilege"),
    ],
)
def test_without_a_right_no_table_is_rebuilt_and_the_servers_word_is_told(ward: Office, right: str, said: str) -> None:
    host = ward.lab["h1"]
    before = size(host)
    sql(host, f"REVOKE {right} ON *.* FROM {ACCOUNT}")
    told = module(ward.lab, "mysql_rebuild", {**ASKED, "run": right.replace(" ", "-")})
    sql(host, f"GRANT {right} ON *.* TO {ACCOUNT}")
    assert said in told["msg"]
    assert size(host) == before


def test_an_account_with_the_rights_that_it_needs_rebuilds_in_the_window(ward: Office) -> None:
    host = ward.lab["h1"]
    before, logged = size(host), sql(host, "SHOW MASTER STATUS")
    done = ward.maintkit("apply", ward.approved("rebuild_tables", **ASKED))
    assert done.returncode == 0, done.stdout + done.stderr
    after = size(host)
    print(f"{TABLE}: {before} -> {after} bytes")
    assert after < before / 2
    assert sql(host, "SHOW MASTER STATUS") == logged
    run = ward.run()
    assert (run["verdict"], run["hosts"]) == ("done", {"h1": "done"})
    page = ward.page("change", run["run"])
    assert "性能优化实施记录" in page
    assert f"{before / 2**20:.1f} MiB" in page
    assert f"{after / 2**20:.1f} MiB" in page
