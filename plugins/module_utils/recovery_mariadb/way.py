"""Where in the binary logs a restore ends, and what lies on the way there; on whichever host keeps them, reading only.

A binary log tells time by the second: of what was committed within the target's own second nothing is replayed.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill_mariadb.mark import SCHEMA, TABLE
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb import binlog
from ansible_collections.maintkit.ops.plugins.module_utils.recovery.target import seconds_of

# Between transactions: the end of a log, its beginning, notes of the server's own.
# https://mariadb.com/kb/en/2-binlog-event-header/ and the pages of each event
BETWEEN = frozenset({3, 4, binlog.FORMAT, 161, binlog.GTID, binlog.GTID_LIST, binlog.ENCRYPTED})
ROWS = frozenset({23, 24, 25, 30, 31, 32, *range(166, 172)})
LONGEST = 1 << 20  # no transaction that writes a mark is longer


def logs_of(folder: Path, base: str) -> list[Path]:
    """The binary logs of one name in a folder, in their order; empty ones are left out."""
    there = folder.iterdir() if folder.is_dir() else ()
    named = [(binlog.NUMBERED.fullmatch(one.name), one) for one in there]
    ours = [one for found, one in named if found and found[1] == base and one.stat().st_size]
    return sorted(ours, key=lambda one: binlog.number(one.name))


def told_of(store: Mapping[str, Any], logs: Path, kind: str, value: str) -> dict[str, Any]:
    """`stop` and `state` of the kept logs that the newest set leads on in."""
    files = [one["position"]["file"] for one in store["sets"] if one["position"]["file"]]
    paths = logs_of(logs, files[-1].rpartition(".")[0]) if files else []
    return {"stop": stop_of(paths, kind, value), "state": ",".join(binlog.state_of(paths[-1])) if paths else ""}


def stop_of(paths: Sequence[Path], kind: str, value: str) -> dict[str, Any] | None:
    """Where in these logs a restore to this target ends: `file`, `at`, `made_at`; None where they do not tell."""
    if kind == "time":
        return stop_at(paths, int(seconds_of(value)))
    return stop_behind_mark(paths, value) if kind == "name" else None


def stop_at(paths: Sequence[Path], limit: int) -> dict[str, Any] | None:
    """Before the first transaction that is not of before this second.

    One that says it is of later than its log's end has set its clock by hand: it is none.
    """
    ended = [*(binlog.made_at(path) for path in paths[1:]), *(path.stat().st_mtime for path in paths[-1:])]
    for path, until in zip(paths, ended):  # noqa: B905  # hosts have a Python without strict
        if until < limit:
            continue
        for event in binlog.events(path):
            if event.kind == binlog.GTID and limit <= event.made_at <= until + 1:
                return {"file": path.name, "at": event.at, "made_at": event.made_at}
    return None


def stop_behind_mark(paths: Sequence[Path], name: str) -> dict[str, Any] | None:
    """Behind the transaction that wrote the row of this mark: the first one of that name."""
    for path in paths:
        with path.open("rb") as held, mmap.mmap(held.fileno(), 0, access=mmap.ACCESS_READ) as text:
            for begin, end, made_at in _around(path, list(_hits(text, SCHEMA.encode()))):
                if end - begin <= LONGEST and _is_mark(text[begin:end], name):
                    return {"file": path.name, "at": end, "made_at": made_at}
    return None


def _written(name: str) -> tuple[bytes, ...]:
    """How a name stands in a statement: in hexadecimal as maintkit writes it, or quoted by a person."""
    raw = name.encode()
    return (raw.hex().encode(), raw.hex().upper().encode(), b"'" + raw + b"'", b'"' + raw + b'"')


def _row(name: str) -> bytes:
    return bytes([len(name.encode()) & 0xFF]) + name.encode() + b"\x04mark"


def _hits(text: mmap.mmap, pattern: bytes) -> Iterator[int]:
    at = text.find(pattern)
    while at >= 0:
        yield at
        at = text.find(pattern, at + 1)


def _around(path: Path, hits: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(begin, end, time) of each transaction that has a hit in it."""
    for begin, end, made_at in transactions(path) if hits else ():
        next_one = bisect_left(hits, begin)
        if next_one == len(hits):
            return
        if hits[next_one] < end:
            yield begin, end, made_at


def _is_mark(text: bytes, name: str) -> bool:
    """By a value of a row, or by the words of a statement; that it was the table's row the replay itself shows."""
    if _row(name) in text:
        return True
    named = TABLE.encode() in text and any(one in text for one in _written(name))
    return named and (b"'mark'" in text or b'"mark"' in text)


def transactions(path: Path) -> Iterator[tuple[int, int, int]]:
    """(begin, end, time) of each transaction in a log."""
    start, end, made_at = 0, 0, 0
    for event in binlog.events(path):
        if event.kind in BETWEEN:
            if start:
                yield start, end, made_at
            start, made_at = (event.at, event.made_at) if event.kind == binlog.GTID else (0, 0)
        end = event.end
    if start:
        yield start, end, made_at


@dataclass
class Way:
    """What lies between a set and where a restore ends. `last` and `least` are transactions by domain.

    `last` is the newest one. `least` is the newest one that has changed rows and so must be found in what was restored:
    a statement that met no row leaves no trace there.
    """

    count: int = 0
    committed_at: int = 0
    last: dict[int, int] = field(default_factory=dict)
    least: dict[int, int] = field(default_factory=dict)


def follow(folder: Path, names: Sequence[str], position: Mapping[str, Any], stop: Mapping[str, Any]) -> Way:
    """Read the way from a set to its end. Refused where the set is of another history, or a log was cut off."""
    way, known, entered, current = Way(), {}, False, (0, 0)
    for number, name in enumerate(names):
        begin = int(position["at"]) if number == 0 else 4
        for event in binlog.events(folder / name, bodies=frozenset({binlog.GTID, binlog.GTID_LIST})):
            if not entered and event.at >= begin:
                entered = True
                _refuse_other_history(known, position, event.at)
            if name == stop["file"] and event.at >= int(stop["at"]):
                break
            if event.kind == binlog.GTID_LIST:
                _refuse_cut_off(known, binlog.listed(event), names[number - 1] if number else "")
                known.update(binlog.listed(event))
            elif event.kind == binlog.GTID:
                domain, server, sequence = binlog.transaction(event)
                known[domain, server], current = sequence, (domain, sequence)
                if entered:
                    way.last[domain] = sequence
                    way.count, way.committed_at = way.count + 1, event.made_at
            elif event.kind in ROWS and entered:
                way.least[current[0]] = current[1]
    return way


def _refuse_other_history(known: Mapping[tuple[int, int], int], position: Mapping[str, Any], at: int) -> None:
    """The set says at which transactions it was at its position; the log must say the same."""
    first = position["file"]
    if at != int(position["at"]):
        raise Refused(f"no event begins at {first}:{position['at']}, where the set ended: it is of another log")
    said = [tuple(int(part) for part in one.split("-")) for one in position["gtid"].split(",") if one]
    wrong = [one for one in said if known.get((one[0], one[1])) != one[2]]
    if wrong:
        raise Refused(
            f"at {position['file']}:{position['at']} the set is at {position['gtid']} and the binary log is not: it is"
            " the backup of another server, or the logs were begun anew"
        )


def _refuse_cut_off(known: Mapping[tuple[int, int], int], listed: Mapping[tuple[int, int], int], before: str) -> None:
    """A log begins with how far its server had come: more than the one before it holds was lost from that one."""
    if before and any(sequence > known.get(owner, -1) for owner, sequence in listed.items()):
        raise Refused(f"the binary log {before} is cut off: the one after it begins further on")


def refuse_short(reached: str, way: Way) -> None:
    """Refused unless what was restored has come to the end of its way and no step further.

    `reached` are the last transactions in its own binary log, one a domain.
    """
    come = {}
    with suppress(ValueError):
        for one in filter(None, reached.split(",")):
            domain, _server, sequence = (int(part) for part in one.split("-"))
            come[domain] = sequence
    for domain, least in way.least.items():
        if come.get(domain, -1) < least:
            raise Refused(f"replay ended at {reached or 'none'}, short of transaction {least} in domain {domain}")
    beyond = [one for one, sequence in come.items() if sequence > way.last.get(one, -1)]
    if beyond:
        raise Refused(f"replay ended at {reached}, further than {way.last.get(beyond[0], 'none')} where it was to end")
