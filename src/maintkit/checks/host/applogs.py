"""Errors in the application logs that the site names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from maintkit.checks.facts.host import AppLog
from maintkit.checks.host.error_rate import Period, compare, listed
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import before, data_of, judged, no_comparison, not_applicable, unknown


def errors(case: Case) -> Iterator[Observation]:
    """Lines that match a log's pattern: at least 20, and more than 2 times (crit 10) as many a day as before.

    A log that is missing or may not be read is unknown.
    """
    logs = data_of(case.facts.sections.applogs).logs
    if not logs:
        yield not_applicable("the site names no application log for this host")
    for log in logs:
        yield replace(_errors(case, log), instance=log.path)


def _errors(case: Case, log: AppLog) -> Observation:
    if log.state != "ok" or log.errors is None:
        return unknown(f"{log.state}: {log.reason or 'its errors were not counted'}")
    now = _period(log, case.facts.collected_at)
    if now is None:
        return _undated(case, log, log.errors)
    return compare(
        case,
        now,
        _earlier(case, log),
        what_zh=f"应用日志 {log.path}",
        no_past=no_comparison(case, f"{log.path} with this pattern"),
    )


def _undated(case: Case, log: AppLog, count: int) -> Observation:
    """A log whose lines bear no time is counted whole: few errors are well, many cannot be put in a period."""
    excerpt = listed(f"{count} errors in the whole log", log.top)
    if log.complete and case.limits["log.least-errors"].judge(count) == "ok":
        return judged("ok", value=count, unit="条", conclusion_zh="", remedy_zh="", excerpt=excerpt)
    return unknown("its lines bear no time: the errors cannot be put in a period", value=count, excerpt=excerpt)


def _earlier(case: Case, log: AppLog) -> Period | None:
    """The period before, counted with the same pattern: counts of two patterns cannot be compared."""
    earlier = before(case, lambda sections: sections.applogs)
    if earlier is None or case.previous is None:
        return None
    for one in earlier.logs:
        if (one.path, one.pattern) == (log.path, log.pattern):
            return _period(one, case.previous.collected_at)
    return None


def _period(log: AppLog, until_at: float) -> Period | None:
    if log.errors is None or log.since_at is None:
        return None
    return Period(errors=log.errors, since_at=log.since_at, until_at=until_at, complete=log.complete, top=log.top)


CHECKS = (
    Check(
        id="log.applications",
        category="host",
        title_zh="应用错误日志",
        needs=("applogs",),
        judge=errors,
        limits=("log.ratio", "log.least-errors"),
    ),
)
