"""An inspection while it goes on: a bar a host on a terminal, a line a host elsewhere."""

from __future__ import annotations

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from maintkit.cli.terminal.words import plain

AT_WORK = 8  # rows of hosts at work that fit beside the summary on a small screen
MARK = {"ok": "[green]ok[/]", "warn": "[yellow]warn[/]", "crit": "[red]crit[/]"}


class InspectionProgress:
    """Shows hosts as they are asked and as they are done; a context manager, because it owns the screen meanwhile."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._all: TaskID | None = None
        self._hosts: dict[str, TaskID] = {}
        self._waiting: dict[str, None] = {}  # asked too, but there was no room for a bar
        self._total = 0
        self._done = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def expects(self, run: str, hosts: tuple[str, ...]) -> None:
        """Draw the bar of the whole inspection."""
        self._total = len(hosts)
        self._all = self._progress.add_task(f"inspection {run}", total=len(hosts))
        if not self._console.is_terminal:
            self._console.print(f"inspection {run}: {len(hosts)} hosts expected", markup=False, highlight=False)

    def started(self, host: str) -> None:
        """Give the host a bar as soon as there is room."""
        if self._console.is_terminal:
            self._waiting[host] = None
            self._draw_bars()

    def judged(self, host: str, status: str, worst: str) -> None:
        """Take the host's bar away; what is not well stays on the screen as a line."""
        self._done += 1
        self._waiting.pop(host, None)
        task = self._hosts.pop(host, None)
        if task is not None:
            self._progress.remove_task(task)
        self._draw_bars()
        if self._all is not None:
            self._progress.advance(self._all)
        if not self._console.is_terminal:
            said = worst if status == "ok" else status
            self._console.print(f"[{self._done}/{self._total}] {plain(host)}: {said}", markup=False, highlight=False)
        elif status != "ok":
            self._progress.console.print(f"  [red]{status}[/] {plain(host)}", highlight=False)

    def _draw_bars(self) -> None:
        """Fill the room with those that wait: in the end it shows whom everybody waits for."""
        while self._waiting and len(self._hosts) < AT_WORK:
            host = next(iter(self._waiting))
            del self._waiting[host]
            self._hosts[host] = self._progress.add_task(f"  {plain(host)}", total=1)
