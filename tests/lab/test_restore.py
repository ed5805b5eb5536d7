"""A database of the practice hospital restored on its own host: planned, approved, applied, proven, or put back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nights import DATA, UNIT, Night, night_of, refused


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with night_of(tmp_path_factory.mktemp("restore") / "site") as made:
        yield made


@pytest.mark.long
def test_a_dropped_table_is_back_as_it_was_before_the_mistake(night: Night) -> None:
    """To a point in time after the backup: what was written until then is there, the mistake is not."""
    before = night.sql("SELECT pg_create_restore_point('earlier'); SELECT timeline_id FROM pg_control_checkpoint()")
    night.sql("INSERT INTO visit SELECT n, '测试患者' || n FROM generate_series(501, 700) AS n")
    moment = night.now()
    night.sql("DROP TABLE visit")
    night.sql("CREATE TABLE after_it AS SELECT 1 AS n")
    done = night.maintkit("apply", night.plan(target=moment))
    assert done.returncode == 0, done.stdout + done.stderr
    assert night.sql("SELECT count(*), max(n) FROM visit") == "700|700"
    assert night.sql("SELECT to_regclass('after_it') IS NULL") == "t"
    assert before.endswith("1")
    assert night.sql("SELECT timeline_id FROM pg_control_checkpoint()") == "2"
    settings = "SELECT current_setting('archive_mode'), current_setting('restore_command'), pg_is_in_recovery()"
    assert night.sql(settings) == "on||f"
    run = night.run()["run"]
    told = night.told(run)
    assert told["stages"]["promote"]["reason"].startswith("before ")
    assert told["stages"]["promote"]["lost"]["seconds"] >= 0
    assert night.db.run("cat", f"{DATA}.maintkit-{run}-kept/PG_VERSION").out == "15\n"
    listed = night.db.run("runuser", "-u", "postgres", "--", "pgbackrest", "--stanza=his", "info").out
    assert "000000020000000" in listed
    drawn = night.maintkit("report", "change", run, "--format", "html", "--json")
    page = Path(json.loads(drawn.stdout)["written"][0]).read_text()
    assert all(word in page for word in ("数据恢复实施报告", "写入的数据未恢复", f"maintkit-{run}-kept"))
    assert "测试患者" not in page + night.db.sh(f"cat /var/lib/maintkit/runs/{run}/restore.json")


@pytest.mark.long
def test_what_cannot_be_reached_is_refused_before_anything_is_planned(night: Night) -> None:
    """A time of which the repository has nothing."""
    refused(night, "is before the end of the oldest backup", target="2020-01-01 00:00:00+08")


@pytest.mark.long
def test_a_standby_is_not_restored(night: Night) -> None:
    night.db.run("touch", f"{DATA}/standby.signal")
    refused(night, "is a standby", type="end")
    night.db.run("rm", f"{DATA}/standby.signal")


@pytest.mark.long
def test_each_other_reason_not_to_restore_is_named(night: Night) -> None:
    refused(night, "is still to come", target="2099-01-01 00:00:00+08")
    refused(night, "is no point in time", target="2026-11-28 02:13:00")
    refused(night, "stanza lis has no backup", type="end", stanza="lis")
    refused(night, "bytes are needed beside the present state", type="end", spare_mb=100_000_000)
    refused(night, "/var/lib/postgresql/15/other holds no PostgreSQL", type="end", data="/var/lib/postgresql/15/other")
    refused(night, "restore_unit must name the unit", type="end", unit="postgres.service")
    refused(night, "holds cluster", type="end", system_identifier="7580129463377801251")
    refused(night, "has no backup 20200101", type="set", set="20200101-010000F")


@pytest.mark.long
def test_a_hole_in_the_archive_is_seen_before_anything_is_stopped(night: Night) -> None:
    """A segment after the backup is gone: the end cannot be reached, the backup itself can."""
    last = ""
    for _ in range(3):
        last = night.sql("SELECT pg_create_restore_point('x'); SELECT pg_walfile_name(pg_switch_wal() - 1)")[-24:]
    until = time.monotonic() + 60
    while night.sql("SELECT last_archived_wal FROM pg_stat_archiver") < last:
        assert time.monotonic() < until
        time.sleep(0.2)
    backup1 = night.his.lab["backup1"]
    found = backup1.sh("ls /var/lib/pgbackrest/archive/his/15-1/*/*-* | sort | tail -2 | head -1").strip()
    backup1.run("mv", found, "/root/hole")
    try:
        refused(night, "the archive lacks WAL", type="end")
    finally:
        backup1.run("mv", "/root/hole", found)


@pytest.mark.long
def test_clients_that_are_connected_are_not_cut_off_unasked(night: Night) -> None:
    plan = night.plan(type="end")
    night.db.sh("nohup runuser -u postgres -- psql -c 'SELECT pg_sleep(300)' his >/dev/null 2>&1 & sleep 1")
    done = night.maintkit("apply", plan)
    night.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)'")
    assert done.returncode != 0
    assert "1 clients are connected" in done.stdout + done.stderr
    assert night.run()["hosts"] == {"his-db1": "untouched"}


@pytest.mark.long
def test_what_does_not_pass_is_put_back_and_nothing_of_it_is_archived(night: Night) -> None:
    """The application's question is answered wrongly: the state from before is there again, row by row."""
    line = "SELECT timeline_id FROM pg_control_checkpoint()"
    before = night.sql(line)
    night.sql("CREATE TABLE newest AS SELECT 42 AS n")
    wrong = [{"name": "挂号单", "database": "his", "sql": "SELECT count(*) FROM visit", "contains": "999999"}]
    done = night.maintkit("apply", night.plan(type="end", smoke=wrong))
    assert done.returncode == 40, done.stdout + done.stderr
    assert "the answer does not hold what is expected" in done.stdout + done.stderr
    assert night.run()["hosts"] == {"his-db1": "rolled-back"}
    assert (night.sql("SELECT n FROM newest"), night.sql(line)) == ("42", before)
    assert night.sql("SELECT current_setting('archive_mode'), pg_is_in_recovery()") == "on|f"
    run = night.run()["run"]
    assert night.db.run("cat", f"{DATA}.maintkit-{run}-failed/PG_VERSION").out == "15\n"
    assert night.db.run("systemctl", "is-enabled", UNIT, check=False).out.strip() != "masked"
    histories = night.his.lab["backup1"].sh("ls /var/lib/pgbackrest/archive/his/15-1/").split()
    assert f"{int(before) + 1:08X}.history" not in histories
    night.db.sh(f"rm -r {DATA}.maintkit-{run}-failed")  # as a person would, once it is known why


def begun(night: Night) -> str:
    """A question to the host: whether the newest run has stopped the server."""
    return f"test -e /var/lib/maintkit/runs/{night.run()['run']}/steps/stop/started"


@pytest.mark.long
def test_a_killed_controller_is_followed_to_the_end_by_resume(night: Night) -> None:
    """To a restore point by its name; the controller dies while the backup is laid out."""
    night.sql("SELECT pg_create_restore_point('before the release')")
    night.sql("CREATE TABLE released AS SELECT 1 AS n")
    plan = night.plan(type="name", target="before the release")
    argv = night.argv("apply", plan)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    controller = subprocess.Popen(argv, start_new_session=True, **quiet)
    until = time.monotonic() + 180
    while night.run()["plan"] != plan or night.db.run("sh", "-c", begun(night), check=False).code != 0:
        assert time.monotonic() < until, night.db.console()
        time.sleep(0.1)
    os.killpg(controller.pid, signal.SIGKILL)
    controller.wait()
    done = night.maintkit("resume", night.run()["run"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert night.run()["hosts"] == {"his-db1": "done"}
    assert night.sql("SELECT to_regclass('released') IS NULL, to_regclass('visit') IS NOT NULL") == "t|t"
    assert night.told(night.run()["run"])["stages"]["promote"]["reason"] == 'at restore point "before the release"'


@pytest.mark.long
def test_a_broken_server_is_kept_as_it_is_and_restored_from_its_archive(night: Night) -> None:
    """It went down and its control file is gone: a person says which cluster it was."""
    identifier = night.sql("SELECT system_identifier FROM pg_control_system()")
    last = night.sql("SELECT pg_create_restore_point('x'); SELECT pg_walfile_name(pg_switch_wal() - 1)")[-24:]
    until = time.monotonic() + 60
    while night.sql("SELECT last_archived_wal FROM pg_stat_archiver") < last:
        assert time.monotonic() < until
        time.sleep(0.2)
    night.db.sh(f"systemctl kill -s KILL {UNIT}; sleep 1; systemctl stop {UNIT}; rm {DATA}/global/pg_control")
    done = night.asked(type="end")
    assert (done.returncode, "restore_system_identifier" in done.stderr) == (30, True), done.stderr
    done = night.maintkit("apply", night.plan(type="end", system_identifier=identifier))
    assert done.returncode == 0, done.stdout + done.stderr
    assert night.sql("SELECT count(*) FROM visit") == "700"
    run = night.run()["run"]
    assert night.db.run("test", "-e", f"{DATA}.maintkit-{run}-kept/base").code == 0
