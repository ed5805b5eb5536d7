"""his-demo-migrate: bring the schema to the version that this package expects, all of it or nothing.

PostgreSQL rolls back DDL. What is pending runs in ONE transaction under an advisory lock, so after a failure the schema
is what it was; only sequence values, dead rows and their WAL remain. A statement that would end the transaction
(COMMIT) or cannot run inside one (CREATE INDEX CONCURRENTLY) is therefore refused before anything runs.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2.extensions import cursor as Cursor

from his_demo import VERSION
from his_demo.settings import HERE, load

DIRECTORY = HERE / "migrations"
LOCK = 4705  # any number, the same for all hosts
NAME = re.compile(r"(\d{4})-([a-z0-9-]+)\.sql")
ESCAPES = re.compile(
    r"^\s*(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|VACUUM)\b|\bCONCURRENTLY\b", re.IGNORECASE | re.MULTILINE
)
TABLE = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        number integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,
        applied_by text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"""


class MigrationError(Exception):
    """The schema was left as it was."""


@dataclass(frozen=True)
class Migration:
    """NNNN-name.sql and, where the way back exists, NNNN-name.down.sql."""

    number: int
    name: str
    up: Path

    @property
    def down(self) -> Path:
        return self.up.with_suffix(".down.sql")

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.up.read_bytes()).hexdigest()


def available() -> list[Migration]:
    """What the installed package brings, in order."""
    found = [(NAME.fullmatch(path.name), path) for path in sorted(DIRECTORY.glob("*.sql"))]
    return [Migration(int(match[1]), match[2], path) for match, path in found if match]


def applied(cursor: Cursor) -> dict[int, tuple[str, str]]:
    """number -> (name, sha256) of what the database has; nothing where it was never migrated."""
    cursor.execute("SELECT to_regclass('schema_migration')")
    if cursor.fetchone() == (None,):
        return {}
    cursor.execute("SELECT number, name, sha256 FROM schema_migration ORDER BY number")
    return {number: (name, sha256) for number, name, sha256 in cursor.fetchall()}


def status(cursor: Cursor) -> None:
    """One line a migration: number, name, applied | pending | unknown-to-this-version."""
    done = applied(cursor)
    here = {migration.number: migration.name for migration in available()}
    for number in sorted(here.keys() | done.keys()):
        state = "pending" if number not in done else "applied" if number in here else "unknown-to-this-version"
        print(f"{number:04d}\t{here.get(number) or done[number][0]}\t{state}")


def migrate(cursor: Cursor, target: int | None) -> None:
    """Go to `target`, or to the newest that this package brings; never down unless a target says so."""
    cursor.execute("SET LOCAL lock_timeout = '5s'")
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    cursor.execute(TABLE)
    done = applied(cursor)
    here = available()
    for migration in here:
        if migration.number in done and done[migration.number][1] != migration.sha256:
            raise MigrationError(f"{migration.up.name} is not the file that was applied")
    if target is not None:
        step_down(cursor, [number for number in reversed(done) if number > target])
    for migration in here:
        if migration.number not in done and (target is None or migration.number <= target):
            run(cursor, migration.up)
            record = (migration.number, migration.name, migration.sha256, VERSION)
            cursor.execute(
                "INSERT INTO schema_migration (number, name, sha256, applied_by) VALUES (%s,%s,%s,%s)", record
            )
            print(f"applied {migration.up.name}")


def step_down(cursor: Cursor, numbers: Sequence[int]) -> None:
    """Run the down scripts, newest first."""
    here = {migration.number: migration for migration in available()}
    for number in numbers:
        if number not in here or not here[number].down.exists():
            raise MigrationError(f"there is no way down from {number:04d} in this version ({VERSION})")
        run(cursor, here[number].down)
        cursor.execute("DELETE FROM schema_migration WHERE number = %s", (number,))
        print(f"reverted {here[number].up.name}")


def run(cursor: Cursor, script: Path) -> None:
    """Run one file inside the caller's transaction."""
    sql = script.read_text(encoding="utf-8")
    if (escape := ESCAPES.search(re.sub(r"--.*", "", sql))) is not None:
        raise MigrationError(f"{script.name}: {escape[0].strip()} cannot be rolled back with the rest")
    try:
        cursor.execute(sql)
    except psycopg2.Error as error:
        raise MigrationError(f"{script.name}: {str(error).strip()}") from error


def main() -> int:
    """0 when the schema is where it should be, 1 when nothing was changed because something failed."""
    parser = argparse.ArgumentParser(prog="his-demo-migrate", description=__doc__.splitlines()[0])
    parser.add_argument("--status", action="store_true", help="show what is applied and pending; change nothing")
    parser.add_argument(
        "--to", type=int, metavar="N", help="stop at migration N, going down where a down script exists"
    )
    arguments = parser.parse_args()
    try:
        with (
            psycopg2.connect(
                load().owner_dsn_file.read_text(encoding="utf-8").strip(), connect_timeout=5
            ) as connection,
            connection.cursor() as cursor,
        ):
            status(cursor) if arguments.status else migrate(cursor, arguments.to)
    except (MigrationError, psycopg2.Error, OSError) as error:
        print(f"his-demo-migrate: failed, nothing was changed: {str(error).strip()}", file=sys.stderr)
        return 1
    return 0
