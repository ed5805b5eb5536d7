"""Making a plan: ask the hosts without changing anything, predict, freeze."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from math import inf
from pathlib import Path
from typing import Any, Protocol

from maintkit.contract.expectations import expectations, systems_of
from maintkit.contract.load import Site
from maintkit.errors import ChangeRefused
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.plans.artifacts import artifacts, located
from maintkit.plans.content import content
from maintkit.plans.frozen import freeze, next_id
from maintkit.plans.model import Estimate, Gate, Parameter, Plan, PlanHost
from maintkit.plans.parts import parts, problems
from maintkit.plans.predict import Rate, estimate, timings
from maintkit.plans.procedure import Procedure, ProcedureRate, load_procedure
from maintkit.runs import collection
from maintkit.runs.driver import PhaseResult

TIMEOUT_S = 900.0
_UNKNOWN = ProcedureRate(fixed_s=60)  # of a phase whose procedure.yml says nothing
_LEAVE_OUT = "mend these hosts, or leave them out with `--limit`"
VERSIONS = ("maintkit", "ansible-core", "ansible-runner")


class ProbeDriver(Protocol):
    """Asks hosts what a procedure would do."""

    def probe(
        self, procedure: str, *, site: Path, inventory: Path, scope: str, variables: Mapping[str, Any], timeout_s: float
    ) -> dict[str, PhaseResult]:
        """See `AnsiblePhases.probe`."""
        ...

    @property
    def secrets(self) -> Collection[str]:
        """What the variables of the hosts that were asked have to hide."""
        ...


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants planned. `scope` is an Ansible pattern, `settings` are `name=value` words.

    `variables` is a YAML file of further parameters; words stand over it.
    """

    procedure: str
    scope: str
    settings: tuple[str, ...]
    variables: Path | None
    reason: str
    requester: str


def make_plan(site: Site, ledger: Ledger, driver: ProbeDriver, wish: Wish) -> Plan:
    """A frozen plan of what the procedure would do now.

    A host that does not answer, or that the procedure must not touch as it is, refuses the whole plan. Hosts on which
    there is nothing to do are left out of it, unless there is nothing to do at all: then the plan says so.
    """
    root = collection.root()
    procedure = load_procedure(root, wish.procedure)
    asked = {**(procedure.read(wish.variables) if wish.variables else {}), **procedure.parse(wish.settings)}
    if f"{procedure.id}_reason" in procedure.parameters:
        asked.setdefault("reason", wish.reason)  # what the change is for, unless its record is to say something else
    parameters = located(procedure, asked)
    inventory = site.root / site.settings.inventory
    prefixed = {f"{procedure.id}_{name}": value for name, value in parameters.items()}
    found = driver.probe(
        procedure.id, site=site.root, inventory=inventory, scope=wish.scope, variables=prefixed, timeout_s=TIMEOUT_S
    )
    # A plan is kept to the letter: one that bears a secret is refused.
    ledger.redactor = Redactor(driver.secrets, site.settings.redact_patterns)
    documents = usable(found)
    wanted = {host: document for host, document in documents.items() if document["status"] != "nothing-to-do"}
    budget_s = _budget_s(procedure, asked)
    hosts = tuple(
        _host(host, document, site, ledger, procedure, budget_s) for host, document in (wanted or documents).items()
    )
    made = frame(site, ledger, procedure, parameters, hosts, reason=wish.reason, requester=wish.requester)
    return freeze(ledger, made)


def frame(
    site: Site,
    ledger: Ledger,
    procedure: Procedure,
    parameters: Mapping[str, Parameter],
    hosts: tuple[PlanHost, ...],
    *,
    reason: str,
    requester: str,
    undoes: str | None = None,
) -> Plan:
    """A plan of these hosts, not frozen yet: its number, its batches, and everything that it is made of."""
    now = ledger.clock.now()
    names = tuple(host.name for host in hosts)
    return Plan(
        id=next_id(ledger, now, site.contract.zone),
        ledger=ledger.id,
        site=site.contract.hospital.name,
        procedure=procedure.id,
        title_zh=f"回退实施 {undoes}：{procedure.title_zh}" if undoes else procedure.title_zh,
        reason=reason,
        requester=requester,
        created_at=now,
        parameters=dict(parameters),
        hosts=hosts,
        batches=((names[0],), names[1:]) if len(names) > 1 else (names,),
        versions={name: version(name) for name in VERSIONS},
        content=content(
            collection=collection.root(),
            site=site.root,
            inventory=site.root / site.settings.inventory,
            artifacts={} if undoes else artifacts(procedure, parameters),
        ),
        undoes=undoes,
        effect="some" if any(host.steps for host in hosts) else "none",
    )


def usable(found: Mapping[str, PhaseResult], *, hint: str = _LEAVE_OUT) -> dict[str, Mapping[str, Any]]:
    """The documents of all hosts; ChangeRefused names those that cannot be planned for, each with its reason."""
    refused, usable = [], {}
    for host, result in found.items():
        if result.outcome in ("lost", "failed") or result.document is None:
            refused.append(f"{host}: {result.reason or 'it did not answer'}")
        elif wrong := problems(result.document):
            refused.append(f"{host}: {'; '.join(wrong)}")
        else:
            usable[host] = result.document
    if refused:
        raise ChangeRefused(
            "\n".join(["no plan, because not every host can be changed:", *(f"  {one}" for one in refused)]),
            hint=hint,
        )
    return usable


def _budget_s(procedure: Procedure, asked: Mapping[str, Any]) -> float:
    """The longest that its change works on a host; without end where it has no such parameter."""
    about = procedure.parameters.get(f"{procedure.id}_budget")
    return inf if about is None else float(asked.get("budget", about.default))


def _host(
    name: str, document: Mapping[str, Any], site: Site, ledger: Ledger, procedure: Procedure, budget_s: float
) -> PlanHost:
    groups = document["groups"]
    return PlanHost(
        name=name,
        systems=systems_of(site.services, name, groups),
        gates=_gates(site, name, groups),
        **parts(
            document,
            procedure,
            lambda phase, size: estimated(ledger, procedure, phase, size),
            lambda text: ledger.redactor.text(text).text,
            budget_s,
        ),
    )


def estimated(ledger: Ledger, procedure: Procedure, phase: str, size: int) -> Estimate:
    """How long a phase of the procedure takes with so many things to do."""
    told = procedure.phases[phase].rate or _UNKNOWN
    detail = f"默认速率：每台 {told.fixed_s:g} 秒，每项 {told.per_unit_s:g} 秒"
    rate = Rate(fixed_s=told.fixed_s, per_unit_s=told.per_unit_s, detail_zh=detail)
    return estimate(timings(ledger, procedure.id, phase), size=size, rate=rate)


def _gates(site: Site, name: str, groups: list[str]) -> tuple[Gate, ...]:
    """What services.yml declares for the host must hold after the change."""
    declared = expectations(site.services, name, groups)
    return (
        *(Gate(kind="unit", name=unit, unit=unit) for unit in declared.units),
        *(Gate(kind="port", name=f"port {port}", port=port) for port in declared.ports),
        *(
            Gate(kind="http", name=probe.name, url=probe.url, contains=probe.contains, timeout=probe.timeout_s)
            for probe in declared.probes
        ),
    )
