"""The practice hospital's software out of its packages, running on this machine against databases of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.hospital import packages

FILES = Path(packages.__file__).parent / "files"
PYTHON = "/usr/bin/python3"  # the one that Debian's python3-psycopg2 belongs to
READY_S = 10.0


def needs(*modules: str) -> None:
    """Skip where Debian's Python lacks what the packages depend on."""
    for module in modules:
        if subprocess.run([PYTHON, "-I", "-c", f"import {module}"], capture_output=True, check=False).returncode != 0:
            pytest.skip(f"Debian's python3-{module} is not installed")


def build(directory: Path) -> dict[str, list[Path]]:
    """Every package, by version."""
    built = packages.build_all(directory)
    return {version: [p for p in built if f"_{version}-" in p.name] for version in ("1.0", "1.1", "1.2", "1.3")}


def unpack(debs: list[Path], root: Path) -> Path:
    """What dpkg would put under /; maintainer scripts do not run."""
    for deb in debs:
        subprocess.run(["dpkg-deb", "-x", deb, root], check=True)
    return root


@dataclass(frozen=True, kw_only=True)
class Site:
    """Configuration for one instance: its port, log and databases."""

    directory: Path
    port: int

    @classmethod
    def make(cls, directory: Path, *, dsn: str, owner_dsn: str, port: int | None = None) -> Site:
        """Write the files that an administrator would."""
        directory.mkdir(parents=True, exist_ok=True)
        site = cls(directory=directory, port=port or free_port())
        for name, text in (("db.dsn", dsn), ("owner.dsn", owner_dsn)):
            (directory / name).write_text(text + "\n")
        (directory / "his-demo.conf").write_text(
            f"[server]\nlisten = 127.0.0.1\nport = {site.port}\n"
            f"[database]\ndsn_file = {directory}/db.dsn\nowner_dsn_file = {directory}/owner.dsn\nconnections = 8\n"
            f"[log]\nfile = {directory}/app.log\n"
        )
        return site

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.directory / "app.log").read_text()

    def environment(self) -> dict[str, str]:
        return os.environ | {"HIS_DEMO_CONF": str(self.directory / "his-demo.conf")}

    def migrate(self, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """his-demo-migrate of the version unpacked at `root`."""
        command = [PYTHON, "-I", root / "usr/sbin/his-demo-migrate", *arguments]
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)


@contextmanager
def running(root: Path, site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """his-demo of the version unpacked at `root`, answering; stopped by SIGTERM, as systemd stops it."""
    process = subprocess.Popen([PYTHON, "-I", root / "usr/bin/his-demo"], env=site.environment())
    try:
        wait_for(site.port, process)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=READY_S)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until somebody listens; the process must not have ended."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "ended instead of listening"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on {port}")


def call(method: str, url: str, body: object = None) -> tuple[int, Any]:
    """(status, decoded JSON or text) of one request."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            status, text, kind = answer.status, answer.read().decode(), answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        with error:
            status, text, kind = error.code, error.read().decode(), error.headers["Content-Type"]
    return status, json.loads(text) if kind.startswith("application/json") else text


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
