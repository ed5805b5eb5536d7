"""Build the hospital's software as real .deb files.

    python -m lab.hospital.packages DIRECTORY

One tree a source (`vendor/<source>/`), as Debian keeps it: `tree/<binary>/` is what is installed, `debian/<binary>/`
holds control and maintainer scripts, `patches/` what differs between versions, `versions.yml` which version has which
patches. The same input gives the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path

import yaml

VENDOR = Path(__file__).parent / "vendor"
MAINTAINER = "Practice Hospital Software <vendor@hospital.invalid>"
REVISION = "1"
SCRIPTS = frozenset({"postinst", "prerm", "postrm", "preinst"})


@dataclass(frozen=True, kw_only=True)
class Release:
    """One version of one source. `breaks` says what is wrong with it: registration, migration, or nothing."""

    source: str
    version: str
    date: datetime
    patches: tuple[str, ...]
    changes: str
    breaks: str | None

    @property
    def epoch(self) -> int:
        """SOURCE_DATE_EPOCH: every file in the package bears this time."""
        return int(self.date.timestamp())


def releases(source: str) -> list[Release]:
    """The versions of one source, oldest first."""
    data = yaml.safe_load((VENDOR / source / "versions.yml").read_text(encoding="utf-8"))
    return [
        Release(
            source=source,
            version=version,
            date=values["date"],
            patches=tuple(values["patches"]),
            changes=values["changes"],
            breaks=values.get("breaks"),
        )
        for version, values in data.items()
    ]


def sources() -> list[str]:
    """Every source there is."""
    return sorted(path.parent.name for path in VENDOR.glob("*/versions.yml"))


def build_all(destination: Path) -> list[Path]:
    """Every version of every source, as files named as apt expects."""
    return [path for source in sources() for release in releases(source) for path in build(release, destination)]


def build(release: Release, destination: Path) -> list[Path]:
    """The binary packages of one version, in `destination`; CalledProcessError holds the words of patch or dpkg-deb."""
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lab-deb-") as directory:
        work = Path(directory)
        shutil.copytree(VENDOR / release.source, work, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        for name in release.patches:
            patch = ["patch", "--strip=1", "--fuzz=0", "--no-backup-if-mismatch", "--quiet"]
            run([*patch, f"--input={work / 'patches' / name}"], cwd=work / "tree")
        return [build_binary(work, path.name, release, destination) for path in sorted((work / "tree").iterdir())]


def build_binary(work: Path, binary: str, release: Release, destination: Path) -> Path:
    """One .deb out of its patched tree."""
    root = work / "tree" / binary
    add_documents(root, binary, release)
    for path in files(root):
        substitute(path, release.version)
    control = root / "DEBIAN"
    shutil.copytree(work / "debian" / binary, control)
    substitute(control / "control", release.version)
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}" for path in files(root)]  # noqa: S324
    (control / "md5sums").write_text("\n".join(line for line in sums if "  DEBIAN/" not in line) + "\n")
    settle(root, release.epoch)
    deb = destination / f"{binary}_{release.version}-{REVISION}_all.deb"
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(release.epoch)}
    run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(root), str(deb)], env=environment)
    return deb


def add_documents(root: Path, binary: str, release: Release) -> None:
    """The changelog and the copyright that policy asks for."""
    documents = root / "usr/share/doc" / binary
    documents.mkdir(parents=True)
    known = releases(release.source)
    entries = [
        f"{item.source} ({item.version}-{REVISION}) hospital; urgency=medium\n\n  * {item.changes}\n\n"
        f" -- {MAINTAINER}  {format_datetime(item.date)}\n"
        for item in reversed(known[: known.index(release) + 1])
    ]
    packed = gzip.compress("\n".join(entries).encode(), mtime=0)
    (documents / "changelog.Debian.gz").write_bytes(packed)
    (documents / "copyright").write_text("Copyright: 2026 the maintkit maintainers\nLicense: GPL-3.0-or-later\n")


def settle(root: Path, epoch: int) -> None:
    """Modes and times that do not depend on the checkout."""
    for path in [*files(root), *(path for path in root.rglob("*") if path.is_dir()), root]:
        runs = path.is_dir() or path.parent.name in ("bin", "sbin") or path.name in SCRIPTS
        path.chmod(0o755 if runs else 0o644)
        os.utime(path, (epoch, epoch))


def substitute(path: Path, version: str) -> None:
    """Put the version where the file asks for it."""
    data = path.read_bytes()
    if b"@VERSION@" in data:
        path.write_bytes(data.replace(b"@VERSION@", version.encode()))


def files(root: Path) -> Iterator[Path]:
    """Every file, in a fixed order."""
    return iter(sorted(path for path in root.rglob("*") if path.is_file()))


def run(command: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Run to the end; what it said is in the error."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stdout + done.stderr)


if __name__ == "__main__":
    for built in build_all(Path(sys.argv[1])):
        print(built)
