"""One booted host: run things on it, put files there, turn it off, cut its power, boot it again."""

from __future__ import annotations

import json
import shlex
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab import cgroup
from lab.image import File, archive
from lab.places import PREFIX, LabError
from lab.process import POLL_S, Process, children, run

BOOT_S = 60.0
KEEPER = Path(__file__).with_name("keeper.py")
INIT = "1"


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a command on a host left."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host of a lab; `place` is its directory on this machine, `address` its IPv4 address."""

    lab: str
    name: str
    place: Path
    address: str

    @property
    def machine(self) -> str:
        """Its name among this machine's containers."""
        return f"{PREFIX}-{self.lab}-{self.name}"

    def create(
        self, *, lowers: tuple[Path, ...], bridge: str, disk_mb: int, seed: tuple[File, ...], shown: tuple[str, ...]
    ) -> None:
        """Make its disk and what its keeper must know; nothing runs yet."""
        self.place.mkdir(mode=0o700)
        told = {"lab": self.lab, "name": self.name, "machine": self.machine, "bridge": bridge, "shown": list(shown)}
        (self.place / "host.json").write_text(json.dumps({**told, "lowers": list(map(str, lowers))}))
        (self.place / "seed.tar").write_bytes(archive(seed))
        with (self.place / "disk.ext4").open("wb") as disk:
            disk.truncate(disk_mb * 1024 * 1024)
        run("mkfs.ext4", "-q", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", self.place / "disk.ext4")

    def start(self) -> None:
        """Turn it on; returns at once."""
        if self.is_on:
            raise LabError(f"{self.name} is on already")
        for left in ("keeper.pid", "nspawn.pid", "stay-off"):
            (self.place / left).unlink(missing_ok=True)
        with (self.place / "keeper.log").open("ab") as log:
            subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", sys.executable, str(KEEPER), str(self.place)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self, seconds: float = BOOT_S) -> None:
        """Until sshd answers and systemd has started everything; LabError with the console when they do not."""
        until = time.monotonic() + seconds
        while not (self._answers() and self._settled()):
            if time.monotonic() > until:
                raise LabError(f"{self.name} is not up after {seconds:.0f} s; its console:\n{self.console()[-3000:]}")
            time.sleep(POLL_S)

    def run(self, *argv: str, check: bool = True, stdin: str | None = None, timeout_s: float = 120) -> Done:
        """Run a program inside by entering its namespaces: needs no network there, no sshd and no working login."""
        done = subprocess.run(
            [*self._enter(), *argv],
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
        if check and done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise LabError(f"on {self.name}: {shlex.join(argv)} ended with {done.returncode}: {said[-2000:]}")
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def sh(self, script: str, *, check: bool = True, timeout_s: float = 120) -> str:
        """Run a shell script inside, with `set -eu`; its standard output."""
        return self.run("/bin/sh", "-eu", stdin=script, check=check, timeout_s=timeout_s).out

    def put(self, *files: File) -> None:
        """Write files inside a running host."""
        subprocess.run([*self._enter(), "tar", "-xf", "-", "-C", "/"], input=archive(files), check=True, timeout=60)

    @property
    def is_on(self) -> bool:
        """Whether it runs, frozen or not."""
        nspawn = self._noted("nspawn.pid")
        return nspawn is not None and nspawn.alive

    @property
    def is_held(self) -> bool:
        """Whether it runs, or is between two boots."""
        keeper = self._noted("keeper.pid")
        return self.is_on or (keeper is not None and keeper.alive)

    @property
    def init(self) -> int:
        """Its systemd, as this machine numbers processes; LabError when it is off."""
        nspawn = self._noted("nspawn.pid")
        for pid in children(nspawn.pid) if nspawn and nspawn.alive else ():
            if _inner_number(pid) == INIT:
                return pid
        raise LabError(f"{self.name} is off")

    def outer(self, inner: str) -> int:
        """The number by which this machine knows the process that has the number `inner` on the host."""
        for pid in cgroup.members(self.lab, self.name):
            if _inner_number(pid) == inner:
                return pid
        raise LabError(f"{self.name} has no process {inner}")

    def boot_id(self) -> str:
        """Changes with every boot."""
        return self.run("cat", "/proc/sys/kernel/random/boot_id").out.strip()

    def freeze(self) -> None:
        """Stop all its processes where they stand: it neither answers nor closes anything."""
        cgroup.freeze(self.lab, self.name, frozen=True)

    def thaw(self) -> None:
        """Let a frozen host go on."""
        cgroup.freeze(self.lab, self.name, frozen=False)

    def reboot(self) -> None:
        """Reboot as its own systemd does it, and wait until it is up again."""
        before = self._noted("nspawn.pid")
        self.run("systemctl", "--no-block", "reboot")
        until = time.monotonic() + BOOT_S
        while self._noted("nspawn.pid") in (None, before):
            if time.monotonic() > until:
                raise LabError(f"{self.name} does not reboot; its console:\n{self.console()[-3000:]}")
            time.sleep(POLL_S)
        self.wait()

    def stay_off(self) -> None:
        """From now on a reboot turns it off, as with a machine that does not come back."""
        (self.place / "stay-off").touch()

    def cut_power(self) -> None:
        """Everything on it ends at once; what it had not written to its disk may be lost to it."""
        keeper, nspawn = self._noted("keeper.pid"), self._noted("nspawn.pid")
        if keeper is not None:
            keeper.kill()  # else it would boot the host again
        if cgroup.members(self.lab, self.name):
            # Nobody sees another die, and does something about it. One that waits for its disk stops later than this
            # waits: it starts nothing any more either.
            with suppress(LabError):
                self.freeze()
        if nspawn is not None:
            nspawn.kill()
        while members := {one for pid in cgroup.members(self.lab, self.name) if (one := Process.of(pid)) and one.alive}:
            for process in members:
                process.kill()
        cgroup.remove(self.lab, self.name)

    def remove(self) -> None:
        """Turn it off and take it away."""
        if self.place.exists():
            self.cut_power()
            shutil.rmtree(self.place)

    def console(self) -> str:
        """What it and its keeper wrote."""
        logs = (self.place / "keeper.log", self.place / "console.log")
        return "".join(log.read_text(errors="replace") for log in logs if log.exists())

    @property
    def root(self) -> Path:
        """Its root as this machine sees it while it is on."""
        return Path(f"/proc/{self.init}/root")

    def _enter(self) -> list[str]:
        init = str(self.init)
        environment = [
            "/usr/bin/env",
            "--chdir=/",  # nsenter's own --wd is opened out here, before it enters
            "-i",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL=C.UTF-8",
        ]
        return ["nsenter", "-t", init, "-m", "-u", "-i", "-n", "-p", "--root", *environment]

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.address, 22), timeout=1) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def _settled(self) -> bool:
        state = self.run("systemctl", "is-system-running", check=False).out.strip()
        return state in ("running", "degraded")

    def _noted(self, name: str) -> Process | None:
        try:
            return Process.parse((self.place / name).read_text())
        except (OSError, ValueError):
            return None


def _inner_number(pid: int) -> str:
    """The process's number in its own namespace."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""
    line = next(line for line in status.splitlines() if line.startswith("NSpid:"))
    return line.split()[-1]
