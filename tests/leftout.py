"""Tests that this machine cannot run, or was told not to, are left out by name and reason, on the last lines."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

import lab

MARK = "lab: "
FOLDER = Path(__file__).with_name("lab")
SHORT = os.environ.get("MAINTKIT_LONG_TESTS") == "no"


def mark(item: pytest.Item) -> None:
    """Mark a test of tests/lab, and skip it where no host can boot."""
    if FOLDER in item.path.parents:
        item.add_marker(pytest.mark.lab)
    if item.get_closest_marker("lab") and (reason := lab.why_not()):
        item.add_marker(pytest.mark.skip(reason=f"{MARK}{reason}"))
    if SHORT and item.get_closest_marker("long"):
        item.add_marker(pytest.mark.skip(reason="minutes long, and MAINTKIT_LONG_TESTS=no"))


def tell(reporter: TerminalReporter) -> None:
    """Say how many were left out, and why."""
    skipped = [report for report in reporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)]
    left = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    for reason, count in sorted(left.items()):
        reporter.write_line(f"left out: {count} tests: {reason.removeprefix(MARK)}")
