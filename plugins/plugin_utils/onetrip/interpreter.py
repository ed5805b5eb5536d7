"""The command that starts Python on a host, with the collector on its standard input."""

from __future__ import annotations

import base64
import re
import shlex
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

NO_PYTHON = "MAINTKIT-NO-PYTHON"
BECAME = "MAINTKIT-BECAME"

# Where a Python that the collector can use (2.7, 3.5 and later) is found on hosts from CentOS 6 to today.
CANDIDATES = (
    "python3",
    "/usr/bin/python3",
    "/usr/libexec/platform-python",
    "/usr/local/bin/python3",
    "python",
    "python2.7",
    "python2",
    "/usr/bin/python",
)

# A system interpreter named with its version needs no question: the shell finds it without starting a program, where
# asking one for its version costs the host as much as a fifth of the collection.
SYSTEM = "/usr/bin/python3.1[0-9] /usr/bin/python3.[5-9] /usr/libexec/platform-python"
KNOWN = f'for maintkit_p in {SYSTEM}; do [ -x "$maintkit_p" ] && exec "$maintkit_p" -I -S SOURCE; done; '

# `-V` answers before the interpreter starts up; a broken shim says something else.
# -I and -S keep the host's environment, site-packages and current directory out of the collector; Python 2 has no -I.
TRY = (
    'maintkit_try() { case "$("$@" -V 2>&1 </dev/null)" in '
    '"Python 3."[5-9]*|"Python 3."[1-9][0-9]*) exec "$@" -I -S SOURCE;; '
    '"Python 2.7"*) exec "$@" -E -s -S SOURCE;; esac; }; cd /; '
)


AUTO = tuple((candidate,) for candidate in CANDIDATES)
PYTHON3 = re.compile(r"/(?:[^/]+/)*python3(?:\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class Sudo:
    """Passwordless sudo: the only way of becoming another user that the fast way knows."""

    exe: str
    flags: str
    user: str

    def prefix(self) -> str:
        """`sudo -n …`: with -n it never asks, whatever the flags are."""
        return shlex.join([self.exe, *shlex.split(self.flags), "-n", "-u", self.user])


def interpreters(configured: str) -> tuple[tuple[str, ...], ...]:
    """The commands to try for `ansible_python_interpreter`: the one it names, or all for `auto`, `auto_silent` …"""
    if not configured or configured.startswith("auto"):
        return AUTO
    return (tuple(shlex.split(configured)),)


def shell_text(commands: Sequence[Sequence[str]], *, source: str = "-", escalated: bool = False) -> str:
    """A POSIX shell program that runs `source` (`-`: standard input) in the first interpreter that answers."""
    auto = tuple(commands) == AUTO
    known = f"cd /; {KNOWN}" if auto else ""
    attempts = "".join(_attempt(command, named=not auto) for command in commands)
    marker = f"echo {BECAME} >&2; " if escalated else ""
    return f"{marker}{(known + TRY + attempts).replace('SOURCE', source)}echo {NO_PYTHON} >&2; exit 127"


def _attempt(command: Sequence[str], *, named: bool) -> str:
    """One that the inventory calls python3 by its path is taken at its word; others are asked for their version."""
    words = shlex.join(command)
    if named and len(command) == 1 and PYTHON3.fullmatch(command[0]):
        return f"[ -x {words} ] && exec {words} -I -S SOURCE; "
    return f"maintkit_try {words}; "


def remote_command(commands: Sequence[Sequence[str]], *, shell: str = "/bin/sh", sudo: Sudo | None = None) -> str:
    """What to hand to a login shell of any kind; the collector comes on standard input."""
    text = shell_text(commands, escalated=sudo is not None)
    if sudo is not None:
        text = f"{sudo.prefix()} {shell} -c {shlex.quote(text)}"
    return f"{shell} -c {shlex.quote(text)}"


def inline_command(commands: Sequence[Sequence[str]], script: str, *, shell: str = "/bin/sh") -> str:
    """The same with the collector inside the command, for connections that pass no standard input.

    Nothing is written on the host; a kernel takes at most 128 KiB in one argument.
    """
    packed = base64.b64encode(zlib.compress(script.encode(), 9)).decode()
    code = f'import zlib,base64;exec(compile(zlib.decompress(base64.b64decode("{packed}")),"<collector>","exec"))'
    # Once, however many interpreters are tried.
    text = f"maintkit_code={shlex.quote(code)}; " + shell_text(commands, source='-c "$maintkit_code"')
    return f"{shell} -c {shlex.quote(text)}"
