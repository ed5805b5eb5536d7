"""The package's side of the exchange directory (docs/exchange.md): reads what the action plugin leaves there."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maintkit.errors import RunFailed
from maintkit.runs.driver import ExpectedHost, ExpectedHosts, HostResult, Parameters

PREFIX = "maintkit-trip-"  # not that of older versions, which swept by the number of a process


@contextmanager
def exchange_directory() -> Iterator[Path]:
    """A private directory that is gone afterwards; those of controllers that died are swept first.

    Its owner holds a lock on it, which ends with the process: containers may share the memory it lies in, and there a
    process that cannot be seen is not one that has died.
    """
    parent = _private_parent()
    _sweep(parent)
    place, held = _made(parent)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(held)


def _made(parent: Path) -> tuple[Path, int]:
    """A new directory and the descriptor that holds its lock; another where one was swept before it was locked."""
    while True:
        place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        try:
            held = _locked(place)
        except OSError as error:
            place.rmdir()
            raise RunFailed(
                f"{parent} cannot hold the files of a run: a lock there fails ({error.strerror})",
                hint="name a private directory in memory in XDG_RUNTIME_DIR",
            ) from error
        if held is not None and place.exists():
            return place, held
        if held is not None:
            os.close(held)


def _locked(place: Path) -> int | None:
    """A descriptor that holds the lock of a directory; None when somebody else holds it or it is gone.

    OSError where it is no directory of this user, or nothing can be locked.
    """
    try:
        opened = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        if os.fstat(opened).st_uid != os.getuid():
            raise PermissionError(f"{place} is another user's")
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(opened)
        return None
    except OSError:
        os.close(opened)
        raise
    return opened


@dataclass(kw_only=True)
class Exchange:
    """Follows one directory; every call returns only what is new since the last."""

    place: Path
    _read: set[str] = field(default_factory=set)
    _offset: int = 0

    def expected(self) -> ExpectedHosts | None:
        """Who is expected, once the plugin has said so."""
        path = self.place / "expected.json"
        if not path.exists():
            return None
        said = json.loads(path.read_bytes())
        path.unlink()  # it holds secrets, and nobody reads it twice
        hosts = {
            name: ExpectedHost(groups=tuple(host["groups"]), address=host["address"], connection=host["connection"])
            for name, host in said["hosts"].items()
        }
        return ExpectedHosts(
            hosts=hosts,
            inventory_hosts=tuple(said["inventory"]["hosts"]),
            inventory_groups=tuple(said["inventory"]["groups"]),
            secrets=tuple(said["secrets"]),
        )

    def answer(self, parameters: Mapping[str, Parameters]) -> None:
        """Tell the plugin whom to ask for what; `owner` lets it stop when this process is gone."""
        body = {"owner": os.getpid(), "hosts": {host: dict(said) for host, said in parameters.items()}}
        draft = self.place / "parameters.json.new"
        draft.write_text(json.dumps(body))
        draft.rename(self.place / "parameters.json")

    def started(self) -> list[str]:
        """Hosts that began to be contacted."""
        path = self.place / "events.jsonl"
        if not path.exists():
            return []
        with path.open("rb") as stream:
            stream.seek(self._offset)
            new = stream.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._offset += len(whole)
        events = [json.loads(line) for line in whole.splitlines()]
        return [event["host"] for event in events if event["event"] == "started"]

    def results(self) -> Iterator[HostResult]:
        """Results that arrived; each file is removed once its result was taken."""
        place = self.place / "results"
        if not place.is_dir():
            return
        for path in sorted(place.glob("*.json")):
            if path.name in self._read:
                continue
            yield _result(json.loads(path.read_bytes()))
            self._read.add(path.name)
            path.unlink()


def _result(said: dict[str, Any]) -> HostResult:
    return HostResult(
        host=said["host"],
        status=said["status"],
        reason=said["reason"] or "",
        via=said["via"],
        address=said["address"] or "",
        started_at=said["started_at"],
        took_ms=said["took_ms"],
        document=said["document"],
    )


def _private_parent() -> Path:
    """Memory where the system has it for this user: what lies there holds inventory secrets for a moment."""
    for candidate in (os.environ.get("XDG_RUNTIME_DIR"), "/dev/shm", tempfile.gettempdir()):  # noqa: S108  private below
        if candidate and os.access(candidate, os.W_OK | os.X_OK):
            return Path(candidate)
    raise RunFailed("no writable directory for temporary files", hint="set TMPDIR to a directory with free space")


def _sweep(parent: Path) -> None:
    for left in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            held = _locked(left)
            if held is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(held)
