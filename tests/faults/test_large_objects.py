"""Large objects of a real PostgreSQL are compared in a drill, as tables are."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import drills
import pytest
from drills import Drilling, Source, part, source
from postgres import as_owner, binaries

REFUSED = part("changes.place").Refused
PAGES, OBJECTS = "pg_catalog.pg_largeobject", "pg_catalog.pg_largeobject_metadata"


@pytest.fixture(scope="module")
def his() -> Iterator[Source]:
    """A source with a scanned report of 5000 bytes, which are three pages."""
    with source() as made:
        made.sql("SELECT lo_from_bytea(4711, convert_to(repeat('报告', 833) || 'ab', 'UTF8'))")
        yield made


@pytest.fixture
def drilling(his: Source) -> Iterator[Drilling]:
    with drills.drilling(his) as made:
        yield made


def test_a_large_object_that_differs_is_found(drilling: Drilling) -> None:
    drill = drilling.drill()
    marked = {one["table"]: one["rows"] for one in drill.journal.told["mark"]["databases"]["postgres"]["tables"]}
    assert (marked[PAGES], marked[OBJECTS]) == (3, 1)
    drill.bring_back()
    with drill.instance.session("postgres") as session:
        session.ask("SELECT pg_wal_replay_resume()")
    part("drill.instance").wait(lambda: not drill.instance.recovery()["recovering"], 30)
    with drill.instance.session("postgres") as session:
        session.ask("SELECT lo_put(4711, 4000, 'x')")
    with pytest.raises(REFUSED, match=rf"table {PAGES} has as many rows, and not the same$"):
        drill.examine()


def test_while_large_objects_are_written_the_very_bytes_of_one_instant_are_found(
    drilling: Drilling, his: Source
) -> None:
    loop = 'while :; do echo "SELECT lo_put(4711, 0, md5(random()::text)::bytea), lo_create(0);"; done'
    psql = " ".join(as_owner(str(binaries() / "psql"), "-Xqo", "/dev/null", "-h", str(his.home)))
    writer = subprocess.Popen(["sh", "-c", f"{loop} | {psql}"], start_new_session=True, cwd="/")
    try:
        while int(his.sql("SELECT count(*) FROM pg_largeobject_metadata")) < 500:
            time.sleep(0.1)
        drill = drilling.drill()
    finally:
        os.killpg(writer.pid, signal.SIGKILL)
        writer.wait()
    drill.bring_back()
    drill.journal.perform("compare", drill._compare)
    assert drill.journal.passed("compare")


def test_they_are_left_out_where_they_are_not_named_or_may_not_be_locked(his: Source) -> None:
    """A mark that could not lock them would prove nothing of them."""
    fingerprint = part("drill.fingerprint")
    his.sql("CREATE ROLE clerk")
    with part("postgresql.session").Session(his.reach, "postgres") as session:
        assert {PAGES, OBJECTS} < set(fingerprint.tables(session, []))
        assert fingerprint.tables(session, ["public.patient"]) == ["public.patient"]
        assert fingerprint.tables(session, [PAGES]) == [PAGES]
        session.ask("SET ROLE clerk")
        assert not {PAGES, OBJECTS} & set(fingerprint.tables(session, []))
