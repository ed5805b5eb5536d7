"""What a restore would find on the cluster's own host, before anything is touched; reads only."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, free_bytes, machine_id
from ansible_collections.maintkit.ops.plugins.module_utils.drill import backup, guard, source
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import run
from ansible_collections.maintkit.ops.plugins.module_utils.drill.look import DEBIAN, LEAST_PG, PROGRAMS

from .cluster import Cluster
from .journal import journal_of
from .target import Target
from .ways import Ways

STATE = """
SELECT jsonb_build_object(
    'lsn', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
    'at', extract(epoch FROM now()),
    'committed_at', CASE WHEN current_setting('track_commit_timestamp') = 'on'
                    THEN (SELECT extract(epoch FROM timestamp) FROM pg_last_committed_xact()) END,
    'clients', (SELECT count(*) FROM pg_stat_activity
                WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
    'standbys', (SELECT count(*) FROM pg_stat_replication))
"""
LOG_BYTES, USUAL_BYTES = 4 << 30, 16 << 20  # of what the middle of a segment's name counts; of one segment


@dataclass(frozen=True)
class Wish:
    """What is to be restored, where, from what. `identifier` is what a person says of a cluster that cannot be read."""

    cluster: Cluster
    repository: backup.Repository
    target: Target
    wanted_set: str
    identifier: str
    spare_bytes: int
    bindir: str
    rate_mb_s: float


def look(wish: Wish) -> dict[str, Any]:
    """`refusals` in words (empty: it can be restored), and the facts behind them.

    `identity` (which cluster this is, and how it is), `set`, `archive`, `disk`, `bindir`, `told` (what
    would be restored, in words), `clients` that must go first, `unseen` (what could not be looked at).
    """
    told: dict[str, Any] = {"refusals": [], "clients": 0, "unseen": []}
    return asked_in_order((_place, _identity, _programs, _repository, _room), wish, told)


def asked_in_order(
    questions: Iterable[Callable[[Any, Mapping[str, Any]], dict[str, Any]]], wish: Any, told: dict[str, Any]
) -> dict[str, Any]:
    """What each question of the wish adds; the first refusal ends it: what follows would speak of another database."""
    for asked in questions:
        try:
            told.update(asked(wish, told))
        except Refused as refused:
            told["refusals"].append(str(refused))
            break
    return told


def _place(wish: Wish, _told: Mapping[str, Any]) -> dict[str, Any]:
    wish.cluster.require_place()
    wish.cluster.refuse_mask()
    return {}


def _identity(wish: Wish, _told: Mapping[str, Any]) -> dict[str, Any]:
    cluster = wish.cluster
    told: dict[str, Any] = {"machine_id": machine_id(), "data_directory": str(cluster.data), "unit": cluster.unit}
    if cluster.signals():
        raise Refused(
            f"{cluster.data} is a standby, or a recovery that has not ended ({', '.join(cluster.signals())}): restore"
            " the primary; a standby is made anew from it"
        )
    told.update(running=cluster.runs(), system_identifier=_identifier(wish), major=_major(cluster.data))
    clients = 0
    if told["running"]:
        seen = source.identity(cluster.reach)
        with cluster.session() as session:
            state = session.json(STATE)
        _require_primary(wish, seen, state)
        clients = state.pop("clients")
        told.update({"archive_mode": seen["archive_mode"], "bytes": seen["bytes"], **state})
    return {"identity": told, "clients": clients, "bindir": wish.bindir or DEBIAN.format(major=told["major"])}


def _require_primary(wish: Wish, seen: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    if seen["data_directory"] != str(wish.cluster.data):
        raise Refused(
            f"the server that answers works in {seen['data_directory']}, not in {wish.cluster.data}: see restore_data,"
            " restore_port and restore_socket"
        )
    if seen["recovering"]:
        raise Refused("the server is a standby: restore the primary; a standby is made anew from it")
    if seen["tablespaces"]:
        raise Refused(
            f"the cluster has tablespaces ({', '.join(sorted(seen['tablespaces'].values()))}), which this procedure"
            " does not keep aside: restore by hand (docs/restore.md)"
        )
    if state["standbys"]:
        raise Refused(
            f"{state['standbys']} standbys or WAL receivers follow this server, and would not follow the restored one:"
            " end them first, they are made anew from it"
        )


def _identifier(wish: Wish) -> str:
    try:
        found = guard.system_identifier(wish.cluster.data)
    except Refused as refused:
        if not wish.identifier:
            raise Refused(
                f"{refused}. If that is what is to be restored, say which cluster it was: restore_system_identifier"
                " (`pgbackrest info --output=json`, system-id)"
            ) from None
        return wish.identifier
    if wish.identifier not in ("", found):
        raise Refused(f"{wish.cluster.data} holds cluster {found}, not {wish.identifier}")
    return found


def _major(data: Path) -> str:
    try:
        return (data / "PG_VERSION").read_text().strip()
    except OSError:
        return ""


def _programs(_wish: Wish, told: Mapping[str, Any]) -> dict[str, Any]:
    missing = [name for name in PROGRAMS if not os.access(f"{told['bindir']}/{name}", os.X_OK)]
    if missing:
        raise Refused(f"{told['bindir']} lacks {', '.join(missing)}: name the server's programs with restore_bindir")
    major = told["identity"]["major"]
    if major and int(major) < LEAST_PG:
        raise Refused(f"the cluster is PostgreSQL {major}: pg_amcheck is of {LEAST_PG} and later")
    return {}


def _repository(wish: Wish, told: Mapping[str, Any], *, now: Callable[[], float] = time.time) -> dict[str, Any]:
    found, identifier = wish.repository.sets(), told["identity"]["system_identifier"]
    ours = [one for one in found["backups"] if one["system_identifier"] == identifier]
    if not found["backups"]:
        raise Refused(f"stanza {wish.repository.stanza} has no backup ({found['status']}): there is nothing to restore")
    if not ours:
        raise Refused(
            f"stanza {wish.repository.stanza} has backups of {', '.join(found['systems'])} only, this cluster is"
            f" {identifier}: it is the wrong stanza"
        )
    if found["backing_up"]:
        raise Refused("a backup is being made, and would fail: wait for its end, or end it")
    ways = Ways(
        repository=wish.repository, target=wish.target, wanted_set=wish.wanted_set, identifier=identifier,
        data=wish.cluster.data, bindir=told["bindir"], per_log=_per_log(wish, told),
        running=told["identity"]["running"], unarchived=_unarchived(wish.cluster.data),
    )  # fmt: skip
    return ways.best(ours, now())


def _per_log(wish: Wish, told: Mapping[str, Any]) -> int:
    """Segments in 4 GiB, by the control file, or by what lies in pg_wal; the usual 16 MiB each where neither tells."""
    data = wish.cluster.data
    done = run([f"{told['bindir']}/pg_controldata", "-D", str(data)])
    size = next((line.split(":")[1] for line in done.stdout.splitlines() if line.startswith("Bytes per WAL seg")), "")
    known = int(size) if size.strip().isdigit() else 0
    largest = max((one.stat().st_size for one in (data / "pg_wal").glob("?" * 24)), default=0)
    return LOG_BYTES // (known or largest or USUAL_BYTES)


def _unarchived(data: Path) -> list[str]:
    """Whole segments that the server had not archived yet when it went down."""
    status = data / "pg_wal" / "archive_status"
    found = sorted(one.stem for one in status.glob("*.ready")) if status.is_dir() else []
    return [name for name in found if (data / "pg_wal" / name).exists()]


def _room(wish: Wish, told: Mapping[str, Any]) -> dict[str, Any]:
    chosen = told["set"]
    disk = make_room(wish.cluster.data.parent, backup.room(chosen, wish.spare_bytes))
    return {"disk": disk, **foretell(chosen, wish.target, wish.rate_mb_s)}


def make_room(there: Path, need_bytes: int) -> dict[str, Any]:
    """The room where what is restored will lie, beside the present state; Refused where it is too little."""
    disk = {"path": str(there), "need_bytes": need_bytes, "free_bytes": free_bytes(there)}
    if disk["need_bytes"] > disk["free_bytes"]:
        raise Refused(
            f"{disk['need_bytes']} bytes are needed beside the present state, which is kept aside, and"
            f" {disk['free_bytes']} are free in {there}: make room. Nothing of the present state is deleted for it"
        )
    return disk


def foretell(chosen: Mapping[str, Any], target: Target, rate_mb_s: float) -> dict[str, Any]:
    """`predicted` by the rate of the last drill (0: unknown), and `told`, what would be restored, in words."""
    seconds = round(chosen["size_bytes"] / (rate_mb_s * 1024 * 1024)) if rate_mb_s else None
    # Read in documents of any language: no words. What is not known is a question mark.
    minutes = max(1, round(seconds / 60)) if seconds is not None else "?"
    goal = target.value or target.kind
    words = f"{chosen['label']} @ {goal}; {chosen['size_bytes'] / (1 << 20):.0f} MiB; {minutes} min"
    return {"predicted": {"bytes": chosen["size_bytes"], "seconds": seconds}, "told": words}


def of_run(cluster: Cluster) -> dict[str, Any]:
    """Whether a run has gone back, and what is `wrong` with the state from before, in words."""
    journal = journal_of(cluster.run)
    told: dict[str, Any] = {"back": journal.passed("back"), "wrong": []}
    if not told["back"]:
        return told
    before = journal.told["identity"]
    if cluster.kept.exists():
        told["wrong"].append(f"{cluster.kept} is there: the present state was not put back")
    try:
        if guard.system_identifier(cluster.data) != before["system_identifier"]:
            told["wrong"].append(f"{cluster.data} holds another cluster")
        if before["running"] and source.identity(cluster.reach)["recovering"]:
            told["wrong"].append("the server is in recovery")
    except Refused as refused:
        told["wrong"] += [str(refused)] if before["running"] else []
    return told
