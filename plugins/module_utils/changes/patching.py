"""What a change of packages would do to this host, and what it needs; nothing is changed."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import apt, dpkg, snapshot, units
from .place import CACHE, Refused

LOCKS = (Path("/var/lib/dpkg/lock-frontend"), Path("/var/lib/dpkg/lock"))
LISTS = Path("/var/lib/apt/lists")
REBOOT_MARK = Path("/run/reboot-required")
# A process keeps what it has loaded: these reach everything that runs, or the kernel itself, only by a reboot.
WANT_REBOOT = ("linux-image-", "libc6", "systemd", "dbus", "intel-microcode", "amd64-microcode")
MARGIN = 64 * 1024 * 1024  # for logs and databases of dpkg and apt that grow meanwhile
PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+~:-]*")
INTERRUPTED = Path("/var/lib/dpkg/updates")


def candidates(*, packages: Sequence[str], holds: Sequence[str], security_only: bool) -> dict[str, str]:
    """Names and versions of the updates that are wanted."""
    simulated = apt.parse_simulation(snapshot.output_of(["apt-get", "-s", "--with-new-pkgs", "upgrade"]))
    return apt.chosen(simulated, packages=list(packages), holds=list(holds), security_only=security_only)


def transaction(to: Mapping[str, str]) -> dict:
    """All that installing these exact versions would do, dependencies included."""
    if not to:
        return {"install": [], "remove": [], "kept_back": []}
    return apt.parse_simulation(snapshot.output_of([*install_argv(to), "-s"]))


def install_argv(to: Mapping[str, str], *, lock_wait_s: int = 0, cache: str = "") -> list[str]:
    """apt-get for these exact versions: never a question, a changed configuration file of the site's stays."""
    options = ["-y", "--no-install-recommends", "--allow-downgrades"]
    settings = [
        "Dpkg::Options::=--force-confdef",
        "Dpkg::Options::=--force-confold",
        f"DPkg::Lock::Timeout={lock_wait_s}",
    ]
    if cache:
        settings.append(f"Dir::Cache::Archives={cache}")
        options.append("--no-download")
    return ["apt-get", *options, *(part for one in settings for part in ("-o", one)), "install", *exactly(to)]


def exactly(to: Mapping[str, str]) -> list[str]:
    """`package=version` words; Refused for what Debian would not allow, which might be an option to apt."""
    for package, version in to.items():
        if not PACKAGE.fullmatch(package) or not VERSION.fullmatch(version):
            raise Refused(f"{package!r}={version!r} is no Debian package with a version")
    return [f"{package}={version}" for package, version in sorted(to.items())]


def disk(to: Mapping[str, str], planned: dict) -> dict:
    """Bytes that the change and its rollback need, against what is free.

    New files twice (as packages and unpacked beside the old ones), the old packages kept, and the old files once more:
    a rollback unpacks them beside the new ones.
    """
    download = apt.parse_uris(snapshot.output_of([*install_argv(to), "--print-uris", "-q"])) if to else 0
    new = _sizes([f"{one['package']}={one['to']}" for one in planned["install"]])
    old = sum(snapshot.packages().get(one["package"], {}).get("bytes", 0) for one in planned["install"])
    need = 2 * max(download, 0) + new + old + MARGIN if planned["install"] else 0
    return {"download_bytes": download, "need_bytes": need, "free_bytes": min(map(_free, ("/var/cache", "/usr", "/")))}


def _sizes(named: Sequence[str]) -> int:
    if not named:
        return 0
    sizes = apt.parse_sizes(snapshot.output_of(["apt-cache", "show", "--no-all-versions", *named]))
    return sum(sizes.values())


def _free(path: str) -> int:
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def services_touched(packages: Sequence[str]) -> list[str]:
    """Services that run a file of these packages."""
    files = set()
    for package in packages:
        listed = sorted(Path("/var/lib/dpkg/info").glob(f"{package}.list")) or sorted(
            Path("/var/lib/dpkg/info").glob(f"{package}:*.list")
        )
        for one in listed:
            files |= set(one.read_text().splitlines())
    # Where /lib is a link to /usr/lib, packages name one and processes the other.
    return units.services_using(files | {f"/usr{name}" for name in files if not name.startswith("/usr/")})


def reboot(planned: dict) -> dict:
    """Whether the host asks for a reboot now, and which packages would make it ask."""
    names = [one["package"] for one in planned["install"] if one["package"].startswith(WANT_REBOOT)]
    return {"asked_now": REBOOT_MARK.exists(), "by_packages": names}


def health(packages: dict[str, dict]) -> dict:
    """What keeps dpkg from working, each with how to mend it."""
    left = sorted(one.name for one in INTERRUPTED.iterdir() if one.name.isdigit()) if INTERRUPTED.is_dir() else []
    problems = []
    if dpkg.broken(packages):
        names = " ".join(dpkg.broken(packages))
        problems.append(
            f"half-installed or not configured: {names}; mend with `dpkg --configure -a`, then `apt-get -f install`"
        )
    if left:
        problems.append("dpkg was interrupted; mend with `dpkg --configure -a`")
    return {"healthy": not problems, "problems": problems}


def lists_age_s() -> int | None:
    """How old the newest package list is; None when there is none."""
    found = [one.stat().st_mtime for one in LISTS.glob("*Packages*")]
    return round(time.time() - max(found)) if found else None


def wait_for_locks(seconds: float) -> None:
    """Until nobody holds dpkg's locks. They are never removed: Refused, with the holder, when the time is up."""
    until = time.monotonic() + seconds
    while (blocked := next(filter(None, map(lock_holder, LOCKS)), None)) is not None:
        if time.monotonic() >= until:
            raise Refused(f"{blocked} since before {seconds:.0f} s: let it finish, then begin again")
        time.sleep(0.5)


def lock_holder(path: Path) -> str | None:
    """Who holds one of dpkg's locks, in words; None when it is free."""
    try:
        held = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        # F_GETLK asks without locking, so that asking gets in nobody's way.
        asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _whence, _start, _length, pid = struct.unpack("hhqqi4x", fcntl.fcntl(held, fcntl.F_GETLK, asked))
    finally:
        os.close(held)
    return None if kind == fcntl.F_UNLCK else f"process {pid} ({_command(pid)}) holds {path}"


def _command(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_text().replace("\0", " ").strip() or "?"
    except OSError:
        return "?"


def room(disk_told: dict) -> None:
    """Refused when the change or its rollback could fill the disk."""
    if disk_told["free_bytes"] < disk_told["need_bytes"]:
        need, free = (disk_told[name] // 1024 // 1024 for name in ("need_bytes", "free_bytes"))
        raise Refused(
            f"{need} MiB are needed for the change and its rollback, {free} MiB are free: make room, e.g. in {CACHE}"
        )
