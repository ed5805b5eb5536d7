"""From an approved plan to a run: refuse, begin, go on. What may refuse is asked again before each host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from maintkit import __version__
from maintkit.contract.load import Site
from maintkit.errors import ChangeRefused, MaintkitError, NotFound, NothingMatched, RunFailed
from maintkit.evidence.changes import RESUMED, STARTED, WISH
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.plans import lock, supervise
from maintkit.plans.artifacts import artifacts
from maintkit.plans.content import content, require_same
from maintkit.plans.frozen import plan_of
from maintkit.plans.lock import HostLock
from maintkit.plans.model import Content, Plan, PlanHost
from maintkit.plans.permit import Permission, permission, use
from maintkit.plans.procedure import load_procedure
from maintkit.plans.record import USED
from maintkit.plans.sign import Authority, authority
from maintkit.plans.undo import undoable
from maintkit.plans.window import Window
from maintkit.runs import collection
from maintkit.runs.driver import HoldOrder, PhaseDriver, PhaseResult
from maintkit.runs.engine import Change, Permit, Place, Watcher
from maintkit.runs.journal import Journal
from maintkit.runs.phases import HostState
from maintkit.runs.undone import held_as
from maintkit.runs.variables import variables
from maintkit.runs.verdict import Verdict

_OPEN = {None, HostState.UNKNOWN, HostState.UNTOUCHED}  # what a run may still be taken up for
_HOLD = {HostState.ROLLBACK_FAILED, HostState.UNKNOWN}  # what keeps a host locked: a person has to look first


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What every change of a site is made with. `stopped` says whether this process was asked to end.

    `simulated`: the driver's hosts are not real. Every document of the change then says so.
    """

    site: Site
    ledger: Ledger
    driver: PhaseDriver
    watcher: Watcher
    stopped: Callable[[], bool]
    sleep: Callable[[float], None]
    simulated: bool = False

    @property
    def authority(self) -> Authority:
        """Keys, people and rules as the files say it now: a key may be revoked in the middle of a window."""
        return authority(self.site)

    @property
    def inventory(self) -> Path:
        """The site's inventory."""
        return self.site.root / self.site.settings.inventory

    def content(self, plan: Plan) -> tuple[Content, ...]:
        """What this change would be made of now."""
        procedure = load_procedure(collection.root(), plan.procedure)
        brought = {} if plan.undoes else artifacts(procedure, plan.parameters)
        return content(
            collection=collection.root(),
            site=self.site.root,
            inventory=self.inventory,
            artifacts=brought,
        )


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that has begun: its name in the ledger, its plan, the window it was permitted in, its locks."""

    name: str
    plan: Plan
    window: Window
    locks: tuple[HostLock, ...]
    watched: bool


def apply(desk: Desk, plan_id: str, *, engineer: str) -> Verdict:
    """Begin the plan's one run and carry it to its end; ChangeRefused and its kind say why it does not begin."""
    with desk.ledger.reserving(plan_id):
        return _carry_out(desk, _begin(desk, plan_id, engineer=engineer))


def resume(desk: Desk, name: str, *, engineer: str) -> Verdict:
    """Go on with a run that was stopped, died, or left a host unknown: a host at work is brought to an end first."""
    with desk.ledger.reserving(_started_entry(desk.ledger, name).subject or ""):
        return _carry_out(desk, _take_up(desk, name, engineer=engineer))


def _begin(desk: Desk, plan_id: str, *, engineer: str) -> Run:
    """All refusals, then locks, permission and beginning in the ledger: of two controllers, one gets through."""
    ledger = desk.ledger
    with ledger.writing(f"begin plan {plan_id}"):
        plan = plan_of(ledger, plan_id)
        if plan.effect == "none":
            raise ChangeRefused(f"plan {plan_id} changes nothing", hint="there is nothing to apply")
        if plan.undoes:
            undoable(ledger, plan.undoes)
        require_same(plan, desk.content(plan))
        granted = permission(ledger, plan, desk.authority)
        watched = granted.ground == "signed"
        if watched:
            supervise.require_present(ledger, plan, desk.authority, opens=granted.window.start)
        name = _next_name(ledger, desk.site.contract.zone)
        locks = lock.take_all(ledger, plan.hosts, plan=plan.id, run=name)
        use(ledger, granted, name)
        ledger.append(STARTED, _started(desk, plan, granted, engineer), run=name, subject=plan.id)
    return Run(name=name, plan=plan, window=granted.window, locks=locks, watched=watched)


def _take_up(desk: Desk, name: str, *, engineer: str) -> Run:
    ledger = desk.ledger
    with ledger.writing(f"resume run {name}"):
        started = _started_entry(ledger, name)
        plan = plan_of(ledger, started.subject or "")
        require_same(plan, desk.content(plan))
        journal = Journal(ledger=ledger, run=name)
        left = [host for host in plan.hosts if journal.closed().get(host.name) in _OPEN]
        if not left:
            raise ChangeRefused(f"run {name} has ended on every host", hint=f"`maintkit status {name}` shows how")
        locks = lock.take_all(ledger, plan.hosts, plan=plan.id, run=name)
        ledger.append(RESUMED, {"engineer": engineer, "version": __version__}, run=name, subject=plan.id)
        for host in left:
            if host.name in journal.closed():
                journal.reopen(host.name)
    window = window_used(ledger, name)
    return Run(name=name, plan=plan, window=window, locks=locks, watched=started.body["ground"] == "signed")


def _started_entry(ledger: Ledger, name: str) -> Entry:
    started = next(ledger.entries(kind=STARTED, run=name, limit=1), None)
    if started is None:
        raise NotFound(f"no run {name!r} in the ledger", hint="`maintkit status` shows those there are")
    return started


def _carry_out(desk: Desk, run: Run) -> Verdict:
    """All hosts are marked or none is begun; the marks and locks of those that a person has to look at stay."""
    journal = Journal(ledger=desk.ledger, run=run.name)
    order = _hold_order(desk, run)
    try:
        unheld = _unheld(desk.driver.hold(order))
    except (NothingMatched, RunFailed) as error:
        # Plan and locks are the run's by now: only that run can go on with them.
        error.hint = f"run {run.name} has begun: mend the cause, then `maintkit resume {run.name}`"
        raise
    change = Change(
        plan=run.plan,
        permit=Permit(
            window=run.window,
            refusal=lambda: unheld or refusal(desk, run),
            guard=lambda host: lock.require_held(desk.ledger, _lock_of(run, host)),
        ),
        place=Place(
            site=desk.site.root,
            inventory=desk.inventory,
            variables=lambda host: variables(run.plan, host, token=_lock_of(run, host).token),
        ),
        journal=journal,
        driver=desk.driver,
        clock=desk.ledger.clock,
        watcher=desk.watcher,
        sleep=desk.sleep,
    )
    made = change.execute()
    kept = {name for name, state in journal.closed().items() if state in _HOLD}
    free = {name: token for name, token in order.tokens.items() if name not in kept}
    if free:
        desk.driver.release(replace(order, tokens=free))
    lock.release(desk.ledger, (held for held in run.locks if held.host in free))
    return made


def _hold_order(desk: Desk, run: Run) -> HoldOrder:
    tokens = {held.host: held.token for held in run.locks}
    return HoldOrder(
        site=desk.site.root,
        inventory=desk.inventory,
        run=held_as(run.plan, run.name),
        tokens=tokens,
        over={host.name: lock.ended(desk.ledger, host) for host in run.plan.hosts},
        holder=run.locks[0].holder,
    )


def _unheld(marked: Mapping[str, PhaseResult]) -> str | None:
    """Why not every host is ours, in words; None when all are."""
    refused = [f"{host}: {result.reason}" for host, result in marked.items() if result.outcome != "ok"]
    return f"not every host could be held: {'; '.join(refused)}" if refused else None


def refusal(desk: Desk, run: Run) -> str | None:
    """Why no further host may be begun; None when one may."""
    if desk.stopped():
        return "maintkit was asked to stop"
    if desk.ledger.reserve is not None and desk.ledger.reserve.spent:
        return "the ledger's disk is full: free space, then resume"
    wish = wished(desk.ledger, run.name)
    if wish is not None:
        return wish
    try:
        require_same(run.plan, desk.content(run.plan))
        permission(desk.ledger, run.plan, desk.authority, run=run.name)
    except MaintkitError as error:
        return str(error)
    if run.watched and not supervise.present(desk.ledger, run.plan, desk.authority):
        return "the supervisor has checked out"
    return None


def wished(ledger: Ledger, name: str) -> str | None:
    """What somebody has asked of a run since it last began, in words: to pause or abort it."""
    begun = max(entry.seq for kind in (STARTED, RESUMED) for entry in ledger.entries(kind=kind, run=name))
    last = next(ledger.entries(kind=WISH, run=name, after=begun, newest_first=True, limit=1), None)
    return None if last is None else f"{last.body['by']} asked to {last.body['wish']} it: {last.body['why']}"


def window_used(ledger: Ledger, name: str) -> Window:
    """The window of the permission that a run has used."""
    entry = next(ledger.entries(kind=USED, run=name, limit=1))
    start, end = (datetime.fromisoformat(text) for text in entry.body["window"])
    return Window(start=start, end=end)


def _started(desk: Desk, plan: Plan, granted: Permission, engineer: str) -> dict[str, object]:
    return {
        "sha256": plan.sha256,
        "procedure": plan.procedure,
        "hosts": [host.name for host in plan.hosts],
        "ground": granted.ground,
        "by": list(granted.by),
        "detail": granted.detail,
        "window": [granted.window.start.isoformat(), granted.window.end.isoformat()],
        "engineer": engineer,
        "version": __version__,
        **({"undoes": plan.undoes} if plan.undoes else {}),
        **({"simulated": True} if desk.simulated else {}),
    }


def _next_name(ledger: Ledger, zone: ZoneInfo) -> str:
    day = f"C{ledger.clock.now().astimezone(zone):%Y%m%d}-"
    newest = next(ledger.entries(kind=STARTED, newest_first=True, limit=1), None)
    last = newest.run if newest and newest.run and newest.run.startswith(day) else f"{day}0"
    return f"{day}{int(last.removeprefix(day)) + 1}"


def _lock_of(run: Run, host: PlanHost) -> HostLock:
    return next(held for held in run.locks if held.machine_id == host.machine_id)
