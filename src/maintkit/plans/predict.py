"""What a change will do, from what a host says without changing anything; pure functions, units in their names."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from maintkit.contract.changes import Risk
from maintkit.errors import ChangeRefused
from maintkit.evidence.ledger import Ledger
from maintkit.plans.model import DiskNeed, Estimate, PackageChange, Phase, Rollback, Step

TIMED = "step.timed"
REMEMBERED = 10  # newest runs that an estimate looks at: older ones knew other hardware
# Where apt keeps what it fetched, and where packages are unpacked.
ARCHIVES, ROOT = "/var/cache/apt/archives", "/"

_INST = re.compile(
    r"Inst (?P<name>\S+?)(?::(?P<foreign>[a-z0-9-]+))?(?: \[(?P<before>[^\]]+)\])?"
    r" \((?P<after>\S+) (?P<origins>.*?) ?\[(?P<architecture>[a-z0-9-]+)\]\)(?: \[.*)?"
)
_REMV = re.compile(r"(?:Remv|Purg) (?P<name>\S+?)(?::(?P<architecture>[a-z0-9-]+))? \[(?P<before>[^\]]+)\](?: .*)?")
_URI = re.compile(r"'[^']+' (?P<file>\S+) (?P<size>[0-9]+)(?: \S*)?")


@dataclass(frozen=True, kw_only=True)
class AptChange:
    """One package of a simulation with the origins of its new version, like `Debian-Security:12/…-security`."""

    package: PackageChange
    origins: tuple[str, ...] = ()

    @property
    def security(self) -> bool:
        """Whether the new version comes from a security archive."""
        return any("security" in origin.lower() for origin in self.origins)


@dataclass(frozen=True, kw_only=True)
class Restarts:
    """What runs on old files: units by name; `kernel`: only a reboot brings the installed kernel."""

    units: tuple[str, ...]
    kernel: bool


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long a step took, for work of this size (packages, bytes, 1), as the ledger remembers it."""

    host: str
    at: datetime
    seconds: float
    size: float


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What is assumed before anything was measured: seconds in any case, and for each unit. `detail_zh` says so."""

    fixed_s: float
    per_unit_s: float
    detail_zh: str


def apt_changes(simulation: str) -> tuple[AptChange, ...]:
    """The packages that `apt-get -s` (LC_ALL=C) would install, upgrade, downgrade or remove, in its order.

    ChangeRefused for a line of these kinds that cannot be read, or where apt itself refused: an effect that is not
    understood is not planned.
    """
    found = []
    for line in simulation.splitlines():
        if line.startswith("E: "):
            raise ChangeRefused(f"apt would refuse: {line.removeprefix('E: ')}", hint="repair apt on the host first")
        if line.startswith(("Inst ", "Remv ", "Purg ")):
            found.append(_apt_change(line))
    return tuple(found)


def fetched_bytes(uris: str) -> int:
    """What `apt-get --print-uris -qq` would fetch, by the archive's index; ChangeRefused for a line of another form."""
    total = 0
    for line in uris.splitlines():
        if line.startswith("'"):
            total += int(_fields(_URI, line)["size"])
    return total


def restarts(needrestart: str) -> Restarts:
    """What `needrestart -b` lists: units to restart, and whether a newer kernel waits (KSTA 2 and 3)."""
    said = [line.partition(": ") for line in needrestart.splitlines()]
    units = dict.fromkeys(value for key, _, value in said if key == "NEEDRESTART-SVC")
    return Restarts(units=tuple(units), kernel=any((key, value) in _OLD_KERNEL for key, _, value in said))


def disk_needs(
    *, fetched: int, cached: int, unpacked: int, free: dict[str, int], mount_of: dict[str, str]
) -> tuple[DiskNeed, ...]:
    """Bytes needed on each file system: new archives, the old ones kept for the rollback, and what is unpacked twice.

    `free` is by mount point, `mount_of` says on which one a directory lies. ChangeRefused when that is not known:
    room that nobody looked at is not room.
    """
    needs = {ARCHIVES: fetched + cached, ROOT: 2 * unpacked}
    on: dict[str, int] = {}
    for directory, need in needs.items():
        mount = mount_of.get(directory)
        if mount is None or mount not in free:
            raise ChangeRefused(f"it is not known how much is free for {directory}", hint="probe the host again")
        on[mount] = on.get(mount, 0) + need
    return tuple(DiskNeed(path=mount, need_bytes=need, free_bytes=free[mount]) for mount, need in sorted(on.items()))


def timings(ledger: Ledger, procedure: str, action: str) -> tuple[Timing, ...]:
    """How long this step took in the newest runs, newest first; the engine records each as `step.timed`."""
    newest = ledger.entries(kind=TIMED, subject=f"{procedure} {action}", newest_first=True, limit=REMEMBERED)
    return tuple(Timing(host=e.body["host"], at=e.at, seconds=e.body["seconds"], size=e.body["size"]) for e in newest)


def estimate(known: Iterable[Timing], *, size: float, rate: Rate) -> Estimate:
    """Seconds for work of this size, rounded up: the slowest of the previous runs scaled to it, else the stated rate.

    The slowest and not the usual one, because a window is closed by the step that takes longest. Work smaller than
    what was measured is not scaled down: much of a step's time does not depend on its size.
    """
    seen = deque(known, maxlen=REMEMBERED)
    if not seen:
        return Estimate(seconds=ceil(rate.fixed_s + rate.per_unit_s * size), samples=0, detail_zh=rate.detail_zh)
    slowest = max(seen, key=lambda one: _scaled(one, size))
    where = f"规模 {slowest.size:g}，{slowest.host}，{slowest.at:%F}"
    detail = f"近 {len(seen)} 次中最慢一次：{slowest.seconds:.0f} 秒（{where}）"
    return Estimate(seconds=ceil(_scaled(slowest, size)), samples=len(seen), detail_zh=detail)


def package_steps(changes: Iterable[AptChange], *, estimates: dict[str, Estimate], risk: Risk) -> tuple[Step, ...]:
    """The steps around a change of packages: cache what is installed, install, compare, and downgrade to go back.

    `estimates` are by action: cache-packages, install-packages, compare-packages, downgrade-packages. No changes, no
    steps.
    """
    packages = [change.package for change in changes]
    if not packages:
        return ()
    count = f"{len(packages)} 个软件包"
    new = [one for one in packages if one.before is None]
    rows: tuple[tuple[Phase, str, str, Rollback, Risk], ...] = (
        ("backup", "cache-packages", f"缓存 {len(packages) - len(new)} 个已安装软件包的安装文件", "reversible", "low"),
        ("change", "install-packages", f"安装 {len(packages)} 个软件包的目标版本", "reversible", risk),
        ("verify", "compare-packages", "核对全部软件包版本与计划一致", "reversible", "low"),
        ("rollback", "downgrade-packages", "恢复原版本并核对全部软件包", "reversible", risk),
    )  # fmt: skip
    return tuple(
        Step(
            phase=phase,
            action=action,
            title_zh=title,
            target=_target(packages) if phase == "change" else count,
            rollback=rollback,
            risk=step_risk,
            estimate=estimates[action],
        )
        for phase, action, title, rollback, step_risk in rows
    )


_OLD_KERNEL = {("NEEDRESTART-KSTA", "2"), ("NEEDRESTART-KSTA", "3")}
_NAMED = 5


def _apt_change(line: str) -> AptChange:
    if line.startswith("Inst "):
        found = _fields(_INST, line)
        origins = tuple(origin.strip() for origin in found["origins"].split(",") if origin.strip())
        return AptChange(
            package=PackageChange(
                name=found["name"], architecture=found["architecture"], before=found["before"], after=found["after"]
            ),
            origins=origins,
        )
    found = _fields(_REMV, line)
    architecture = found["architecture"] or "native"
    return AptChange(
        package=PackageChange(name=found["name"], architecture=architecture, before=found["before"], after=None)
    )


def _fields(pattern: re.Pattern[str], line: str) -> re.Match[str]:
    found = pattern.fullmatch(line)
    if found is None:
        raise ChangeRefused(f"apt's line {line!r} cannot be read", hint="report it: this apt writes another format")
    return found


def _scaled(one: Timing, size: float) -> float:
    return one.seconds * max(1.0, size / one.size) if one.size > 0 else one.seconds


def _target(packages: list[PackageChange]) -> str:
    named = ", ".join(one.name for one in packages[:_NAMED])
    return f"{named} 等 {len(packages)} 个软件包" if len(packages) > _NAMED else named
