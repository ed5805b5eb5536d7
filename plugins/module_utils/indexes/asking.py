"""What modules ask about indexes, and how their parameters reach the parts that answer."""

from __future__ import annotations

from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Reach, Session

from . import choice, leftover, preflight
from .catalog import databases
from .memory import Memory
from .sweep import Rules, Seen
from .sweep import look as look_at

MB = 1024 * 1024
NAMED = {one: {"type": "str", "required": True} for one in ("database", "schema", "name")}
SPEC: dict[str, dict[str, Any]] = {
    "user": {"type": "str", "default": "postgres"},
    "role": {"type": "str", "default": ""},
    "socket": {"type": "str", "default": ""},
    "port": {"type": "int", "default": 5432},
    "passfile": {"type": "path"},
    "bindir": {"type": "str", "default": ""},
    "databases": {"type": "list", "elements": "str", "default": []},
    "factor": {"type": "float", "default": 2.0},
    "min_mb": {"type": "float", "default": 10},
    "amcheck_mb": {"type": "float", "default": 1024},
    "only": {"type": "list", "elements": "dict", "default": [], "options": NAMED},
}


def reach(params: dict[str, Any]) -> Reach:
    """How the server is reached; a password only ever by the OS user's own file."""
    more = {"PGPASSFILE": params["passfile"], "PGUSER": params["role"]}
    given = {name: value for name, value in more.items() if value}
    return Reach(params["user"], params["socket"], params["port"], params["bindir"], given)


def limits(params: dict[str, Any]) -> choice.Limits:
    """What counts as bloated."""
    return choice.Limits(params["factor"], int(params["min_mb"] * MB), int(params["amcheck_mb"] * MB))


def rules(params: dict[str, Any]) -> Rules:
    """How a sweep goes."""
    return Rules(
        limits(params),
        params["budget"],
        params["lock_timeout"],
        params["stall"],
        params["old_transaction"],
        int(params["spare_mb"] * MB),
        named(params),
    )


def named(params: dict[str, Any]) -> frozenset[tuple[str, str, str]] | None:
    """The indexes that are meant; None for all."""
    return frozenset((one["database"], one["schema"], one["name"]) for one in params["only"]) or None


def look(params: dict[str, Any]) -> dict[str, Any]:
    """Everything a dry run tells; reads only. Without `measure` no index is judged."""
    server = reach(params)
    names = databases(server, params["databases"])
    with Session(server, names[0]) as session:
        found = preflight.server(session)
    memory = Memory(found.cluster)
    rate, whence = memory.rate()
    told: dict[str, Any] = {"indexes": [], "left": []}
    choices: list[tuple[str, choice.Choice]] = []
    told["run"] = memory.told["runs"].get(params.get("run"), {})
    told["unsettled"] = [f"{key} of run {one['run']} was begun and is not settled: run reindex again" for key, one in
                         memory.told["open"].items() if one["database"] in names]  # fmt: skip
    wrong = preflight.refusals(found)
    for name in names:
        with Session(server, name) as session:
            wrong += [f"database {name}: {one}" for one in preflight.waits(session, params["old_transaction"])]
        # Nothing is measured where it is only to be known what is valid, and what is left.
        only = named(params) if params["measure"] else frozenset()
        seen = look_at(server, name, memory, limits(params), only)
        told["indexes"] += [_row(name, one, memory) for one in seen.choices]
        choices += [(name, one) for one in seen.choices]
        told["unsettled"] += _lost(name, seen, told["run"].get("items", []))
        told["left"] += [
            {"database": name, "schema": one.schema, "name": one.name, "kind": leftover.kind(one),
             "meaning": leftover.MEANING[leftover.kind(one)], "bytes": one.bytes}
            for one in seen.left
        ]  # fmt: skip
    told["rebuild"] = [_row(name, one, memory) for name, one in choice.in_order(choices)]
    return {"server": preflight.facts(found), "refusals": wrong, "rate": {"bytes_per_s": rate, "from": whence}, **told}


def _row(database: str, one: choice.Choice, memory: Memory) -> dict[str, Any]:
    baseline = memory.baseline(database, one.index.schema, one.index.name)
    return {"database": database, **choice.told(one, baseline)}


def _lost(database: str, seen: Seen, items: list[dict[str, Any]]) -> list[str]:
    """Indexes of this database that the run has rebuilt, and that are not valid now."""
    valid = {(one.schema, one.name) for one in seen.indexes if one.valid}
    return [
        f"database {database}: {one['schema']}.{one['name']} was rebuilt and is not valid"
        for one in items
        if one["database"] == database and one["verdict"] == "rebuilt" and (one["schema"], one["name"]) not in valid
    ]
