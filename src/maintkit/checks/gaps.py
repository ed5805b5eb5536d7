"""What a section that came home still does not say: fields kept back, and instants that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from maintkit.checks.facts.fact import Fact, Section
from maintkit.checks.model import Case

DAY_S = 86400.0
HOUR_S = 3600.0

# A host's clock may be corrected between an event and the collection; beyond this the instant is not believed.
TOLERATED_FUTURE_S = HOUR_S

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def withheld(section: Section[Fact] | None, *fields: str) -> str:
    """Why `section` is not whole, "" if it is; only for these fields, or for any when none is named."""
    if section is None:
        return ""
    return "; ".join(
        f"{field}: {reason}" for field, reason in section.withheld.items() if not fields or field in fields
    )


def why_none(section: Section[Fact] | None, *fields: str) -> str:
    """Why the first of `fields` is None: what the collector said of any of them, or that it said nothing."""
    return withheld(section, *fields) or f"{fields[0]}: not known, and the collector does not say why"


def age_s(case: Case, at: float) -> float | None:
    """Seconds from `at` to the collection, both on the host's clock; None if `at` lies over an hour after it."""
    age = case.facts.collected_at - at
    return max(0.0, age) if age >= -TOLERATED_FUTURE_S else None


def date_text(at: float) -> str:
    """The UTC date of epoch seconds, `2026-12-01`; the bare number where it lies outside the years 1 to 9999."""
    try:
        return f"{_EPOCH + timedelta(seconds=at):%Y-%m-%d}"
    except (OverflowError, ValueError):
        return f"@{at:g}"


def days_text(day: int) -> str:
    """The date of a day counted from 1970-01-01, as /etc/shadow counts; the bare number outside the years 1 to 9999."""
    return date_text(day * DAY_S)
