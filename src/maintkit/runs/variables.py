"""What a phase's playbook is told: who it runs for, and what the procedure makes of the frozen host."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast

from maintkit.contract.changes import Risk
from maintkit.errors import NotFound
from maintkit.plans.model import Estimate, Plan, PlanHost
from maintkit.plans.predict import Rate


class Planner(Protocol):
    """A module of plans/procedures: what it makes of a probe's `facts`, and of a frozen host."""

    RATES: dict[str, Rate]

    def nothing_to_do(self, facts: dict[str, Any]) -> bool: ...
    def problems(self, facts: dict[str, Any]) -> tuple[str, ...]: ...
    def size(self, facts: dict[str, Any]) -> int: ...
    def parts(self, facts: dict[str, Any], estimates: dict[str, Estimate], risk: Risk) -> dict[str, Any]: ...
    def variables(self, host: PlanHost, parameters: dict[str, Any]) -> dict[str, Any]: ...


def planner(procedure: str) -> Planner:
    """The procedure's module; NotFound for one that can be run but not planned."""
    try:
        return cast("Planner", import_module(f"maintkit.plans.procedures.{procedure}"))
    except ModuleNotFoundError:
        raise NotFound(
            f"{procedure} cannot be planned", hint=f"run it by `ansible-playbook maintkit.ops.{procedure}`"
        ) from None


def variables(plan: Plan, host: PlanHost, *, token: int) -> dict[str, Any]:
    """Extra variables of a phase on this host. `maintkit_run` comes with the order of the phase."""
    own = planner(plan.procedure).variables(host, dict(plan.parameters))
    return {**own, "maintkit_machine_id": host.machine_id, "maintkit_token": token}
