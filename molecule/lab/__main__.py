"""Labs by hand: `python -m lab up|down|list|run|sweep` with molecule/ on the path; `make lab-up` calls it."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from lab.demo import furnish
from lab.image import Layer
from lab.lab import Spec, load, make, names, sweep
from lab.places import LabError

PLAIN = "plain"


def main() -> int:
    """Do what the command line says; what keeps it from that is one line on standard error."""
    words = _words().parse_args()
    try:
        return int(words.does(words) or 0)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _words() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="Hosts that really boot, on a bridge of their own.")
    verbs = parser.add_subparsers(required=True)
    up = verbs.add_parser("up", help="boot plain hosts h1, h2 … and leave them running")
    up.add_argument("--hosts", type=int, default=1)
    up.add_argument("--name", default=PLAIN)
    up.add_argument("--packages", default="", help="Debian packages to bake into them, with commas between")
    up.add_argument("--inventory", type=Path, help="copy the inventory to this file")
    up.set_defaults(does=_up)
    down = verbs.add_parser("down", help="remove labs: the named ones, else all")
    down.add_argument("names", nargs="*")
    down.set_defaults(does=_down)
    verbs.add_parser("list", help="labs and their hosts").set_defaults(does=_list)
    verbs.add_parser("sweep", help="remove what killed runs left").set_defaults(does=lambda _: _say(sweep()))
    small = verbs.add_parser("demo", help="an archive of a small service on a host, its first version installed")
    small.add_argument("name")
    small.add_argument("host")
    small.add_argument("versions", nargs="+")
    small.set_defaults(does=lambda words: furnish(load(words.name)[words.host], words.versions))
    inside = verbs.add_parser("run", help="run a program on a host: run NAME HOST PROGRAM …")
    inside.add_argument("name")
    inside.add_argument("host")
    inside.add_argument("argv", nargs=argparse.REMAINDER)
    inside.set_defaults(does=_run)
    return parser


def _up(words: argparse.Namespace) -> None:
    began = time.monotonic()
    packages = tuple(filter(None, words.packages.split(",")))
    layers = (Layer(name="packages", packages=packages),) if packages else ()
    specs = [Spec(name=f"h{number}", layers=layers) for number in range(1, words.hosts + 1)]
    made = make(specs, name=words.name, keep=True)
    print(f"lab {made.name}: {len(made.hosts)} hosts up in {time.monotonic() - began:.1f} s")
    print(f"inventory: {made.inventory}")
    if words.inventory:
        words.inventory.parent.mkdir(parents=True, exist_ok=True)
        words.inventory.write_text(made.inventory.read_text())


def _down(words: argparse.Namespace) -> None:
    _say(sweep())
    for name in words.names or names():
        load(name).remove()
        _say([name])


def _list(_: argparse.Namespace) -> None:
    for name in names():
        for host in load(name).hosts.values():
            print(f"{name}  {host.name}  {host.address}  {'on' if host.is_on else 'off'}")


def _run(words: argparse.Namespace) -> int:
    done = load(words.name)[words.host].run(*words.argv, check=False)
    sys.stdout.write(done.out)
    sys.stderr.write(done.err)
    return done.code


def _say(removed: list[str]) -> None:
    for name in removed:
        print(f"lab {name} removed")


if __name__ == "__main__":
    sys.exit(main())
