"""How the long commands of a drill run: detached on the host, so that a lost connection cuts none of them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from ansible_collections.maintkit.ops.plugins.module_utils.changes import step as steps
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, run_place


class Work(Protocol):
    """Runs commands by name, each name once."""

    def begin(self, name: str, argv: Sequence[str]) -> None:
        """Begin a command, unless it was begun before."""

    def finish(self, name: str, argv: Sequence[str], seconds: float) -> dict[str, Any]:
        """Begin it, wait for its end: `rc` and `output`. Refused when it was cut off or has not ended in time."""

    def ended(self, name: str) -> bool:
        """Whether it no longer runs."""

    def begun(self, name: str) -> bool:
        """Whether it was ever begun."""

    def cut_off(self, name: str) -> bool:
        """Whether it was begun and nobody can say how it ended: the host or its process went down in it."""

    def end(self) -> None:
        """End whatever still runs."""


class Detached:
    """Each command as a step of the run (module_utils/changes/step.py), which can write below `writable` only.

    Recovery follows the source's WAL, and where that makes a tablespace it writes to the path that the source has.
    """

    def __init__(self, run: str, token: int | None, writable: Path, *, more: Sequence[str] = ()) -> None:
        """`more` are properties of the units besides."""
        self.run, self.token = run, token
        written = (f"ReadWritePaths={one}" for one in (run_place(run), writable))
        self.properties = ["ProtectSystem=strict", *written, *more]

    def begin(self, name: str, argv: Sequence[str]) -> None:
        """See `Work`."""
        steps.Step(self.run, name).start(
            argv, environment={"LC_ALL": "C.UTF-8"}, chdir="/", token=self.token, properties=self.properties
        )

    def finish(self, name: str, argv: Sequence[str], seconds: float) -> dict[str, Any]:
        """See `Work`."""
        self.begin(name, argv)
        step = steps.Step(self.run, name)
        state = step.wait(seconds)
        if state == steps.RUNNING:
            raise Refused(f"{name} still runs after {seconds:.0f} s")
        if state != steps.DONE:
            raise Refused(f"{name} was begun and cut off: the host or its process went down in it")
        return step.outcome()

    def ended(self, name: str) -> bool:
        """See `Work`."""
        return steps.Step(self.run, name).state() != steps.RUNNING

    def begun(self, name: str) -> bool:
        """See `Work`."""
        return steps.Step(self.run, name).state() != steps.ABSENT

    def cut_off(self, name: str) -> bool:
        """See `Work`."""
        return steps.Step(self.run, name).state() == steps.LOST

    def end(self) -> None:
        """See `Work`."""
        for one in steps.running_steps(self.run):
            subprocess.run(["systemctl", "kill", "--signal=KILL", one.unit], capture_output=True, check=False)
            one.wait(30)
