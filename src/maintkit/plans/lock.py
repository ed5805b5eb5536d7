"""Who may change a host: the ledger's part of a host lock. The marker on the host repeats the token.

A lock names a machine by its machine-id, since two names may lead to one machine. Its token is the number of the
entry that took it: numbers only grow, so a host that remembers the highest token turns away whoever held it before.
In the ledger it is called `lock`, because what stands behind the word token is masked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from maintkit.errors import ApprovalRefused, HostLocked, NotFound
from maintkit.evidence.entry import Draft, Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.lock import myself
from maintkit.plans.acts import BROKEN, Act, Given
from maintkit.plans.model import PlanHost
from maintkit.plans.record import RELEASED, TAKEN
from maintkit.plans.sign import Authority, take


@dataclass(frozen=True, kw_only=True)
class HostLock:
    """A lock that is held. `holder` says for people which process took it."""

    host: str
    machine_id: str
    plan: str
    run: str
    token: int
    since: datetime
    holder: str


def held(ledger: Ledger) -> dict[str, HostLock]:
    """Every lock that is held now, by machine-id."""
    locks: dict[str, HostLock] = {}
    entries = [entry for kind in (TAKEN, RELEASED, BROKEN) for entry in ledger.entries(kind=kind)]
    for entry in sorted(entries, key=lambda entry: entry.seq):
        if entry.kind == TAKEN:
            locks[entry.body["machine_id"]] = _lock(entry)
        else:
            locks = {id_: lock for id_, lock in locks.items() if lock.token != _token(entry)}
    return locks


def ended(ledger: Ledger, host: PlanHost) -> tuple[str, ...]:
    """Runs that have held this machine and do not hold it now, oldest first: released, or broken by signature.

    A host may still bear the mark of one, because it could not be reached when the lock ended.
    """
    there = held(ledger).get(host.machine_id)
    runs = (entry.run or "" for entry in ledger.entries(kind=TAKEN) if entry.body["machine_id"] == host.machine_id)
    return tuple(dict.fromkeys(run for run in runs if there is None or run != there.run))


def take_all(ledger: Ledger, hosts: Iterable[PlanHost], *, plan: str, run: str) -> tuple[HostLock, ...]:
    """Lock all these hosts or none, in one transaction; HostLocked names who holds one.

    A run that goes on takes its own locks anew: the new tokens fence off the process that died, or did not.
    """
    wanted = tuple(hosts)
    now = ledger.clock.now()
    holder = str(myself(purpose=f"run {run}", since=f"{now:%F %T %z}"))
    with ledger.writing(f"lock hosts for run {run}"):
        there = held(ledger)
        for host in wanted:
            other = there.get(host.machine_id)
            if other is not None and other.run != run:
                raise HostLocked(
                    f"{host.name} is held by run {other.run} of plan {other.plan} since {other.since:%F %R %z}"
                    f" ({other.holder})",
                    hint="wait for that run; if it is dead, `maintkit resume` it or break the lock with a signature",
                )
        drafts = [
            Draft(kind=TAKEN, run=run, subject=host.name,
                  body={"machine_id": host.machine_id, "plan": plan, "holder": holder})
            for host in wanted
        ]  # fmt: skip
        return tuple(_lock(entry) for entry in ledger.append_all(drafts))


def release(ledger: Ledger, locks: Iterable[HostLock]) -> None:
    """Give locks back; one that was broken or taken anew meanwhile is left alone."""
    with ledger.writing("release host locks"):
        there = held(ledger)
        mine = [lock for lock in locks if there.get(lock.machine_id) == lock]
        ledger.append_all(
            Draft(kind=RELEASED, run=lock.run, subject=lock.host, body={"lock": lock.token}) for lock in mine
        )


def require_held(ledger: Ledger, lock: HostLock) -> None:
    """HostLocked when the lock is no longer this one: before every step, since another one may have taken over."""
    if held(ledger).get(lock.machine_id) != lock:
        raise HostLocked(
            f"run {lock.run} no longer holds {lock.host}: its lock {lock.token} was released, broken or taken anew",
            hint="stop: whoever took over decides",
        )


def held_on(ledger: Ledger, host: str) -> HostLock:
    """The lock of a host by its name; NotFound when it is free."""
    for lock in held(ledger).values():
        if lock.host == host:
            return lock
    raise NotFound(f"{host} is not locked", hint="`maintkit lock list` shows what is")


def break_act(ledger_id: str, lock: HostLock, reason: str, *, signer: str, nonce: str, at: datetime) -> Act:
    """The text that breaks one lock and no later one of the same host."""
    about = (
        ("host", f"{lock.host} machine-id {lock.machine_id}"),
        ("plan", lock.plan),
        ("run", lock.run),
        ("lock", str(lock.token)),
        ("reason", reason),
    )
    return Act(what="lock-break", ledger=ledger_id, about=about, role="lock-breaker", signer=signer, nonce=nonce, at=at)


def break_lock(ledger: Ledger, lock: HostLock, act: Act, signature: str, authority: Authority) -> Given:
    """Break a lock whose holder is gone, by a signed act alone; ApprovalRefused unless it names this very lock."""
    same = break_act(act.ledger, lock, act.value("reason"), signer=act.signer, nonce=act.nonce, at=act.at)
    if act.text != same.text:
        raise ApprovalRefused(f"what was signed is not the breaking of lock {lock.token}", hint="sign a new text")
    with ledger.writing("break a host lock"):
        require_held(ledger, lock)
        return take(ledger, act, signature, authority, kind=BROKEN, subject=lock.host)


def _lock(entry: Entry) -> HostLock:
    body = entry.body
    return HostLock(
        host=entry.subject or "",
        machine_id=body["machine_id"],
        plan=body["plan"],
        run=entry.run or "",
        token=entry.seq,
        since=entry.at,
        holder=body["holder"],
    )


def _token(entry: Entry) -> int:
    """The lock that an entry ends: of a broken one, the number inside the signed text."""
    if entry.kind == RELEASED:
        return int(entry.body["lock"])
    lines = [line for line in entry.body["text"].splitlines() if line.startswith("lock: ")]
    return int(lines[0].removeprefix("lock: "))
