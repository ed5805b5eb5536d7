"""What modules ask about tables that are behind, and how their parameters reach the parts that answer."""

from __future__ import annotations

from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.indexes import preflight
from ansible_collections.maintkit.ops.plugins.module_utils.indexes.asking import SPEC as INDEXES
from ansible_collections.maintkit.ops.plugins.module_utils.indexes.asking import reach
from ansible_collections.maintkit.ops.plugins.module_utils.indexes.catalog import databases
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Session

from . import choice
from .catalog import holders
from .memory import VacuumMemory
from .sweep import Rules, refusals
from .sweep import look as look_at

REACH = ("user", "role", "socket", "port", "passfile", "bindir", "databases")
SPEC: dict[str, dict[str, Any]] = {
    **{name: INDEXES[name] for name in REACH},
    "min_rows": {"type": "int", "default": 1000},
    "freeze_share": {"type": "float", "default": 0.75},
    "old_transaction": {"type": "float", "default": 60},
}


def limits(params: dict[str, Any]) -> choice.Limits:
    """What counts as behind."""
    return choice.Limits(params["min_rows"], params["freeze_share"])


def rules(params: dict[str, Any]) -> Rules:
    """How a sweep goes."""
    only = frozenset((one["database"], one["schema"], one["name"]) for one in params["only"])
    return Rules(
        limits(params),
        params["budget"],
        params["lock_timeout"],
        params["old_transaction"],
        params["cost_delay"],
        only or None,
    )


def look(params: dict[str, Any]) -> dict[str, Any]:
    """Everything a dry run tells; reads only."""
    server = reach(params)
    names = databases(server, params["databases"])
    with Session(server, names[0]) as session:
        about = preflight.server(session)
    memory = VacuumMemory(about.cluster)
    rate, whence = memory.rate()
    found: list[tuple[str, choice.Choice]] = []
    held: list[str] = []
    for name in names:
        with Session(server, name) as session:
            held += [f"database {name}: {one}" for one in holders(session, params["old_transaction"])]
            found += [(name, one) for one in look_at(session, rate, limits(params))]
    behind = [choice.told(name, one) for name, one in choice.in_order(found)]
    # An analyse is of use all the same.
    hindered = held if any(set(one["acts"]) - {choice.ANALYZE} for one in behind) else []
    run = memory.told["runs"].get(params.get("run"), {})
    return {
        "server": preflight.facts(about),
        "refusals": refusals(about) + hindered,
        "held": held,
        "rate": {"bytes_per_s": rate, "from": whence},
        "tables": behind,
        "run": run,
        "unfreed": unfreed(run.get("items", [])),
    }


def unfreed(items: list[dict[str, Any]]) -> list[str]:
    """Tables of a run that were vacuumed, and of whose dead rows nothing was freed, in words."""
    return [
        f"database {one['database']}: {one['schema']}.{one['name']} has {one['after']['dead']} dead rows after its "
        f"vacuum, and had {one['before']['dead']}"
        for one in items
        if choice.VACUUM in one["acts"] and one["after"] and one["after"]["dead"] >= one["before"]["dead"] > 0
    ]
