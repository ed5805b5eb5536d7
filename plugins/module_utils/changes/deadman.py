"""A dead-man: the host takes a change back by itself unless somebody confirms it over a new connection in time.

Everything lies in /var/lib/maintkit/deadman/RUN. Who decides is the one whose rename of `armed` succeeds: the host's
timer (`reverting.host`), a controller's rollback (`reverting.controller`) or the confirmation (`confirmed`). The timer
counts monotonically from its start, and anew from boot; its units are real files, because transient ones would not be
there after a reboot.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from . import place
from .lock import require_hold
from .place import Refused, boot_id, named, private, read_json, settle, write

UNITS = Path("/etc/systemd/system")
ARMED, CONFIRMED = "armed", "confirmed"
BY_HOST, BY_CONTROLLER = "reverting.host", "reverting.controller"
DECISIONS = (ARMED, CONFIRMED, BY_HOST, BY_CONTROLLER)
POLL_S = 0.2

SCRIPT = """\
#!/bin/sh
# Takes back what run {run} has changed. Made by maintkit before the change; may be run by hand.
cd {place} || exit 1
if [ "${{1:-}}" = rehearse ]; then result=rehearsed; else
  [ "$(cat reverted 2>/dev/null)" != 0 ] || exit 0
  # Whoever renames this file decides: only one can. A revert that was cut off is begun again.
  mv -T armed reverting.host 2>/dev/null || [ -e reverting.host ] || [ -e reverting.controller ] || exit 0
  result=reverted
fi
worst=0
{steps}
echo $worst >.$result.half && sync && mv .$result.half $result
[ $result = rehearsed ] || systemctl --no-block disable --now {unit}.timer
exit $worst
"""
SERVICE = """\
[Unit]
Description=maintkit: take back the change of run {run}
[Service]
Type=oneshot
ExecStart=/bin/sh {place}/revert.sh
"""
TIMER = """\
[Unit]
Description=maintkit: run {run} is taken back unless it is confirmed
[Timer]
OnActiveSec={seconds}s
AccuracySec=100ms
[Install]
WantedBy=timers.target
"""


class DeadMan:
    """The dead-man of one run on this host."""

    def __init__(self, run: str) -> None:
        self.run = named("run", run)
        self.place = place.STATE / "deadman" / run
        self.unit = f"maintkit-deadman-{run}"

    def state(self) -> str:
        """absent, armed, confirmed, reverting or reverted."""
        decided = self._decided()
        if not decided.startswith("reverting"):
            return decided or "absent"
        return "reverted" if (self.place / "reverted").exists() else "reverting"

    def facts(self) -> dict:
        """State, who decided, and how each step of the revert ended."""
        by = {BY_HOST: "host", BY_CONTROLLER: "controller", CONFIRMED: "confirmation"}
        return {
            "state": self.state(),
            "by": by.get(self._decided(), ""),
            "rehearsed_rc": self._number("rehearsed"),
            "reverted_rc": self._number("reverted"),
            "log": self._log(),
        }

    def arm(self, steps: Sequence[Sequence[str]], *, seconds: int, token: int | None) -> bool:
        """Prove the revert by doing it once, while it changes nothing, then start the timer; whether that is new.

        Refused when the revert does not work: a change that could not be taken back is not begun.
        """
        if self.state() != "absent":
            return False
        require_hold(self.run, token=token)
        private(self.place)
        self._stage(steps, seconds)
        self._systemctl("daemon-reload")
        self._rehearse()
        self._systemctl("enable", f"{self.unit}.timer")
        write(self.place / "armed.half", json.dumps({"boot_id": boot_id(), "ticks": now_ticks(), "seconds": seconds}))
        (self.place / "armed.half").rename(self.place / ARMED)
        settle(self.place)
        self._systemctl("start", f"{self.unit}.timer")
        return True

    def confirm(self, *, connection_ticks: int | None) -> bool:
        """The change stays; whether that is new. Refused when too late, or over a connection older than the change."""
        told = read_json(self.place / ARMED)
        if told is None:
            if self.state() == CONFIRMED:
                return False
            raise Refused(f"the change of run {self.run} cannot be confirmed: it is {self.state()}")
        if connection_ticks is None:
            raise Refused("this connection has not come through sshd: it proves nothing about the way to this host")
        if told["boot_id"] == boot_id() and connection_ticks <= told["ticks"]:
            raise Refused("this connection is older than the change: confirm over a new one (meta: reset_connection)")
        if not self._win(CONFIRMED):
            raise Refused(f"the change of run {self.run} cannot be confirmed: it is {self.state()}")
        self._disarm()
        return True

    def revert(self, *, seconds: float) -> bool:
        """Take it back now, or wait for the host that is at it; whether this call decided it.

        Refused when a step of the revert fails, or when it has not ended in time.
        """
        won = self._win(BY_CONTROLLER) or self._win(BY_CONTROLLER, over=CONFIRMED)
        if self._decided() == "":
            return False
        until = time.monotonic() + seconds
        if self._number("reverted"):  # it has failed before: once more
            (self.place / "reverted").unlink()
        if won or self.state() == "reverting":
            # systemd runs it once, whoever else has asked for it; it goes on without us.
            self._systemctl("start", "--no-block", f"{self.unit}.service")
        while self.state() == "reverting" and time.monotonic() < until:
            time.sleep(POLL_S)
        if self.state() != "reverted":
            raise Refused(f"the revert of run {self.run} has not ended after {seconds:.0f} s: {self._by_hand()}")
        if self._number("reverted") != 0:
            raise Refused(f"the revert of run {self.run} has failed: {self._log()[-300:]}; {self._by_hand()}")
        return won

    def _stage(self, steps: Sequence[Sequence[str]], seconds: int) -> None:
        told = {"run": self.run, "place": shlex.quote(str(self.place)), "unit": self.unit, "seconds": seconds}
        lines = "\n".join(f"{shlex.join(argv)} >>log 2>&1 || worst=$?" for argv in steps)
        write(self.place / "revert.sh", SCRIPT.format(**told, steps=lines))
        for suffix, text in (("service", SERVICE), ("timer", TIMER)):
            path = UNITS / f"{self.unit}.{suffix}"
            write(path, text.format(**told))
            path.chmod(0o644)

    def _rehearse(self) -> None:
        done = subprocess.run(["/bin/sh", str(self.place / "revert.sh"), "rehearse"], check=False)
        if done.returncode != 0:
            log = self._log()[-300:]
            self._disarm()
            shutil.rmtree(self.place)
            raise Refused(f"the revert does not work, so nothing is changed: {log}")

    def _disarm(self) -> None:
        self._systemctl("disable", "--now", f"{self.unit}.timer", check=False)
        if self._decided() != CONFIRMED:
            for suffix in ("service", "timer"):
                (UNITS / f"{self.unit}.{suffix}").unlink(missing_ok=True)
            self._systemctl("daemon-reload")

    def _win(self, decision: str, *, over: str = ARMED) -> bool:
        try:
            (self.place / over).rename(self.place / decision)
        except FileNotFoundError:
            return False
        settle(self.place)
        return True

    def _decided(self) -> str:
        return next((name for name in DECISIONS if (self.place / name).exists()), "")

    def _number(self, name: str) -> int | None:
        path = self.place / name
        return int(path.read_text()) if path.exists() else None

    def _log(self) -> str:
        path = self.place / "log"
        return path.read_text(errors="replace").strip() if path.exists() else ""

    def _by_hand(self) -> str:
        return f"run `sh {self.place}/revert.sh` by hand"

    def _systemctl(self, *words: str, check: bool = True) -> None:
        done = subprocess.run(["systemctl", "--quiet", *words], capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise Refused(f"systemctl {' '.join(words)} ended with {done.returncode}: {done.stderr.strip()}")


def now_ticks() -> int:
    """Clock ticks since boot, as /proc counts the start of processes."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def connection_ticks() -> int | None:
    """When the connection that we were started over began, in ticks since boot; None when it is none of sshd's."""
    pid, oldest = os.getpid(), None
    while pid > 1:
        fields = (Path("/proc") / str(pid) / "stat").read_text()
        name, rest = fields[fields.index("(") + 1 : fields.rindex(")")], fields[fields.rindex(")") + 2 :].split()
        parent = int(rest[1])
        if name.startswith("sshd"):
            if parent == 1 and oldest is not None:  # the listener: its child is the connection
                return oldest
            oldest = int(rest[19])
        pid = parent
    return oldest
