"""What may be undone, by the ledger alone: a run that stands, once, and only by steps that have a way back."""

from __future__ import annotations

import pytest
from change import NIGHT, Office, host, step

from maintkit.clock import to_text
from maintkit.errors import ChangeRefused, NotFound
from maintkit.evidence.changes import CLOSED, FINISHED, INTENT, STARTED
from maintkit.plans.model import FileChange, Plan
from maintkit.plans.undo import turned, undoable

RUN = "C20261128-1"


def carried_out(office: Office, plan: Plan, states: dict[str, str], *, run: str = RUN, verdict: str = "done") -> None:
    """The entries of a run that has ended like this."""
    window = [to_text(NIGHT.start), to_text(NIGHT.end)]
    about = {"sha256": plan.sha256, "procedure": plan.procedure, "hosts": list(states), "ground": "signed", "by": [],
             "detail": "", "window": window, "engineer": "zhang", "version": "1"}  # fmt: skip
    undoes = {"undoes": plan.undoes} if plan.undoes else {}
    office.ledger.append(STARTED, about | undoes, run=run, subject=plan.id)
    for name, state in states.items():
        if state != "untouched":
            office.ledger.append(INTENT, {"phase": "change"}, run=run, subject=name)
        office.ledger.append(CLOSED, {"state": state}, run=run, subject=name)
    if verdict:
        office.ledger.append(FINISHED, {"verdict": verdict, "hosts": states, "overrun_s": 0}, run=run)


def refusal(office: Office, run: str = RUN) -> str:
    with pytest.raises(ChangeRefused) as refused:
        undoable(office.ledger, run)
    return str(refused.value)


def test_the_hosts_that_stand_as_the_run_changed_them_are_undone(office: Office) -> None:
    plan = office.frozen()
    carried_out(office, plan, {"his-app1": "done", "his-app2": "untouched"}, verdict="partial")
    found = undoable(office.ledger, RUN)
    assert ([one.name for one in found.hosts], found.plan) == (["his-app1"], plan)


def test_a_run_that_nobody_knows_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound):
        undoable(office.ledger, "C20200101-1")


@pytest.mark.parametrize(
    ("states", "verdict", "said"),
    [
        ({"his-app1": "done", "his-app2": "done"}, "", "has not ended"),
        ({"his-app1": "rolled-back", "his-app2": "untouched"}, "rolled-back", "no host stands as it wanted"),
        ({"his-app1": "unknown", "his-app2": "untouched"}, "unknown", "no host stands as it wanted"),
    ],
)
def test_a_run_that_stands_nowhere_is_refused(office: Office, states: dict[str, str], verdict: str, said: str) -> None:
    carried_out(office, office.frozen(), states, verdict=verdict)
    assert said in refusal(office)


@pytest.mark.parametrize("way", ["point-of-no-return", "restore-only", "snapshot"])
def test_a_step_without_a_way_back_is_named(office: Office, way: str) -> None:
    one = host("his-app1", steps=(step("change"), step("change", action="migrate", target="his", rollback=way)))
    carried_out(office, office.frozen(hosts=(one,), batches=(("his-app1",),)), {"his-app1": "done"})
    assert f"`migrate his` on his-app1, which is {way}" in refusal(office)


@pytest.mark.parametrize(("ended", "again"), [("done", False), ("rollback-failed", False), ("untouched", True)])
def test_a_run_is_undone_once_and_what_undid_it_is_not(office: Office, ended: str, *, again: bool) -> None:
    """An attempt that has changed nothing does not count."""
    states = {"his-app1": "done", "his-app2": "done"}
    carried_out(office, office.frozen(), states)
    undo = office.frozen(id="P20261126-2", undoes=RUN)
    carried_out(office, undo, dict.fromkeys(states, ended), run="C20261128-2", verdict="refused" if again else ended)
    if again:
        assert len(undoable(office.ledger, RUN).hosts) == 2
    else:
        assert "was undone by C20261128-2" in refusal(office)
    if ended == "done":
        assert f"has itself undone {RUN}" in refusal(office, "C20261128-2")


def test_the_difference_of_a_file_is_turned_round() -> None:
    there = FileChange(path="/etc/x", before="a" * 64, after="b" * 64, difference="@@ -1 +1 @@\n-old\n+new\n same")
    back = turned(there)
    assert (back.before, back.after, back.difference) == (there.after, there.before, "@@ -1 +1 @@\n+old\n-new\n same")


def test_a_plan_that_neither_undoes_nor_shows_files_has_the_hash_that_it_always_had(office: Office) -> None:
    """Plans that were frozen before these fields existed are read back by the same hash."""
    plan = office.frozen()
    assert '"undoes"' not in plan.text
    assert '"files"' not in plan.text
