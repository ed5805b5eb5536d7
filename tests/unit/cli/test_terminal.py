"""What an inspection shows while it goes on, and in the end."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
import sample_inspections as sample
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from maintkit.cli.terminal.progress import AT_WORK, InspectionProgress
from maintkit.cli.terminal.summary import exit_code, show, summary_json


def screen(columns: int = 80) -> Console:
    """A terminal of this width that keeps what was written."""
    return Console(file=io.StringIO(), force_terminal=True, width=columns, height=24)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_whoever_everybody_waits_for_is_shown() -> None:
    """More hosts than rows: the last one gets its bar when others are done, so that a hanging host has a name."""
    console = screen()
    hosts = (*(f"his{number:02d}" for number in range(AT_WORK + 3)), "stuck")
    with InspectionProgress(console) as progress:
        progress.expects("20261125-1", hosts)
        for host in hosts:
            progress.started(host)
        assert "stuck" not in written(console)
        for host in hosts[:-1]:
            progress.judged(host, "ok", "ok")
    assert "stuck" in written(console)


def test_an_interrupted_inspection_has_one_exit_code() -> None:
    """The JSON and the process say the same."""
    cut = replace(sample.interrupted(), ended="interrupted")
    assert exit_code(cut) == summary_json(cut)["exit_code"] == 130


@pytest.mark.parametrize("columns", [80, 120])
def test_the_summary_fits_a_screen(columns: int) -> None:
    """Whatever was found: at most 24 lines, none wider than the terminal, and hosts that were missed named."""
    console = screen(columns)
    show(sample.fleet(), console, Path())
    lines = [cell_len(Text.from_ansi(line).plain.rstrip()) for line in written(console).splitlines()]
    assert len(lines) <= console.height
    assert max(lines) <= columns
    assert "missed" in written(console)
