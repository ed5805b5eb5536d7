"""《重大故障应急响应预案》 and 《灾难恢复计划》, drawn from the contract, the registers and the ledger of a site."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from hashlib import sha256

from maintkit.cli.terminal.document import header
from maintkit.contract.expectations import expectations
from maintkit.contract.load import CONTRACT, Site
from maintkit.contract.people import Person
from maintkit.contract.services import Backup
from maintkit.documents.model import Document
from maintkit.documents.parts.readiness.ready import Contact, Job, Machine, Ready
from maintkit.documents.views.disaster_plan import KIND as DISASTER
from maintkit.documents.views.disaster_plan import disaster_plan as disaster_plan_of
from maintkit.documents.views.emergency_plan import KIND as EMERGENCY
from maintkit.documents.views.emergency_plan import emergency_plan as emergency_plan_of
from maintkit.evidence import drilled, history, registers
from maintkit.evidence.configuration import configuration
from maintkit.evidence.judgements import judgements
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import Inspection, RecordedHost

_NO_FILE_NAME = re.compile(r'[\\/:*?"<>|\s]+')


def plan_number(place: Site) -> str:
    """The number of both plans: the contract's, as a file may be named."""
    return _NO_FILE_NAME.sub("-", place.contract.number)


def contract_sha256(place: Site) -> str:
    """Of contract.yml as it lies at the site, which a handover packs."""
    return sha256((place.root / CONTRACT).read_bytes()).hexdigest()


def emergency_plan(place: Site, ledger: Ledger) -> Document:
    """《重大故障应急响应预案》 as things stand."""
    return emergency_plan_of(ready(place, ledger, EMERGENCY), header(place))


def disaster_plan(place: Site, ledger: Ledger) -> Document:
    """《灾难恢复计划》 as things stand."""
    return disaster_plan_of(ready(place, ledger, DISASTER), header(place))


def ready(place: Site, ledger: Ledger, kind: str) -> Ready:
    """What a plan of this kind is drawn from."""
    newest = _newest(ledger)
    hosts = newest.hosts if newest else ()
    judged = judgements(ledger, kind, plan_number(place))
    found = tuple(_jobs(place, ledger, hosts))
    people = tuple(one for one in registers.items(ledger) if one.kind in ("person", "manager"))
    signed = datetime.combine(place.contract.signed, time(), place.contract.zone)
    instants = [
        signed,
        *(one.at for one in judged.values()),
        *_instants(found),
        *(one.closed_at or one.at for one in people),
    ]
    at = max([*instants, *([newest.finished_at or newest.started_at] if newest else [])])
    return Ready(
        contract=place.contract,
        contract_sha256=contract_sha256(place),
        number=plan_number(place),
        inspection=newest.run if newest else None,
        head=newest.head_hash if newest else "",
        at=at.astimezone(UTC),
        machines=tuple(_machine(place, ledger, host) for host in hosts),
        jobs=found,
        contacts=tuple(_contacts(place, people, at.astimezone(place.contract.zone).date())),
        judged=judged,
        simulated=bool(newest and newest.simulated),
    )


def _newest(ledger: Ledger) -> Inspection | None:
    """The newest inspection of the whole site; one with --limit does not know what runs where."""
    newest = None
    for found in history.inspections(ledger):
        newest = newest or found
        if found.scope is None:
            return found
    return newest


def _instants(jobs: Iterable[Job]) -> Iterator[datetime]:
    for job in jobs:
        yield from (one.at for one in job.drills)
        if job.seen:
            yield job.seen.at


def _machine(place: Site, ledger: Ledger, host: RecordedHost) -> Machine:
    seen = configuration(ledger, host.name)
    named = {item.name: item.value for item in seen.items if item.topic == "system"} if seen else {}
    return Machine(
        name=host.name,
        address=host.address,
        systems=host.systems,
        os=named.get("os_name", ""),
        services=expectations(place.services, host.name, host.groups).units,
    )


def _jobs(place: Site, ledger: Ledger, hosts: Iterable[RecordedHost]) -> Iterator[Job]:
    """Every declared backup job, and those that only a promise, a host or a drill names."""
    own = tuple(hosts)
    declared: dict[str, Backup] = {}
    systems: dict[str, dict[str, None]] = {name: {} for name in place.services.backup_jobs()}
    for host in own:
        for job in expectations(place.services, host.name, host.groups).backups:
            declared[job.name] = job
            systems.setdefault(job.name, {}).update(dict.fromkeys(host.systems))
    for promise in place.contract.recovery.systems:
        if promise.backups:
            for name, named in systems.items():
                named.pop(promise.system, None)
                named.update({promise.system: None} if name in promise.backups else {})
    drills = drilled.drills(ledger)
    seen = {job.name: job for job in drilled.jobs(ledger, (host.name for host in own))}
    for name in dict.fromkeys((*systems, *seen, *drills)):
        said = declared.get(name)
        yield Job(
            name=name,
            tool=said.tool if said else "",
            every_h=said.every_h if said else None,
            systems=tuple(systems.get(name, ())),
            seen=seen.get(name),
            drills=drills.get(name, ()),
        )


def _contacts(place: Site, people: Iterable[registers.Item], on: date) -> Iterator[Contact]:
    """The parties' people, the project managers after their consented changes, registered people, and others."""
    contract, items = place.contract, tuple(people)
    for party in (contract.hospital, contract.provider):
        yield from (_contact(party.name, one) for one in party.contacts)
    for manager in contract.project_managers:
        followed = _follow(manager.name, items, on)
        name = followed[-1].fields["to"] if followed else manager.name
        known = manager if name == manager.name else Person.model_construct(name=name, phone="", email=None)
        yield _contact(contract.provider.name, known, role="项目经理", registered=followed)
    for item in items:
        if item.kind == "person" and item.state(on) not in ("closed", "overdue"):
            fields = item.fields
            side = fields.get("organisation", contract.provider.name)
            role = fields.get("role", "")
            yield Contact(side=side, name=fields["name"], role=role, phone="", email="", registered=(item,))
    yield from (_contact("其他", one) for one in contract.recovery.contacts)


def _follow(name: str, items: Iterable[registers.Item], on: date) -> tuple[registers.Item, ...]:
    """The changes of this project manager by the register: with consent and in effect, in their order."""
    followed = []
    changes = [one for one in items if one.kind == "manager" and one.state(on) == "valid"]
    for change in sorted(changes, key=lambda one: (one.fields["effective"], one.seq)):
        if change.fields["from"] == name and change.fields["effective"] <= on.isoformat():
            name = change.fields["to"]
            followed.append(change)
    return tuple(followed)


def _contact(side: str, one: Person, role: str = "", registered: tuple[registers.Item, ...] = ()) -> Contact:
    email, role = one.email or "", role or one.role_zh
    return Contact(side=side, name=one.name, role=role, phone=one.phone, email=email, registered=registered)
