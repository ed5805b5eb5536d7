"""The negative control: a copy that is damaged on purpose, or stopped short, must be found so, or nothing is proved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.instance import run
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Work

from . import fingerprint
from .instance import Instance

PAGE = 16384
ROWS = 20000  # so that the index has leaves beside its root
SCHEMA = "maintkit_control"
TABLE = f"{SCHEMA}.copy"
MAKE = (
    f"DROP DATABASE IF EXISTS {SCHEMA}",
    f"CREATE DATABASE {SCHEMA}",
    f"CREATE TABLE {TABLE} (n INT PRIMARY KEY, text CHAR(32) NOT NULL, KEY (text)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC",
    (
        f"INSERT INTO {TABLE} WITH RECURSIVE one AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM one WHERE n < {ROWS})"
        " SELECT n, MD5(n) FROM one"
    ),
)


def control(instance: Instance, work: Work, *, short: str, attempt: str, seconds: float) -> dict[str, Any]:
    """Which checks found the damage; Refused names one that did not.

    The damaged table was made for it in the restored copy, after everything else was examined. A row that was changed
    must change the fingerprint; bytes that were flipped in a file must fail innochecksum and CHECK TABLE. `short` is
    what the proof of the mark said while the copy had not come to it.
    """
    if not short:
        raise Refused("nobody has seen whether a copy that is short of the mark is found to be so")
    found = {"short": short}
    instance.stop()
    instance.start(work, f"control-a-{attempt}", seconds)
    with instance.session() as session:
        session.ask(f"SET SESSION max_recursive_iterations = {ROWS + 1}")
        for statement in MAKE:
            session.ask(statement)
        before = _digest(session)
        session.ask(f"UPDATE {TABLE} SET text = MD5(text) WHERE n = 1")
        if _digest(session) == before:
            raise Refused("a row was changed, and the fingerprint is the same: it proves nothing")
        wrong = not_ok(session.ask(f"CHECK TABLE {TABLE} EXTENDED"))
        if wrong:
            raise Refused(f"CHECK TABLE fails on a table that nobody has damaged: {wrong}")
    found["fingerprint"] = "a changed row was found"
    instance.stop()
    file = instance.data / SCHEMA / "copy.ibd"
    clean = run(instance.program("innochecksum", str(file)))
    if clean.returncode != 0:
        raise Refused(f"innochecksum fails on a file that nobody has damaged: {clean.stderr.strip()[-200:]}")
    flip(file)
    if run(instance.program("innochecksum", str(file))).returncode == 0:
        raise Refused("innochecksum did not find flipped bytes")
    found["checksums"] = "a flipped byte was found"
    instance.start(work, f"control-b-{attempt}", seconds)
    if not _found_by_check(instance):
        raise Refused("CHECK TABLE did not find flipped bytes")
    found["check"] = "a flipped byte was found"
    instance.stop("immediate")  # it may not be able to close a table that is damaged
    return {"found": found, "file": str(file.relative_to(instance.data))}


def _found_by_check(instance: Instance) -> bool:
    """By its own word, or by a server that refuses to go on."""
    try:
        with instance.session() as session:
            return bool(not_ok(session.ask(f"CHECK TABLE {TABLE} EXTENDED")))
    except Refused:
        return True


def not_ok(rows: list[list[str]]) -> str:
    """What CHECK TABLE says besides that all is well; a note that an engine cannot be checked is no fault."""
    said = [row for row in rows if row[2] in ("error", "warning") or (row[2] == "status" and row[3] != "OK")]
    return " / ".join(f"{row[0]}: {row[3]}" for row in said[:3])


def flip(file: Path) -> None:
    """Other bytes in the middle of each page after the root's: wherever the table's rows and keys lie."""
    size = file.stat().st_size
    with file.open("r+b") as held:
        for page in range(4, size // PAGE):
            held.seek(page * PAGE + PAGE // 2)
            byte = held.read(1)
            held.seek(-1, 1)
            held.write(bytes([byte[0] ^ 0xFF]))


def _digest(session: Any) -> Mapping[str, Any]:
    session.ask("START TRANSACTION")
    told = fingerprint.digest(session, SCHEMA, "copy")
    session.ask("COMMIT")
    return told
