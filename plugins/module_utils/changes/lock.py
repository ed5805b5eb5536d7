"""The mark on a host that a run works on it, and the token that tells a late controller from the present one."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import place
from .place import Refused, named, private, read_json, write


def lock_file() -> Path:
    """Who holds the host, and the highest token ever seen on it."""
    return place.STATE / "lock.json"


def holder() -> dict:
    """`run` (empty when nobody holds the host), `holder` and `token`, the highest one ever seen."""
    return read_json(lock_file()) or {"run": "", "holder": "", "token": 0}


def take(run: str, *, who: str, token: int, over: Collection[str] = (), keep: bool = True) -> bool:
    """Hold the host for a run; whether that is new. The same run may take it again with a higher token.

    Refused when another run holds it, unless that is one of `over`, which are known to have ended, and when the token
    is lower than one that was seen.
    """
    named("run", run)
    with _alone():
        now = holder()
        if now["run"] not in ("", run, *over):
            raise Refused(
                f"run {now['run']} holds this host ({now['holder']}, token {now['token']}): it must end first"
            )
        if token < now["token"] or (token == now["token"] and now["run"] != run):
            raise Refused(
                f"token {token} is not above {now['token']}, which was seen here: another controller came later"
            )
        wanted = {"run": run, "holder": who, "token": token}
        if wanted != now and keep:
            write(lock_file(), json.dumps(wanted))
        return wanted != now


def release(run: str, *, token: int, keep: bool = True) -> bool:
    """Let the host go; whether it was held. Refused when another run or a later token holds it."""
    with _alone():
        now = holder()
        if not now["run"]:
            return False
        if now["run"] != run or token < now["token"]:
            raise Refused(f"run {now['run']} holds this host with token {now['token']}: run {run} may not let it go")
        if keep:
            write(lock_file(), json.dumps({"run": "", "holder": "", "token": now["token"]}))
        return True


def require_hold(run: str, *, token: int | None) -> None:
    """Refused when another run holds the host, or when a token is given (not 0) and a later one was seen here."""
    now = holder()
    if now["run"] not in ("", run):
        raise Refused(f"run {now['run']} holds this host ({now['holder']}, token {now['token']}): it must end first")
    if token and token < now["token"]:
        raise Refused(f"token {token} is below {now['token']}, seen here: this controller may change nothing more")


@contextmanager
def _alone() -> Iterator[None]:
    held = os.open(private(place.STATE) / "lock.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
