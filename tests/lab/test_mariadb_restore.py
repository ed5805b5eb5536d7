"""A MariaDB restored on its own booted host: planned, approved, applied, proven, or put back.

Its binary logs lie in the data directory, and are copied to the host that keeps its sets.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mariahosts import PROGRAMS, trust
from office import REQUESTER, Office, office
from sites import MAINTKIT

from lab import Spec, lab

pytestmark = pytest.mark.long
DATA, UNIT = "/var/lib/mysql", "mariadb.service"
TABLES = """
CREATE DATABASE pharmacy CHARACTER SET utf8mb4;
USE pharmacy;
CREATE TABLE issued (n INT AUTO_INCREMENT PRIMARY KEY, patient VARCHAR(50), KEY (patient));
INSERT INTO issued (patient) SELECT CONCAT('测试患者', seq) FROM seq_1_to_500;
"""
BACKUP = """
mkdir -p /backup/sets
mariadb-backup --backup --target-dir=/backup/sets/full >/dev/null 2>&1
mariadb pharmacy -e "INSERT INTO issued (patient) SELECT CONCAT('测试患者', seq) FROM seq_501_to_600"
mariadb-backup --backup --target-dir=/backup/sets/incr --incremental-basedir=/backup/sets/full >/dev/null 2>&1
mariadb pharmacy -e "INSERT INTO issued (patient) SELECT CONCAT('测试患者', seq) FROM seq_601_to_650; FLUSH BINARY LOGS"
rsync -a /backup/sets/ KEEPER:/backup/sets/
systemd-run --quiet --unit=keep-logs sh -c \
  "while :; do rsync -a --include='binlog.0*' --exclude='*' /var/lib/mysql/ KEEPER:/backup/logs/; sleep 1; done"
"""
# Written anew: overlayfs, on which the lab's hosts lie, renames no directory of an image.
OWN_DISK = f"cp -a {DATA} {DATA}.new && rm -r {DATA} && mv {DATA}.new {DATA}"
ASKED: dict[str, Any] = {
    "engine": "mariadb",
    "stanza": "pharmacy",
    "data": DATA,
    "unit": UNIT,
    "store": "backup1",
    "sets": "/backup/sets",
    "logs": "/backup/logs",
    "spare_mb": 64,
    "settings": {"innodb_buffer_pool_size": "16M"},
    "smoke": [{"name": "发药记录", "database": "pharmacy", "sql": "SELECT COUNT(*) FROM issued", "contains": "700"}],
}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    hosts = [Spec(name=name, layers=(PROGRAMS,), disk_mb=1536) for name in ("db1", "backup1")]
    with lab(hosts) as made:
        trust(made, "db1")
        made["backup1"].sh("mkdir -p /backup/sets /backup/logs")
        made["db1"].sh(f"{OWN_DISK} && systemctl start mariadb")
        made["db1"].run("mariadb", "--default-character-set=utf8mb4", stdin=TABLES)
        made["db1"].sh(BACKUP.replace("KEEPER", made["backup1"].address))
        yield office(made, tmp_path_factory.mktemp("restore") / "site")


def sql(night: Office, statement: str) -> str:
    return night.lab["db1"].run("mariadb", "-N", "--default-character-set=utf8mb4", stdin=statement).out.strip()


def asked(night: Office, **changes: Any) -> subprocess.CompletedProcess[str]:
    """`maintkit plan restore`."""
    file = night.site / "vars.yml"
    file.write_text(json.dumps({**ASKED, "store_from": night.lab["backup1"].address, **changes}))
    words = ("--vars", file, "--reason", "误删发药记录", "--requester", REQUESTER, "--json")
    return night.maintkit("plan", "restore", "--limit", "db1", *words)


def approved(night: Office, **changes: Any) -> str:
    planned = asked(night, **changes)
    assert planned.returncode == 0, planned.stdout + planned.stderr
    plan = str(json.loads(planned.stdout)["plan"])
    night.approve(plan)
    return plan


def applied(night: Office, **changes: Any) -> subprocess.CompletedProcess[str]:
    return night.maintkit("apply", approved(night, **changes))


def moment(night: Office) -> str:
    """A second between what is written before and what after."""
    time.sleep(1.1)
    found = sql(night, "SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:%i:%s+00')")
    time.sleep(1.1)
    return found


def until(seen: Callable[[], object], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.1)


def told(night: Office) -> dict[str, Any]:
    """The newest restore's own journal on the host."""
    text = night.lab["db1"].run("cat", f"/var/lib/maintkit/runs/{night.run()['run']}/restore.json").out
    found: dict[str, Any] = json.loads(text)
    return found


def test_what_cannot_be_reached_is_refused_while_the_server_goes_on(night: Office) -> None:
    began = sql(night, "SHOW GLOBAL STATUS LIKE 'Uptime'").split()[1]
    for said, changes in (
        ("no kept binary log holds the mark nobody", {"type": "name", "target": "nobody"}),
        ("is before the end of the oldest backup", {"target": "2020-01-01 00:00:00+08"}),
        ("is still to come", {"target": "2099-01-01 00:00:00+08"}),
        ("bytes are needed beside the present state", {"type": "end", "spare_mb": 100_000_000}),
        ("as the data directory, not /var/lib/other", {"type": "end", "data": "/var/lib/other"}),
        ("restore_unit must name the unit", {"type": "end", "unit": "mysqld-other.service"}),
    ):
        done = asked(night, **changes)
        assert (done.returncode, said in done.stderr) == (30, True), (said, done.stdout, done.stderr)
    assert int(sql(night, "SHOW GLOBAL STATUS LIKE 'Uptime'").split()[1]) >= int(began)


REPLICA = """
printf '[mariadbd]\\nserver_id = 4712\\n' >/etc/mysql/mariadb.conf.d/95-replica.cnf
systemctl start mariadb
mariadb -e "CHANGE MASTER TO master_host = 'ADDRESS', master_user = 'follower', master_password = 'practice',
  master_log_file = 'FILE', master_log_pos = 4; START SLAVE IO_THREAD"
"""


def test_who_follows_or_works_is_counted(night: Office) -> None:
    """A replica on the other host, and a client that is connected when the plan is applied."""
    db1, backup1 = night.lab["db1"], night.lab["backup1"]
    options = "printf '[mariadbd]\\nbind_address = 0.0.0.0\\n' >/etc/mysql/mariadb.conf.d/95-open.cnf"
    db1.sh(f"{options}; systemctl restart mariadb")
    sql(night, "CREATE USER follower@'%' IDENTIFIED BY 'practice'; GRANT REPLICATION SLAVE ON *.* TO follower@'%'")
    file = sql(night, "SHOW MASTER STATUS").split()[0]
    backup1.sh(REPLICA.replace("ADDRESS", db1.address).replace("FILE", file))
    until(lambda: sql(night, "SHOW SLAVE HOSTS"), 60)
    done = asked(night, type="end")
    assert (done.returncode, "1 replicas follow this server" in done.stderr) == (30, True), done.stderr
    backup1.sh("mariadb -e 'STOP SLAVE; RESET SLAVE ALL'; systemctl stop mariadb")
    sql(night, "DROP USER follower@'%'")
    kill = "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE command = 'Binlog Dump'"
    until(lambda: sql(night, sql(night, kill) + "SHOW SLAVE HOSTS") == "", 60)
    plan = approved(night, type="end")
    db1.sh("nohup mariadb -e 'SELECT SLEEP(300)' >/dev/null 2>&1 & sleep 1")
    done = night.maintkit("apply", plan)
    sql(night, sql(night, kill.replace("command = 'Binlog Dump'", "info LIKE 'SELECT SLEEP(300)%'")))
    assert done.returncode != 0
    assert "1 clients are connected" in done.stdout + done.stderr
    assert night.run()["hosts"] == {"db1": "untouched"}


def test_after_a_power_cut_in_the_restore_the_state_from_before_is_back(night: Office) -> None:
    """The host cannot say how far the laying out came; controller and host are gone at once, and resume goes back."""
    db1, before = night.lab["db1"], sql(night, "SELECT COUNT(*), @@gtid_binlog_pos FROM pharmacy.issued")
    plan = approved(night, type="end")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    argv = [str(MAINTKIT), "apply", plan, "--site", str(night.site)]
    controller = subprocess.Popen(argv, start_new_session=True, **quiet)
    until(lambda: night.run()["plan"] == plan)
    run = night.run()["run"]
    begun = ("sh", "-c", f"test -e /var/lib/maintkit/runs/{run}/steps/prepare-0/started")
    until(lambda: db1.run(*begun, check=False).code == 0)
    db1.cut_power()
    os.killpg(controller.pid, signal.SIGKILL)
    controller.wait()
    db1.start()
    db1.wait()
    done = night.maintkit("resume", run)
    assert done.returncode == 40, done.stdout + done.stderr
    assert night.run()["hosts"] == {"db1": "rolled-back"}
    assert sql(night, "SELECT COUNT(*), @@gtid_binlog_pos FROM pharmacy.issued") == before
    assert db1.run("systemctl", "is-enabled", UNIT, check=False).out.strip() != "masked"
    db1.sh(f"rm -rf {DATA}.maintkit-*-failed")


def test_what_does_not_pass_is_put_back_as_it_was(night: Office) -> None:
    """The application's question is answered wrongly: the state from before is there again, row by row."""
    sql(night, "CREATE TABLE pharmacy.newest AS SELECT 42 AS n")
    before = sql(night, "SELECT @@gtid_binlog_pos")
    done = applied(night, type="end", smoke=[{**ASKED["smoke"][0], "contains": "999999"}])
    assert done.returncode == 40, done.stdout + done.stderr
    assert "the answer does not hold what is expected" in done.stdout + done.stderr
    run = night.run()
    assert run["hosts"] == {"db1": "rolled-back"}
    assert (sql(night, "SELECT n FROM pharmacy.newest"), sql(night, "SELECT @@gtid_binlog_pos")) == ("42", before)
    db1 = night.lab["db1"]
    assert db1.run("systemctl", "is-enabled", UNIT, check=False).out.strip() != "masked"
    assert db1.sh(f"ls -d {DATA}.maintkit-*").split() == [f"{DATA}.maintkit-{run['run']}-failed"]
    db1.sh(f"rm -r {DATA}.maintkit-{run['run']}-failed")  # as a person would, once it is known why


def test_a_dropped_table_is_back_as_it_was_before_that_second(night: Office) -> None:
    """Approved and applied: what was written until then is there, the mistake is not, and the logs go on past it."""
    sql(night, "USE pharmacy; INSERT INTO issued (patient) SELECT CONCAT('测试患者', seq) FROM seq_651_to_700")
    when = moment(night)
    sql(night, "DROP TABLE pharmacy.issued; CREATE TABLE pharmacy.after_it AS SELECT 1 AS n")
    before, newest = sql(night, "SELECT @@gtid_binlog_pos"), sql(night, "SHOW MASTER STATUS").split()[0]
    done = applied(night, target=when)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sql(night, "SELECT COUNT(*), MAX(patient) FROM pharmacy.issued").startswith("700\t")
    assert sql(night, "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'after_it'") == "0"
    found = told(night)["stages"]
    assert found["recover"]["reason"].startswith("before ")
    assert found["recover"]["lost"]["exact"] is True
    kept = found["aside"]["kept"]
    assert night.lab["db1"].run("test", "-e", f"{kept}/ibdata1").code == 0
    sql(night, "USE pharmacy; INSERT INTO issued (patient) VALUES ('测试患者701')")
    assert int(sql(night, "SELECT @@gtid_binlog_pos").split("-")[2]) == int(before.split("-")[2]) + 1
    assert int(sql(night, "SHOW MASTER STATUS").split()[0][-6:]) == int(newest[-6:]) + 2
    said = "SELECT @@log_bin, @@read_only, @@skip_networking, @@event_scheduler"
    assert sql(night, said).split()[:3] == ["1", "0", "0"]
    assert sql(night, "SELECT COUNT(*) FROM mysql.global_priv WHERE User LIKE 'maintkit%'") == "0"
    page = night.page("change", night.run()["run"])
    assert all(word in page for word in ("数据恢复实施报告", "写入的数据未恢复", "mariadb", kept.rpartition("/")[2]))
    assert "测试患者" not in page + json.dumps(told(night), ensure_ascii=False)
    done = asked(night, type="end")
    assert (done.returncode, "is missing" in done.stderr) == (30, True), done.stderr
