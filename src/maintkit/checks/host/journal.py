"""Errors in the system's log."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.facts.host import Journal
from maintkit.checks.host.error_rate import Period, compare
from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import before, data_of, no_comparison


def errors(case: Case) -> Iterator[Observation]:
    """System messages of priority err or worse: at least 20, and more than 2 times (crit 10) as many a day as
    before.
    """
    earlier = before(case, lambda sections: sections.journal)
    yield compare(
        case,
        _period(data_of(case.facts.sections.journal)),
        _period(earlier) if earlier else None,
        what_zh="系统日志",
        no_past=no_comparison(case, "journal"),
    )


def _period(journal: Journal) -> Period:
    return Period(
        errors=journal.errors,
        since_at=journal.since_at,
        until_at=journal.until_at,
        complete=journal.complete,
        top=journal.top,
    )


CHECKS = (
    Check(
        id="log.system",
        category="host",
        title_zh="系统错误日志",
        needs=("journal",),
        judge=errors,
        limits=("log.ratio", "log.least-errors"),
    ),
)
