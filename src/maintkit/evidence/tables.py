"""The ledger's tables, and the triggers that refuse to change what was written."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

metadata = MetaData()

_SEQ = BigInteger().with_variant(Integer(), "sqlite")

ledger = Table(
    "ledger",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("domain", Text, nullable=False),
    Column("version", Integer, nullable=False),
)

entry = Table(
    "entry",
    metadata,
    Column("seq", _SEQ, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("run", Text),
    Column("subject", Text),
    Column("body", Text, nullable=False),
    Column("attachments", Text, nullable=False),
    Column("prev", String(64), nullable=False, unique=True),  # a chain cannot fork
    Column("hash", String(64), nullable=False, unique=True),
    Index("entry_kind", "kind", "subject", "seq"),
    Index("entry_run", "run", "seq"),
    Index("entry_subject", "subject", "seq"),
)

attachment = Table(
    "attachment",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# Who holds the lock; not evidence, and read only while somebody does hold it. SQLite has the lock file for this.
holder = Table("holder", MetaData(), Column("one", Integer, primary_key=True), Column("who", Text, nullable=False))

_KEPT = ("ledger", "entry", "attachment")
_REFUSED = "the ledger is append-only"


def create(connection: Connection) -> None:
    """Make tables and triggers within the caller's transaction."""
    metadata.create_all(connection)
    if connection.dialect.name == "postgresql":
        holder.create(connection)
    for statement in _statements(connection.dialect.name):
        connection.execute(text(statement))


def missing_triggers(connection: Connection) -> tuple[str, ...]:
    """Names of triggers that are not there, are switched off, or do not say what they said when they were made."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        found = {row.name: row.sql for row in rows}
        return tuple(name for name, sql in _sqlite_triggers().items() if found.get(name) != sql)
    enabled = connection.execute(
        text(
            "SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgenabled IN ('O', 'A') AND p.prosrc = :source AND t.tgrelid IN"
            " (to_regclass('ledger'), to_regclass('entry'), to_regclass('attachment'))"
        ),
        {"source": _PG_SOURCE},
    ).scalars()
    return tuple(sorted(set(_postgres_triggers()) - set(enabled)))


def _statements(dialect: str) -> tuple[str, ...]:
    if dialect == "sqlite":
        return tuple(_sqlite_triggers().values())
    return (
        f"CREATE FUNCTION maintkit_append_only() RETURNS trigger LANGUAGE plpgsql AS $${_PG_SOURCE}$$",
        *_postgres_triggers().values(),
    )


def _sqlite_triggers() -> dict[str, str]:
    """INSERT OR REPLACE deletes without a DELETE trigger, so inserting over a row is refused too."""
    triggers = {
        f"{table}_{event.lower()}": f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        for table in _KEPT
        for event in ("UPDATE", "DELETE")
    }
    taken = {
        "ledger": "EXISTS (SELECT 1 FROM ledger)",
        "entry": "NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM entry)",
        "attachment": "EXISTS (SELECT 1 FROM attachment WHERE sha256 = NEW.sha256)",
    }
    for table, condition in taken.items():
        triggers[f"{table}_insert"] = (
            f"CREATE TRIGGER {table}_insert BEFORE INSERT ON {table} WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )
    return triggers


_PG_SOURCE = f" BEGIN RAISE EXCEPTION '{_REFUSED}'; END "


def _postgres_triggers() -> dict[str, str]:
    triggers = {
        f"{table}_change": f"CREATE TRIGGER {table}_change BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION maintkit_append_only()"
        for table in _KEPT
    }
    for table in _KEPT:
        triggers[f"{table}_truncate"] = (
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION maintkit_append_only()"
        )
    return triggers
