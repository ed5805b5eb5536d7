"""A restore drill of a MariaDB on booted hosts, as engineers make it: planned, approved, applied, and reported.

The database, the host that keeps its sets and binary logs, and the drill host, which fetches them by ssh.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from mariahosts import PROGRAMS, trust
from office import REQUESTER, Office, office

from lab import Spec, lab
from maintkit.cli.terminal.place import open_ledger
from maintkit.contract.load import load_site
from maintkit.evidence.drill_record import last_passed

pytestmark = pytest.mark.long
SCRATCH = "/var/lib/maintkit-drill"
DATA = """
CREATE DATABASE pharmacy CHARACTER SET utf8mb4;
USE pharmacy;
CREATE TABLE drug (n INT PRIMARY KEY, name VARCHAR(50), price DECIMAL(9, 2), KEY (name));
CREATE TABLE issued (n INT AUTO_INCREMENT PRIMARY KEY, drug INT, patient VARCHAR(50),
    FOREIGN KEY (drug) REFERENCES drug (n));
INSERT INTO drug SELECT seq, CONCAT('药品', seq), seq / 7 FROM seq_1_to_500;
INSERT INTO issued (drug, patient) SELECT seq, CONCAT('测试患者', seq) FROM seq_1_to_500;
CREATE EVENT emptied ON SCHEDULE EVERY 1 SECOND DO DELETE FROM pharmacy.issued;
"""
BACKUP = """
mkdir -p /backup/sets
mariadb-backup --backup --target-dir=/backup/sets/full >/dev/null 2>&1
mariadb pharmacy -e "INSERT INTO issued (drug, patient) SELECT seq, CONCAT('测试患者', seq) FROM seq_1_to_400"
mariadb-backup --backup --target-dir=/backup/sets/incr --incremental-basedir=/backup/sets/full >/dev/null 2>&1
mariadb pharmacy -e "INSERT INTO issued (drug, patient) SELECT seq, CONCAT('测试患者', seq) FROM seq_1_to_100"
rsync -a /backup/sets/ KEEPER:/backup/sets/
rsync -a --include='binlog.0*' --exclude='*' /var/lib/mysql/ KEEPER:/backup/logs/
systemd-run --quiet --unit=keep-logs sh -c \
  "while :; do rsync -a --include='binlog.0*' --exclude='*' /var/lib/mysql/ KEEPER:/backup/logs/; sleep 1; done"
"""
ASKED: dict[str, Any] = {
    "engine": "mariadb",
    "source": "db1",
    "stanza": "pharmacy",
    "store": "backup1",
    "sets": "/backup/sets",
    "logs": "/backup/logs",
    "spare_mb": 64,
    "rto": 600,
    "rpo": 300,
    "smoke": [
        {"name": "发药记录", "database": "pharmacy", "sql": "SELECT COUNT(*) FROM issued", "contains": "1000"},
        {"name": "药品目录", "database": "pharmacy", "sql": "SELECT MAX(name) FROM drug"},
    ],
}


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    hosts = [Spec(name=name, layers=(PROGRAMS,), disk_mb=1024) for name in ("db1", "backup1", "drill1")]
    with lab(hosts) as made:
        trust(made, "db1")
        trust(made, "drill1")
        made["backup1"].sh("mkdir -p /backup/sets /backup/logs")
        made["db1"].sh("systemctl start mariadb")
        made["db1"].run("mariadb", "--default-character-set=utf8mb4", stdin=DATA)
        made["db1"].sh(BACKUP.replace("KEEPER", made["backup1"].address))
        yield office(made, tmp_path_factory.mktemp("drill") / "site")


def asked(evening: Office, limit: str, **changes: Any) -> subprocess.CompletedProcess[str]:
    """`maintkit plan restore-drill`."""
    file = evening.site / "vars.yml"
    file.write_text(json.dumps({**ASKED, "store_from": evening.lab["backup1"].address, **changes}))
    words = ("--vars", file, "--reason", "季度恢复演练", "--requester", REQUESTER, "--json")
    return evening.maintkit("plan", "restore-drill", "--limit", limit, *words)


def left(evening: Office) -> str:
    """What there is of copies on the drill host."""
    return evening.lab["drill1"].sh(f"ls -A {SCRATCH} 2>/dev/null; pgrep -a mariadbd || true").strip()


def test_production_is_refused_before_anything_is_planned(evening: Office) -> None:
    """Fault 47: the database's own host, and a scratch directory that is its data."""
    refused = asked(evening, "db1")
    assert refused.returncode == 30, refused.stdout + refused.stderr
    assert "the source is this very machine" in refused.stderr
    refused = asked(evening, "db1", same_host=True, scratch="/var/lib/mysql")
    assert (refused.returncode, "is the data directory of a MariaDB" in refused.stderr) == (30, True)


def test_a_drill_passes_and_nothing_of_the_copy_is_left(evening: Office) -> None:
    """Planned, approved, applied, reported: and the inspection knows it afterwards."""
    planned = asked(evening, "drill1")
    assert planned.returncode == 0, planned.stderr
    plan = str(json.loads(planned.stdout)["plan"])
    evening.approve(plan)
    done = evening.maintkit("apply", plan)
    assert done.returncode == 0, done.stdout + done.stderr
    run = evening.run()
    assert run["verdict"] == "done"
    assert left(evening) == ""
    assert evening.lab["drill1"].sh("grep -rl 测试患者 /var/lib/maintkit || true") == ""
    page = evening.page("restore-drill", run["run"])
    assert "备份恢复验证报告" in page
    assert "mariadb-backup" in page
    assert page.count("通过") > 9
    assert "未执行" not in page
    assert "[masked" not in page
    assert "测试患者" not in page
    with open_ledger(load_site(evening.site).settings, read_only=True) as ledger:
        assert list(last_passed(ledger)) == ["pharmacy"]
