"""The controller's side of the exchange directory (docs/exchange.md), and the directory of a plain playbook."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.target import Target
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.trip import Result

EXCHANGE = "maintkit.exchange/1"
RESULT = "maintkit.result/1"
ANSWER_S = 60.0
LOOK_S = 0.01
LONGEST_NAME = 200


class NoAnswer(Exception):
    """maintkit did not answer, or not with parameters."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What maintkit said: parameters by host, and the process that waits for the results.

    A host without parameters is not to be visited: its result came another way.
    """

    parameters: Mapping[str, Mapping[str, Any]]
    owner: int


class Exchange:
    """A directory shared with `maintkit inspect`; satisfies trip.Sink."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._results = directory / "results"
        self._number = 0

    def ask(self, targets: Sequence[Target], *, hosts: Sequence[str], groups: Sequence[str]) -> Answer:
        """Say what is expected, of which inventory, and wait for the answer; raises NoAnswer."""
        self._results.mkdir(mode=0o700, exist_ok=True)
        write_whole(self._directory / "expected.json", as_json(expected(targets, hosts, groups)))
        answer = wait_for(self._directory / "parameters.json")
        parameters, owner = answer.get("hosts"), answer.get("owner")
        if not isinstance(parameters, dict) or not isinstance(owner, int):
            raise NoAnswer("parameters.json holds no `hosts` or no `owner` (docs/exchange.md)")
        return Answer(parameters=parameters, owner=owner)

    def started(self, target: Target, at: float) -> None:
        event = as_json({"host": target.name, "event": "started", "at": at}) + b"\n"
        with (self._directory / "events.jsonl").open("ab", buffering=0) as file:
            file.write(event)

    def finished(self, result: Result) -> None:
        self._number += 1
        write_whole(self._results / f"{self._number}.json", result_json(result))


class Documents:
    """A directory of `<host>.json`, each the collector's document; satisfies trip.Sink.

    The file of a host that was not collected is removed, so that an old one is never taken for news.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def started(self, target: Target, at: float) -> None:
        """Nothing to note."""

    def finished(self, result: Result) -> None:
        path = self._directory / file_name(result.target.name)
        if result.payload is None:
            path.unlink(missing_ok=True)
        else:
            write_whole(path, result.payload + b"\n")


def expected(targets: Sequence[Target], hosts: Sequence[str], groups: Sequence[str]) -> dict[str, Any]:
    """Who will be asked, what the whole inventory holds, and what is to be masked."""
    asked = {
        target.name: {"groups": list(target.groups), "address": target.address, "connection": target.connection}
        for target in targets
    }
    secrets = sorted(set().union(*(target.secrets for target in targets)))
    inventory = {"hosts": list(hosts), "groups": list(groups)}
    return {"schema": EXCHANGE, "hosts": asked, "inventory": inventory, "secrets": secrets}


def result_json(result: Result) -> bytes:
    """The result with the document as it came: it was parsed to be judged, and need not be written out again."""
    head = as_json(
        {
            "schema": RESULT,
            "host": result.target.name,
            "status": result.verdict.status,
            "reason": result.verdict.reason,
            "via": result.target.via,
            "address": result.target.address,
            "started_at": result.started_at,
            "took_ms": result.took_ms,
            "stderr": result.stderr,
        }
    )
    return head[:-1] + b', "document": ' + (result.payload or b"null") + b"}\n"


def as_json(value: Any) -> bytes:
    """ASCII; names that Ansible marked with their origin become plain text."""
    return json.dumps(value, default=str).encode()


def wait_for(path: Path) -> dict[str, Any]:
    """The answer, when it is there; it appears by rename, so it is whole."""
    until = time.monotonic() + ANSWER_S
    while time.monotonic() < until:
        if path.exists():
            answer = json.loads(path.read_bytes())
            return answer if isinstance(answer, dict) else {}
        time.sleep(LOOK_S)
    raise NoAnswer(f"no {path.name} after {ANSWER_S:g} s in {path.parent}")


def write_whole(path: Path, data: bytes) -> None:
    """By rename, readable by the owner only."""
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    part.replace(path)


def file_name(host: str) -> str:
    """`<host>.json`, with everything but letters, digits and `_-.~` as %XX, so that it stays in its directory."""
    name = quote(host, safe="")[:LONGEST_NAME]
    return f"%2E{name[1:]}.json" if name.startswith(".") else f"{name}.json"
