"""What this host remembers of a cluster's vacuums: what each run did, and how fast it went."""

from __future__ import annotations

from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.indexes.memory import Memory


class VacuumMemory(Memory):
    """As that of indexes, in a folder of its own; a vacuum that was cut off leaves nothing to settle."""

    folder, done, times = "vacuums", "vacuumed", "vacuums"

    def did(self, run: str, item: dict[str, Any]) -> None:
        """Note what was done with one table."""
        with self._changing():
            self._run(run)["items"].append(item)
            # Small ones tell nothing of how fast the disk is.
            if item["seconds"] > 5 and item["acts"] != ["analyze"]:
                self.told["speeds"] = [*self.told["speeds"][-19:], item["bytes"] / item["seconds"]]
