"""Real Debian packages in an old and a new version, so that patching a lab host is patching.

A mirror keeps what its suites offer now, and a package that was fixed lately stands in two of them: the release and its
security suite, say. Of the candidates below those are taken that are offered in two versions today; the next lower one
is what hosts are installed with, the newest is what gets published as a security update.
"""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cmp_to_key
from itertools import chain
from pathlib import Path

# Binary packages of one source that must move together. Small ones, with and without a service behind them.
CANDIDATES = (
    ("openssl", "libssl3"),
    ("libexpat1",),
    ("xz-utils", "liblzma5"),
    ("tzdata",),
    ("nginx", "nginx-common"),
    ("rsync",),
    ("ca-certificates",),
    ("curl", "libcurl4"),
    ("sudo",),
    ("libxml2",),
)
ENOUGH = 3


@dataclass(frozen=True, kw_only=True)
class Update:
    """Packages that go from `old` to `new` together."""

    packages: tuple[str, ...]
    old: str
    new: str


class TooFew(Exception):
    """The mirrors offer fewer than three packages in two versions."""


class Updates:
    """The packages in a cache directory; fetched once, then usable without a network.

    `apt_root` is the system whose /etc/apt says where packages come from: the lab's base image, or this machine.
    """

    def __init__(
        self, cache: Path, *, apt_root: Path = Path("/"), candidates: Sequence[tuple[str, ...]] = CANDIDATES
    ) -> None:
        self.cache = cache.resolve()
        self._candidates = candidates
        self._record = self.cache / "updates.json"
        lists, archives, etc = self.cache / "lists", self.cache / "archives", apt_root / "etc/apt"
        self._options = [f"-oDir::State::lists={lists}", f"-oDir::Cache={archives}", f"-oDir::Etc={etc}"]
        # Without this, apt fetches as a user who may not write here, warns, and goes on as root.
        self._options.append("-oAPT::Sandbox::User=root")

    def fetch(self) -> list[Update]:
        """Find and download the pairs; TooFew where there are not three. A cache that is complete is not touched."""
        if self._record.exists():
            return self.known()
        for name in ("lists/partial", "archives", "old", "new"):
            (self.cache / name).mkdir(parents=True, exist_ok=True)
        self._apt("apt-get", "update")
        offered = self._offered()
        found = [update for packages in self._candidates if (update := pair(packages, offered)) is not None]
        if len(found) < ENOUGH:
            raise TooFew(f"only {[update.packages for update in found]} are offered in two versions")
        for age in ("old", "new"):
            wanted = [f"{package}={getattr(update, age)}" for update in found for package in update.packages]
            self._apt("apt-get", "download", *dict.fromkeys(wanted), cwd=self.cache / age)
        self._record.write_text(json.dumps([asdict(update) for update in found], indent=1))
        return found

    def known(self) -> list[Update]:
        """What the cache holds."""
        return [Update(**item | {"packages": tuple(item["packages"])}) for item in json.loads(self._record.read_text())]

    def debs(self, age: str) -> list[Path]:
        """The files, `old` or `new`."""
        return sorted((self.cache / age).glob("*.deb"))

    def _offered(self) -> dict[str, set[str]]:
        """package -> every version that some suite offers."""
        offered: dict[str, set[str]] = defaultdict(set)
        for line in self._apt("apt-cache", "madison", *chain.from_iterable(self._candidates)).splitlines():
            package, version, _ = (part.strip() for part in line.split("|"))
            offered[package].add(version)
        return offered

    def _apt(self, program: str, *arguments: str, cwd: Path | None = None) -> str:
        command = [program, "-qq", *self._options, *arguments]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        return done.stdout


def pair(packages: Sequence[str], offered: Mapping[str, set[str]]) -> Update | None:
    """The two newest versions in which every package of the group is offered; None where there is only one."""
    common = set.intersection(*(offered.get(package, set()) for package in packages))
    ranked = sorted(common, key=cmp_to_key(compare), reverse=True)
    return Update(packages=tuple(packages), old=ranked[1], new=ranked[0]) if len(ranked) > 1 else None


def compare(left: str, right: str) -> int:
    """As dpkg orders versions."""
    if left == right:
        return 0
    lower = subprocess.run(["dpkg", "--compare-versions", left, "lt", right], check=False).returncode == 0
    return -1 if lower else 1
