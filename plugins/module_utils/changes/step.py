"""A step that runs detached on the host: named by run and step, started once, attached to as often as one likes."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from . import runner
from .lock import require_hold
from .place import Refused, boot_id, named, private, read_json, run_place, write

POLL_S = 0.2
GONE_S = 3.0  # how long a unit may be gone before its outcome is: it is written first, so this is never waited for
ABSENT, RUNNING, DONE, LOST = "absent", "running", "done", "lost"


class Step:
    """One step of a run on this host.

    `lost` means that it was begun and nobody can say how far it came: the host went down in it, or its process was
    killed. It is never begun again under its name.
    """

    def __init__(self, run: str, step: str) -> None:
        self.run, self.step = run, named("step", step)
        self.place = run_place(run) / "steps" / step

    @property
    def unit(self) -> str:
        """The unit that it runs as."""
        return f"maintkit-{self.run}-{self.step}.service"

    def state(self) -> str:
        """absent, running, done or lost."""
        if (self.place / "outcome.json").exists():
            return DONE
        intent = read_json(self.place / "intent.json")
        if intent is None:
            return ABSENT
        if intent["boot_id"] == boot_id() and self._unit_lives():
            return RUNNING
        if (self.place / "outcome.json").exists():
            return DONE
        return LOST if (self.place / "started").exists() else ABSENT

    def start(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        chdir: str,
        token: int | None,
        delay_s: float = 0,
        properties: Sequence[str] = (),
    ) -> bool:
        """Begin it if it has not been begun; whether this call began it. It waits `delay_s` before its command runs.

        `properties` are systemd's, for its unit: what it may see and write.

        Refused when the same name stands for another command, or when another run or a later token holds the host.
        """
        private(self.place)
        with self._alone():
            asked = {"argv": list(argv), "environment": dict(environment), "chdir": chdir}
            known = read_json(self.place / "intent.json")
            if known is not None and any(known[part] != asked[part] for part in asked):
                raise Refused(f"step {self.step} of run {self.run} is another command: {' '.join(known['argv'])}")
            if self.state() != ABSENT:
                return False
            require_hold(self.run, token=token)
            write(self.place / "runner.py", source_of_runner())
            write(
                self.place / "intent.json",
                json.dumps({**asked, "boot_id": boot_id(), "asked_at": time.time(), "delay_s": delay_s}),
            )
            self._begin(properties)
            return True

    def wait(self, seconds: float) -> str:
        """Until it is no longer running, or the time is up; its state then."""
        until = time.monotonic() + seconds
        while self.state() == RUNNING and time.monotonic() < until:
            time.sleep(POLL_S)
        return self.state()

    def outcome(self) -> dict:
        """Exit status, sha256 and size of the output, and as much of it as was kept."""
        told = read_json(self.place / "outcome.json") or {"rc": None}
        return {**told, "output": self._output()}

    def _output(self) -> str:
        kept = b"".join(self._read(name) for name in ("output", "output.tail"))
        return kept.decode(errors="replace")

    def _read(self, name: str) -> bytes:
        path = self.place / name
        return path.read_bytes() if path.exists() else b""

    def _begin(self, properties: Sequence[str]) -> None:
        command = [sys.executable, "-I", str(self.place / "runner.py"), str(self.place)]
        # apt's own processes must not be ended with the first one, should somebody stop the unit.
        options = ["--quiet", "--collect", "--no-block", "--property=KillMode=process", f"--unit={self.unit}"]
        options += [f"--property={one}" for one in properties]
        options += [f"--description=maintkit: step {self.step} of run {self.run}"]
        done = subprocess.run(["systemd-run", *options, "--", *command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Refused(f"systemd does not begin {self.unit}: {done.stderr.strip()}")

    def _unit_lives(self) -> bool:
        until = time.monotonic() + GONE_S
        while not (self.place / "outcome.json").exists():
            told = subprocess.run(
                ["systemctl", "show", "--property=ActiveState,Job", self.unit],
                capture_output=True,
                text=True,
                check=False,
            )
            fields = dict(line.split("=", 1) for line in told.stdout.splitlines())
            if fields.get("ActiveState") in ("active", "activating", "deactivating") or fields.get("Job", "0") != "0":
                return True
            if time.monotonic() > until:
                return False
            time.sleep(POLL_S)
        return False

    @contextmanager
    def _alone(self) -> Iterator[None]:
        held = os.open(self.place / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)


def running_steps(run: str) -> list[Step]:
    """Steps of a run that run at this moment."""
    names = sorted(one.name for one in (run_place(run) / "steps").glob("*"))
    return [step for step in (Step(run, name) for name in names) if step.state() == RUNNING]


def source_of_runner() -> str:
    """The runner's text, wherever this package was loaded from, an archive of Ansible's or a file."""
    spec = runner.__spec__
    return spec.loader.get_source(spec.name)
