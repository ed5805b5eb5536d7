"""Sets of mariadb-backup and the binary logs kept beside them, as the folders tell; and which set a drill restores."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused, machine_id
from ansible_collections.maintkit.ops.plugins.module_utils.collector.mariabackup import (
    CORRUPTED,
    SET_CHECKPOINTS,
    SET_INFOS,
    parse_set_info,
    set_folders,
    set_text,
)
from ansible_collections.maintkit.ops.plugins.module_utils.collector.text import settings
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb import binlog

POSITIONS = ("mariadb_backup_binlog_info", "xtrabackup_binlog_info")
OUTWARD = re.compile(r"^innodb_\w+\s*=\s*(/.*)$", re.MULTILINE)
POLL_S = 0.5


def look(path: Path, logs: Path) -> dict[str, Any]:
    """`sets` that ended, newest last, `logs` by name and size, `machine_id`; Refused where a folder cannot be read."""
    for folder in (path, logs):
        if not folder.is_dir():
            raise Refused(f"{folder} is no folder on this host: name where sets and binary logs lie")
    sets = [one for folder, names in set_folders(str(path)) for one in _set(Path(folder), names, path)]
    sets.sort(key=lambda one: (one["stopped_at"], one["to_lsn"] or 0))
    files = [one for one in logs.iterdir() if binlog.NUMBERED.fullmatch(one.name)]
    # A restore leaves an empty file where the way ends (recovery_mariadb/opening.py): it is none that leads on.
    kept = {one.name: one.stat().st_size for one in files if one.stat().st_size}
    return {"sets": sets, "logs": kept, "machine_id": machine_id(), "newest": _newest(logs, kept)}


def _newest(logs: Path, kept: Iterable[str]) -> dict[str, Any] | None:
    """How far the kept logs reach: `file`, `end` of its last whole event, `made_at` of that."""
    for name in sorted(kept, key=binlog.number, reverse=True):
        end, made_at = binlog.reach_of(logs / name)
        if made_at:
            return {"file": name, "end": end, "made_at": made_at}
    return None


def wait(logs: Path, wanted: Mapping[str, int], seconds: float) -> float:
    """Until these logs have arrived whole; seconds that it took. Refused names those that have not."""
    began = time.monotonic()
    while True:
        late = [name for name, size in wanted.items() if not _whole(logs / name, size)]
        if not late:
            return round(time.monotonic() - began, 3)
        if time.monotonic() - began > seconds:
            raise Refused(
                f"of the binary log {', '.join(late[:5])} no whole copy lies in {logs} within {seconds:.0f} s: what"
                " happened after it could not be restored. See the job that copies binary logs"
            )
        time.sleep(POLL_S)


def _whole(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _set(folder: Path, names: Sequence[str], root: Path) -> Iterator[dict[str, Any]]:
    info = next((one for one in SET_INFOS if one in names), None)
    if info is None or not any(one in names for one in SET_CHECKPOINTS):
        return
    text = set_text(str(folder), info)
    told, said = parse_set_info(text), settings(text)
    if told["stopped_at"] is None:
        return
    position = next((one for one in POSITIONS if one in names), None)
    file, at, gtid = [*(folder / position).read_text().split(), "", "", ""][:3] if position else ("", "", "")
    files = [one for one in folder.rglob("*") if not one.is_dir()]
    yield {
        **told,
        "label": str(folder.relative_to(root)) if folder != root else folder.name,
        "folder": str(folder),
        "size_bytes": sum(one.lstat().st_size for one in files),
        "damaged": CORRUPTED in names,
        "outward": _outward(folder, files),
        "version": said.get("server_version", "").partition("-")[0],
        "position": {"file": Path(file).name, "at": int(at or 0), "gtid": gtid},
    }


def _outward(folder: Path, files: Sequence[Path]) -> list[str]:
    """What would lead a restored server out of its directory: links, tables elsewhere, paths of the engine."""
    found = [str(one.relative_to(folder)) for one in files if one.is_symlink() or one.suffix == ".isl"]
    own = folder / "backup-my.cnf"
    return found + (OUTWARD.findall(own.read_text()) if own.is_file() else [])


def choose(
    told: Mapping[str, Any], *, job: str, wanted: str, source: Mapping[str, Any], now: float, oldest_h: float
) -> dict[str, Any]:
    """The set to restore, the wanted one or the newest, with its `chain` from the full one on; Refused if it is unfit.

    Unfit is what could not show what a drill is to show.
    """
    sets = [one for one in told["sets"] if one["kind"] != "partial"]
    if not sets:
        raise Refused(f"job {job} has no finished set of mariadb-backup: there is nothing to restore")
    found = next((one for one in sets if one["label"] == wanted), None) if wanted else sets[-1]
    if found is None:
        raise Refused(f"job {job} has no set {wanted}: the newest is {sets[-1]['label']}")
    label = found["label"]
    chain = _chain(found, sets)
    for one in chain:
        _refuse_unfit(one)
    position = found["position"]
    if not position["file"]:
        raise Refused(f"set {label} names no position in a binary log: log_bin was off, nothing leads on from it")
    _refuse_other_source(label, position["gtid"], source)
    age_h = (now - found["stopped_at"]) / 3600
    if oldest_h and age_h > oldest_h:
        raise Refused(f"set {label} is {age_h:.1f} h old, {oldest_h:g} h are allowed: backups have stopped")
    size = sum(one["size_bytes"] for one in chain)
    return {**found, "chain": chain, "age_h": round(age_h, 2), "repo_bytes": size, "size_bytes": size}


def _chain(found: Mapping[str, Any], sets: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    chain = [dict(found)]
    while chain[0]["kind"] == "incr":
        first = chain[0]
        base = [one for one in sets if one["to_lsn"] == first["from_lsn"] and one["stopped_at"] < first["stopped_at"]]
        if not base:
            raise Refused(
                f"set {first['label']} begins at LSN {first['from_lsn']}, and no set ends there: it has no base"
            )
        chain.insert(0, dict(base[-1]))
    return chain


def _refuse_unfit(one: Mapping[str, Any]) -> None:
    if not one["plain"]:
        raise Refused(f"set {one['label']} is packed or streamed: lay it out as a folder of plain files first")
    if one["damaged"]:
        raise Refused(f"set {one['label']} holds pages that were damaged when it was made: see the source's disk")
    if one["outward"]:
        raise Refused(f"set {one['label']} leads out of its directory ({', '.join(one['outward'][:3])}): not restored")


def _refuse_other_source(label: str, gtid: str, source: Mapping[str, Any]) -> None:
    """By what the set's last transactions are: each must be one that the source has, or has had."""
    known: dict[tuple[str, str], int] = {}
    for domain, server, sequence in gtids(source["gtid_state"]):
        known[domain, server] = max(sequence, known.get((domain, server), 0))
    for domain, server, sequence in gtids(gtid):
        if known.get((domain, server), -1) < sequence:
            raise Refused(
                f"set {label} ends at {domain}-{server}-{sequence}, which the source has never had (it is at"
                f" {source['gtid_state'] or 'none'}): it is of another server, or the source was made anew"
            )


def gtids(text: str) -> Iterator[tuple[str, str, int]]:
    """(domain, server, number) of each transaction in a list of them."""
    for one in filter(None, text.split(",")):
        domain, server, sequence = one.strip().split("-")
        yield domain, server, int(sequence)


def way(label: str, position: Mapping[str, Any], last: str, kept: Mapping[str, int]) -> list[str]:
    """The binary logs from a set to one of the source's, in their order; Refused names each that is not kept."""
    names = binlog.between(position["file"], last)
    missing = [one for one in names if one not in kept]
    if missing:
        raise Refused(
            f"between set {label} and now the binary log {', '.join(missing[:5])} is missing: what happened in it is"
            " lost"
        )
    return names


def refuse_gaps(found: Mapping[str, Any], told: Mapping[str, Any], source: Mapping[str, Any]) -> int:
    """Bytes of the kept logs from the set on. Refused when one that is closed is missing, or cut off.

    The source's newest is still written to, and may not be there yet.
    """
    closed = sorted(source["logs"], key=binlog.number)[:-1]
    first = binlog.number(found["position"]["file"])
    if closed and binlog.number(closed[-1]) >= first:
        for name in way(found["label"], found["position"], closed[-1], told["logs"]):
            size = source["logs"].get(name, told["logs"][name])
            if told["logs"][name] != size:
                raise Refused(f"the binary log {name} is kept with {told['logs'][name]} bytes, the source has {size}")
    return sum(size for name, size in told["logs"].items() if binlog.number(name) >= first)


def unkept_s(
    mark: Mapping[str, Any], newest: Mapping[str, Any] | None, *, set_ended: float, apart: bool
) -> float | None:
    """Seconds of work that lay nowhere but on the source when it was marked; never less than it was.

    None where the logs are kept on the source's own machine: what would be left without it was not seen.
    """
    if not apart:
        return None
    before = mark["before"]
    if newest and (binlog.number(newest["file"]), newest["end"]) >= (binlog.number(before["file"]), before["at"]):
        return 0.0
    at = datetime.fromisoformat(mark["at"]).timestamp()
    return round(max(0.0, at - (newest["made_at"] if newest else set_ended)), 3)


def room(found: Mapping[str, Any], spare_bytes: int) -> int:
    """Bytes that the copy takes: its sets, the logs, which are written once more on the way, a tenth, and the spare."""
    return int(found["size_bytes"]) * 11 // 10 + 2 * int(found["log_bytes"]) + spare_bytes
