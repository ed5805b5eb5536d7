"""The phases of a plan that undoes a run: those by which that run would have gone back itself. Pure.

The hosts are held, and the phases run, under the undone run's name, because what it has kept lies there under it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from maintkit.plans.model import Plan
from maintkit.runs.driver import PhaseOrder
from maintkit.runs.phases import Phase

# What is played for each phase. There is no way back from going back: a person has to look.
PLAYED: Mapping[Phase, str | None] = {
    Phase.PRECHECK: "undoable",
    Phase.BACKUP: "undoable",
    Phase.CHANGE: "rollback",
    Phase.VERIFY: "rollback",  # finds everything done, and compares the whole once more
    Phase.ROLLBACK: None,
}
NO_WAY_BACK = "what undoes a run has no way back of its own"


def ordered(plan: Plan, phase: Phase, order: PhaseOrder) -> PhaseOrder | None:
    """The order as it is given for this plan; None when the plan has no such phase, which is then a failure."""
    if plan.undoes is None:
        return order
    plays = PLAYED[phase]
    if plays is None:
        return None
    # The host is in rotation until its change; afterwards it is out, until it is found well.
    drained = {"maintkit_undoes": True} if phase is Phase.CHANGE else {}
    return replace(order, run=plan.undoes, plays=plays, variables={**order.variables, **drained})


def held_as(plan: Plan, run: str) -> str:
    """The run by which the hosts are marked."""
    return plan.undoes or run
