"""The negative control: a copy that is damaged on purpose must be found damaged, or the checks prove nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused

from . import fingerprint
from .instance import Instance, run, start
from .work import Work

PAGE = 8192
MAKE = (
    "DROP SCHEMA IF EXISTS maintkit_control CASCADE",
    "CREATE SCHEMA maintkit_control",
    "CREATE TABLE maintkit_control.copy AS SELECT n, md5(n::text) AS text FROM generate_series(1, 5000) AS n",
    "CREATE INDEX copy_text ON maintkit_control.copy (text)",
    "CREATE EXTENSION IF NOT EXISTS amcheck WITH SCHEMA pg_catalog",
)
TABLE, INDEX = "maintkit_control.copy", "maintkit_control.copy_text"


def control(instance: Instance, work: Work, *, attempt: str, seconds: float) -> dict[str, Any]:
    """Which checks found the damage; Refused names one that did not.

    The damaged table was made for it in the restored copy, after everything else was examined. A row that was changed
    must change the fingerprint; a byte that was flipped in a file must fail pg_checksums and pg_amcheck.
    """
    instance.stop()
    start(instance, work, f"control-a-{attempt}", seconds)
    with instance.session("postgres") as session:
        for statement in MAKE:
            session.ask(statement)
        before = fingerprint.digests(session, [TABLE])
        session.ask(f"UPDATE {TABLE} SET text = md5(text) WHERE n = 1")
        if fingerprint.digests(session, [TABLE]) == before:
            raise Refused("a row was changed, and the fingerprint is the same: it proves nothing")
        session.ask(f"VACUUM {TABLE}; CHECKPOINT")
        file = instance.data / session.value("SELECT pg_relation_filepath(:'index'::regclass)", index=INDEX)
    clean = _amcheck(instance)
    if clean.returncode != 0:
        raise Refused(f"pg_amcheck fails on a table that nobody has damaged: {clean.stdout.strip()[-200:]}")
    instance.stop()
    flip(file)
    found = {"fingerprint": "a changed row was found"}
    if instance.checksums:
        told = run(instance.program("pg_checksums", "--check", "-D", str(instance.data), "-f", file.name))
        if told.returncode != 1:
            raise Refused(f"pg_checksums did not find a flipped byte (it ended with {told.returncode})")
        found["checksums"] = "a flipped byte was found"
    start(instance, work, f"control-b-{attempt}", seconds)
    told = _amcheck(instance)
    instance.stop()
    if told.returncode != 2:
        raise Refused(f"pg_amcheck did not find a flipped byte (it ended with {told.returncode})")
    found["amcheck"] = "a flipped byte was found"
    return {"found": found, "file": str(file.relative_to(instance.data))}


def flip(file: Path) -> None:
    """Another byte in the middle of the second page, where an index holds its keys."""
    with file.open("r+b") as held:
        held.seek(PAGE + PAGE * 3 // 4)
        byte = held.read(1)
        held.seek(-1, 1)
        held.write(bytes([byte[0] ^ 0xFF]))


def _amcheck(instance: Instance):
    reach = ["-h", instance.reach.socket, "-p", str(instance.reach.port), "-d", "postgres"]
    return run(instance.program("pg_amcheck", *reach, "--heapallindexed", "--parent-check", "-t", TABLE))
