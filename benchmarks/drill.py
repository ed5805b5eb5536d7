"""A drill of a large PostgreSQL database on this machine, stage by stage: what its RTO is made of.

    sudo .venv/bin/python benchmarks/drill.py [--gib 2] [--changes 200000]

The database is filled until it is as large as asked for, with a B-tree on each of two columns; pgBackRest backs it up
in full with its own defaults (gzip, one process), then rows are changed, so that there is WAL to replay. The drill runs
as plain processes of this machine: source, repository and copy share its one disk. The copy flushes its writes, as a
server does. Everything lies in temporary directories and ends with them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / ".ansible")]
from drills import Drilling, Source, drilling, part, source  # noqa: E402  # the tests' own source, found beside them

LIMIT_S = 3600
STEP = 500_000
ROWS = """
INSERT INTO visit SELECT n, md5(n::text), repeat(md5((n * 7)::text), 4), now() - n * interval '1 second'
  FROM generate_series({first}, {last}) AS n
"""
CHANGES = "UPDATE visit SET seen = now() WHERE n <= {rows}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=float, default=2.0)
    parser.add_argument("--changes", type=int, default=200_000)
    arguments = parser.parse_args()
    with source() as made:
        size = fill(made, arguments.gib)
        made.pgbackrest("backup", "--type=full")
        made.sql(CHANGES.format(rows=arguments.changes))
        print(f"database: {size / 2**30:.2f} GiB; rows changed after the backup: {arguments.changes}\n", flush=True)
        with drilling(made) as drills:
            tell(drills)


def fill(made: Source, gib: float) -> int:
    """Until the database has that size, in bytes, which is returned; all of its WAL is archived then."""
    made.sql("CREATE TABLE visit (n bigint PRIMARY KEY, card text, said text, seen timestamptz)")
    made.sql("CREATE INDEX visit_card ON visit (card)")
    size, last = 0, 0
    while size < gib * 2**30:
        made.sql(ROWS.format(first=last + 1, last=last + STEP))
        last += STEP
        size = int(made.sql("SELECT pg_database_size('postgres')"))
    made.sql("VACUUM ANALYZE visit")
    made.mark(archive_timeout_s=LIMIT_S)  # it ends when all WAL until now is archived
    return size


def tell(drills: Drilling) -> None:
    """The drill, and a table of what its stages took; exits with 1 where it has not passed."""
    limits = dict.fromkeys(("restore_timeout_s", "recover_timeout_s", "check_timeout_s"), LIMIT_S)
    mark = drills.source.mark(prefix="maintkit-r1", archive_timeout_s=LIMIT_S)
    drill = drills.drill(mark=mark, settings={}, **limits)
    drill.bring_back()
    drill.examine()
    drill.journal.perform("wipe", lambda: drills.wipe(drill))
    journal = part("drill.journal")
    print("| stage | seconds |\n|---|---|")
    for name in journal.stages_of(drill.journal.told):
        print(f"| {name} | {drill.journal.stage(name)['took_ms'] / 1000:.1f} |")
    got = journal.measured(drill.journal.told)
    print(f"\nRTO {got['rto_s']} s, RPO {got['rpo_s']} s")
    wrong = journal.shortcomings(drill.journal.told, rto_s=0, rpo_s=0)
    sys.exit("; ".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
