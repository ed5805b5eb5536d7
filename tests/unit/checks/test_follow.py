"""Laws of waivers and events: what is let stand, and which matter is the same as last time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from maintkit.checks.follow import apply_waivers, carry
from maintkit.checks.model import Finding, Waiver

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LAST = NOW - timedelta(days=30)
RUN = "20261124-1"


def finding(status: Any, instance: str = "", *, check: str = "disk.space") -> Finding:
    return Finding(
        check=check,
        title_zh="磁盘使用率",
        host="db1",
        instance=instance,
        category="host",
        status=status,
        value=None,
        unit="",
        limit=None,
        previous=None,
        delta=None,
        evidence=None,
        collected_at=NOW,
        took_ms=0,
        reason="",
        conclusion_zh="",
        remedy_zh="",
    )


def waiver(until: datetime) -> Waiver:
    return Waiver(who="王工", why="扩容已排期", until=until)


def test_a_waiver_in_force_keeps_what_it_hides() -> None:
    """The finding turns waived, and says what it was."""
    granted = waiver(NOW + timedelta(days=1))
    (found,) = apply_waivers([finding("crit", "/data")], {("disk.space", "db1//data"): granted}, now=NOW)
    assert (found.status, found.waived_status, found.waiver) == ("waived", "crit", granted)


def test_an_expired_waiver_hides_nothing() -> None:
    """At the instant it ends it is over."""
    (found,) = apply_waivers([finding("crit", "/data")], {("disk.space", "db1//data"): waiver(NOW)}, now=NOW)
    assert (found.status, found.waiver) == ("crit", None)


def test_a_waiver_is_for_one_check_and_one_subject() -> None:
    """The next mount and the next check are not covered, nor is a finding that is unknown."""
    granted = {("disk.space", "db1//data"): waiver(NOW + timedelta(days=1))}
    others = [finding("crit", "/"), finding("crit", "/data", check="disk.free"), finding("unknown", "/data")]
    assert apply_waivers(others, granted, now=NOW) == tuple(others)


def test_new_matters_are_numbered_within_the_run() -> None:
    """warn, crit and waived open an event; ok, unknown and the rest open none."""
    statuses = ["warn", "ok", "crit", "unknown", "error", "skipped", "not-applicable", "manual", "waived"]
    found = carry([finding(status, str(n)) for n, status in enumerate(statuses)], {}, run=RUN, now=NOW)
    assert [one.event for one in found if one.event] == [f"{RUN}-001", f"{RUN}-002", f"{RUN}-003"]
    assert [one.status for one in found if one.event] == ["warn", "crit", "waived"]
    assert {one.first_seen for one in found if one.event} == {NOW}


def test_numbering_goes_on_from_host_to_host() -> None:
    """`first` is the next free number."""
    (found,) = carry([finding("warn")], {}, run=RUN, now=NOW, first=12)
    assert found.event == f"{RUN}-012"


def test_a_matter_keeps_its_event_while_it_is_abnormal_or_unseen() -> None:
    """The same check and subject is the same matter, however severe it has become; well again, it has no event."""
    opened = {("disk.space", "db1//data"): ("20261025-1-004", LAST)}
    for status in ("warn", "crit", "waived", "unknown", "error", "manual"):
        (found,) = carry([finding(status, "/data")], opened, run=RUN, now=NOW)
        assert (found.event, found.first_seen) == ("20261025-1-004", LAST), status
    (found,) = carry([finding("ok", "/data")], opened, run=RUN, now=NOW)
    assert (found.event, found.first_seen) == (None, None)


def test_an_open_matter_whose_check_could_not_judge_is_not_closed() -> None:
    """The host-wide unknown stands for every mount, so the open one gets a finding of its own that keeps its event."""
    opened = {
        ("disk.space", "db1//data"): ("20261025-1-004", LAST),
        ("disk.space", "db2//data"): ("20261025-1-005", LAST),
        ("disk.free", "db1//data"): ("20261025-1-006", LAST),
    }
    found = carry([finding("unknown")], opened, run=RUN, now=NOW)
    assert [(one.subject, one.status, one.event) for one in found] == [
        ("db1", "unknown", None),
        ("db1//data", "unknown", "20261025-1-004"),
    ]
