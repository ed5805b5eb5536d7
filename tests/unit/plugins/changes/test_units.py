"""Services, as systemctl and /proc tell them, and what counts as lost, failed or flapping."""

from __future__ import annotations

import pytest

SHOWN = """\
Type=simple
MainPID=1265
Result=success
NRestarts=0
MemoryCurrent=4096
Id=demo.service
ActiveState=active
SubState=running
ActiveEnterTimestampMonotonic=3266657123

Type=
MainPID=0
Result=success
NRestarts=0
MemoryCurrent=[not set]
Id=nothing.service
ActiveState=inactive
SubState=dead
ActiveEnterTimestampMonotonic=0
"""
RUNS = {"active": "active", "sub": "running", "result": "success", "oneshot": False, "pid": 7, "restarts": 0}


def services(**changes):
    return {"demo.service": {**RUNS, **changes}}


def test_services_are_read_and_figures_that_are_not_known_are_none(part):
    told = part("units").parse_show(SHOWN)
    assert told["demo.service"] == {
        "active": "active",
        "sub": "running",
        "result": "success",
        "oneshot": False,
        "pid": 1265,
        "restarts": 0,
        "since_us": 3266657123,
        "memory_bytes": 4096,
    }
    assert told["nothing.service"]["memory_bytes"] is None
    assert part("units").parse_show(SHOWN.replace("4096", str(2**64 - 1)))["demo.service"]["memory_bytes"] is None


@pytest.mark.parametrize(
    ("before", "after", "is_lost"),
    [
        ({}, {"active": "failed"}, True),
        ({}, {"active": "activating"}, True),
        ({}, {"active": "reloading"}, False),
        ({}, {}, False),
        ({"active": "failed"}, {"active": "failed"}, False),
        ({"oneshot": True}, {"active": "inactive", "oneshot": True}, False),
    ],
)
def test_a_service_is_lost_that_ran_and_does_not(part, before, after, is_lost):
    assert (part("units").lost(services(**before), services(**after)) == ["demo.service"]) is is_lost
    assert part("units").lost(services(), {}) == ["demo.service"]


@pytest.mark.parametrize(
    ("before", "after", "loops"),
    [(0, 0, False), (0, 1, True), (3, 3, False), (3, 4, True), (3, 0, False), (3, 2, True)],
)
def test_a_service_loops_that_systemd_has_started_again(part, before, after, loops):
    """A planned restart sets the count back to nothing."""
    told = part("units").restarting(services(restarts=before), services(restarts=after))
    assert (told == ["demo.service"]) is loops


def test_a_service_is_restarted_that_runs_as_another_process(part):
    units = part("units")
    assert units.restarted(services(), services(pid=8)) == ["demo.service"]
    assert units.restarted(services(), services()) == []
    assert units.restarted(services(), services(pid=0)) == []


@pytest.mark.parametrize(
    ("cgroup", "service"),
    [
        ("0::/system.slice/demo.service\n", "demo.service"),
        ("0::/system.slice/system-postgresql.slice/postgresql@15-main.service\n", "postgresql@15-main.service"),
        ("0::/user.slice/user-0.slice/session-1.scope\n", None),
        ("1:name=systemd:/system.slice/cron.service\n0::/\n", "cron.service"),
    ],
)
def test_a_process_belongs_to_a_service(part, cgroup, service):
    assert part("units").service_of(cgroup) == service


def test_a_replaced_library_is_outdated_and_a_scratch_file_is_not(part):
    maps = (
        "7f00-7f01 r-xp 00000000 fe:01 1 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n"
        "7f02-7f03 rw-s 00000000 00:01 2 /memfd:scratch (deleted)\n7f04-7f05 rw-p 00000000 00:00 0\n"
    )
    units = part("units")
    names = list(units.mapped(maps))
    assert names == ["/usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)", "/memfd:scratch (deleted)"]
    assert [units.is_outdated(name) for name in names] == [True, False]
