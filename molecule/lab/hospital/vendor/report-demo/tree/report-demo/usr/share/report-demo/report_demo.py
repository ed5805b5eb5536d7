"""report-demo: write the daily registration report (挂号日报) from the registration service's own figures.

Usage: report_demo.py URL DIRECTORY. A report that cannot be made leaves yesterday's in place and exits 1.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

COLUMNS = ("code", "name", "capacity", "booked")


def main() -> int:
    """Fetch, write beside, rename: readers see a whole report or the one before."""
    url, directory = sys.argv[1], Path(sys.argv[2])
    if not url.startswith(("http://", "https://")):
        print(f"report-demo: {url!r} is no HTTP address", file=sys.stderr)
        return 1
    try:
        with urllib.request.urlopen(f"{url}/api/departments", timeout=10) as answer:  # noqa: S310
            rows: list[dict[str, Any]] = json.load(answer)
    except (OSError, ValueError) as error:
        print(f"report-demo: no figures from {url}: {error}", file=sys.stderr)
        return 1
    write(directory / f"registrations-{time.strftime('%F')}.csv", rows)
    return 0


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """The byte order mark is for Excel, which otherwise shows the Chinese names as noise."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.chmod(0o644)
    fresh.rename(path)


if __name__ == "__main__":
    sys.exit(main())
