"""A watch over the functions of the catalogue: ask all probes at once, and record what came."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from maintkit import __version__
from maintkit.clock import Clock, to_text
from maintkit.contract.functions import Function
from maintkit.contract.load import Site
from maintkit.contract.watch import Sql, Watch, WatchProbe
from maintkit.errors import NotFound, WatchFailed
from maintkit.evidence.entry import Draft, Entry
from maintkit.evidence.history import known_hosts
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.evidence.watch import FINISHED, HANDLED, PROBED, RECORDED, STARTED, required_week
from maintkit.evidence.week import Week
from maintkit.runs.probes.ask import Asked, ask_all, secret_of


def watch(
    site: Site, ledger: Ledger, *, only: Collection[int], engineer: str, clock: Clock, zone: tzinfo
) -> tuple[Entry, ...]:
    """Ask the probes that speak for the functions in `only` (empty: for all); the entries of the run, as stored.

    Passwords are known to the ledger's redactor before anything is asked. A run that is cut off has a start and no end.
    """
    require(site, only)
    probes = [probe for probe in site.watch.probes if not only or not set(only).isdisjoint(probe.covers)]
    passwords = dict(_passwords(site, probes))
    ledger.redactor = Redactor(passwords.values(), site.settings.redact_patterns)
    with ledger.writing("start a watch"):
        started = _start(site, ledger, probes, engineer=engineer, clock=clock, zone=zone)
    asked = ask_all(probes, passwords)
    drafts = [_draft(one, started.run) for one in asked]
    drafts.append(Draft(kind=FINISHED, body={"ended": "complete", "counts": _counts(asked)}, run=started.run))
    return (started, *ledger.append_all(drafts))


def _asks_a_person(ledger: Ledger, seq: int) -> bool:
    """Whether the newest word on what is watched has a person try this function: without it, no look at it is shown."""
    plan = next(ledger.entries(kind=STARTED, newest_first=True, limit=1), None)
    return plan is not None and any(row["seq"] == seq and row["manual"] for row in plan.body["functions"])


def _start(
    site: Site, ledger: Ledger, probes: Iterable[WatchProbe], *, engineer: str, clock: Clock, zone: tzinfo
) -> Entry:  # fmt: skip
    body = {
        "engineer": engineer,
        "version": __version__,
        "functions": [_row(function, site.watch) for function in site.functions],
        "asked": [probe.name for probe in probes],
    }
    return ledger.append(STARTED, body, run=_name(ledger, clock, zone))


def _counts(asked: Collection[Asked]) -> dict[str, int]:
    return {status: sum(one.answer.status == status for one in asked) for status in ("ok", "warn", "crit", "error")}


def record(
    site: Site, ledger: Ledger, seq: int, *, result: str, by: str, note: str, at: datetime | None, zone: tzinfo
) -> Entry:  # fmt: skip
    """Enter what a person saw of a function, `at` None for now; and what is watched, where the ledger does not know it.

    WatchFailed when watch.yml asks nobody to try it, or `at` is still to come.
    """
    require(site, (seq,))
    now = ledger.clock.now()
    if at is not None and at > now:
        raise WatchFailed(f"{to_text(at)} is still to come", hint="--at is when it was seen")
    if site.watch.manual_of(seq) is None:
        raise WatchFailed(
            f"watch.yml asks no person to try function {seq}", hint="add it to `manual`, with what is to be seen"
        )
    body = {"at": to_text(at or now), "result": result, "by": by, "note": note}
    with ledger.writing("record what was seen"):
        if not _asks_a_person(ledger, seq):
            started = _start(site, ledger, (), engineer=by, clock=ledger.clock, zone=zone)
            ledger.append(FINISHED, {"ended": "complete", "counts": _counts(())}, run=started.run)
        return ledger.append(RECORDED, body, subject=str(seq))


def handle(
    site: Site, ledger: Ledger, seqs: Collection[int], *, week: Week, handling: str, owner: str, due: str | None,
    state: str, by: str,
) -> tuple[Entry, ...]:  # fmt: skip
    """Enter what is done about functions that failed in a week, or why they were not tried; its report then says so.

    WatchFailed when one of them was well in that week, the week is still to come, or `due` has passed: then none is
    entered.
    """
    require(site, seqs)
    zone = site.contract.zone
    if week > Week.of(ledger.clock.now(), zone):
        raise WatchFailed(f"{week} is still to come", hint="name the week in which it failed with --week")
    today = ledger.clock.now().astimezone(zone).date()
    if due is not None and due < today.isoformat():
        raise WatchFailed(
            f"{due} has passed", hint="--due is the day by which it will be done; what is done is `resolved`"
        )
    found = required_week(ledger, week, zone)
    failed = found.failed
    for seq in sorted(set(seqs) - failed - found.untried):
        known = ", ".join(map(str, sorted(failed))) or "none"
        raise WatchFailed(
            f"function {seq} did not fail in {week}, and was tried",
            hint=f"those that failed are {known}; another week is --week",
        )
    body = {"week": str(week), "handling": handling, "owner": owner, "due": due, "state": state, "by": by}
    drafts = tuple(Draft(kind=HANDLED, subject=str(seq), body=body) for seq in dict.fromkeys(seqs))
    return ledger.append_all(drafts)


def strange_hosts(site: Site, ledger: Ledger) -> Mapping[str, tuple[str, ...]]:
    """By probe, the hosts that no inspection has seen; none before the whole inventory was inspected once."""
    known = known_hosts(ledger)
    if known is None:
        return {}
    strange = {probe.name: tuple(host for host in probe.hosts if host not in known) for probe in site.watch.probes}
    return {name: hosts for name, hosts in strange.items() if hosts}


def require(site: Site, seqs: Iterable[int]) -> None:
    """NotFound for functions that the catalogue does not have."""
    known = {function.seq for function in site.functions}
    unknown = sorted(set(seqs) - known)
    if unknown:
        raise NotFound(
            f"functions.csv has no function {', '.join(map(str, unknown))}",
            hint="numbers are those of its first column; `maintkit watch show` lists them",
        )


def _passwords(site: Site, probes: Iterable[WatchProbe]) -> Iterable[tuple[str, str]]:
    """By probe; one that cannot be had is left out, and its probe then says so."""
    for probe in probes:
        question = probe.question
        if isinstance(question, Sql) and question.password is not None:
            try:
                yield probe.name, secret_of(question.password, site.root)
            except WatchFailed:
                continue


def _name(ledger: Ledger, clock: Clock, zone: tzinfo) -> str:
    """`W20261125-1`: the day in the contract's time zone, and the number of that day."""
    prefix = f"W{clock.now().astimezone(zone):%Y%m%d}-"
    newest = next((entry.run or "" for entry in ledger.entries(kind=STARTED, newest_first=True, limit=1)), "")
    return f"{prefix}{int(newest.removeprefix(prefix)) + 1 if newest.startswith(prefix) else 1}"


def _row(function: Function, watch: Watch) -> dict[str, Any]:
    return {
        "seq": function.seq,
        "system": function.system,
        "suite_zh": function.suite_zh,
        "category_zh": function.category_zh,
        "function_zh": function.function_zh,
        "probes": [probe.name for probe in watch.probes_of(function.seq)],
        "manual": watch.manual_of(function.seq),
    }


def _draft(one: Asked, run: str | None) -> Draft:
    body = {
        "kind": one.probe.kind,
        "covers": list(one.probe.covers),
        "hosts": list(one.probe.hosts),
        "status": one.answer.status,
        "reason": one.answer.reason,
        "detail": one.answer.detail,
        "took_ms": one.took_ms,
    }
    return Draft(kind=PROBED, body=body, run=run, subject=one.probe.name)
