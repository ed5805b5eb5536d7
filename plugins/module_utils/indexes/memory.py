"""What this host remembers of a cluster's rebuilds: baselines, how fast they went, and what was begun and not settled.

One file a cluster, written whole before anything is begun: the next run settles what a dead one has left. Runs on two
databases of one cluster share it, so each change is made to what the file says at that moment, by one at a time.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes import place

from .catalog import Index
from .choice import BYTES_PER_S

KEPT = 20
# Of a fifth of its entries gone, an index has at most a quarter more than a rebuild would leave, whatever else came.
# Of more its size per tuple may hide it: short keys take the place of long ones, in room of their own.
REPLACED = 0.2


class Memory:
    """Of the cluster with this system identifier."""

    folder, done, times = "indexes", "rebuilt", "rebuilds"

    def __init__(self, cluster: str) -> None:
        self.file = place.STATE / self.folder / f"{place.named('cluster', cluster)}.json"
        self.told: dict[str, Any] = {}
        self.read()

    def read(self) -> None:
        """Take in what other runs have noted since."""
        self.told = place.read_json(self.file) or {"baselines": {}, "speeds": [], "open": {}, "runs": {}}

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Change what the file says now, and bring it to the disk."""
        held = os.open(place.private(self.file.parent) / f"{self.file.stem}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.read()
            yield
            place.write(self.file, json.dumps(self.told, ensure_ascii=False))
        finally:
            os.close(held)

    def baseline(self, database: str, schema: str, name: str) -> float | None:
        """Bytes a tuple after the last rebuild; None when there was none."""
        found = self.told["baselines"].get(_key(database, schema, name))
        return found["bytes_per_tuple"] if found else None

    def trusted(self, database: str, index: Index) -> float | None:
        """The baseline, where it still tells whether an index is bloated; None where only measuring does."""
        found = self.told["baselines"].get(_key(database, index.schema, index.name), {})
        if "replaced" not in found or found["since"] != index.since:
            return None
        gone = index.replaced - found["replaced"]
        return found["bytes_per_tuple"] if 0 <= gone <= REPLACED * min(index.tuples, found["tuples"]) else None

    def rate(self) -> tuple[float, str]:
        """Bytes a second, and where that comes from: the slower half's middle of earlier rebuilds, or an assumption."""
        speeds = sorted(self.told["speeds"])
        if not speeds:
            return float(BYTES_PER_S), f"assumed: nothing was {self.done} on this cluster yet"
        return speeds[len(speeds) // 4], f"measured in {len(speeds)} earlier {self.times}"

    def begin(self, run: str, database: str, work: dict[str, Any]) -> str:
        """Note what is about to be begun; the name under which it is settled."""
        name = _key(database, work["schema"], work["name"])
        with self._changing():
            self.told["open"][name] = {"run": run, "database": database, "begun_at": time.time(), "seen": [], **work}
        return name

    def saw(self, name: str, oid: int) -> None:
        """Note the oid of the index that is being built."""
        if oid not in self.told["open"][name]["seen"]:
            with self._changing():
                self.told["open"][name]["seen"].append(oid)

    def settle(self, name: str, outcome: dict[str, Any]) -> None:
        """It has ended, and nothing of it is left."""
        with self._changing():
            begun = self.told["open"].pop(name)
            run = self._run(begun["run"])
            run["items"].append({**begun, **outcome})
            if outcome["verdict"] == "rebuilt":
                self._learn(begun, outcome, name)

    def end(self, run: str, ended: str, remaining: list[dict[str, Any]]) -> None:
        """Note how a run ended, and what it did not come to."""
        with self._changing():
            self._run(run).update(ended=ended, remaining=remaining, ended_at=time.time())

    def items(self, run: str) -> list[dict[str, Any]]:
        """What a run has done so far."""
        return list(self.told["runs"].get(run, {}).get("items", []))

    def _run(self, run: str) -> dict[str, Any]:
        runs = self.told["runs"]
        if run not in runs:
            for old in list(runs)[: max(0, len(runs) - KEPT + 1)]:
                del runs[old]
            runs[run] = {"items": []}
        return runs[run]

    def _learn(self, begun: dict[str, Any], outcome: dict[str, Any], name: str) -> None:
        if outcome.get("bytes_per_tuple"):
            kept = {one: outcome[one] for one in ("bytes_per_tuple", "tuples", "replaced", "since") if one in outcome}
            self.told["baselines"][name] = {**kept, "at": time.time()}
        # Small ones tell how long the waits were, not how fast the disk is.
        if outcome.get("seconds", 0) > 5:
            work = 2 * begun["table_bytes"] + outcome["after_bytes"]
            self.told["speeds"] = [*self.told["speeds"][-19:], work / outcome["seconds"]]


def _key(database: str, schema: str, name: str) -> str:
    """Names may hold anything, so they are kept apart as JSON."""
    return json.dumps([database, schema, name], ensure_ascii=False)
