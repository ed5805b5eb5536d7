"""The practice hospital by hand: `python -m lab.hospital up|down` with molecule/ on the path."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from lab.hospital.practice import existing, open_hospital
from lab.hospital.site import make_site
from lab.lab import names, sweep
from lab.places import LabError

NAME = "hospital"


def main() -> int:
    """Boot it and leave it running, or take it away."""
    parser = argparse.ArgumentParser(prog="lab.hospital", description=__doc__)
    parser.add_argument("verb", choices=("up", "down"))
    parser.add_argument("--site", type=Path, help="make a maintkit site of it there")
    words = parser.parse_args()
    try:
        up(words.site) if words.verb == "up" else existing(NAME).remove()
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


def up(site: Path | None) -> None:
    """Boot unless it is up already, and say what is where."""
    began = time.monotonic()
    sweep()
    made = existing(NAME) if NAME in names() else open_hospital(name=NAME, keep=True)
    print(f"hospital: {len(made.members)} hosts up in {time.monotonic() - began:.1f} s")
    for member in made.members:
        print(f"  {member.name:10} {made.lab[member.name].address:14} {member.title}")
    print(f"registration: {made.url} (authority: {made.cafile})")
    print(f"inventory: {made.lab.inventory}")
    if site is not None:
        make_site(made, site)
        print(f"site: {site}  (maintkit inspect --site {site})")


if __name__ == "__main__":
    sys.exit(main())
