"""What goes wrong in a restore on booted hosts: power, a repository that is away, a standby, a mount, a backup."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from nights import DATA, UNIT, Night, night_of, refused

pytestmark = pytest.mark.long
ARCHIVE = "/var/lib/pgbackrest/archive/his"
HBA = "/etc/postgresql/15/main/pg_hba.conf"
LINE = "SELECT timeline_id FROM pg_control_checkpoint()"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with night_of(tmp_path_factory.mktemp("faults") / "site") as made:
        yield made


def until(seen: Callable[[], object], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.1)


def stage(night: Night, run: str, name: str) -> str:
    """What the host says of a stage of the restore; empty before it was begun."""
    told = night.db.run("cat", f"/var/lib/maintkit/runs/{run}/restore.json", check=False).out
    return str(json.loads(told)["stages"].get(name, {}).get("status", "")) if told else ""


def test_a_standby_that_follows_would_be_lost_and_is_named(night: Night) -> None:
    """Whatever receives its WAL: here a program that does so on the same host."""
    night.db.sh(f"cp -p {HBA} {HBA}.before; echo 'local replication postgres peer' >>{HBA}")
    night.sql("SELECT pg_reload_conf()")
    receive = "runuser -u postgres -- pg_receivewal --no-loop -D /tmp/wal"
    night.db.sh(f"install -d -o postgres /tmp/wal; nohup {receive} >/dev/null 2>&1 &")
    try:
        until(lambda: night.sql("SELECT count(*) FROM pg_stat_replication") == "1", 30)
        refused(night, "standbys or WAL receivers follow this server", type="end")
    finally:
        night.db.sh(f"mv {HBA}.before {HBA}")
        night.sql("SELECT pg_reload_conf(), pg_terminate_backend(pid) FROM pg_stat_replication")
    until(lambda: night.sql("SELECT count(*) FROM pg_stat_replication") == "0")
    night.db.sh("rm -rf /tmp/wal")


def test_a_data_directory_that_is_a_mount_point_is_not_renamed(night: Night) -> None:
    """What is mounted there stays so; the server does not notice."""
    night.db.run("mount", "--bind", DATA, DATA)
    try:
        refused(night, "is a mount point", type="end")
    finally:
        night.db.run("umount", "--lazy", DATA)


def test_a_backup_that_is_being_made_is_not_spoilt(night: Night) -> None:
    """It holds its lock, and is at work for as long as the test wants it to be."""
    backup1 = night.his.lab["backup1"]
    command = "pgbackrest --stanza=his --type=full backup"
    backup1.sh(f"nohup runuser -u postgres -- {command} >/dev/null 2>&1 &")
    stop = f"ls /tmp/pgbackrest/his-backup*.lock && kill -STOP $(pgrep -xf '{command}')"
    until(lambda: backup1.run("sh", "-c", stop, check=False).code == 0, 60)
    try:
        refused(night, "a backup is being made", type="end")
    finally:
        backup1.sh(f"kill -CONT $(pgrep -xf '{command}')")
    until(lambda: backup1.run("pgrep", "-xf", command, check=False).code == 1)


def test_a_backup_is_restored_as_it_was_when_it_ended(night: Night) -> None:
    """`type: set`: nothing of what was written afterwards is replayed, although it is archived."""
    listed = night.his.lab["backup1"].sh("ls /var/lib/pgbackrest/backup/his").split()
    label = max(one for one in listed if one[0].isdigit())
    night.sql("INSERT INTO visit SELECT n, '测试患者' || n FROM generate_series(501, 700) AS n; SELECT pg_switch_wal()")
    asked = [{"name": "挂号单", "database": "his", "sql": "SELECT count(*) FROM visit", "contains": "500"}]
    done = night.maintkit("apply", night.plan(type="set", set=label, smoke=asked))
    assert done.returncode == 0, done.stdout + done.stderr
    assert night.sql("SELECT count(*) FROM visit") == "500"
    told = night.told(night.run()["run"])
    assert told["stages"]["promote"]["reason"].startswith("reached consistency")
    assert night.sql("SELECT current_setting('archive_mode'), pg_is_in_recovery()") == "on|f"


def test_after_a_power_cut_in_the_restore_the_state_from_before_is_back(night: Night) -> None:
    """The host cannot say how far the laying out came; controller and host are gone at once, and resume goes back."""
    rows, before = night.sql("SELECT count(*) FROM visit"), night.sql(LINE)
    plan = night.plan(type="end")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    argv = night.argv("apply", plan)
    controller = subprocess.Popen(argv, start_new_session=True, **quiet)
    until(lambda: night.run()["plan"] == plan)
    run = night.run()["run"]
    begun = ("sh", "-c", f"test -e /var/lib/maintkit/runs/{run}/steps/restore/started")
    until(lambda: night.db.run(*begun, check=False).code == 0)
    night.db.cut_power()
    os.killpg(controller.pid, signal.SIGKILL)
    controller.wait()
    night.db.start()
    night.db.wait()
    done = night.maintkit("resume", run)
    assert done.returncode == 40, done.stdout + done.stderr
    assert night.run()["hosts"] == {"his-db1": "rolled-back"}
    assert (night.sql("SELECT count(*) FROM visit"), night.sql(LINE)) == (rows, before)
    assert night.sql("SELECT current_setting('archive_mode'), pg_is_in_recovery()") == "on|f"
    assert night.db.run("systemctl", "is-enabled", UNIT, check=False).out.strip() != "masked"
    night.db.sh(f"rm -rf {DATA}.maintkit-*-failed")


def test_an_archiver_that_fails_after_the_opening_brings_the_old_state_back(night: Night) -> None:
    """The repository takes nothing once recovery has ended: an opened server that archives nowhere does not pass."""
    rows, before = night.sql("SELECT count(*) FROM visit"), night.sql(LINE)
    # Whatever tests before this one have left: it must come as far as the opening.
    asked = [{"name": "挂号单", "database": "his", "sql": "SELECT count(*) FROM visit", "contains": rows}]
    backup1, plan = night.his.lab["backup1"], night.plan(type="end", archive_timeout=20, smoke=asked)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    applying = subprocess.Popen(night.argv("apply", plan), **quiet)
    until(lambda: night.run()["plan"] == plan)
    run = night.run()["run"]
    until(lambda: stage(night, run, "promote") == "passed")
    backup1.run("mv", ARCHIVE, f"{ARCHIVE}.away")
    try:
        until(lambda: stage(night, run, "open") == "failed" or applying.poll() is not None)
    finally:
        backup1.run("mv", f"{ARCHIVE}.away", ARCHIVE)
    assert applying.wait(300) == 40
    assert stage(night, run, "open") == "failed"
    assert night.run()["hosts"] == {"his-db1": "rolled-back"}
    assert (night.sql("SELECT count(*) FROM visit"), night.sql(LINE)) == (rows, before)
    assert night.sql("SELECT current_setting('archive_mode'), pg_is_in_recovery()") == "on|f"
