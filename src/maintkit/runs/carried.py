"""Results carried by hand: a collector's output that somebody brought from a host that no network reaches."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maintkit.checks.facts.document import Facts
from maintkit.errors import ImportRefused
from maintkit.runs.driver import HostResult

FRAME = re.compile(rb"^MAINTKIT-FACTS/1 (\d{1,9}) ([0-9a-f]{64})\r?\n", re.MULTILINE)
FUTURE_S = 300
LARGEST = 32 * 1024 * 1024
HINT = "bring the whole output: python3 collector.py > HOST.json, with the script of `maintkit collector`"


@dataclass(frozen=True, kw_only=True)
class Carried:
    """A carried document, not yet matched with a host of the inventory. `host` None: the caller did not say."""

    path: Path
    host: str | None
    document: dict[str, Any]


def read_carried(argument: str) -> Carried:
    """Read `FILE` or `HOST=FILE`; raises ImportRefused for anything but a whole collector's output."""
    host, separator, name = argument.partition("=")
    path = Path(name if separator else argument)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise ImportRefused(f"{path}: {error.strerror}", hint=HINT) from error
    if size > LARGEST:
        raise ImportRefused(f"{path}: {size} bytes, a collector's output has at most {LARGEST}", hint=HINT)
    return Carried(path=path, host=host if separator else None, document=_document(path, content))


def match(carried: Iterable[Carried], hosts: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Documents by inventory host; raises ImportRefused when one fits no host, several, or a host that has one."""
    known = tuple(hosts)
    found: dict[str, dict[str, Any]] = {}
    for one in carried:
        host = one.host if one.host in known else _guess(one, known)
        if host in found:
            raise ImportRefused(f"{one.path}: a second result for {host}", hint="import one result a host")
        found[host] = one.document
    return found


def refuse_unfit(result: HostResult, facts: Facts | None, *, known: float | None, now: float) -> None:
    """Raises ImportRefused for what cannot be judged, is not newer than what is `known`, or is of the future."""
    if facts is None:
        raise ImportRefused(f"the carried result of {result.host} is not usable: {result.reason}", hint=HINT)
    if known is not None and facts.collected_at <= known:
        raise ImportRefused(
            f"the carried result of {result.host} is not newer than what the ledger holds of it",
            hint="run the collector on the host again and bring the new result",
        )
    if facts.collected_at > now + FUTURE_S:
        raise ImportRefused(
            f"the carried result of {result.host} is {facts.collected_at - now:.0f} s in the future",
            hint="set the clock of that host right and run the collector again",
        )


def _guess(one: Carried, known: tuple[str, ...]) -> str:
    if one.host is not None:
        raise ImportRefused(
            f"{one.path}: {one.host!r} is not among the hosts of this inspection",
            hint="name a host of the inventory: --import HOST=FILE",
        )
    says = _hostname(one.document)
    short = says.partition(".")[0]
    fits = [host for host in known if host in (says, short) or host.partition(".")[0] == short]
    if len(fits) != 1:
        raise ImportRefused(
            f"{one.path}: the host calls itself {says!r}, which fits {len(fits)} hosts of this inspection",
            hint="say which one it is: --import HOST=FILE",
        )
    return fits[0]


def _document(path: Path, content: bytes) -> dict[str, Any]:
    body = content
    frame = FRAME.search(content)
    if frame:
        body = content[frame.end() : frame.end() + int(frame[1])]
        if hashlib.sha256(body).hexdigest() != frame[2].decode():
            raise ImportRefused(f"{path}: the content does not match its checksum: cut short or altered", hint=HINT)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"{path}: not a collector's output: {error}", hint=HINT) from error
    # A playbook that runs without maintkit leaves the same document without its frame.
    if not isinstance(document, dict) or document.get("schema") != "maintkit.facts/1":
        raise ImportRefused(f"{path}: not a document of schema maintkit.facts/1", hint=HINT)
    return document


def _hostname(document: Mapping[str, Any]) -> str:
    try:
        return str(document["sections"]["host"]["data"]["hostname"])
    except (KeyError, TypeError):
        return ""
