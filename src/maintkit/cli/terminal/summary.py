"""An inspection on one screen, and its exit code."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from maintkit.cli.terminal.words import plain
from maintkit.clock import to_text
from maintkit.evidence.recorded import Inspection, RecordedFinding

ROWS = 12
MISSED_ROWS = 5
WELL, WARN, CRIT, MISSED, CRIT_AND_MISSED, INTERRUPTED = 0, 10, 11, 12, 13, 130
STATUSES = ("crit", "warn", "unknown", "error", "ok", "waived", "skipped", "manual", "not-applicable")
STYLE = {"crit": "bold red", "warn": "yellow", "unknown": "magenta", "error": "magenta", "ok": "green"}


def exit_code(done: Inspection) -> int:
    """The code of docs/exit-codes.md: interrupted, or the worst finding and whether an expected host was missed."""
    if done.ended == "interrupted":
        return INTERRUPTED
    present = {finding.status for finding in done.findings}
    missed = done.coverage.inspected < done.coverage.expected
    if missed:
        return CRIT_AND_MISSED if "crit" in present else MISSED
    return CRIT if "crit" in present else WARN if "warn" in present else WELL


def summary_json(done: Inspection) -> dict[str, Any]:
    """What a script wants: coverage, counts, and every finding that is not plainly well."""
    return {
        "run": done.run,
        "ended": done.ended,
        "started_at": to_text(done.started_at),
        "finished_at": to_text(done.finished_at) if done.finished_at else None,
        "coverage": {
            "expected": done.coverage.expected,
            "inspected": done.coverage.inspected,
            "missed": done.coverage.missed,
            "inventory_size": done.coverage.inventory_size,
        },
        "counts": dict(_counts(done)),
        "findings": [finding_json(one) for one in done.findings if one.status not in ("ok", "not-applicable")],
        "exit_code": exit_code(done),
    }


def finding_json(finding: RecordedFinding) -> dict[str, Any]:
    """One finding for a script."""
    return {
        "check": finding.check,
        "subject": finding.subject,
        "status": finding.status,
        "value": finding.value,
        "unit": finding.unit,
        "limit": finding.limit,
        "event": finding.event,
        "first_seen": to_text(finding.first_seen) if finding.first_seen else None,
        "reason": finding.reason,
        "conclusion_zh": finding.conclusion_zh,
        "remedy_zh": finding.remedy_zh,
    }


def show(done: Inspection, console: Console, site: Path) -> None:
    """Coverage, counts, the worst findings, and what to do next; never more than a screen."""
    seen, counts = done.coverage, _counts(done)
    took = (done.finished_at - done.started_at).total_seconds() if done.finished_at else 0.0
    head = f"inspection {done.run} [bold]{done.ended}[/]: {seen.inspected} of {seen.expected} hosts in {took:.1f} s"
    outside = seen.inventory_size - seen.expected
    console.print(head + (f", {outside} more in the inventory outside this scope" if outside else ""), highlight=False)
    _missed(seen.missed, console)
    console.print(
        "  ".join(f"[{STYLE.get(s, 'dim')}]{s} {counts[s]}[/]" for s in STATUSES if counts[s]), highlight=False
    )
    if counts["manual"]:
        said = f"{counts['manual']} rows are for a person to look at: maintkit finding look {done.run} CHECK HOST …"
        console.print(said, highlight=False, soft_wrap=True)
    _table([one for one in done.findings if one.status in ("crit", "warn")], console)
    where = "" if site == Path() else f" --site {site}"
    console.print(
        f"next: maintkit report inspection{where}   maintkit finding list{where}",
        style="dim",
        highlight=False,
        soft_wrap=True,
    )


def _missed(missed: dict[str, str], console: Console) -> None:
    for host, reason in list(missed.items())[:MISSED_ROWS]:
        line = f"  [red]missed[/] {plain(host)}: {plain(reason)}"
        console.print(line, highlight=False, overflow="ellipsis", no_wrap=True)
    if len(missed) > MISSED_ROWS:
        console.print(f"  … and {len(missed) - MISSED_ROWS} more hosts missed", highlight=False)


def _table(abnormal: list[RecordedFinding], console: Console) -> None:
    if not abnormal:
        return
    abnormal.sort(key=lambda finding: finding.status != "crit")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("event", "status", "check", "value", "limit"):
        table.add_column(title, no_wrap=True)
    # The only column that may be long; what it loses here, `maintkit finding list` shows.
    table.add_column("subject", no_wrap=True, overflow="ellipsis")
    for one in abnormal[:ROWS]:
        status = f"[{STYLE[one.status]}]{one.status}[/]"
        table.add_row(one.event, status, one.check, plain(_value(one)), plain(_limit(one)), plain(one.subject))
    console.print(table)
    if len(abnormal) > ROWS:
        console.print(f"… and {len(abnormal) - ROWS} more", highlight=False)


def _value(finding: RecordedFinding) -> str:
    value = "" if finding.value is None else f"{finding.value:g}" if isinstance(finding.value, float) else finding.value
    return f"{value} {finding.unit}".strip()


def _limit(finding: RecordedFinding) -> str:
    if finding.limit is None:
        return ""
    bound = finding.limit["crit"] if finding.status == "crit" else finding.limit["warn"]
    return f"{finding.limit['op']} {bound:g}" if bound is not None else ""


def _counts(done: Inspection) -> Counter[str]:
    return Counter(finding.status for finding in done.findings)
