"""Why counters of PostgreSQL are not compared with those of the last inspection."""

from __future__ import annotations

from maintkit.checks.model import Case
from maintkit.checks.postgresql.instances import earlier_instance
from maintkit.checks.rule import no_comparison


def why_not_compared(case: Case, name: str) -> str:
    """Why `counted.since_last` gave None, for an observation that is skipped."""
    if case.previous is None or earlier_instance(case, name) is None:
        return no_comparison(case, "postgresql")
    return "no earlier inspection of this database to compare with"
