"""Making a plan that undoes a run: ask its hosts, without changing anything, what would be put back; freeze."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from maintkit.contract.load import Site
from maintkit.errors import ChangeRefused
from maintkit.evidence.ledger import Ledger
from maintkit.plans.frozen import freeze
from maintkit.plans.model import Plan, PlanHost
from maintkit.plans.parts import undo_steps
from maintkit.plans.procedure import Procedure, load_procedure
from maintkit.plans.undo import Undoable, turned, undoable
from maintkit.runs import collection
from maintkit.runs.driver import PhaseDriver, PhaseOrder
from maintkit.runs.phases import Phase
from maintkit.runs.planning import estimated, frame, usable
from maintkit.runs.undone import PLAYED
from maintkit.runs.variables import variables


def plan_undo(site: Site, ledger: Ledger, driver: PhaseDriver, run: str, *, reason: str, requester: str) -> Plan:
    """A frozen plan that brings the hosts of a run back to where it began; ChangeRefused says why there is none."""
    found = undoable(ledger, run)
    procedure = load_procedure(collection.root(), found.plan.procedure)
    about = procedure.phases.get("undoable")
    if about is None or about.playbook is None:
        why = about.absent if about else "it has no phase for that"
        raise ChangeRefused(f"{procedure.id} cannot be undone: {why}", hint="plan the change that you want instead")
    looked = {host.name: driver.phase(_look(site, found, host)) for host in found.hosts}
    documents = usable(looked, hint="undo what came later first, or plan the change that you want instead")
    hosts = tuple(_host(host, documents[host.name], ledger, procedure) for host in found.hosts)
    made = frame(site, ledger, procedure, found.plan.parameters, hosts, reason=reason, requester=requester, undoes=run)
    return freeze(ledger, made)


def _look(site: Site, found: Undoable, host: PlanHost) -> PhaseOrder:
    return PhaseOrder(
        site=site.root,
        inventory=site.root / site.settings.inventory,
        procedure=found.plan.procedure,
        phase=Phase.PRECHECK,
        plays=PLAYED[Phase.PRECHECK] or "",
        host=host.name,
        run=found.run,
        variables=variables(found.plan, host, token=0),
    )


def _host(host: PlanHost, document: Mapping[str, Any], ledger: Ledger, procedure: Procedure) -> PlanHost:
    """What stood in the plan stays: variables, gates, systems. What is done is what the host says would be put back."""
    identity = document["facts"]["identity"]
    found = undo_steps(document, procedure, lambda phase, size: estimated(ledger, procedure, phase, size))
    return replace(
        host,
        boot_id=identity["boot_id"],
        address=document["address"],
        drained_from=tuple(document["drained_from"]),
        files=tuple(turned(file) for file in host.files),
        disk=(),
        **found,
    )
