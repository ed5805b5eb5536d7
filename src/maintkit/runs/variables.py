"""What a phase's playbook is told: who it runs for, the plan's parameters, and what was frozen for the host."""

from __future__ import annotations

from typing import Any

from maintkit.plans.model import Plan, PlanHost


def variables(plan: Plan, host: PlanHost, *, token: int) -> dict[str, Any]:
    """Extra variables of a phase on this host; `maintkit_run` comes with the order of the phase.

    What the probe has frozen stands over what somebody asked for: exact versions over "all updates".
    """
    asked: dict[str, Any] = {f"{plan.procedure}_{name}": value for name, value in plan.parameters.items()}
    gates = f"{plan.procedure}_gates"
    declared = [*asked.get(gates, []), *(gate.told for gate in host.gates)]
    return {
        **asked,
        **host.variables,
        gates: declared,
        "maintkit_machine_id": host.machine_id,
        "maintkit_token": token,
    }
