"""Numbers of metrics pages, pgBackRest's catalogue, systemd's blocks, the journal's lines."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

PAGE = """# HELP jvm_memory_used_bytes used
jvm_memory_used_bytes{area="heap",id="eden"} 1.5E8
jvm_memory_used_bytes{area="nonheap",id="meta"} 2e7 1700000000
queue_depth 17
broken{a="b"} x
"""


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("queue_depth", 17.0),
        ('jvm_memory_used_bytes{area="nonheap"}', 2e7),
        ('jvm_memory_used_bytes{id="eden",area="heap"}', 1.5e8),
        ('jvm_memory_used_bytes{area="none"}', None),
        ("queue", None),
        ("broken", None),
    ],
)
def test_a_gauge_is_found_by_name_and_labels(part, metric, value):
    """Labels asked for must be there, in any order; others may."""
    assert part("web").parse_gauge(PAGE, metric) == value


def test_a_password_in_an_address_is_not_repeated(part):
    """user:password@ goes."""
    assert part("web").without_secret("http://a:b@host/x?y=1@2") == "http://host/x?y=1@2"


INFO = [
    {
        "archive": [
            {
                "database": {"id": 1, "repo-key": 1},
                "id": "15-1",
                "max": "000000010000000000000009",
                "min": "000000010000000000000001",
            }
        ],
        "backup": [
            {
                "archive": {"start": "000000010000000000000002", "stop": "000000010000000000000002"},
                "backrest": {"format": 5, "version": "2.45"},
                "database": {"id": 1, "repo-key": 1},
                "error": False,
                "info": {"delta": 31011233, "repository": {"delta": 4088160, "size": 4088160}, "size": 31011233},
                "label": "20261101-010101F",
                "prior": None,
                "reference": None,
                "timestamp": {"start": 1793495000, "stop": 1793495005},
                "type": "full",
            }
        ],
        "cipher": "none",
        "db": [{"id": 1, "repo-key": 1, "system-id": 7, "version": "15"}],
        "name": "his",
        "repo": [{"cipher": "none", "key": 1, "status": {"code": 0, "message": "ok"}}],
        "status": {"code": 0, "lock": {"backup": {"held": False}}, "message": "ok"},
    },
    {"archive": [], "backup": [], "db": [], "name": "emr", "status": {"code": 1, "message": "missing stanza path"}},
]


def test_pgbackrest_catalogue(part):
    """Sets, ranges and state of each stanza; one without backups too."""
    his, emr = part("backups").parse_pgbackrest(json.dumps(INFO))
    assert his["backups"][0] == {
        "label": "20261101-010101F",
        "kind": "full",
        "repo": 1,
        "started_at": 1793495000,
        "stopped_at": 1793495005,
        "size_bytes": 31011233,
        "repo_bytes": 4088160,
        "error": False,
        "wal_start": "000000010000000000000002",
        "archive": "15-1",
        "wal_stop": "000000010000000000000002",
    }
    assert his["wal"] == [
        {"archive": "15-1", "repo": 1, "first": "000000010000000000000001", "last": "000000010000000000000009"}
    ]
    assert (his["repos"], emr["repos"]) == ([{"key": 1}], [{"key": 1}])
    assert (emr["status_code"], emr["status"], emr["backups"]) == (1, "missing stanza path", [])


def test_the_catalogue_that_pgbackrest_2_45_wrote(part):
    """Recorded from a real stanza with a full and an incremental backup."""
    text = Path(__file__).with_name("pgbackrest-2.45.json").read_text(encoding="utf-8")
    (job,) = part("backups").parse_pgbackrest(text)
    assert (job["name"], job["status_code"], job["repositories"]) == ("his", 0, 1)
    assert [backup["kind"] for backup in job["backups"]] == ["full", "incr"]
    assert all(backup["error"] is False and backup["stopped_at"] > backup["started_at"] for backup in job["backups"])
    assert all(0 < backup["repo_bytes"] < backup["size_bytes"] for backup in job["backups"])
    assert [(backup["wal_start"][-1], backup["wal_stop"][-1]) for backup in job["backups"]] == [("2", "2"), ("3", "4")]


def test_a_backup_that_names_no_wal_is_still_a_backup(part):
    """Before its archive is known, and in old catalogues: null, or nothing at all."""
    for archive in ({}, {"archive": None}, {"archive": {"start": None, "stop": None}}):
        backup = dict(archive, label="x", type="full", timestamp={"start": 1, "stop": 2})
        parsed = part("backups").parse_backup(backup)
        assert (parsed["wal_start"], parsed["wal_stop"]) == (None, None)


@pytest.mark.parametrize(
    ("config", "first", "second"),
    [
        ("[global]\nrepo1-path=/backup\n", False, False),
        ("[global]\nrepo1-path = /backup/x\nrepo2-type=s3\n", False, True),
        ("[global]\nrepo-host=store\n", True, False),
        ("[global]\nrepo1-path=/nas/pg\nrepo2-host=store\n", True, True),
        ("[global]\nrepo1-path=/nasty\nrepo2-path=/nas/pg\n", False, True),
    ],
)
def test_a_copy_off_the_host_is_by_host_kind_or_network_mount(part, config, first, second):
    """A folder on NFS is on another machine; each repository by itself."""
    backups = part("backups")
    mounts = "/dev/sda1 / ext4 rw 0 0\nstore:/x /nas nfs4 rw 0 0\n"
    options = backups.parse_pgbackrest_config(config)
    assert [backups.is_off_host(options, mounts, number) for number in (1, 2)] == [first, second]


@pytest.mark.parametrize(("held", "off_host"), [([1], False), ([1, 2], True), ([2], True), ([], True), ([3], False)])
def test_a_copy_off_the_host_is_one_that_holds_a_set(part, held, off_host):
    """A second repository in the configuration is no copy yet. Of a job without any set the configuration tells."""
    backups = part("backups")
    job = {"repos": [{"key": 1}, {"key": 2}], "backups": [{"repo": number} for number in held]}
    options = backups.parse_pgbackrest_config("[global]\nrepo1-path=/backup\nrepo2-host=store\n")
    backups.tell_off_host(job, options, "/dev/sda1 / ext4 rw 0 0\n")
    assert job["off_host"] is off_host
    assert [one["off_host"] for one in job["repos"]] == [False, True]
    backups.tell_off_host(job, None, "")
    assert (job["off_host"], job["repos"][1]["off_host"]) == (None, None)


def test_what_each_repository_is_told_to_keep_is_by_the_configuration(part):
    """A number, in days where the type is `time`; None where it says nothing, or could not be read."""
    backups = part("backups")
    job = {"repos": [{"key": 1}, {"key": 2}, {"key": 3}], "backups": []}
    text = "[global]\nrepo-retention-full=2\nrepo2-retention-full=30\n[his]\nrepo2-retention-full-type=time\n"
    backups.tell_off_host(job, backups.parse_pgbackrest_config(text, "his"), "")
    assert [(one["keep_full"], one["keep_type"]) for one in job["repos"]] == [(2, None), (30, "time"), (None, None)]
    backups.tell_off_host(job, None, "")
    assert {one["keep_full"] for one in job["repos"]} == {None}


@pytest.mark.parametrize(
    ("config", "off_host"),
    [
        # The repository is local, and so the other machine is the database's.
        ("[global]\nrepo1-path=/backup\n[his]\npg1-host=db1\npg1-path=/pg\n", True),
        ("[global]\nrepo1-path=/backup\n[his]\npg1-host=db1\npg2-host=db2\npg1-path=/pg\npg2-path=/pg\n", True),
        ("[global]\nrepo1-path=/backup\n[his]\ndb-host=db1\ndb-path=/pg\n", True),
        # A primary that backs up from its standby keeps the repository beside itself.
        ("[global]\nrepo1-path=/backup\n[his]\npg1-path=/pg\npg2-host=db2\npg2-path=/pg\n", False),
        ("[global]\nrepo1-path=/backup\n[his]\npg1-host=localhost\npg1-path=/pg\n", False),
        ("[global]\nrepo1-path=/backup\n[his]\npg1-path=/pg\n", False),
        # Another stanza's database is another matter.
        ("[global]\nrepo1-path=/backup\n[his]\npg1-path=/pg\n[emr]\npg1-host=db2\n", False),
        ("[global]\nrepo1-path=/backup\n[emr]\npg1-path=/pg\n[his]\npg1-host=db1\npg1-path=/pg\n", True),
        ("[global:backup]\nrepo2-host=store\n[his]\npg1-path=/pg\n", True),
        ("[his:backup]\nrepo2-type=s3\n[his]\npg1-path=/pg\n", True),
    ],
)
def test_a_dedicated_backup_server_is_off_the_database_host(part, config, off_host):
    """Judged stanza by stanza, from what the configuration says of that stanza and of all."""
    backups = part("backups")
    options = backups.parse_pgbackrest_config(config, "his")
    assert any(backups.is_off_host(options, "/dev/sda1 / ext4 rw 0 0\n", number) for number in (1, 2)) is off_host


def test_a_unit_of_an_old_systemd_has_no_restart_count(part):
    """NRestarts came with 235; CentOS 7 has 219."""
    block = {
        "LoadState": "loaded",
        "ActiveState": "active",
        "SubState": "running",
        "ActiveEnterTimestampMonotonic": "5000000",
    }
    unit = part("systemd").parse_unit("sshd", block, 1000.0)
    assert (unit["name"], unit["restarts"], unit["active_since_at"], unit["main_pid"]) == ("sshd", None, 1005.0, None)


def test_systemctl_stamps_are_local_time(part):
    """`n/a` and nothing are None."""
    stamp = part("systemd").parse_stamp("Tue 2026-11-24 03:00:00 CST")
    assert stamp == time.mktime((2026, 11, 24, 3, 0, 0, 0, 0, -1))
    assert part("systemd").parse_stamp("n/a") is None


@pytest.mark.parametrize("name", ["-H", "--host=x", "a b", "a;b", "x/../y", ""])
def test_names_that_are_no_unit_never_reach_a_command(part, name):
    """An option in a name would be obeyed."""
    assert not part("systemd").UNIT_NAME.match(name)


def test_journal_lines_give_program_and_message(part):
    """Continuation lines belong to the message before."""
    text = "Nov 24 03:00:00 his kernel: I/O error\nNov  4 03:00:00 his app[12]: a: b\n    at line 2\n-- Boot x --\n"
    assert part("journal").parse_short(text) == [("kernel", "I/O error"), ("app", "a: b")]


SHOWN = """MainPID=41
Result=success
NRestarts=0
Id=ssh.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
ActiveEnterTimestampMonotonic=3283417855

MainPID=0
Result=success
NRestarts=0
Id=nosuch.service
LoadState=not-found
ActiveState=inactive
SubState=dead
UnitFileState=
ActiveEnterTimestampMonotonic=0
"""


def test_units_as_systemd_252_showed_them(part):
    """Recorded from a booted host: each keeps the name it was asked by, and one that is not there says so."""
    systemd, text = part("systemd"), part("text")
    blocks = [text.settings(block) for block in SHOWN.strip().split("\n\n")]
    sshd, missing = (
        systemd.parse_unit(name, block, 0.0) for name, block in zip(("sshd", "nosuch"), blocks, strict=True)
    )
    assert (sshd["name"], sshd["active"], sshd["main_pid"], sshd["active_since_at"]) == (
        "sshd",
        "active",
        41,
        3283.417855,
    )
    assert (missing["load"], missing["enabled"], missing["active_since_at"]) == ("not-found", None, None)


def test_a_timer_that_never_ran_has_no_last_time(part):
    """systemd 252 leaves the value empty, older ones write n/a."""
    shown = "Unit=logrotate.service\nNextElapseUSecRealtime=Wed 2026-11-25 00:00:00 UTC\nLastTriggerUSec=\n"
    shown += "Id=logrotate.timer\n"
    timer = part("systemd").parse_timer(part("text").settings(shown))
    assert (timer["name"], timer["unit"], timer["last_at"]) == ("logrotate.timer", "logrotate.service", None)
    assert timer["next_at"] is not None


def test_enabled_units_are_those_that_are_linked(part, tmp_path):
    """What `systemctl enable` leaves behind, wanted or required."""
    for folder, unit in (
        ("multi-user.target.wants", "b.service"),
        ("a.target.requires", "a.timer"),
        ("x.service.d", "no.conf"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / unit).symlink_to("/nowhere")
    probe = part("probe").Probe({})
    assert part("systemd").enabled_units(probe, str(tmp_path)) == ["a.timer", "b.service"]
