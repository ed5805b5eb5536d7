"""A real MariaDB for a test, from the system's binaries; skipped where there are none."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

READY_S = 60


def account() -> list[str]:
    """MariaDB refuses to run as root; Debian's mariadb-server-core alone brings no user for it."""
    if os.geteuid() != 0:
        return []
    return ["mysql" if any(entry.pw_name == "mysql" for entry in pwd.getpwall()) else "nobody"]


@contextmanager
def mariadb(socket: str = "s", *options: str) -> Iterator[Path]:
    """The socket of a server without network, whose data are gone afterwards; with more options where given."""
    if shutil.which("mariadbd") is None and not Path("/usr/sbin/mariadbd").exists():
        pytest.skip("no MariaDB server on this machine")
    home = Path(tempfile.mkdtemp(prefix="maintkit-db-"))
    for name in account():
        shutil.chown(home, name)
    common = ["--no-defaults", f"--datadir={home / 'data'}", *(f"--user={name}" for name in account())]
    install = ["mariadb-install-db", *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(install, check=True, capture_output=True)
    command = [
        "/usr/sbin/mariadbd",
        *common,
        f"--socket={home / socket}",
        "--skip-networking",
        f"--pid-file={home / 'pid'}",
    ]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen([*command, "--innodb-buffer-pool-size=16M", *options], stdout=log, stderr=log)
    try:
        until = time.monotonic() + READY_S
        while not (home / socket).exists():
            assert server.poll() is None, (home / "log").read_text()
            assert time.monotonic() < until, (home / "log").read_text()
            time.sleep(0.05)
        yield home / socket
    finally:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(home)
