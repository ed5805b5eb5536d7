"""Tests that this machine cannot run are left out by name and with the reason, on the last lines of the run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

import lab

MARK = "lab: "
FOLDER = Path(__file__).with_name("lab")


def mark(item: pytest.Item) -> None:
    """Mark a test of tests/lab, and skip it where no host can boot."""
    if FOLDER in item.path.parents:
        item.add_marker(pytest.mark.lab)
    if item.get_closest_marker("lab") and (reason := lab.why_not()):
        item.add_marker(pytest.mark.skip(reason=f"{MARK}{reason}"))


def tell(reporter: TerminalReporter) -> None:
    """Say how many were left out, and why."""
    skipped = [report for report in reporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)]
    left = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    for reason, count in sorted(left.items()):
        reporter.write_line(f"left out: {count} tests: {reason.removeprefix(MARK)}")
