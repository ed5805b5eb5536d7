"""What modules ask about tables, and how their parameters reach the parts that answer."""

from __future__ import annotations

from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.mysql.session import Reach, Session

from . import choice, preflight
from .catalog import REBUILT
from .memory import TableMemory
from .sweep import Rules
from .sweep import look as look_at

MB = 1024 * 1024
SPEC: dict[str, dict[str, Any]] = {
    "user": {"type": "str", "default": "root"},
    "account": {"type": "str", "default": ""},
    "socket": {"type": "str", "default": ""},
    "defaults_file": {"type": "path"},
    "bindir": {"type": "str", "default": ""},
    "databases": {"type": "list", "elements": "str", "default": []},
    "factor": {"type": "float", "default": 1.5},
    "min_mb": {"type": "float", "default": 100},
    "on_replica": {"type": "bool", "default": False},
    "binlog": {"type": "bool", "default": False},
}


def reach(params: dict[str, Any]) -> Reach:
    """How the server is reached; a password only ever by the option file."""
    return Reach(params["user"], params["socket"], params["defaults_file"] or "", params["account"], params["bindir"])


def limits(params: dict[str, Any]) -> choice.Limits:
    """What counts as bloated."""
    return choice.Limits(params["factor"], int(params["min_mb"] * MB))


def rules(params: dict[str, Any]) -> Rules:
    """How a sweep goes."""
    only = frozenset((one["database"], one["name"]) for one in params["only"])
    return Rules(
        limits(params),
        params["budget"],
        params["lock_timeout"],
        params["old_transaction"],
        int(params["spare_mb"] * MB),
        params["binlog"],
        params["on_replica"],
        only or None,
    )


def look(params: dict[str, Any]) -> dict[str, Any]:
    """Everything a dry run tells; reads only."""
    with Session(reach(params)) as session:
        found = preflight.server(session)
        memory = TableMemory(found.cluster)
        rate, whence = memory.rate()
        wrong = preflight.refusals(found, on_replica=params["on_replica"])
        wrong += preflight.waits(session, params["old_transaction"])
        choices, left = look_at(session, found, memory, params["databases"], limits(params))
    rows = {one.table.key: choice.told(one, memory.last(one.table.key)) for one in choices}
    rebuild = choice.in_order(choices)
    run = memory.told["runs"].get(params.get("run"), {})
    unsettled = [f"{key} of run {one['run']} was begun and is not settled: run rebuild_tables again" for key, one in
                 memory.told["open"].items()]  # fmt: skip
    return {
        "server": preflight.facts(found),
        "replication": replication(found, sum(one.seconds for one in rebuild), binlog=params["binlog"]),
        "refusals": wrong,
        "rate": {"bytes_per_s": rate, "from": whence},
        "tables": list(rows.values()),
        "rebuild": [rows[one.table.key] for one in rebuild],
        "run": run,
        "unsettled": unsettled + _lost(choices, run.get("items", [])),
        "left": sorted(left.values()),
    }


def replication(found: preflight.Server, seconds: float, *, binlog: bool) -> dict[str, Any]:
    """What a rebuild means for replicas: whether they repeat it, how many are connected, for how long, in words."""
    repeated = binlog and found.binlog and not found.replica
    if found.replica:
        said = "this server is a replica: what is rebuilt here is written to no binary log"
    elif not found.binlog:
        said = "no binary log is written here: no replica is touched"
    elif repeated:
        said = "replicas do the same after it, and apply nothing else meanwhile"
    else:
        said = "rebuilds are kept out of the binary log: replicas are not touched, and keep their size"
    return {"repeated": repeated, "replicas": found.replicas, "seconds": round(seconds, 1), "said": said}


def _lost(choices: list[choice.Choice], items: list[dict[str, Any]]) -> list[str]:
    """Tables that the run has rebuilt, and that are not there now."""
    there = {one.table.key for one in choices if one.table.parts}
    return [
        f"{one['database']}.{one['name']} was rebuilt and is not there"
        for one in items
        if one["verdict"] == REBUILT and (one["database"], one["name"]) not in there
    ]
