"""What proves a restored MariaDB: its answers to the application, its tables and indexes, its pages."""

from __future__ import annotations

import struct
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused
from ansible_collections.maintkit.ops.plugins.module_utils.drill.work import Work
from ansible_collections.maintkit.ops.plugins.module_utils.mariadb.session import name, program
from ansible_collections.maintkit.ops.plugins.module_utils.postgresql.session import as_user

from .instance import Instance

# A file each: innochecksum names none when it fails. What it reads is given as an argument.
EACH_FILE = """
data=$1; tool=$2; shift 2; count=0; bad=0
look() { count=$((count + 1)); "$tool" "$@" || { echo "bad: ${file#"$data"/}"; bad=1; }; }
file=$data/ibdata1
while [ $# -gt 0 ]; do look "--start-page=$1" "--end-page=$2" "$file"; shift 2; done
while IFS= read -r -d '' file; do look "$file"; done < <(
  find "$data" \\( -name '*.ibd' -o -name 'ibdata*' -o -name 'undo0*' \\) -type f ! -path "$data/ibdata1" -print0)
echo "files: $count"; exit $bad
"""
PAGE_5, MAGIC = 5, 536853855
AT_END, EXTENT = 200 - 10, 1 << 20  # InnoDB's trx0sys.h: where a page tells of the doublewrite buffer; its blocks' size


def ask(instance: Instance, one: Mapping[str, Any], *, seconds: float) -> dict[str, Any]:
    """One question of the application. The answer may hold a patient: only whether it was right is kept."""
    began = time.monotonic()
    try:
        with instance.session(discreet=True) as session:
            session.ask(f"USE {name(one['database'])}")
            session.ask(f"SET SESSION max_statement_time = {round(seconds)}")
            session.ask("START TRANSACTION")
            lines = session.ask(one["sql"])
            session.ask("ROLLBACK")
    except Refused as refused:
        raise Refused(f"{one['name']}: {refused}") from None
    wanted = one.get("contains") or ""
    if not lines:
        raise Refused(f"{one['name']}: nothing was answered")
    if wanted and not any(wanted in "\t".join(line) for line in lines):
        raise Refused(f"{one['name']}: the answer does not hold what is expected")
    took_ms = round((time.monotonic() - began) * 1000)
    return {"name": one["name"], "database": one["database"], "lines": len(lines), "took_ms": took_ms}


def check(instance: Instance, work: Work, *, seconds: float) -> dict[str, Any]:
    """CHECK TABLE … EXTENDED over everything: each table against each of its indexes, and each view."""
    argv = instance.reach.argv("mariadb-check", "--all-databases", "--check", "--extended")
    done = work.finish("check", argv, seconds)
    lines = [line.strip() for line in done["output"].splitlines() if line.strip()]
    wrong = [line for line in lines if line.lower().startswith(("error", "warning", "status"))]
    checked = sum(line.endswith("OK") for line in lines)
    if done["rc"] != 0 or wrong or not checked:
        said = " / ".join(wrong[:3] or lines[-2:])[:400] or "it said nothing"
        raise Refused(f"mariadb-check ended with {done['rc']}: {_tables(lines)}{said}")
    return {"rc": 0, "checked": checked, "argv": argv}


def _tables(lines: list[str]) -> str:
    """The table that a complaint is of stands on the line before it."""
    before = [lines[n - 1] for n, line in enumerate(lines) if n and line.lower().startswith("error")]
    named = [line for line in before if not line.lower().startswith(("error", "warning", "note"))]
    return f"{', '.join(dict.fromkeys(named[:3]))}: " if named else ""


def checksums(instance: Instance, work: Work, *, seconds: float) -> dict[str, Any]:
    """innochecksum over every file of the stopped engine."""
    tool = program("innochecksum", instance.bindir)
    argv = as_user(instance.user, ["bash", "-c", EACH_FILE, "checksums", str(instance.data), tool, *ranges(instance)])
    done = work.finish("checksums", argv, seconds)
    lines = [line.strip() for line in done["output"].splitlines() if line.strip()]
    if done["rc"] != 0:
        bad = [line[len("bad: ") :] for line in lines if line.startswith("bad: ")]
        said = " / ".join(line for line in lines if not line.startswith(("bad: ", "files: ")))[:300]
        raise Refused(f"innochecksum finds pages that do not fit their checksums: {', '.join(bad[:5])}: {said}")
    count = next((int(line.partition(": ")[2]) for line in lines if line.startswith("files: ")), 0)
    if not count:
        raise Refused("innochecksum found no file to look at")
    return {"rc": 0, "files": count, "argv": ["innochecksum", f"{instance.data}/*/*.ibd"]}


def ranges(instance: Instance) -> list[str]:
    """First and last pages of what is looked at in the system tablespace: all but the doublewrite buffer.

    There lie remains of pages, some half written, which nobody reads after a clean stop.
    """
    file = instance.data / "ibdata1"
    size = int(instance.of_set().get("innodb_page_size", 16384))
    with file.open("rb") as held:
        held.seek((PAGE_5 + 1) * size - AT_END)
        magic, *blocks = struct.unpack(">III", held.read(12))
    pages, wide = file.stat().st_size // size, max(64, EXTENT // size)
    if magic != MAGIC:
        return ["0", str(pages - 1)]
    starts = [0, *(block + wide for block in sorted(blocks))]
    ends = [*(block - 1 for block in sorted(blocks)), pages - 1]
    extents = zip(starts, ends)  # noqa: B905  # hosts have a Python without strict
    return [str(one) for first, last in extents if first <= last for one in (first, last)]
