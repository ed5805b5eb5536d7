"""The engine of a change over a real ledger: whatever fails, dies or runs out, what it says of each host is true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import FORWARD_S, NIGHT, ROLLBACK_S, Killed, World, plan_of

from maintkit.clock import FixedClock
from maintkit.errors import HostLocked
from maintkit.evidence.alarm import alarms
from maintkit.evidence.changes import FINISHED, HELD, INTENT, OBSERVED
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.plans.model import PlanHost
from maintkit.plans.window import Window
from maintkit.runs.driver import PhaseResult
from maintkit.runs.engine import Change, Permit, Place
from maintkit.runs.journal import Journal
from maintkit.runs.phases import HostState, Phase
from maintkit.runs.verdict import Verdict

RUN = "C20261128-1"
HOSTS = ("his-app1", "his-app2", "his-app3")
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # thousands of commits, none to outlive the test


@dataclass
class Silent:
    """Watches and keeps what it saw."""

    said: list[tuple[str, str]] = field(default_factory=list)

    def phase(self, host: str, phase: Phase) -> None:
        self.said.append((host, phase))

    def observed(self, host: str, phase: Phase, result: PhaseResult) -> None:
        self.said.append((host, f"{phase}: {result.outcome}"))

    def held(self, host: str, reason: str) -> None:
        self.said.append((host, reason))

    def closed(self, host: str, state: HostState) -> None:
        self.said.append((host, state))


@dataclass
class Evening:
    """Everything that a change needs; a test turns what it wants to turn."""

    ledger: Ledger
    clock: FixedClock
    world: World
    lasts: timedelta = timedelta(hours=4)
    refusal: str | None = None
    taken_over: bool = False
    budget: int = 0
    undoes: str | None = None
    slept: list[float] = field(default_factory=list)

    def change(self, ledger: Ledger | None = None) -> Change:
        permit = Permit(
            window=Window(start=NIGHT, end=NIGHT + self.lasts),
            refusal=lambda: self.refusal,
            guard=self._guard,
        )
        return Change(
            plan=replace(plan_of(*self.world.versions), undoes=self.undoes), permit=permit, driver=self.world,
            clock=self.clock, watcher=Silent(),
            place=Place(site=Path("/"), inventory=Path("/"), variables=lambda _: {}), budget=self.budget,
            journal=Journal(ledger=ledger or self.ledger, run=RUN), sleep=self._sleep,
        )  # fmt: skip

    def _guard(self, host: PlanHost) -> None:
        if self.taken_over:
            raise HostLocked(f"{host.name} is held by another run")

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.world.pass_time(seconds)

    def states(self) -> dict[str, str]:
        body = list(self.ledger.entries(kind=FINISHED))[-1].body
        return dict(body["hosts"])

    def held(self) -> dict[str, str]:
        return {entry.subject or "": entry.body["reason"] for entry in self.ledger.entries(kind=HELD)}


@pytest.fixture
def evening(tmp_path: Path) -> Iterator[Evening]:
    """Midnight, three hosts to be patched, four hours of window."""
    with _evening(tmp_path / "ledger.db") as made:
        yield made


class _evening:  # noqa: N801  # a context manager, read as a verb
    def __init__(self, path: Path, hosts: tuple[str, ...] = HOSTS) -> None:
        self.clock = FixedClock(at=NIGHT)
        self.ledger = Ledger.create(f"sqlite:///{path}", clock=self.clock, redactor=Redactor([]))
        self.world = World(clock=self.clock, versions=dict.fromkeys(hosts, "1.0-1"))

    def __enter__(self) -> Evening:
        return Evening(ledger=self.ledger, clock=self.clock, world=self.world)

    def __exit__(self, *_: object) -> None:
        self.ledger.close()


def test_every_host_goes_through_its_phases_after_all_were_checked(evening: Evening) -> None:
    assert evening.change().execute() is Verdict.DONE
    assert evening.world.asked[:3] == [(host, "precheck") for host in HOSTS]
    later = [phase for host, phase in evening.world.asked[3:] if host == "his-app2"]
    assert later == ["precheck", "backup", "change", "verify"]
    assert set(evening.states().values()) == {"done"}
    assert set(evening.world.versions.values()) == {"1.1-1"}


def test_the_intent_is_on_the_disk_before_the_step(evening: Evening) -> None:
    seen: list[tuple[str, str]] = []

    def look(host: str, phase: str) -> None:
        last = next(evening.ledger.entries(newest_first=True, limit=1))
        seen.append((last.kind, last.body["phase"]))
        assert (last.subject, last.body["phase"]) == (host, phase)

    evening.world.meanwhile = look
    evening.change().execute()
    assert {kind for kind, _ in seen} == {INTENT}
    observed = list(evening.ledger.entries(kind=OBSERVED))
    assert len(observed) == len(seen)
    assert all(evening.ledger.attachment(entry.body["document"]) for entry in observed)


def test_a_host_that_is_as_planned_already_is_not_touched(evening: Evening) -> None:
    evening.world.versions["his-app2"] = "1.1-1"
    assert evening.change().execute() is Verdict.DONE
    assert evening.states()["his-app2"] == "unchanged"
    assert "his-app2" not in evening.world.times_changed


@pytest.mark.parametrize("why", ["failed", "lost-before"])
def test_a_host_that_fails_its_precheck_keeps_all_from_being_changed(evening: Evening, why: str) -> None:
    """Faults 1, 8, 31, 33: what is wrong beforehand costs nothing."""
    evening.world.script[("his-app3", "precheck")] = [why]
    assert evening.change().execute() is Verdict.REFUSED
    assert evening.world.times_changed == {}
    assert evening.held() == dict.fromkeys(HOSTS[:2], "his-app3 must not be changed now")


@pytest.mark.parametrize("phase", ["change", "verify"])
def test_a_failed_change_is_rolled_back_and_the_next_batch_never_starts(evening: Evening, phase: str) -> None:
    """FACTS, Ansible 1 and 4: a rescue that succeeds must not let the others go on."""
    evening.world.script[("his-app1", phase)] = ["failed"]
    assert evening.change().execute() is Verdict.ROLLED_BACK
    assert evening.states() == {"his-app1": "rolled-back", "his-app2": "untouched", "his-app3": "untouched"}
    assert [step for host, step in evening.world.asked if host == "his-app1"][-2:] == ["rollback", "precheck"]
    assert evening.held()["his-app2"] == "1 hosts failed, 0 are allowed to"


def test_a_rollback_counts_only_when_the_checks_from_before_pass_again(evening: Evening) -> None:
    evening.world.script = {("his-app1", "verify"): ["failed"], ("his-app1", "precheck"): ["", "failed"]}
    assert evening.change().execute() is Verdict.ROLLBACK_FAILED
    assert evening.states()["his-app1"] == "rollback-failed"


def test_a_failed_rollback_stops_everything(evening: Evening) -> None:
    evening.world.script = {("his-app2", "verify"): ["failed"], ("his-app2", "rollback"): ["failed"]}
    assert evening.change().execute() is Verdict.ROLLBACK_FAILED
    assert evening.states() == {"his-app1": "done", "his-app2": "rollback-failed", "his-app3": "untouched"}


def test_some_done_and_some_not_is_partial(evening: Evening) -> None:
    evening.world.script[("his-app2", "change")] = ["failed"]
    assert evening.change().execute() is Verdict.PARTIAL


def test_a_budget_lets_that_many_hosts_fail(evening: Evening) -> None:
    evening.budget = 1
    evening.world.script[("his-app1", "verify")] = ["failed"]
    assert evening.change().execute() is Verdict.PARTIAL
    assert evening.states() == {"his-app1": "rolled-back", "his-app2": "done", "his-app3": "done"}


def test_a_host_lost_in_the_middle_is_asked_again_and_not_changed_twice(evening: Evening) -> None:
    """Fault 2: the step goes on without the connection; the next call finds it done."""
    evening.world.script[("his-app1", "change")] = ["lost-after", "lost-before"]
    assert evening.change().execute() is Verdict.DONE
    assert evening.world.times_changed["his-app1"] == 1
    assert evening.slept == [5.0, 10.0]


def test_a_host_that_stays_lost_is_unknown_and_holds_the_rest(evening: Evening) -> None:
    evening.world.script[("his-app1", "change")] = ["lost-after"] + ["lost-before"] * 20
    assert evening.change().execute() is Verdict.UNKNOWN
    assert evening.states() == {"his-app1": "unknown", "his-app2": "untouched", "his-app3": "untouched"}
    assert len(evening.slept) == 5


def test_an_unknown_host_that_was_reopened_is_taken_up_where_it_stands(evening: Evening) -> None:
    evening.world.script[("his-app1", "change")] = ["lost-after"] + ["lost-before"] * 5
    change = evening.change()
    assert change.execute() is Verdict.UNKNOWN
    change.journal.reopen("his-app1")
    assert evening.change().execute() is Verdict.DONE
    assert evening.world.times_changed == dict.fromkeys(HOSTS, 1)


def test_a_window_with_too_little_left_holds_the_next_host(evening: Evening) -> None:
    """Fault 23, and 22: what is at work is finished."""
    evening.lasts = timedelta(seconds=FORWARD_S + ROLLBACK_S + 30)  # the prechecks take 30 s
    assert evening.change().execute() is Verdict.PARTIAL
    assert evening.states() == {"his-app1": "done", "his-app2": "untouched", "his-app3": "untouched"}
    assert "s are left of the window, the change wants 120 s and its rollback 60 s" in evening.held()["his-app2"]


def test_a_window_that_closes_meanwhile_lets_the_host_at_work_end_and_the_overrun_is_recorded(
    evening: Evening,
) -> None:
    evening.world.meanwhile = lambda _host, phase: evening.world.pass_time(5 * 3600 if phase == "change" else 0)
    assert evening.change().execute() is Verdict.PARTIAL
    assert evening.states()["his-app1"] == "done"
    assert "is not open" in evening.held()["his-app2"]
    assert list(evening.ledger.entries(kind=FINISHED))[-1].body["overrun_s"] > 3600


def test_a_clock_that_is_set_back_gains_no_time(evening: Evening) -> None:
    """Fault 21, against the clock that nobody can set."""

    def set_back(_host: str, phase: str) -> None:
        if phase == "verify":
            evening.clock.ticks += 20

    evening.world.meanwhile = set_back
    assert evening.change().execute() is Verdict.PARTIAL
    assert evening.held()["his-app2"] == "this machine's clock was set back by 20 s"


def test_a_refusal_stops_it_between_hosts(evening: Evening) -> None:
    """Faults 7, 11 and 29: the host at work is finished, no other is begun."""

    def meanwhile(_host: str, phase: str) -> None:
        evening.refusal = "the supervisor has left" if phase == "change" else evening.refusal

    evening.world.meanwhile = meanwhile
    assert evening.change().execute() is Verdict.PARTIAL
    assert evening.states() == {"his-app1": "done", "his-app2": "untouched", "his-app3": "untouched"}
    assert set(evening.held().values()) == {"the supervisor has left"}


def test_a_controller_that_lost_its_lock_makes_no_further_step(evening: Evening) -> None:
    """Fault 16: who took over decides; this one leaves everything as it is and says nothing of the outcome."""

    def meanwhile(_host: str, phase: str) -> None:
        evening.taken_over = phase == "change"

    evening.world.meanwhile = meanwhile
    with pytest.raises(HostLocked, match="his-app1 is held by another run"):
        evening.change().execute()
    assert evening.world.asked[-1] == ("his-app1", "change")
    assert not list(evening.ledger.entries(kind=FINISHED))


EVENTS = st.sampled_from(["", "", "failed", "lost-before", "lost-after", "killed-before", "killed-after"])
SCRIPTS = st.dictionaries(
    st.tuples(st.sampled_from(HOSTS[:2]), st.sampled_from(["precheck", "backup", "change", "verify", "rollback"])),
    st.lists(EVENTS, min_size=1, max_size=3),
)


class Dying(Ledger):
    """A ledger whose controller dies right before or after the n-th entry is on the disk."""

    left = 0
    after = False

    def append_all(self, drafts):  # type: ignore[no-untyped-def]
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        made = super().append_all(drafts)
        if self.left == 0:
            raise Killed
        return made


@settings(max_examples=100, deadline=None)
@given(script=SCRIPTS, deaths=st.lists(st.tuples(st.integers(1, 25), st.booleans()), max_size=3))
def test_however_often_it_dies_going_on_changes_no_host_twice_and_tells_the_truth(
    script: dict[tuple[str, str], list[str]], deaths: list[tuple[int, bool]]
) -> None:
    """Faults 9 and 10: SIGKILL anywhere, then resume."""
    with TemporaryDirectory(dir=MEMORY) as place, _evening(Path(place) / "ledger.db", HOSTS[:2]) as evening:
        evening.lasts = timedelta(days=10)
        evening.world.script = {key: list(events) for key, events in script.items()}
        url = f"sqlite:///{evening.ledger.name}"
        for count, after in [*deaths, *[(0, False)] * 40]:
            dying = Dying.open(url, clock=evening.clock, redactor=Redactor([]))
            dying.left, dying.after = count, after
            try:
                made = evening.change(dying).execute()
                break
            except Killed:
                continue
            finally:
                dying.close()
        else:
            pytest.fail("it never ended")
        states = evening.states()
        assert all(count == 1 for count in evening.world.times_changed.values())
        for host, version in evening.world.versions.items():
            if states[host] in ("done", "unchanged"):
                assert version == "1.1-1"
            if states[host] in ("rolled-back", "untouched"):
                assert version == "1.0-1"
        assert (made is Verdict.DONE) == (set(states.values()) == {"done"})


def test_a_run_that_undoes_another_plays_that_ones_way_back_under_its_name(evening: Evening) -> None:
    evening.undoes = "C20261101-1"
    evening.world.versions = dict.fromkeys(HOSTS, "1.1-1")
    evening.world.changed_by = dict.fromkeys(HOSTS, "C20261101-1")
    assert evening.change().execute() is Verdict.DONE
    played = [(order.played, order.run) for order in evening.world.orders if order.host == "his-app1"]
    assert played == [(one, "C20261101-1") for one in ("undoable", "undoable", "rollback", "rollback")]
    drained = [order.phase for order in evening.world.orders if order.variables.get("maintkit_undoes")]
    assert set(drained) == {Phase.CHANGE}
    assert not list(evening.ledger.entries(kind="step.timed", subject="patch change"))


def test_an_undoing_that_fails_has_no_way_back_and_stops_all(evening: Evening) -> None:
    """Nothing is tried on a host that is neither here nor there: a person looks."""
    evening.undoes = "C20261101-1"
    evening.world.script[("his-app1", "change")] = ["failed"]
    assert evening.change().execute() is Verdict.ROLLBACK_FAILED
    assert evening.states() == {"his-app1": "rollback-failed", "his-app2": "untouched", "his-app3": "untouched"}
    assert Phase.ROLLBACK not in {order.phase for order in evening.world.orders}


def test_a_host_that_could_not_be_put_back_is_a_p1_entered_with_its_end(evening: Evening) -> None:
    """Fault 41: one transaction, so that neither is there without the other."""
    evening.world.script[("his-app1", "verify")] = ["failed"]
    evening.world.script[("his-app1", "rollback")] = ["failed"]
    assert evening.change().execute() is Verdict.ROLLBACK_FAILED
    (alarm,) = alarms(evening.ledger, RUN)
    assert (alarm.host, alarm.reason) == ("his-app1", "verify failed; rollback failed")
    assert evening.ledger.entry(alarm.seq - 1).body == {"state": "rollback-failed"}
    assert alarm.manual["machine_id"] == f"{1:032x}"
    assert alarm.manual["steps"][-1]["command"] == "maintkit lock break his-app1"


def test_the_change_is_told_what_the_window_leaves_it(evening: Evening) -> None:
    """Its rollback must fit in as well. What is at work when the window is over is told that nothing is left."""
    evening.world.script = {("his-app1", "change"): ["lost-after"]}
    evening.world.meanwhile = lambda _host, phase: evening.world.pass_time(4 * 3600 if phase == "change" else 0)
    evening.change().execute()
    changes = [order for order in evening.world.orders if order.phase is Phase.CHANGE]
    before = 4 * evening.world.takes_s  # three prechecks and a backup
    assert [order.variables["maintkit_left"] for order in changes] == [4 * 3600 - before - ROLLBACK_S, 0]
    assert changes[0].timeout_s > changes[0].variables["maintkit_left"]
    assert all("maintkit_left" not in one.variables for one in evening.world.orders if one not in changes)
