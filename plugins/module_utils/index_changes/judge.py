"""Whether a wish is fulfilled, can be, or must be refused: pure, from what the catalog says."""

from __future__ import annotations

import difflib
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.indexes.choice import FIXED_S, ROOM

from .catalog import UNIQUE, Found, Table

CREATE, DROP = "create", "drop"
# A tuple of an index has a header and a line pointer, and its pages are filled to nine tenths.
TUPLE_BYTES, FILLED = 16, 0.9


def label(wish: dict[str, Any]) -> str:
    """As refusals and records name it."""
    return f"{wish['database']}: {wish['schema']}.{wish['name']}"


def malformed(wishes: list[dict[str, Any]]) -> list[str]:
    """What no catalog needs to be asked for."""
    wrong, seen = [], set()
    for wish in wishes:
        key = (wish["database"], wish["schema"], wish["name"])
        if key in seen:
            wrong.append(f"{label(wish)} is named twice: one change an index")
        seen.add(key)
        if not wish["reason"].strip():
            wrong.append(f"{label(wish)} has no reason: say why it is to be changed")
        if wish["act"] == CREATE and not wish["columns"]:
            wrong.append(f"{label(wish)} is to be created and has no columns: name them in their order")
        if not wish["name"] or len(wish["name"].encode()) > 63:
            wrong.append(f"{label(wish)}: a name has 1 to 63 bytes")
    return wrong


def is_wished(wish: dict[str, Any], found: Found) -> bool:
    """Whether the index does what the wish asks for, valid or not."""
    return (
        [*found.columns] == [*wish["columns"]]
        and (found.table_schema, found.table) == (wish["schema"], wish["table"])
        and (found.method, found.unique, found.partial) == (wish["method"], wish["unique"], False)
    )


def fulfilled(wish: dict[str, Any], found: Found | None) -> bool:
    """Whether nothing is left to do."""
    if wish["act"] == DROP:
        return found is None
    return found is not None and found.valid and is_wished(wish, found)


def misnamed(wish: dict[str, Any], on: Table | None) -> list[str]:
    """Why the name of an index to drop, which is not there, is hardly right; nothing where it may have been dropped."""
    if wish["act"] != DROP:
        return []
    if on is None:
        return [f"{label(wish)}: there is no table {wish['schema']}.{wish['table']}"]
    near = difflib.get_close_matches(wish["name"], on.indexes, n=3, cutoff=0.8)
    if not near:
        return []
    return [f"{label(wish)}: {wish['table']} has no such index, and has {', '.join(near)}: correct it, or leave it out"]


def refusals(
    wish: dict[str, Any], on: Table | None, found: Found | None, *, ours: bool = False, taken: bool = False
) -> list[str]:
    """Why it must not be done; nothing for what is fulfilled. `ours`: this run has begun it and was cut off."""
    if fulfilled(wish, found):
        return []
    wrong = (
        _creating(wish, on, found, taken=taken, ours=ours)
        if wish["act"] == CREATE
        else _dropping(wish, found, ours=ours)
    )
    return [f"{label(wish)}: {one}" for one in wrong]


def _creating(wish: dict[str, Any], on: Table | None, found: Found | None, *, taken: bool, ours: bool) -> list[str]:
    if on is None:
        return [f"there is no table {wish['schema']}.{wish['table']}"]
    wrong = []
    if on.kind not in ("r", "m"):
        wrong.append("only an ordinary table's index can be made without locking it: name a partition")
    missing = [one for one in wish["columns"] if one not in on.columns]
    if missing:
        wrong.append(f"{wish['table']} has no column {', '.join(missing)}: it has {', '.join(on.columns)}")
    if not on.method:
        wrong.append(f"this server knows no index method {wish['method']}")
    if found is None and taken:
        wrong.append("something else bears this name: choose another one")
    if found is not None and not (ours and not found.valid):
        state = "another index" if found.valid else "an invalid index that this run has not made"
        wrong.append(f"{state} bears this name: {found.definition}; look who made it")
    return wrong


def _dropping(wish: dict[str, Any], found: Found | None, *, ours: bool) -> list[str]:
    if found is None or ours:
        return []
    wrong = [f"{one}, so it is not dropped" for one in found.tied]
    if (found.table_schema, found.table) != (wish["schema"], wish["table"]):
        wrong.append(f"it is an index of {found.table_schema}.{found.table}, the plan says {wish['table']}")
    if found.scans and not wish["used"] and not found.twin:  # a twin serves those who have used it
        since = f" since {found.since}" if found.since else ""
        wrong.append(f"{found.scans} scans have used it{since}: a plan that means it says `used: true`")
    return wrong


def since(
    wish: dict[str, Any],
    on: Table | None,
    found: Found | None,
    kept: dict[str, Any],
    *,
    ours: bool = False,
    taken: bool = False,
    place: str = "",
) -> list[str]:
    """Why what a run has done with one index cannot be undone: what came since would be lost, or is in the way."""
    wrong = []
    if wish["act"] == CREATE and found is not None:
        if not ours:
            wrong.append(f"it is not the index that the run has made: {found.definition}")
        wrong += [f"{one}, so it is not dropped" for one in found.tied if one != UNIQUE or not wish["unique"]]
    if wish["act"] == DROP and (found is None or found.definition != kept["definition"]):
        if on is None:
            wrong.append(f"there is no table {wish['schema']}.{wish['table']} any more")
        elif taken:
            wrong.append("something else bears the name of the index that was dropped")
        elif kept["tablespace"] and not place:
            wrong.append(f"its tablespace {kept['tablespace']} is gone")
    return [f"{label(wish)}: {one}" for one in wrong]


def turned(
    wish: dict[str, Any], on: Table | None, found: Found | None, kept: dict[str, Any], place: str
) -> dict[str, Any] | None:
    """What undoes a wish, as modules return it; None where it is as it was. `place`: the dropped one's tablespace."""
    if wish["act"] == CREATE:
        return {**wish, "act": DROP, "bytes": found.bytes, "room_bytes": 0, "place": ""} if found else None
    if found is not None and found.valid and found.definition == kept["definition"]:
        return None
    made = {"act": CREATE, "bytes": kept["bytes"], "definition": kept["definition"]}
    room = {"room_bytes": int(kept["bytes"] * ROOM), "place": place or (on.place if on else "")}
    return {**wish, **made, **room}


def size(wish: dict[str, Any], on: Table | None, found: Found | None) -> int:
    """About how large the index is, or will be."""
    if wish["act"] == DROP or on is None:
        return found.bytes if found else 0
    wide = TUPLE_BYTES + sum(on.columns.get(one, 32) for one in wish["columns"])
    return 16384 + int(max(on.tuples, on.bytes / 100 if on.tuples < 0 else 0) * wide / FILLED)


def told(wish: dict[str, Any], on: Table | None, found: Found | None, rate: float) -> dict[str, Any]:
    """As modules return it: what would be done, with the size, the room and the seconds that it takes."""
    bytes_ = size(wish, on, found)
    making = wish["act"] == CREATE
    return {
        **wish,
        "bytes": bytes_,
        "scans": found.scans if found else 0,
        "definition": found.definition if found else "",
        "table_bytes": on.bytes if on else 0,
        "place": on.place if on else "",
        "room_bytes": int(bytes_ * ROOM) if making else 0,
        "seconds": round(FIXED_S + ((2 * on.bytes + bytes_) / rate if making and on else 0), 1),
    }
