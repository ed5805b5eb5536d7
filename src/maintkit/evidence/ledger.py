"""The ledger: append facts, read them back. Nothing is ever changed or removed."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Select, func, inspect, select

from maintkit.clock import Clock, from_text, to_text
from maintkit.errors import ClockSetBack, LedgerCorrupt, LedgerError, NotFound
from maintkit.evidence import tables
from maintkit.evidence.attach import CAP_BYTES, Attachment, Fault, compress, expand, fault, seal
from maintkit.evidence.database import Database, database, errors
from maintkit.evidence.entry import DOMAIN, GENESIS, Draft, Entry, Head, Row
from maintkit.evidence.lock import WAIT_S, myself
from maintkit.evidence.prepare import Prepared, prepare
from maintkit.evidence.redact import Redactor
from maintkit.evidence.reserve import Reserve, reserve

VERSION = 1
TOLERATED = timedelta(seconds=2)  # what NTP may step back; the last entry's instant then stands for now
_PAGE = (8, 128)  # entries a query, first and largest: a look at the newest stays cheap, a long walk too


class Ledger:
    """An open ledger. Made by `Ledger.create` or `Ledger.open`, closed by `close` or by leaving `with`.

    `redactor` may be replaced at any time, as secrets become known. Appending is safe from several threads.
    """

    def __init__(self, source: Database, *, ledger_id: str, clock: Clock, redactor: Redactor) -> None:
        self.id = ledger_id
        self.clock = clock
        self.redactor = redactor
        self.reserve: Reserve | None = None  # room that a write may use once, when the disk is full
        self._source = source
        self._writer: Connection | None = None
        self._thread = threading.RLock()

    @classmethod
    def create(cls, url: str, *, clock: Clock, redactor: Redactor, ledger_id: uuid.UUID | None = None) -> Self:
        """Make an empty ledger, with a random id unless one is given; LedgerError if there is one already."""
        source = database(url, create=True)
        me = myself(purpose="create the ledger", since=to_text(clock.now()))
        with source.writer(me) as connection, connection.begin():
            if inspect(connection).has_table(tables.ledger.name):
                raise LedgerError(f"{source.name} already holds a ledger", hint="open it, or name another place")
            tables.create(connection)
            connection.execute(
                tables.ledger.insert().values(id=str(ledger_id or uuid.uuid4()), domain=DOMAIN, version=VERSION)
            )
        source.engine.dispose()
        return cls.open(url, clock=clock, redactor=redactor)

    @classmethod
    def open(cls, url: str, *, clock: Clock, redactor: Redactor, read_only: bool = False) -> Self:
        """Open a ledger that exists; LedgerError if there is none or a newer maintkit made it."""
        source = database(url, read_only=read_only)
        with errors(source.name), source.engine.connect() as connection:
            found = connection.execute(select(tables.ledger)).first()
        if found is None or (found.domain, found.version) != (DOMAIN, VERSION):
            raise LedgerError(
                f"{source.name} holds no ledger of version {VERSION}",
                hint="use the maintkit that wrote it, or `maintkit init` for a new one",
            )
        return cls(source, ledger_id=found.id, clock=clock, redactor=redactor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        del kind, error, where
        self.close()

    def close(self) -> None:
        """Close the database's connections; the ledger cannot be used afterwards."""
        self._source.engine.dispose()

    @property
    def name(self) -> str:
        """Where it is, for people: a path, or a URL without its password."""
        return self._source.name

    # ------------------------------------------------------------ writing

    @contextmanager
    def writing(self, purpose: str, *, wait_s: float = WAIT_S) -> Iterator[None]:
        """Be the only writer for a while; LedgerLocked names who else has been it for `wait_s` seconds.

        The lock is the operating system's or the server's: it ends with this process, however that ends. It may be
        taken again by whoever holds it.
        """
        if self._writer is not None:
            yield
            return
        me = myself(purpose=purpose, since=to_text(self.clock.now()))
        with self._source.writer(me, wait_s=wait_s) as connection:
            self._writer = connection
            try:
                yield
            finally:
                self._writer = None

    @contextmanager
    def reserving(self, owner: str) -> Iterator[None]:
        """Keep room on the ledger's disk meanwhile, which a write may use once when the disk is full (`reserve.spent`).

        Raises LedgerError when there is no such room. A ledger in PostgreSQL has its disk elsewhere, and no reserve.
        """
        with reserve(self._source.path, owner) as kept:
            self.reserve = kept
            try:
                yield
            finally:
                self.reserve = None

    def seal(self, content: bytes, *, media_type: str = "application/json", cap_bytes: int = CAP_BYTES) -> Attachment:
        """Mask content and name it by its hash, for an entry's `attachments`; stores nothing yet."""
        return seal(content, media_type=media_type, redactor=self.redactor, cap_bytes=cap_bytes)

    def append(
        self,
        kind: str,
        body: Mapping[str, Any],
        *,
        run: str | None = None,
        subject: str | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> Entry:
        """Record one fact; when this returns it is on the disk.

        Body and subject are masked before they are hashed. Raises LedgerLocked, ClockSetBack, or LedgerError when
        the entry could not be written; then it was not.
        """
        draft = Draft(kind=kind, body=body, run=run, subject=subject, attachments=attachments)
        return self.append_all((draft,))[0]

    def append_all(self, drafts: Iterable[Draft]) -> tuple[Entry, ...]:
        """Record several facts in one transaction: all or none."""
        prepared = [prepare(draft, self.redactor) for draft in drafts]
        try:
            return self._write(prepared)
        except LedgerError as error:
            # A lock, a clock or damage is no matter of room.
            if type(error) is not LedgerError or self.reserve is None or not self.reserve.give():
                raise
            return self._write(prepared)

    def _write(self, prepared: list[Prepared]) -> tuple[Entry, ...]:
        with self._thread, self._connection() as connection, errors(self.name), connection.begin():
            return self._insert(connection, prepared)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """The connection that may write: the one held by `writing`, or one held for this append alone."""
        if self._writer is not None:
            yield self._writer
            return
        me = myself(purpose="append", since=to_text(self.clock.now()))
        with self._source.writer(me) as connection:
            yield connection

    def _insert(self, connection: Connection, prepared: list[Prepared]) -> tuple[Entry, ...]:
        last = _last(connection)
        at = self._instant(last)
        head = Head(seq=last.seq, hash=last.hash) if last else Head(seq=0, hash=GENESIS)
        entries = []
        for fact in prepared:
            row = fact.row(self.id, at=at, after=head)
            for attachment in fact.attachments:
                _keep(connection, attachment)
            connection.execute(tables.entry.insert(), [asdict(row)])
            head = Head(seq=row.seq, hash=row.hash)
            entries.append(replace(row.entry(), masked=fact.masked))
        return tuple(entries)

    def _instant(self, last: Row | None) -> str:
        now = self.clock.now()
        if last is None:
            return to_text(now)
        behind = from_text(last.at) - now
        if behind > TOLERATED:
            raise ClockSetBack(
                f"this machine's clock says {to_text(now)}, {behind.total_seconds():.0f} s behind entry {last.seq}"
                f" of {last.at}",
                hint="set the clock (`timedatectl`, `chronyc tracking`) and run the command again",
            )
        return max(to_text(now), last.at)

    # ------------------------------------------------------------ reading

    def head(self) -> Head:
        """The last entry's number and hash; 0 and zeros when there is none."""
        with errors(self.name), self._source.engine.connect() as connection:
            last = _last(connection)
        return Head(seq=last.seq, hash=last.hash) if last else Head(seq=0, hash=GENESIS)

    def entries(
        self,
        *,
        kind: str | None = None,
        run: str | None = None,
        subject: str | None = None,
        after: int = 0,
        before: int | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        """Entries with these marks and `after < seq < before`, oldest first unless told otherwise.

        Reads page by page, so that memory stays flat and a slow reader never keeps a writer waiting.
        """
        wanted = select(tables.entry)
        for column, mark in ((tables.entry.c.kind, kind), (tables.entry.c.run, run), (tables.entry.c.subject, subject)):
            if mark is not None:
                wanted = wanted.where(column == mark)
        for row in self.rows(wanted, after=after, before=before, newest_first=newest_first, limit=limit):
            yield self._parsed(row)

    def entry(self, seq: int) -> Entry:
        """One entry by its number; NotFound if there is none."""
        for row in self.rows(select(tables.entry), after=seq - 1, before=seq + 1):
            return self._parsed(row)
        raise NotFound(f"no entry {seq} in {self.name}", hint=f"the last entry is {self.head().seq}")

    def _parsed(self, row: Row) -> Entry:
        try:
            return row.entry()
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerCorrupt(
                f"entry {row.seq} cannot be read: {error}", hint="run `maintkit ledger verify`"
            ) from error

    def rows(
        self,
        wanted: Select[Any] | None = None,
        *,
        after: int = 0,
        before: int | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """Entries as stored, for verifying and exporting."""
        seq = tables.entry.c.seq
        wanted = select(tables.entry) if wanted is None else wanted
        wanted = wanted.order_by(seq.desc() if newest_first else seq)
        low, high, left, page = after, before, limit, _PAGE[0]
        while left is None or left > 0:
            size = page if left is None else min(page, left)
            query = wanted.where(seq > low).limit(size)
            query = query if high is None else query.where(seq < high)
            with errors(self.name), self._source.engine.connect() as connection:
                found = [Row(**row) for row in connection.execute(query).mappings()]
            yield from found
            if len(found) < size:
                return
            low, high = (low, found[-1].seq) if newest_first else (found[-1].seq, high)
            left = None if left is None else left - size
            page = min(page * 2, _PAGE[1])

    def attachment(self, sha256: str) -> bytes:
        """An attachment's content; NotFound if there is none of this name, LedgerCorrupt if it was damaged."""
        found = self.stored_attachment(sha256)
        if found is None:
            raise NotFound(f"no attachment {sha256} in {self.name}", hint="`maintkit ledger show` lists an entry's own")
        return expand(found[1], size=found[0])

    def stored_attachment(self, sha256: str) -> tuple[int, bytes, str] | None:
        """Size, compressed content and media type, unchecked; None if there is none of this name.

        LedgerCorrupt when they are not even a number and bytes, which SQLite does not mind.
        """
        table = tables.attachment
        query = select(table.c.size, table.c.content, table.c.media_type).where(table.c.sha256 == sha256)
        with errors(self.name), self._source.engine.connect() as connection:
            found = connection.execute(query).first()
        if found is None:
            return None
        if not isinstance(found.size, int) or not isinstance(found.content, bytes):
            raise LedgerCorrupt(f"attachment {sha256} is not stored as bytes", hint="run `maintkit ledger verify`")
        return found.size, found.content, str(found.media_type)

    def attachment_fault(self, sha256: str) -> Fault | None:
        """Whether an attachment is missing or altered; None when it is whole."""
        try:
            found = self.stored_attachment(sha256)
        except LedgerCorrupt:
            return "altered"
        return fault(sha256, None if found is None else found[:2])

    def missing_triggers(self) -> tuple[str, ...]:
        """Triggers that should refuse changes and are not in force."""
        with errors(self.name), self._source.engine.connect() as connection:
            return tables.missing_triggers(connection)


def _last(connection: Connection) -> Row | None:
    newest = select(tables.entry).where(tables.entry.c.seq == select(func.max(tables.entry.c.seq)).scalar_subquery())
    found = connection.execute(newest).mappings().first()
    return Row(**found) if found else None


def _keep(connection: Connection, attachment: Attachment) -> None:
    """Store content once, however many entries name it."""
    table = tables.attachment
    there = connection.execute(select(table.c.size).where(table.c.sha256 == attachment.sha256)).first()
    if there is not None:
        return
    connection.execute(
        table.insert().values(
            sha256=attachment.sha256,
            media_type=attachment.media_type,
            size=len(attachment.content),
            content=compress(attachment.content),
        )
    )
