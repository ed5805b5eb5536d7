"""What proves a restored server: its answers to the application, its pages, its indexes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import Session

from .instance import Instance
from .work import Work


def ask(session_of: Callable[[str], Session], one: Mapping[str, Any], *, seconds: float) -> dict[str, Any]:
    """One question of the application. The answer may hold a patient: only whether it was right is kept."""
    if "\\" in one["sql"]:
        raise Refused(f"{one['name']}: a statement holds no backslash, psql would take it for a command of its own")
    began = time.monotonic()
    with session_of(one["database"]) as session:
        # An error may quote a value: its number is enough.
        session.ask("SELECT 1", VERBOSITY="sqlstate")
        session.ask(f"BEGIN; SET LOCAL statement_timeout = {round(seconds * 1000)}")
        session.ask('SET LOCAL search_path = "$user", public')
        lines = session.ask(one["sql"])
    wanted = one.get("contains") or ""
    if not lines:
        raise Refused(f"{one['name']}: nothing was answered")
    if wanted and not any(wanted in line for line in lines):
        raise Refused(f"{one['name']}: the answer does not hold what is expected")
    took_ms = round((time.monotonic() - began) * 1000)
    return {"name": one["name"], "database": one["database"], "lines": len(lines), "took_ms": took_ms}


def amcheck(instance: Instance, work: Work, *, processes: int, seconds: float, keep: bool = False) -> dict[str, Any]:
    """pg_amcheck over all databases. Where its extension was not installed it is removed again, unless it may stay."""
    lacking = [] if keep else _without_amcheck(instance)
    reach = ["-h", instance.reach.socket, "-p", str(instance.reach.port), "--all", "--install-missing"]
    checks = ["--heapallindexed", "--parent-check", "--rootdescend", f"--jobs={processes}"]
    argv = instance.program("pg_amcheck", *reach, *checks)
    done = work.finish("amcheck", argv, seconds)
    for database in lacking:
        with instance.session(database) as session:
            session.ask("DROP EXTENSION IF EXISTS amcheck")
    if done["rc"] != 0:
        raise Refused(f"pg_amcheck ended with {done['rc']}: {_first_words(done['output'])}")
    return {"rc": 0, "argv": argv}


def _without_amcheck(instance: Instance) -> list[str]:
    with instance.session("postgres") as session:
        names = session.json("SELECT coalesce(jsonb_agg(datname), '[]') FROM pg_database WHERE datallowconn")
    found = []
    for name in names:
        with instance.session(name) as session:
            if not session.value("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'"):
                found.append(name)
    return found


def checksums(instance: Instance, work: Work, *, seconds: float) -> dict[str, Any]:
    """pg_checksums over the stopped cluster; one without page checksums is told as such."""
    if not instance.checksums:
        return {"without": True}
    argv = instance.program("pg_checksums", "--check", "-D", str(instance.data))
    done = work.finish("checksums", argv, seconds)
    if done["rc"] != 0:
        raise Refused(f"pg_checksums ended with {done['rc']}: {_first_words(done['output'])}")
    words = dict(line.split(":", 1) for line in done["output"].splitlines() if ":" in line)
    blocks, files = (int(words.get(f"{one} scanned", "0")) for one in ("Blocks", "Files"))
    return {"rc": 0, "blocks": blocks, "files": files, "argv": argv}


def _first_words(output: str) -> str:
    return " / ".join(line.strip() for line in output.splitlines() if line.strip())[:400] or "it said nothing"
