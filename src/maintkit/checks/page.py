"""docs/checks.md, made from the checks themselves: `python -m maintkit.checks.page > docs/checks.md`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from maintkit.checks.limits import default_limits
from maintkit.checks.model import Check, Limit
from maintkit.checks.registry import all_checks, categories

INTRODUCTION = """\
# The checks

Made by `python -m maintkit.checks.page`; do not edit. The bounds are the defaults of each category's `limits.yml`; a
site's own `limits.yml` may put others in their place, with its reason.

Sources: NM node-mixin, ZL Zabbix template Linux, PM pgmonitor, PC postgres-checkup, CP check_postgres, MT MySQLTuner,
LY Lynis, P ours. *Where*: a check that is about something declared is expected only on hosts of which the site
declares it; one marked deep belongs to deep inspections only. One marked △ tells of a change since the last inspection:
it is seen once, so its event stays open until a person has handled it.

Wherever a section that a check needs is missing, denied, late or broken, its finding is `unknown` or `error` with the
reason, never `ok`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join((INTRODUCTION, *_tables()))


def _tables() -> Iterator[str]:
    for category in categories():
        yield f"## {category.capitalize()}\n"
        yield "| id | 巡检项 | what fires it | limits; source | facts | where |"
        yield "|---|---|---|---|---|---|"
        yield from (_row(check) for check in all_checks() if check.category == category)
        yield ""


def _row(check: Check) -> str:
    limits = "<br>".join(_limit(default_limits()[key]) for key in check.limits)
    where = "deep" if check.deep else "declared" if check.declared else "all"
    where += " △" if check.change else ""
    cells = (f"`{check.id}`", check.title_zh, _fires(check), limits, ", ".join(check.needs), where)
    return "| " + " | ".join(cell.replace("|", "\\|") or "–" for cell in cells) + " |"


def _fires(check: Check) -> str:
    """The first paragraph of the rule's docstring."""
    return " ".join((inspect.getdoc(check.judge) or "").split("\n\n")[0].split())


def _limit(limit: Limit) -> str:
    bounds = {"warn": limit.warn, "crit": limit.crit}
    drawn = ", ".join(f"{name} {limit.op} {bound:g}" for name, bound in bounds.items() if bound is not None)
    return f"`{limit.key}`: {drawn} {limit.unit}; {limit.source}"


if __name__ == "__main__":
    sys.stdout.write(page())
