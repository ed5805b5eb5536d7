"""What a run has kept and begun, in its own directory on the host: whoever resumes it, or undoes it, reads it here."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes import place
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused

from .catalog import Found


def key_of(wish: dict[str, Any]) -> str:
    """Names may hold anything, so they are kept apart as JSON."""
    return json.dumps([wish["database"], wish["schema"], wish["name"]], ensure_ascii=False)


class Journal:
    """One file a run: `kept` definitions, `begun` wishes with the oids that were theirs, `items` that are done."""

    def __init__(self, run: str) -> None:
        self.run, self.file = run, place.run_place(run) / "indexes.json"
        self.told: dict[str, Any] = place.read_json(self.file) or {"kept": {}, "begun": {}, "items": []}

    @property
    def prepared(self) -> bool:
        return self.file.exists()

    def keep(self, cluster: str, definitions: dict[str, dict[str, Any]]) -> bool:
        """Before anything is begun; never over what was kept, which is from before the change."""
        if self.prepared:
            self.demand(cluster)
            return False
        self.told.update({"cluster": cluster, "kept": definitions})
        self._write()
        return True

    def demand(self, cluster: str) -> None:
        """Refused without a way back, or on another cluster than the one that it was prepared for."""
        if not self.prepared:
            raise Refused(f"run {self.run} has kept no definitions: the backup phase has not been here")
        if self.told["cluster"] != cluster:
            raise Refused(f"run {self.run} was prepared for another cluster: give this run a name of its own")

    def begin(self, wish: dict[str, Any]) -> str:
        """Note what is about to be begun; the name of the entry."""
        name = key_of(wish)
        self.told["begun"].setdefault(name, {"wish": wish, "seen": []})
        self._write()
        return name

    def begun(self, wish: dict[str, Any]) -> dict[str, Any] | None:
        """What is known of a wish that was begun."""
        found: dict[str, Any] | None = self.told["begun"].get(key_of(wish))
        return found

    def saw(self, name: str, oid: int) -> None:
        """Note the oid of the index that is being built: it is this run's own."""
        if oid not in self.told["begun"][name]["seen"]:
            self.told["begun"][name]["seen"].append(oid)
            self._write()

    def owns(self, wish: dict[str, Any], found: Found) -> bool:
        """Whether the run has made this index, or half dropped it: of a wish that it has begun, by its oid.

        One whose client died before it was seen has nothing but its name and table, which were free before.
        """
        begun = self.begun(wish)
        if begun is None:
            return False
        if wish["act"] == "drop":
            kept = self.told["kept"].get(key_of(wish))
            return kept is not None and kept["oid"] == found.oid
        at_its_place = (found.table_schema, found.table) == (wish["schema"], wish["table"])
        return found.oid in begun["seen"] or (not begun["seen"] and at_its_place)

    def did(self, item: dict[str, Any]) -> None:
        """Note what has been done, once."""
        others = [one for one in self.told["items"] if key_of(one) != key_of(item)]
        self.told["items"] = [*others, item]
        self._write()

    def undid(self, name: str) -> None:
        """Note that it is as it was."""
        self.told["items"] = [one for one in self.told["items"] if key_of(one) != name]
        self._write()

    def _write(self) -> None:
        place.private(self.file.parent)
        place.write(self.file, json.dumps(self.told, ensure_ascii=False))
