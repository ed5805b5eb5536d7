"""What this host remembers of a server's rebuilds of tables: sizes afterwards, how fast they went, what is open."""

from __future__ import annotations

import json
import time
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.indexes.memory import Memory

from .catalog import REBUILT, Key


class TableMemory(Memory):
    """As that of indexes, in a folder of its own; a table is known by its database and its name."""

    folder = "tables"

    def last(self, key: Key) -> int | None:
        """Bytes after the last rebuild; None when there was none."""
        found = self.told["baselines"].get(named(key))
        return found["bytes"] if found else None

    def begin_table(self, run: str, key: Key, work: dict[str, Any]) -> str:
        """Note what is about to be begun; the name under which it is settled."""
        name = named(key)
        begun = {"run": run, "database": key[0], "name": key[1], "begun_at": time.time(), "seen": []}
        with self._changing():
            self.told["open"][name] = {**begun, **work}
        return name

    def note(self, name: str, file: str) -> None:
        """Note the name of a file that the rebuild has made."""
        if file not in self.told["open"][name]["seen"]:
            with self._changing():
                self.told["open"][name]["seen"].append(file)

    def _learn(self, begun: dict[str, Any], outcome: dict[str, Any], name: str) -> None:
        if outcome["verdict"] != REBUILT:
            return
        self.told["baselines"][name] = {"bytes": outcome["after_bytes"], "at": time.time()}
        # Small ones tell how long the locks took, not how fast the disk is.
        if outcome.get("seconds", 0) > 5:
            work = 2 * begun["bytes"] + outcome["after_bytes"]
            self.told["speeds"] = [*self.told["speeds"][-19:], work / outcome["seconds"]]


def named(key: Key) -> str:
    """Names may hold anything, so they are kept apart as JSON."""
    return json.dumps(list(key), ensure_ascii=False)
