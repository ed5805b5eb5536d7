"""What modules ask about changes of named indexes, and how their parameters reach the parts that answer."""

from __future__ import annotations

from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.indexes import preflight
from ansible_collections.maintkit.ops.plugins.module_utils.indexes.asking import MB, reach
from ansible_collections.maintkit.ops.plugins.module_utils.indexes.asking import SPEC as INDEXES
from ansible_collections.maintkit.ops.plugins.module_utils.indexes.memory import Memory
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Session

from . import catalog, judge
from .journal import Journal, key_of
from .work import Rules

REACH = ("user", "role", "socket", "port", "passfile", "bindir")
WISH: dict[str, dict[str, Any]] = {
    "act": {"type": "str", "required": True, "choices": [judge.CREATE, judge.DROP]},
    **{name: {"type": "str", "required": True} for name in ("database", "schema", "table", "name", "reason")},
    "columns": {"type": "list", "elements": "str", "default": []},
    "method": {"type": "str", "default": "btree"},
    "unique": {"type": "bool", "default": False},
    "used": {"type": "bool", "default": False},
}
SPEC: dict[str, dict[str, Any]] = {
    **{name: INDEXES[name] for name in REACH},
    "run": {"type": "str", "required": True},
    "wanted": {"type": "list", "elements": "dict", "required": True, "options": WISH},
    "old_transaction": {"type": "float", "default": 60},
    "spare_mb": {"type": "float", "default": 1024},
}


def rules(params: dict[str, Any]) -> Rules:
    """How a run goes."""
    return Rules(
        params["budget"],
        params["lock_timeout"],
        params["tries"],
        params["stall"],
        params["old_transaction"],
        int(params["spare_mb"] * MB),
    )


def look(params: dict[str, Any]) -> dict[str, Any]:
    """Everything a dry run tells; reads only. `refusals` are empty where all that is wished may be done."""
    wishes = params["wanted"]
    wrong = judge.malformed(wishes) if wishes else ["no index is named: say what is to be created or dropped"]
    told: dict[str, Any] = {"todo": [], "fulfilled": [], "definitions": {}, "waits": [], "server": {}}
    journal = Journal(params["run"])
    for wish in wishes if not wrong else []:
        with Session(reach(params), wish["database"]) as session:
            server = preflight.server(session)
            told["server"] = preflight.facts(server)
            wrong += [one for one in preflight.refusals(server) if one not in wrong]
            on, found = catalog.table(session, wish), catalog.index(session, wish["schema"], wish["name"])
            if found is not None and wish["act"] == judge.DROP:
                kept = ("oid", "definition", "tablespace", "comment", "bytes")
                told["definitions"][key_of(wish)] = {name: getattr(found, name) for name in kept}
            row = judge.told(wish, on, found, Memory(server.cluster).rate()[0])
            if judge.fulfilled(wish, found):
                told["fulfilled"].append(row)
                wrong += [] if journal.begun(wish) else judge.misnamed(wish, on)
                continue
            taken = catalog.taken(session, wish["schema"], wish["name"])
            ours = found is not None and journal.owns(wish, found)
            wrong += judge.refusals(wish, on, found, ours=ours, taken=taken)
            waits = preflight.waits(session, params["old_transaction"], on.oid if on else None)
            told["waits"] += [f"{judge.label(wish)}: {one}" for one in waits]
            room = preflight.room(session, row["place"], row["room_bytes"], int(params["spare_mb"] * MB)) if on else ""
            wrong += [f"{judge.label(wish)}: {room}"] if room else []
            told["todo"].append(row)
    return {**told, "refusals": wrong, "run": journal.told}
