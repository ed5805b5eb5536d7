"""From plan to run: what refuses, what is released, what stays locked, and how a run is taken up again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from change import IN_WINDOW
from desk import HOSTS, Bureau, base_site, bureau

from maintkit.errors import (
    ApprovalRefused,
    ChangeRefused,
    HostLocked,
    NotFound,
    NothingMatched,
    PlanChanged,
    SupervisorAbsent,
)
from maintkit.evidence.changes import RESUMED, STARTED
from maintkit.plans import lock
from maintkit.runs.apply import apply, resume
from maintkit.runs.driver import HoldOrder, PhaseResult
from maintkit.runs.journal import Journal
from maintkit.runs.verdict import Verdict

RUN = "C20261129-1"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base_site(tmp_path_factory.mktemp("base") / "site")


@pytest.fixture
def made(base: Path, tmp_path: Path) -> Bureau:
    """Two hosts, an approved plan, its window open, a supervisor there."""
    return bureau(base, tmp_path / "site")


def begin(made: Bureau) -> Verdict:
    return apply(made.desk, made.plan.id, engineer="wang")


def locked(made: Bureau) -> set[str]:
    return {one.host for one in lock.held(made.ledger).values()}


def test_a_run_that_ends_well_leaves_no_lock_and_no_mark(made: Bureau) -> None:
    assert begin(made) is Verdict.DONE
    assert (locked(made), made.world.marks) == (set(), {})
    assert made.states(RUN) == dict.fromkeys(HOSTS, "done")


REFUSALS: dict[str, tuple[Callable[[Bureau], object], type[ChangeRefused], str]] = {
    "another inventory": (
        lambda made: (made.root / "inventory" / "more.yml").write_text("{}"),
        PlanChanged,
        "new inventory/more.yml",
    ),
    "a revoked key": (lambda made: made.office.revoke("li"), ApprovalRefused, "needs 1 approvals"),
    "a closed window": (
        lambda made: made.office.later(IN_WINDOW + timedelta(hours=12)),
        ApprovalRefused,
        "expired 2026-11-29 05:00",
    ),
    "nobody there": (lambda made: made.check("out"), SupervisorAbsent, "nobody of the hospital has checked in"),
    "a held host": (
        lambda made: lock.take_all(made.ledger, made.plan.hosts[:1], plan="P1", run="C1"),
        HostLocked,
        "his-app1 is held by run C1 of plan P1",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_does_not_hold_any_more_refuses_before_anything_is_written(made: Bureau, name: str) -> None:
    """Faults 7, 16, 24, 29, 62: no host is contacted, and the plan can still be run when it is mended."""
    spoil, kind, says = REFUSALS[name]
    spoil(made)
    before = made.ledger.head().seq
    with pytest.raises(kind, match=says):
        begin(made)
    assert made.ledger.head().seq == before
    assert (made.world.asked, made.world.marks) == ([], {})


def test_a_plan_that_changes_nothing_is_not_begun(base: Path, tmp_path: Path) -> None:
    made = bureau(base, tmp_path / "site", effect="none", steps=())
    with pytest.raises(ChangeRefused, match="changes nothing"):
        begin(made)


def test_a_plan_runs_once(made: Bureau) -> None:
    """Fault 17: the refusal names the first run."""
    begin(made)
    with pytest.raises(ApprovalRefused, match=f"was used by run {RUN}"):
        begin(made)


@pytest.mark.parametrize("why", ["failed", "lost-before"])
def test_when_one_host_cannot_be_marked_none_is_begun_and_all_are_let_go(made: Bureau, why: str) -> None:
    """Faults 1, 3 and 4."""
    made.world.script[("his-app2", "hold")] = [why]
    assert begin(made) is Verdict.REFUSED
    assert made.world.asked == []
    assert {reason.partition(": ")[0] for reason in made.held().values()} == {"not every host could be held"}
    assert (locked(made), made.world.marks) == (set(), {})
    assert resume(made.desk, RUN, engineer="wang") is Verdict.DONE


MEANWHILE: dict[str, tuple[Callable[[Bureau], object], str, Callable[[Bureau], object]]] = {
    "asked to stop": (
        lambda made: made.stop.__setitem__(0, True),
        "maintkit was asked to stop",
        lambda made: made.stop.__setitem__(0, False),
    ),
    "asked to pause": (
        lambda made: Journal(ledger=made.ledger, run=RUN).ask("pause", by="li", why="急诊"),
        "li asked to pause it: 急诊",
        lambda _: None,
    ),
    "asked to abort": (
        lambda made: Journal(ledger=made.ledger, run=RUN).ask("abort", by="li", why="急诊"),
        "li asked to abort it: 急诊",
        lambda _: None,
    ),
    "the supervisor leaves": (
        lambda made: made.check("out"),
        "the supervisor has checked out",
        lambda made: made.check("in"),
    ),
    "the key is revoked": (
        lambda made: made.office.revoke("li"),
        "needs 1 approvals of different people, none count",
        lambda made: (made.root / "signers" / "revoked_keys").unlink(),
    ),
    "a role is edited": (
        lambda made: (made.root / "group_vars").mkdir() or (made.root / "group_vars" / "all.yml").write_text("{}"),
        "was made of other content: new site/group_vars/all.yml",
        lambda made: (made.root / "group_vars" / "all.yml").unlink(),
    ),
}


@pytest.mark.parametrize("name", MEANWHILE)
def test_what_happens_meanwhile_lets_the_host_at_work_end_and_begins_no_other(made: Bureau, name: str) -> None:
    """Faults 7, 11, 29, 62: with real signatures; mended, the same run goes on and changes no host twice."""
    act, says, mend = MEANWHILE[name]
    made.in_phase("his-app1", "change", lambda: act(made))
    assert begin(made) is Verdict.PARTIAL
    assert made.states(RUN) == {"his-app1": "done", "his-app2": "untouched"}
    assert says in made.held()["his-app2"]
    assert (locked(made), made.world.marks) == (set(), {})
    mend(made)
    assert resume(made.desk, RUN, engineer="li") is Verdict.DONE
    assert made.world.times_changed == dict.fromkeys(HOSTS, 1)


def test_a_window_that_closes_meanwhile_lets_the_host_at_work_end_and_never_catches_up(made: Bureau) -> None:
    """Fault 22: the overrun is recorded, and a resume after the window begins no host."""
    made.in_phase("his-app1", "verify", lambda: made.world.pass_time(6 * 3600))
    assert begin(made) is Verdict.PARTIAL
    assert made.states(RUN) == {"his-app1": "done", "his-app2": "untouched"}
    finished = list(made.ledger.entries(kind="change.finished", run=RUN))[-1]
    assert finished.body["overrun_s"] > 3600
    assert "expired 2026-11-29 05:00" in made.held()["his-app2"]
    assert resume(made.desk, RUN, engineer="wang") is Verdict.PARTIAL
    assert "his-app2" not in made.world.times_changed


@pytest.mark.parametrize(
    ("script", "verdict", "state"),
    [
        ({"change": ["lost-after", *["lost-before"] * 5]}, Verdict.UNKNOWN, "unknown"),
        ({"verify": ["failed"], "rollback": ["failed"]}, Verdict.ROLLBACK_FAILED, "rollback-failed"),
    ],
)
def test_a_host_that_a_person_has_to_look_at_stays_locked_and_marked(
    made: Bureau, script: dict[str, list[str]], verdict: Verdict, state: str
) -> None:
    """Faults 2, 39 and 41: the others are let go."""
    made.world.script = {("his-app1", phase): events for phase, events in script.items()}
    assert begin(made) is verdict
    assert made.states(RUN) == {"his-app1": state, "his-app2": "untouched"}
    assert (locked(made), made.world.marks) == ({"his-app1"}, {"his-app1": RUN})


def test_an_unknown_host_is_taken_up_first_and_then_the_others(made: Bureau) -> None:
    made.world.script[("his-app1", "change")] = ["lost-after", *["lost-before"] * 5]
    begin(made)
    del made.world.asked[:]
    assert resume(made.desk, RUN, engineer="li") is Verdict.DONE
    assert made.world.asked[:2] == [("his-app1", "change"), ("his-app1", "verify")]
    assert made.world.times_changed == dict.fromkeys(HOSTS, 1)
    assert (locked(made), made.world.marks) == (set(), {})
    (taken_up,) = made.ledger.entries(kind=RESUMED)
    assert taken_up.body["engineer"] == "li"


def test_a_run_that_has_ended_everywhere_is_not_resumed_and_one_that_is_not_there_is_not_found(made: Bureau) -> None:
    begin(made)
    with pytest.raises(ChangeRefused, match="has ended on every host"):
        resume(made.desk, RUN, engineer="wang")
    with pytest.raises(NotFound, match="no run 'C1'"):
        resume(made.desk, "C1", engineer="wang")


def test_a_wish_from_before_a_resume_counts_no_longer(made: Bureau) -> None:
    journal = Journal(ledger=made.ledger, run=RUN)
    made.in_phase("his-app1", "backup", lambda: journal.ask("pause", by="li", why="急诊"))
    begin(made)
    assert resume(made.desk, RUN, engineer="wang") is Verdict.DONE


def test_hosts_that_nobody_knows_any_more_leave_a_run_that_has_begun_and_say_how_to_go_on(
    made: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan is spent and the hosts are locked by then: the hint must not send anyone to a new plan."""

    def nobody(_order: HoldOrder) -> dict[str, PhaseResult]:
        raise NothingMatched("no host matches", hint="`ansible-inventory --graph` shows them")

    monkeypatch.setattr(made.world, "hold", nobody)
    with pytest.raises(NothingMatched, match="no host matches") as refused:
        begin(made)
    assert refused.value.hint == f"run {RUN} has begun: mend the cause, then `maintkit resume {RUN}`"
    monkeypatch.undo()
    assert len(list(made.ledger.entries(kind=STARTED))) == 1
    assert resume(made.desk, RUN, engineer="wang") is Verdict.DONE


def test_a_window_that_is_not_open_yet_refuses(made: Bureau) -> None:
    """Fault 24, from the other side."""
    made.office.later(IN_WINDOW - timedelta(hours=2))
    with pytest.raises(ApprovalRefused, match="not valid before"):
        begin(made)


def test_a_defect_of_ours_stops_the_run_where_it_stands(made: Bureau) -> None:
    """Fault 19: what watches raises; nothing hides it, and the run is taken up where its journal stands."""

    def broken() -> None:
        raise ZeroDivisionError

    made.in_phase("his-app1", "change", broken)
    with pytest.raises(ZeroDivisionError):
        begin(made)
    assert made.world.asked[-1] == ("his-app1", "change")
    assert locked(made) == set(HOSTS)
    assert resume(made.desk, RUN, engineer="wang") is Verdict.DONE
    assert made.world.times_changed == dict.fromkeys(HOSTS, 1)
