"""What happened around an incident, found by its hosts and systems."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from faultdesk import Desk
from sqlalchemy import Engine, event

from maintkit.clock import to_text
from maintkit.desk.incident import incident, incidents
from maintkit.desk.links import Links, links
from maintkit.desk.surroundings import Surroundings


def test_an_incident_finds_what_happened_around_it_on_its_hosts(desk: Desk) -> None:
    """Within a day before and until the solution; another host's and an earlier one's are left out."""
    desk.clock.at = desk.instant(-1500)
    _look(desk, "old", "his1")
    desk.clock.at = desk.instant(-600)
    _look(desk, "20260927-1", "his1")
    _look(desk, "other", "lis1")
    desk.ledger.append("change.started", {"hosts": ["his1"]}, run="C1", subject="P1")
    id_, overlapping, elsewhere = desk.open(), desk.open(3), desk.open(4, hosts=("lis1",))
    desk.step(id_, "resolved", 30)
    desk.clock.at = desk.instant(40)
    desk.ledger.append("change.started", {"hosts": ["his1"]}, run="C2", subject="P1")
    found = around(desk, id_)
    assert (found.inspections, found.findings) == (("20260927-1",), ("20260927-1-001",))
    assert (found.changes, found.overlapping) == (("C1",), (overlapping,))
    assert elsewhere not in found.overlapping


def around(desk: Desk, id_: str, ledger: Surroundings | None = None) -> Links:
    everyone, ledger = incidents(desk.ledger), ledger or Surroundings(desk.ledger)
    return links(ledger, incident(desk.ledger, id_), everyone, before=timedelta(hours=24), now=desk.instant(50))


def test_many_incidents_ask_the_ledger_for_what_is_around_them_once(desk: Desk) -> None:
    """What the second to the last find was read for the first: no question more, and they find the same."""
    desk.clock.at = desk.instant(-600)
    _look(desk, "20260927-1", "his1")
    for run in ("C1", "C2", "never-ended"):
        desk.ledger.append("change.started", {"hosts": ["his1"]}, run=run, subject="P1")
        if run != "never-ended":
            desk.ledger.append("change.finished", {}, run=run, subject="P1")
    desk.ledger.append("watch.started", {"functions": [{"seq": 1, "system": "HIS"}]}, run="W1")
    desk.ledger.append("watch.probed", {"covers": [1], "status": "crit", "hosts": ["his1"]}, run="W1", subject="his")
    ids = [desk.open(number) for number in range(5)]
    everyone, read = incidents(desk.ledger), Surroundings(desk.ledger)
    found, questions = [], []
    for one in everyone:
        with asked() as said:
            found.append(links(read, one, (), before=timedelta(hours=24), now=desk.instant(50)))
        questions.append(len(said))
    assert questions[0] > 0
    assert questions[1:] == [0] * 4
    assert len(ids) == len(found) == 5
    assert set(found) == {
        Links(
            findings=("20260927-1-001",),
            inspections=("20260927-1",),
            changes=("C1", "C2", "never-ended"),
            watches=("W1",),
            functions=(1,),
        )
    }


def test_a_look_further_back_reads_on_where_the_last_one_stopped(desk: Desk) -> None:
    """A late report's incident may come first: what lies before the earlier one is found all the same."""
    for run, at in (("first", -3000), ("second", -1600), ("third", -100)):
        desk.clock.at = desk.instant(at)
        _look(desk, run, "his1")
    late, early = desk.open(0), desk.open(-1590, entered=1)
    read = Surroundings(desk.ledger)
    assert around(desk, late, read).inspections == ("third",)
    assert around(desk, early, read).inspections == ("first", "second", "third")


@contextmanager
def asked() -> Iterator[list[str]]:
    """The questions that a database was asked meanwhile."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_change_that_was_not_over_before_an_incident_is_linked_however_early_it_began(desk: Desk) -> None:
    """It ended within the day, was gone on with, or never ended and this host was not closed: it may be the cause."""

    def change(run: str, *marks: tuple[int, str], closed: bool = False) -> None:
        desk.clock.at = max(desk.clock.at, desk.instant(-2800))
        desk.ledger.append("change.started", {"hosts": ["his1", "lis1"]}, run=run, subject="P1")
        desk.ledger.append("host.closed", {"state": "done"}, run=run, subject="his1" if closed else "lis1")
        later.extend((at, kind, run) for at, kind in marks)

    later: list[tuple[int, str, str]] = []
    change("over", (-2700, "finished"))
    change("long", (-1400, "finished"))
    change("on-again", (-2600, "finished"), (-2500, "resumed"))
    change("never-ended")
    change("never-ended-and-closed", closed=True)
    for at, kind, run in sorted(later):
        desk.clock.at = desk.instant(at)
        desk.ledger.append(f"change.{kind}", {}, run=run, subject="P1")
    assert around(desk, desk.open()).changes == ("long", "on-again", "never-ended")


def test_a_watch_over_an_incidents_system_is_linked_with_the_functions_that_failed(desk: Desk) -> None:
    """Another system's is not, nor is one of the day before yesterday."""

    def watch(run: str, at: int, probe: str, status: str) -> None:
        rows = [{"seq": seq, "system": system} for seq, system in ((1, "HIS"), (2, "HIS"), (3, "LIS"))]
        desk.clock.at = desk.instant(at)
        desk.ledger.append("watch.started", {"functions": rows}, run=run)
        covers = {"his": [1], "both": [2, 3], "lis": [3]}[probe]
        desk.ledger.append("watch.probed", {"covers": covers, "status": status}, run=run, subject=probe)

    watch("W0", -2000, "his", "crit")
    watch("W1", -300, "his", "ok")
    watch("W2", -200, "both", "crit")
    watch("W3", -100, "lis", "crit")
    id_ = desk.open()
    assert around(desk, id_).watches == ()
    desk.step(id_, "located", 5, systems=["HIS"], hosts=["his1"])
    assert (around(desk, id_).watches, around(desk, id_).functions) == (("W1", "W2"), (2,))


def test_a_watch_whose_probe_is_of_an_incidents_host_is_linked(desk: Desk) -> None:
    """watch.yml says which host a probe is of; a function that failed only elsewhere is not the host's."""
    desk.clock.at = desk.instant(-100)
    rows = [{"seq": seq, "system": "HIS"} for seq in (1, 2)]
    desk.ledger.append("watch.started", {"functions": rows}, run="W1")
    for seq, host in ((1, "his1"), (2, "lis1")):
        body = {"covers": [seq], "status": "crit", "hosts": [host]}
        desk.ledger.append("watch.probed", body, run="W1", subject=host)
    id_ = desk.open()
    assert (around(desk, id_).watches, around(desk, id_).functions) == (("W1",), (1,))


def test_where_an_incident_is_may_be_corrected_also_after_it_was_closed(desk: Desk) -> None:
    """The links are those of the host that it was; what was said first stays in its steps."""
    desk.clock.at = desk.instant(-600)
    _look(desk, "20260927-1", "his1")
    _look(desk, "20260927-2", "lis1")
    id_ = desk.open()
    desk.level(id_, "P3", 5)
    desk.step(id_, "resolved", 10)
    desk.step(id_, "closed", 11)
    assert around(desk, id_).inspections == ("20260927-1",)
    desk.step(id_, "located", 20, systems=["LIS"], hosts=["lis1"])
    one = incident(desk.ledger, id_)
    assert (one.hosts, one.systems, one.state) == (("lis1",), ("LIS",), "closed")
    assert (one.steps[0].body["hosts"], one.steps[-1].body["hosts"]) == (["his1"], ["lis1"])
    assert around(desk, id_).inspections == ("20260927-2",)


def test_what_a_person_saw_around_an_incident_is_linked_by_when_it_was_seen(desk: Desk) -> None:
    """Entered late or not; what a later word took back is not, nor what was seen before or elsewhere."""
    desk.clock.at = desk.instant(-3000)
    _look(desk, "Q3", "his1")
    id_ = desk.open(0)
    desk.clock.at = desk.instant(45)
    for number, (host, row, at) in enumerate(
        (("his1", "room", -90), ("his1", "server", -70), ("his1", "power", -2900), ("lis1", "room", -90)), start=2
    ):
        seen = {"check": f"manual.{row}", "at": to_text(desk.instant(at)), "note": "积水", "by": "王工"}
        body = seen | {"result": "warn", "event": f"Q3-{number:03d}"}
        desk.ledger.append("finding.looked", body, run="Q3", subject=host)
        if row == "server":
            desk.ledger.append("finding.looked", seen | {"result": "ok", "event": None}, run="Q3", subject=host)
    assert around(desk, id_).findings == ("Q3-002",)


def _look(desk: Desk, run: str, host: str) -> None:
    desk.ledger.append("inspection.started", {"hosts": {host: {}}, "at": to_text(desk.clock.at)}, run=run)
    findings = [{"status": "crit", "event": f"{run}-001"}, {"status": "ok", "event": None}]
    desk.ledger.append("host.judged", {"findings": findings}, run=run, subject=host)
