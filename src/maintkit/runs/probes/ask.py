"""All probes at once, each within its own limit."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from maintkit.contract.watch import Command, Dicom, File, Hl7, Http, Secret, Sql, Tcp, WatchProbe
from maintkit.errors import WatchFailed
from maintkit.runs.probes import dicom, hl7, http, local, sql, tcp
from maintkit.runs.probes.answer import Answer, Deadline, bad

AT_ONCE = 32
GRACE_S = 1.0  # beyond a probe's limit, for a library to notice it by itself
logging.getLogger("pynetdicom").addHandler(logging.NullHandler())
logging.getLogger("pynetdicom").propagate = False  # what it has to say stands in the answer


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One probe with its answer, and how long that took."""

    probe: WatchProbe
    answer: Answer
    took_ms: int


def secret_of(secret: Secret, root: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The password itself; WatchFailed when it is not where watch.yml says."""
    if secret.env is not None:
        if not environment.get(secret.env):
            raise WatchFailed(f"{secret.env} is not set", hint="set it in the environment of `maintkit watch run`")
        return environment[secret.env]
    path = root / str(secret.file)
    try:
        if path.stat().st_mode & 0o077:
            raise WatchFailed(f"{path}: others may read it", hint=f"chmod 600 {path}")
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise WatchFailed(f"{path}: no password to be read", hint="correct `file` in watch.yml") from error


def ask_all(probes: Iterable[WatchProbe], passwords: Mapping[str, str]) -> list[Asked]:
    """Answers in the order of the probes. `passwords` by probe; a probe that needs one and has none is not asked.

    Takes no longer than the slowest probe's limit and a second, for up to 32 probes.
    """
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(lambda probe: _asked(probe, passwords.get(probe.name)), probes))


def _asked(probe: WatchProbe, password: str | None) -> Asked:
    """Waits in a thread apart: a library that hangs all the same is left behind, and ends with the program."""
    came: SimpleQueue[Answer] = SimpleQueue()
    begun = time.monotonic()
    threading.Thread(target=lambda: came.put(_ask(probe, password)), daemon=True).start()
    try:
        answer = came.get(timeout=probe.timeout_s + GRACE_S)
    except Empty:
        answer = bad("no-answer")
    took = round((time.monotonic() - begun) * 1000)
    if answer.status == "ok" and probe.latency_ms is not None and took > probe.latency_ms:
        answer = Answer(status="warn", reason="slow", detail=f"{took} ms, at most {probe.latency_ms:g}")
    return Asked(probe=probe, answer=answer, took_ms=took)


def _ask(probe: WatchProbe, password: str | None) -> Answer:
    deadline = Deadline(probe.timeout_s)
    try:
        return _by_kind(probe, deadline, password)
    except TimeoutError:
        return bad("no-answer")
    except WatchFailed as error:
        return Answer(status="error", reason="not-asked", detail=f"{error}; {error.hint}")
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
        # A library that stumbles over an answer must not cost the other probes theirs.
        return Answer(status="error", reason="not-asked", detail=error.__class__.__name__)


def _by_kind(probe: WatchProbe, deadline: Deadline, password: str | None) -> Answer:  # noqa: PLR0911  # one a kind
    match probe.question:
        case Http() as question:
            return http.ask(question, deadline)
        case Sql() as question:
            if question.password is not None and password is None:
                raise WatchFailed("its password was not to be had", hint="see `password` of this probe in watch.yml")
            return sql.ask(question, deadline, password)
        case Dicom() as question:
            return dicom.ask(question, deadline)
        case Hl7() as question:
            return hl7.ask(question, deadline)
        case File() as question:
            return local.ask_file(question, deadline)
        case Command() as question:
            return local.ask_command(question, deadline)
        case Tcp() as question:
            return tcp.ask(question, deadline)
