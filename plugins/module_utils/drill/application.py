"""The application itself, started against the copy: in a network of its own, from which no production is reached.

It runs as a transient unit under its own OS user, logs in to the copy by its socket as the application's role, is asked
over HTTP from within its own network, and is stopped again. Its words go into the copy's directory, and with it.
"""

from __future__ import annotations

import pwd
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, write

from .instance import POLL_S, PORT, Instance, run
from .network import ALONE, require_apart

NAME = "application"
# As a module takes it.
SPOKEN: dict[str, dict[str, Any]] = {
    **{name: {"type": "str", "required": True} for name in ("name", "user", "role", "database", "url")},
    "argv": {"type": "list", "elements": "str", "required": True},
    "environment": {"type": "dict", "default": {}},
    "contains": {"type": "str", "default": ""},
    "timeout": {"type": "float", "default": 60},
}
# It may write below its own runtime directory only, and meets no socket by which this host's own servers are reached.
APART = (
    *ALONE,
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "NoNewPrivileges=yes",
    "InaccessiblePaths=-/run/postgresql -/run/mysqld -/run/docker.sock -/run/containerd",
)
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # but for tabs and new lines
OWN = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/|$)")
# Only whether the answer is right leaves it.
ASK = """
import sys, urllib.error, urllib.request
url, wanted = sys.argv[1:]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    with opener.open(url, timeout=5) as answer:
        body = answer.read(1 << 20).decode(errors="replace")
        print("right" if wanted in body else "the answer does not hold what is expected")
except urllib.error.HTTPError as error:
    print("it answered with", error.code)
except (OSError, ValueError) as error:
    print("it does not answer:", type(error).__name__)
"""


@dataclass(frozen=True)
class Application:
    """`told` is the caller's: name, user, argv, role, database, environment, url, contains, timeout."""

    run: str
    instance: Instance
    told: Mapping[str, Any]

    @property
    def unit(self) -> str:
        """The unit that it runs as."""
        return f"maintkit-{self.run}-{NAME}.service"

    def prove(self) -> dict[str, Any]:
        """Start it, ask it until it answers rightly, stop it; Refused with what was wrong."""
        self.stop()
        began = time.monotonic()
        self._let_in()
        try:
            self._start()
            reached = self._network()
            said = self._answer(began + self.told["timeout"])
        finally:
            self.stop()
            self._shut_out()
        if said != "right":
            raise Refused(f"{self.told['name']}: {said}")
        answered_ms = round((time.monotonic() - began) * 1000)
        return {"name": self.told["name"], "answered_ms": answered_ms, "network": reached, "argv": self._argv()}

    def stop(self) -> None:
        """End it with all its processes, if it runs."""
        systemctl("stop", self.unit)
        systemctl("kill", "--signal=KILL", self.unit)
        systemctl("reset-failed", self.unit)
        with suppress(FileNotFoundError):
            self._values.unlink()

    @property
    def _values(self) -> Path:
        """The file of its environment, for root alone: in argv any user of the host would read it, and the journal."""
        return self.instance.place / f"{NAME}.env"

    def _environment(self) -> str:
        socket = str(self.instance.place / "socket")
        told = {"PGHOST": socket, "PGPORT": str(PORT), "PGUSER": self.told["role"],
                "PGDATABASE": self.told["database"], **self.told["environment"]}  # fmt: skip
        return "".join(f"{name}={_quoted(str(value))}\n" for name, value in told.items())

    def _argv(self) -> list[str]:
        log = self.instance.place / "log" / f"{NAME}.log"
        group = pwd.getpwnam(self.instance.user).pw_gid
        properties = [*APART, f"User={self.told['user']}", f"SupplementaryGroups={group}",
                      f"RuntimeDirectory=maintkit-{self.run}-{NAME}", "RuntimeDirectoryMode=0700",
                      f"StandardOutput=append:{log}", f"StandardError=append:{log}",
                      f"EnvironmentFile={self._values}"]  # fmt: skip
        options = [f"--property={one}" for one in properties]
        return ["systemd-run", "--quiet", "--collect", f"--unit={self.unit}", *options, "--", *self.told["argv"]]

    def _start(self) -> None:
        write(self._values, self._environment())
        done = run(self._argv())
        if done.returncode != 0:
            raise Refused(f"{self.told['name']} is not started: {done.stderr.strip()[-300:]}")

    def _network(self) -> list[str]:
        """The network cards that it sees: none but its own loopback, or nothing is asked."""
        pid = self._pid()
        if not pid:
            raise Refused(f"{self.told['name']} has ended as soon as it was started")
        return require_apart(self.told["name"], int(pid))

    def _answer(self, until: float) -> str:
        said = "it did not answer in time"
        while time.monotonic() < until:
            pid = self._pid()
            if not pid:
                return "it has ended by itself"
            ask = [sys.executable, "-I", "-c", ASK, self.told["url"], self.told["contains"]]
            done = run(["nsenter", "--net", "--target", pid, "--", *ask])
            said = done.stdout.strip() or f"it cannot be asked: {done.stderr.strip()[-200:]}"
            if said == "right":
                return said
            time.sleep(POLL_S)
        return said

    def _pid(self) -> str:
        """Its main process, empty when it has none."""
        told = systemctl("show", "--property=MainPID", "--value", self.unit).stdout.strip()
        return "" if told in ("", "0") else told

    def _let_in(self) -> None:
        """Let the application's user come to the socket, and log in there as its role alone."""
        place = self.instance.place
        with (place / "ident.conf").open("a") as file:
            file.write(f"drill {self.told['user']} {self.told['role']}\n")
        self._modes(0o710, 0o750, 0o770)
        self._reload()

    def _shut_out(self) -> None:
        lines = (self.instance.place / "ident.conf").read_text().splitlines(keepends=True)
        own = f"drill {self.told['user']} {self.told['role']}\n"
        (self.instance.place / "ident.conf").write_text("".join(one for one in lines if one != own))
        self._modes(0o700, 0o700, 0o700)
        self._reload()

    def _modes(self, place: int, directory: int, socket: int) -> None:
        for path, mode in ((self.instance.place, place), (self.instance.place / "socket", directory)):
            path.chmod(mode)
        (self.instance.place / "socket" / f".s.PGSQL.{PORT}").chmod(socket)

    def _reload(self) -> None:
        with self.instance.session("postgres") as session:
            session.ask("SELECT pg_reload_conf()")


def refuse_application(told: Mapping[str, Any], owner: str) -> None:
    """Refused when it could not be kept apart here or from the copy's `owner`: before anything is restored."""
    if not told["argv"] or not told["argv"][0].startswith("/"):
        raise Refused("restore_drill_application.argv begins with the absolute path of a program")
    if not account(told["user"]):
        raise Refused(f"there is no OS user {told['user']} on this host: install the application here first")
    if not Path(told["argv"][0]).exists():
        raise Refused(f"there is no {told['argv'][0]} on this host: install the application here first")
    for name in ("systemd-run", "nsenter"):
        if shutil.which(name) is None:
            raise Refused(f"there is no {name} on this host: the application cannot be kept apart from its network")
    wrong = sorted(name for name, value in told["environment"].items() if not _fits(name, str(value)))
    if wrong:
        raise Refused(f"restore_drill_application.environment cannot be given to a unit: {', '.join(wrong)}")
    if told["user"] in ("root", owner):
        raise Refused(f"restore_drill_application.user is {told['user']}: name the application's own user")
    if not OWN.match(told["url"]):
        raise Refused("restore_drill_application.url leads to another host: the application is asked on 127.0.0.1")


def _fits(name: str, value: str) -> bool:
    """Whether systemd takes it: another one it would leave out, with a word in its log."""
    return bool(VARIABLE.fullmatch(name)) and not CONTROL.search(value)


def _quoted(value: str) -> str:
    """As a file of systemd's holds a value: its quotes, and what a shell would replace, are escaped."""
    return '"' + re.sub(r'(["\\`$])', r"\\\1", value) + '"'


def account(name: str) -> bool:
    """Whether there is an OS user of this name."""
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    """Whatever it answers."""
    return run(["systemctl", *words], timeout=60)
