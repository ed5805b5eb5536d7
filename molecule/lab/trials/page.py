"""docs/faults.md, made from the trials themselves: `PYTHONPATH=molecule python -m lab.trials.page > docs/faults.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from lab.trials.table import TRIALS, WITHOUT
from lab.trials.trial import Trial
from maintkit.checks.model import Check
from maintkit.checks.registry import all_checks, categories

INTRODUCTION = """\
# Check, fault, finding

Made by `PYTHONPATH=molecule python -m lab.trials.page`; do not edit. Each line is a trial, and each trial a test
(`tests/lab/test_checks_by_fault.py`, `tests/lab/test_backup_checks_by_fault.py`): on a booted host on which
`maintkit inspect` finds nothing wrong the fault is injected, `maintkit inspect` must find exactly this, and nothing
when it has been undone. For PostgreSQL and MySQL (`tests/lab/test_postgresql_checks_by_fault.py`,
`tests/lab/test_mysql_checks_by_fault.py`) the collector runs on the host, and the checks of that category alone judge
its facts; the look a moment before is the inspection before. The faults are in `molecule/lab/faults/`, the trials in
`molecule/lab/trials/`.

A fault marked *view* is no real one: the kernel has the value once for the whole machine, or a container has no such
hardware, and the host is shown another in its place, by a file bound over the kernel's or by a library that programs
load first. From there on all is real: the collector reads it where it reads the true one.

*With it* are the checks of which the same fault rightly leads to findings as well.
"""


def page() -> str:
    """The whole page."""
    return "\n".join((INTRODUCTION, *_tables(), *_without()))


def _tables() -> Iterator[str]:
    for category in categories():
        yield f"## {category.capitalize()}\n"
        yield "| check | fault | finding | with it |"
        yield "|---|---|---|---|"
        for check in all_checks():
            if check.category == category:
                yield from (_row(check, trial) for trial in TRIALS if trial.check == check.id)
        yield ""


def _row(check: Check, trial: Trial) -> str:
    fault = f"{trial.words} (*view*)" if trial.view else trial.words
    value = f"{trial.value:g}" if isinstance(trial.value, int | float) else trial.value
    finding = " ".join(
        filter(None, (trial.status, f"`{trial.instance}`" if trial.instance else "", value and f"= {value}"))
    )
    others = ", ".join(f"`{other}`" for other in trial.explains if other != check.id)
    return f"| `{check.id}` {check.title_zh} | {fault} | {finding} | {others or '–'} |"


def _without() -> Iterator[str]:
    yield "## Checks without a fault\n"
    yield from (f"- `{check}`: {reason}." for check, reason in WITHOUT.items())
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
