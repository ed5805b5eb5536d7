"""Binary logs as files: where their events begin and end, and what they say of their server. No row is looked at.

https://mariadb.com/kb/en/2-binlog-event-header/ : 19 bytes before each event (time, kind, server, length, next,
flags).
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused

MAGIC = b"\xfebin"
HEADER = struct.Struct("<IBIIIH")
FORMAT, GTID, GTID_LIST, ENCRYPTED = 15, 162, 163, 164
NUMBERED = re.compile(r"(.+)\.(\d{6,})")


class Event(NamedTuple):
    """One event: where it begins and ends in its file, when it was made (seconds since 1970), by which server."""

    at: int
    end: int
    kind: int
    server_id: int
    made_at: int
    body: bytes


def events(path: Path, begin: int = 4, *, bodies: frozenset[int] = frozenset()) -> Iterator[Event]:
    """Whole events from `begin` on; what is half written at the end is left out. `bodies`: kinds that are read.

    Refused where the file is none, is encrypted, or holds at `begin` something that is no event.
    """
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise Refused(f"{path} is no binary log that can be read here")
        size = os.fstat(file.fileno()).st_size
        at = begin
        while at + HEADER.size <= size:
            file.seek(at)
            made_at, kind, server_id, length, _next, _flags = HEADER.unpack(file.read(HEADER.size))
            if kind == ENCRYPTED:
                raise Refused(f"{path} is encrypted: its events cannot be followed")
            if length < HEADER.size:
                raise Refused(f"{path} holds no event at {at}: it is damaged, or the position is of another log")
            if at + length > size:
                return
            body = file.read(length - HEADER.size) if kind in bodies else b""
            yield Event(at=at, end=at + length, kind=kind, server_id=server_id, made_at=made_at, body=body)
            at += length


def reach_of(path: Path) -> tuple[int, int]:
    """(end of the last whole event, when it was made); (4, 0) of a log without any."""
    last = (4, 0)
    for event in events(path):
        last = (event.end, event.made_at or last[1])
    return last


def position_of(path: Path, gtid: str, begin: int = 4) -> int | None:
    """Where the transaction with this GTID begins; None when it is not in this log."""
    wanted = tuple(int(one) for one in gtid.split("-"))
    for event in events(path, begin, bodies=frozenset({GTID})):
        if event.kind == GTID and transaction(event) == wanted:
            return event.at
    return None


def made_at(path: Path) -> int:
    """When a log was begun, in seconds since 1970: what is in the one before it was made before."""
    return next((event.made_at for event in events(path)), 0)


def last_transaction(path: Path) -> int:
    """When the last transaction in a log was made; 0 of a log without any."""
    return max((event.made_at for event in events(path) if event.kind == GTID), default=0)


def listed(event: Event) -> dict[tuple[int, int], int]:
    """What a list at a log's beginning says: the last transaction of each domain and server until then."""
    count = struct.unpack_from("<I", event.body)[0] & 0x0FFFFFFF
    rows = (struct.unpack_from("<IIQ", event.body, 4 + 16 * one) for one in range(count))
    return {(domain, server): sequence for domain, server, sequence in rows}


def transaction(event: Event) -> tuple[int, int, int]:
    """(domain, server, number) of a GTID event that was read with its body."""
    sequence, domain = struct.unpack_from("<QI", event.body)
    return domain, event.server_id, sequence


def state_of(path: Path) -> list[str]:
    """The transactions up to the end of a log, by domain and server, as a server writes them into its `.state`.

    In the order in which they came last: of a domain the last line is the newest.
    """
    known: dict[tuple[int, int], int] = {}
    for event in events(path, bodies=frozenset({GTID, GTID_LIST})):
        if event.kind == GTID_LIST:
            known.update(listed(event))
        if event.kind == GTID:
            domain, server, sequence = transaction(event)
            known.pop((domain, server), None)
            known[domain, server] = sequence
    return [f"{domain}-{server}-{sequence}" for (domain, server), sequence in known.items()]


def servers(path: Path) -> set[int]:
    """The servers whose transactions came before this log, by the list at its beginning."""
    found: set[int] = set()
    for event in events(path, bodies=frozenset({GTID_LIST})):
        if event.kind == GTID_LIST:
            found |= {server for _domain, server in listed(event)}
        if event.kind not in (FORMAT, GTID_LIST):
            found.add(event.server_id)
            return found
    return found


def number(file: str) -> int:
    """The number at the end of a log's name; Refused for what is no such name."""
    found = NUMBERED.fullmatch(file)
    if not found:
        raise Refused(f"{file!r} is no name of a binary log")
    return int(found[2])


def between(first: str, last: str) -> list[str]:
    """The names of all logs from one to another; Refused when they do not belong together."""
    begin, end = NUMBERED.fullmatch(first), NUMBERED.fullmatch(last)
    if not begin or not end or begin[1] != end[1] or int(begin[2]) > int(end[2]):
        raise Refused(f"no way leads from {first} to {last}: the logs were begun anew, or are those of another server")
    return [f"{begin[1]}.{one:0{len(begin[2])}d}" for one in range(int(begin[2]), int(end[2]) + 1)]
