"""A watch over the functions of the catalogue: ask all probes at once, and record what came."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import tzinfo
from typing import Any

from maintkit import __version__
from maintkit.clock import Clock
from maintkit.contract.functions import Function
from maintkit.contract.load import Site
from maintkit.contract.watch import Sql, Watch, WatchProbe
from maintkit.errors import NotFound, WatchFailed
from maintkit.evidence.entry import Draft, Entry
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
        run = _name(ledger, clock, zone)
        started = ledger.append(
            STARTED,
            {
                "engineer": engineer,
                "version": __version__,
                "functions": [_row(function, site.watch) for function in site.functions],
                "asked": [probe.name for probe in probes],
            },
            run=run,
        )
    asked = ask_all(probes, passwords)
    counts = {status: sum(one.answer.status == status for one in asked) for status in ("ok", "warn", "crit", "error")}
    drafts = [_draft(one, run) for one in asked]
    drafts.append(Draft(kind=FINISHED, body={"ended": "complete", "counts": counts}, run=run))
    return (started, *ledger.append_all(drafts))


def record(site: Site, ledger: Ledger, seq: int, *, result: str, by: str, note: str) -> Entry:
    """Enter what a person saw of a function; WatchFailed when watch.yml asks nobody to try it."""
    require(site, (seq,))
    if site.watch.manual_of(seq) is None:
        raise WatchFailed(
            f"watch.yml asks no person to try function {seq}", hint="add it to `manual`, with what is to be seen"
        )
    return ledger.append(RECORDED, {"result": result, "by": by, "note": note}, subject=str(seq))


def handle(
    site: Site, ledger: Ledger, seqs: Collection[int], *, week: Week, handling: str, owner: str, due: str | None,
    state: str, by: str,
) -> tuple[Entry, ...]:  # fmt: skip
    """Enter what is done about functions that failed in a week; it stands in that week's report from then on.

    WatchFailed when one of them did not fail in that week, or the week is still to come: then none is entered.
    """
    require(site, seqs)
    zone = site.contract.zone
    if week > Week.of(ledger.clock.now(), zone):
        raise WatchFailed(f"{week} is still to come", hint="name the week in which it failed with --week")
    failed = required_week(ledger, week, zone).failed
    for seq in sorted(set(seqs) - failed):
        known = ", ".join(map(str, sorted(failed))) or "none"
        raise WatchFailed(
            f"function {seq} did not fail in {week}", hint=f"those that failed are {known}; another week is --week"
        )
    body = {"week": str(week), "handling": handling, "owner": owner, "due": due, "state": state, "by": by}
    drafts = tuple(Draft(kind=HANDLED, subject=str(seq), body=body) for seq in dict.fromkeys(seqs))
    return ledger.append_all(drafts)


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


def _draft(one: Asked, run: str) -> Draft:
    body = {
        "kind": one.probe.kind,
        "covers": list(one.probe.covers),
        "status": one.answer.status,
        "reason": one.answer.reason,
        "detail": one.answer.detail,
        "took_ms": one.took_ms,
    }
    return Draft(kind=PROBED, body=body, run=run, subject=one.probe.name)
