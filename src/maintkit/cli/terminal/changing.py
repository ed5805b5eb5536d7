"""A change while it goes on, and what came of it, on the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from maintkit.cli.terminal.interrupt import interruptible
from maintkit.cli.terminal.manual import manual_lines
from maintkit.cli.terminal.place import open_ledger
from maintkit.cli.terminal.words import plain
from maintkit.clock import to_text
from maintkit.contract.load import load_site
from maintkit.evidence.ledger import Ledger
from maintkit.runs.ansible_phases import AnsiblePhases
from maintkit.runs.apply import Desk
from maintkit.runs.driver import PhaseResult
from maintkit.runs.phases import HostState, Phase
from maintkit.runs.verdict import Verdict


class ChangeProgress:
    """A line for everything that happens; what is at work is said before it is done."""

    def __init__(self, now: Callable[[], str]) -> None:
        self._now = now

    def phase(self, host: str, phase: Phase) -> None:
        """A phase begins."""
        self._say(f"{host}: {phase} …")

    def observed(self, host: str, phase: Phase, result: PhaseResult) -> None:
        """A phase has come to something."""
        reason = f": {result.reason}" if result.reason else ""
        self._say(f"{host}: {phase} {result.outcome}, {result.took_ms / 1000:.1f} s{reason}")

    def held(self, host: str, reason: str) -> None:
        """A host is not begun."""
        self._say(f"{host}: not begun, because {reason}")

    def closed(self, host: str, state: HostState) -> None:
        """A host has ended."""
        self._say(f"{host}: {state.upper()}")

    def _say(self, text: str) -> None:
        click.echo(f"{self._now()} {plain(text)}", err=True)


@contextmanager
def desk(site: Path) -> Iterator[Desk]:
    """What a change of this site is made with; a stop is asked for by Ctrl-C, SIGTERM or a closed terminal."""
    place = load_site(site)
    with open_ledger(place.settings) as ledger, interruptible() as stopped:
        yield Desk(
            site=place,
            ledger=ledger,
            driver=AnsiblePhases(),
            watcher=ChangeProgress(lambda: to_text(ledger.clock.now())[11:19]),
            stopped=stopped,
            sleep=time.sleep,
        )


def say(verdict: Verdict, ledger: Ledger) -> int:
    """The verdict on standard output; the exit status."""
    run = next(ledger.entries(kind="change.finished", newest_first=True, limit=1)).run
    click.echo(f"run {run}: {verdict}")
    for line in manual_lines(ledger, run or ""):
        click.echo(line)
    click.echo(f"next: maintkit status {run}", err=True)
    return verdict.exit_code
