"""What this host remembers of a cluster's rebuilds: baselines, how fast they went, and what was begun and not settled.

One file a cluster, written whole before anything is begun: the next run settles what a dead one has left.
"""

from __future__ import annotations

import json
import time
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes import place

from .choice import BYTES_PER_S

KEPT = 20


class Memory:
    """Of the cluster with this system identifier."""

    folder, done, times = "indexes", "rebuilt", "rebuilds"

    def __init__(self, cluster: str) -> None:
        self.file = place.STATE / self.folder / f"{place.named('cluster', cluster)}.json"
        known = place.read_json(self.file) if self.file.exists() else None
        self.told: dict[str, Any] = known or {"baselines": {}, "speeds": [], "open": {}, "runs": {}}

    def keep(self) -> None:
        """Bring it to the disk."""
        place.private(self.file.parent)
        place.write(self.file, json.dumps(self.told, ensure_ascii=False))

    def baseline(self, database: str, schema: str, name: str) -> float | None:
        """Bytes a tuple after the last rebuild; None when there was none."""
        found = self.told["baselines"].get(_key(database, schema, name))
        return found["bytes_per_tuple"] if found else None

    def rate(self) -> tuple[float, str]:
        """Bytes a second, and where that comes from: the slower half's middle of earlier rebuilds, or an assumption."""
        speeds = sorted(self.told["speeds"])
        if not speeds:
            return float(BYTES_PER_S), f"assumed: nothing was {self.done} on this cluster yet"
        return speeds[len(speeds) // 4], f"measured in {len(speeds)} earlier {self.times}"

    def begin(self, run: str, database: str, work: dict[str, Any]) -> str:
        """Note what is about to be begun; the name under which it is settled."""
        name = _key(database, work["schema"], work["name"])
        self.told["open"][name] = {"run": run, "database": database, "begun_at": time.time(), "seen": [], **work}
        self.keep()
        return name

    def saw(self, name: str, oid: int) -> None:
        """Note the oid of the index that is being built."""
        seen = self.told["open"][name]["seen"]
        if oid not in seen:
            seen.append(oid)
            self.keep()

    def settle(self, name: str, outcome: dict[str, Any]) -> None:
        """It has ended, and nothing of it is left."""
        begun = self.told["open"].pop(name)
        run = self._run(begun["run"])
        run["items"].append({**begun, **outcome})
        if outcome["verdict"] == "rebuilt":
            self._learn(begun, outcome, name)
        self.keep()

    def end(self, run: str, ended: str, remaining: list[dict[str, Any]]) -> None:
        """Note how a run ended, and what it did not come to."""
        self._run(run).update(ended=ended, remaining=remaining, ended_at=time.time())
        self.keep()

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
            told = {"bytes_per_tuple": outcome["bytes_per_tuple"], "at": time.time()}
            self.told["baselines"][name] = told
        # Small ones tell how long the waits were, not how fast the disk is.
        if outcome.get("seconds", 0) > 5:
            work = 2 * begun["table_bytes"] + outcome["after_bytes"]
            self.told["speeds"] = [*self.told["speeds"][-19:], work / outcome["seconds"]]


def _key(database: str, schema: str, name: str) -> str:
    """Names may hold anything, so they are kept apart as JSON."""
    return json.dumps([database, schema, name], ensure_ascii=False)
