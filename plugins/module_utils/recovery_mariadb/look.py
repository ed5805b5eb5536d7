"""What a restore of MariaDB would find on the server's own host, before anything is touched; reads only."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, machine_id
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb import backup, guard, source
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb.look import require_programs, version_of
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb import binlog
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.journal import journal_of
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.look import asked_in_order, foretell, make_room
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.target import Target, pick

from . import way
from .server import Server, logs_told, options_of

# Data and logs of an engine that lie elsewhere, and what they are when they do not.
ELSEWHERE = {
    "innodb_data_home_dir": ("",),
    "innodb_log_group_home_dir": ("./", ""),
    "innodb_undo_directory": ("./", ""),
}
CLIENTS = """
SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID()
    AND command NOT IN ('Daemon', 'Binlog Dump', 'Slave_IO', 'Slave_SQL')
    AND user NOT IN ('system user', 'event_scheduler')
"""


@dataclass(frozen=True)
class Wish:
    """What is to be restored, where, from what. `identifier` is what a person says of a server that cannot be asked.

    `store` is what the host of sets and logs has told, with `stop`: where the way to the target ends in its logs.
    """

    server: Server
    job: str
    target: Target
    store: Mapping[str, Any]
    fetched: bool
    wanted_set: str
    identifier: str
    spare_bytes: int
    bindir: str
    rate_mb_s: float


def look(wish: Wish) -> dict[str, Any]:
    """`refusals` in words (empty: it can be restored), and the facts behind them.

    `identity` (which server this is, and how it is), `set`, `stop` (where its way ends; None: with what the server
    wrote last), `disk`, `told` (what would be restored, in words), `clients` that must go first, `unseen`.
    """
    told: dict[str, Any] = {"refusals": [], "clients": 0, "unseen": [], "archive": {}, "bindir": wish.bindir}
    return asked_in_order((_place, _identity, _programs, _sets, _room), wish, told)


def _place(wish: Wish, _told: Mapping[str, Any]) -> dict[str, Any]:
    wish.server.require_place()
    wish.server.refuse_mask()
    return {}


def _identity(wish: Wish, _told: Mapping[str, Any]) -> dict[str, Any]:
    server = wish.server
    running = server.runs()
    told, clients = _asked(wish) if running else (_down(wish), 0)
    if wish.identifier not in ("", told["system_identifier"]):
        raise Refused(f"this server is {told['system_identifier']}, not {wish.identifier}")
    told.update(machine_id=machine_id(), data_directory=str(server.data), unit=server.unit, running=running)
    return {"identity": told, "clients": clients}


def _asked(wish: Wish) -> tuple[dict[str, Any], int]:
    """Of a server that answers."""
    seen = source.identity(wish.server.reach)
    if seen["data_directory"].rstrip("/") != str(wish.server.data):
        raise Refused(
            f"the server that answers works in {seen['data_directory']}, not in {wish.server.data}: see restore_data"
            " and restore_socket"
        )
    asked = (*ELSEWHERE, "log_bin_basename", "wsrep_on")
    with wish.server.session() as session:
        said = dict(session.ask(f"SHOW GLOBAL VARIABLES WHERE variable_name IN {asked!r}"))
        replicas = session.ask("SHOW SLAVE HOSTS")
        clients = int(session.value(CLIENTS))
    _require_primary(seen, said, len(replicas))
    outside = [
        name for name, usual in ELSEWHERE.items() if said.get(name, usual[0]) not in (*usual, str(wish.server.data))
    ]
    if outside:
        raise Refused(f"{', '.join(outside)} lead out of {wish.server.data}: restore by hand (docs/restore.md)")
    names = ("system_identifier", "server_id", "version", "tablespace", "bytes", "gtid_state", "alike", "log_bin")
    now = time.time()
    return {**{name: seen[name] for name in names}, "logs": said.get("log_bin_basename", ""), "at": now}, clients


def _require_primary(seen: Mapping[str, Any], said: Mapping[str, str], replicas: int) -> None:
    if said.get("wsrep_on", "OFF") != "OFF":
        raise Refused("the server is one of a cluster (Galera): the others would not follow. Restore by hand")
    if seen["receives"]:
        raise Refused("the server receives from another one: restore the primary; a replica is made anew from it")
    if replicas:
        raise Refused(
            f"{replicas} replicas follow this server, and would not follow the restored one: end them first, they are"
            " made anew from it"
        )
    if not seen["log_bin"]:
        raise Refused("log_bin is off: nothing after the last backup could be restored. Restore by hand")
    if seen["filters"]:
        raise Refused(
            f"the server leaves databases out of its binary log ({', '.join(seen['filters'])}): what happened in them"
            " after the backup would be lost. Restore by hand"
        )


def _down(wish: Wish) -> dict[str, Any]:
    """Of one that is down, by its options and its logs."""
    options = options_of(wish.bindir)
    said = options.get("datadir", "/var/lib/mysql").rstrip("/")
    if said != str(wish.server.data):
        raise Refused(
            f"the options of this host name {said} as the data directory, not {wish.server.data}: see restore_data"
        )
    logs = wish.server.logs or logs_told(options, wish.server.data)
    if not logs:
        raise Refused("the options of this host name no log_bin=PATH: nothing after the last backup could be restored")
    number = options.get("server_id", "1")
    return {
        "system_identifier": f"server_id {number}",
        "server_id": int(number),
        "version": version_of(wish.bindir),
        "tablespace": guard.tablespace(wish.server.data),
        "alike": {name: options[name] for name in source.ALIKE if name in options},
        "logs": logs,
        "log_bin": True,
    }


def _programs(wish: Wish, told: Mapping[str, Any]) -> dict[str, Any]:
    require_programs(told["identity"]["version"], user=wish.server.user, bindir=wish.bindir, fetched=wish.fetched)
    return {}


def _sets(wish: Wish, told: Mapping[str, Any], *, now: Callable[[], float] = time.time) -> dict[str, Any]:
    identity = told["identity"]
    own, unseen = _own(wish, identity)
    kept = {name: size for name, size in wish.store["logs"].items() if name.rpartition(".")[0] == own["base"]}
    names = {**kept, **own["sizes"]}
    if not names and wish.target.kind != "set":
        raise Refused(f"no binary log {own['base']}.* is kept, and the server has none: see restore_logs")
    stop = _stop(wish, own, running=identity["running"])
    label = _label(wish, own["base"], stop, now())
    state = own["state"] or identity.get("gtid_state", "") or _believed(wish, label)
    come = state if own["sizes"] else _furthest(state, wish.store.get("state", ""))
    chosen = backup.choose(wish.store, job=wish.job, wanted=label, source={"gtid_state": state}, now=now(), oldest_h=0)
    between, last = [], max(names, key=binlog.number, default="")
    if wish.target.kind != "set":
        between = backup.way(label, chosen["position"], stop["file"] if stop else last, names)
    chosen["log_bytes"] = sum(names[one] for one in between)
    archive = {"last": last, "own": bool(own["sizes"]), "state": come, "between": len(between)}
    return {"set": chosen, "stop": stop, "unseen": unseen, "archive": archive}


def _own(wish: Wish, identity: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The server's own logs, as far as they can be read: `base`, `sizes`, `stop` and `state`; and what was not seen."""
    server = wish.server.with_logs(identity["logs"])
    newest = wish.store["newest"]
    base = server.base or (newest["file"].rpartition(".")[0] if newest else "")
    told: dict[str, Any] = {"base": base, "sizes": {}, "stop": None, "state": ""}
    try:
        paths = server.own_logs()
        if not paths:
            return told, [f"the server has no binary log {server.logs}.* of its own any more"]
        told["sizes"] = {one.name: one.stat().st_size for one in paths}
        told["stop"] = way.stop_of(paths, wish.target.kind, wish.target.value)
        told["state"] = ",".join(binlog.state_of(paths[-1]))
    except (Refused, OSError) as wrong:
        return {**told, "sizes": {}, "stop": None}, [f"the server's own binary logs cannot be read: {wrong}"]
    return told, []


def _stop(wish: Wish, own: Mapping[str, Any], *, running: bool) -> dict[str, Any] | None:
    """The earliest end that the kept logs and the server's own tell. None: whatever the server has written last."""
    found = [one for one in (wish.store.get("stop"), own["stop"]) if one]
    if found:
        return min(found, key=lambda one: (binlog.number(one["file"]), one["at"]))
    if wish.target.kind == "name":
        raise Refused(
            f"no kept binary log holds the mark {wish.target.value}: see its name in maintkit_drill.mark, and how long"
            " binary logs are kept"
        )
    newest = wish.store["newest"]
    if (
        wish.target.kind == "time"
        and not running
        and not own["sizes"]
        and wish.target.at > (newest or {"made_at": 0})["made_at"]
    ):
        raise Refused(
            f"{wish.target.value} is after the last event of the binary logs that are kept, and the server has none of"
            " its own: restore to their end (restore_type end)"
        )
    return None


def _label(wish: Wish, base: str, stop: Mapping[str, Any] | None, now: float) -> str:
    """The set that leads to the target by the shortest way."""
    sets = [one for one in wish.store["sets"] if one["kind"] != "partial"]
    if not sets:
        raise Refused(f"job {wish.job} has no finished set of mariadb-backup: there is nothing to restore")
    shortest = pick(sets, wish.target, wanted=wish.wanted_set, now=now)
    if wish.target.kind == "set" or not stop:
        return shortest
    goal = (binlog.number(stop["file"]), int(stop["at"]))
    leading = [one for one in sets if _begin(one, base) <= goal and wish.wanted_set in ("", one["label"])]
    if not leading:
        raise Refused(
            f"the target lies at {stop['file']}:{stop['at']}, before the end of the set"
            f" {wish.wanted_set or sets[0]['label']}: no set leads there"
        )
    return pick(leading, wish.target, wanted="", now=now)


def _begin(one: Mapping[str, Any], base: str) -> tuple[int, int]:
    """Where the way begins that leads on from a set; nowhere, where it has none in these logs."""
    file = one["position"]["file"]
    named = binlog.NUMBERED.fullmatch(file)
    return (int(named[2]), int(one["position"]["at"])) if named and named[1] == base else (1 << 62, 0)


def _believed(wish: Wish, label: str) -> str:
    """Whose set it is when no log of the server can be read: a person says which server it was."""
    found = next(one["position"]["gtid"] for one in wish.store["sets"] if one["label"] == label)
    servers = {f"server_id {server}" for _domain, server, _sequence in backup.gtids(found)}
    if wish.identifier not in servers:
        raise Refused(
            f"no binary log of the server can be read, and set {label} is of {', '.join(sorted(servers)) or 'nobody'}:"
            " say which server it was (restore_system_identifier)"
        )
    return found


def _furthest(*states: str) -> str:
    """The furthest that any of these says transactions had come, by domain and server."""
    known: dict[tuple[str, str], int] = {}
    for domain, server, sequence in (one for state in states for one in backup.gtids(state)):
        known[domain, server] = max(sequence, known.get((domain, server), 0))
    return ",".join(f"{domain}-{server}-{sequence}" for (domain, server), sequence in known.items())


def _room(wish: Wish, told: Mapping[str, Any]) -> dict[str, Any]:
    chosen = told["set"]
    disk = make_room(wish.server.data.parent, backup.room(chosen, wish.spare_bytes))
    return {"disk": disk, **foretell(chosen, wish.target, wish.rate_mb_s)}


def of_run(server: Server) -> dict[str, Any]:
    """Whether a run has gone back, and what is `wrong` with the state from before, in words."""
    journal = journal_of(server.run)
    told: dict[str, Any] = {"back": journal.passed("back"), "wrong": []}
    if not told["back"]:
        return told
    before = journal.told["identity"]
    if server.kept.exists():
        told["wrong"].append(f"{server.kept} is there: the present state was not put back")
    if not server.holds(before["tablespace"]):
        told["wrong"].append(f"{server.data} holds another server's data")
    try:
        if before["running"]:
            source.identity(server.reach)
    except Refused as refused:
        told["wrong"].append(str(refused))
    return told
