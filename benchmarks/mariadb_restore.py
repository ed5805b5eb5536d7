"""A restore of a large MariaDB on this machine, stage by stage.

    sudo .venv/bin/python benchmarks/mariadb_restore.py [--mib 400] [--rows 300000]

The database is filled until it is as large as asked for, and mariadb-backup makes a full set of it; then rows are
written, which stand in the binary logs alone, and all of that is restored, to the end. The restore runs as plain
processes of this machine: server, sets and logs share its one disk. Server and copy have a buffer pool of 16 MiB and
write every flush through. Everything lies in temporary directories and ends with them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / ".ansible")]
from mariadrills import Source, register, source  # noqa: E402  # the tests' own source, found beside them
from mariarestores import restores_of  # noqa: E402

LIMIT_S = 3600
STEP = 50_000
FIRST = 1000
SIZE = "SELECT SUM(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'his'"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=400)
    parser.add_argument("--rows", type=int, default=300_000)
    arguments = parser.parse_args()
    with source() as made:
        size, last = fill(made, arguments.mib)
        made.backup("later")
        made.sql("USE his;" + register(last + 1, last + arguments.rows))
        print(f"database: {size / 2**20:.0f} MiB; rows to replay: {2 * arguments.rows}\n", flush=True)
        tell(made)


def fill(made: Source, mib: int) -> tuple[int, int]:
    """Until the database has that size; its size in bytes, and the last patient."""
    size, last = 0, FIRST
    while size < mib * 2**20:
        made.sql("USE his;" + register(last + 1, last + STEP))
        last += STEP
        made.sql("ANALYZE TABLE his.patient, his.visit")
        size = int(made.sql(SIZE))
    return size, last


def tell(made: Source) -> None:
    """The restore, and a table of what its stages took; exits with 1 where it has not passed."""
    limits = dict.fromkeys(("restore_timeout_s", "recover_timeout_s", "check_timeout_s", "start_timeout_s"), LIMIT_S)
    with restores_of(made) as restoring:
        restore = restoring.restore(restoring.target("end"), **limits)
        passed = restore.bring() and restore.prove()
        stages = restore.journal.told["stages"]
        print("| stage | seconds |\n|---|---|")
        for name, stage in stages.items():
            print(f"| {name} | {stage['took_ms'] / 1000:.1f} |")
    sys.exit(0 if passed else "; ".join(stage["said"] for stage in stages.values() if stage["said"]))


if __name__ == "__main__":
    main()
