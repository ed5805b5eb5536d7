"""An apt archive of the lab's own: signed suites that a test publishes to in one call, as a vendor or Debian would.

    archive = Archive.open(Path("build/lab/archive"))
    archive.publish("vendor", packages)             # what hosts are installed from
    archive.publish("bookworm-security", updates)   # later: now there is something to patch

A host reads it as `file:` where the directory is mounted, or over HTTP; `sources()` gives the lines for either.
Like Debian's own, a suite offers only the newest publication of a package unless `keep_older` is asked for: the way
back to an older version is whoever kept the file.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

KEYRING = "/usr/share/keyrings/lab-archive.gpg"
SIGNER = "Lab archive <archive@lab.invalid>"


@dataclass(frozen=True, kw_only=True)
class Suite:
    """What the Release file says: tools tell a security update by label, origin and suite."""

    name: str
    origin: str
    label: str


SUITES = (
    Suite(name="vendor", origin="Practice Hospital Software", label="Practice Hospital Software"),
    Suite(name="bookworm", origin="Debian", label="Debian"),
    Suite(name="bookworm-security", origin="Debian", label="Debian-Security"),
)


class Archive:
    """`root` is what clients see; the signing key lies beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._key = root.parent / f"{root.name}.key"

    @classmethod
    def open(cls, root: Path) -> Self:
        """The archive at `root`; made with its key and empty suites where there is none."""
        archive = cls(root)
        root.mkdir(parents=True, exist_ok=True)
        if not archive._key.exists():
            archive._make_key()
        for suite in SUITES:
            if not (root / "dists" / suite.name / "InRelease").exists():
                archive.publish(suite.name, [])
        return archive

    def remove(self) -> None:
        """Take it away, with its key."""
        shutil.rmtree(self.root, ignore_errors=True)
        self._key.unlink(missing_ok=True)

    def publish(self, suite: str, debs: Iterable[Path], *, keep_older: bool = False) -> None:
        """Offer these files in a suite (a name out of SUITES). A client that reads at this moment reads again."""
        described = next(item for item in SUITES if item.name == suite)
        pool = self.root / "pool" / suite
        pool.mkdir(parents=True, exist_ok=True)
        for deb in debs:
            for older in [] if keep_older else pool.glob(f"{package_of(deb)}_*.deb"):
                older.unlink()
            shutil.copy2(deb, pool / deb.name)
        self._index(described)

    def offered(self, suite: str) -> list[str]:
        """The files of a suite, by name."""
        return sorted(path.name for path in (self.root / "pool" / suite).glob("*.deb"))

    def sources(self, address: str) -> str:
        """Lines for sources.list; `address` is file:/some/where or http://host/path. The key belongs into KEYRING."""
        return "".join(f"deb [signed-by={KEYRING}] {address} {suite.name} main\n" for suite in SUITES)

    def _index(self, suite: Suite) -> None:
        fresh = self.root / "dists" / f".{suite.name}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        architecture = output("dpkg", "--print-architecture").strip()
        place = fresh / "main" / f"binary-{architecture}"
        place.mkdir(parents=True)
        packages = output("apt-ftparchive", "packages", f"pool/{suite.name}", cwd=self.root).encode()
        (place / "Packages").write_bytes(packages)
        (place / "Packages.gz").write_bytes(gzip.compress(packages, mtime=0))
        fields = {"Origin": suite.origin, "Label": suite.label, "Suite": suite.name, "Codename": suite.name}
        fields |= {"Architectures": f"{architecture} all", "Components": "main"}
        options = [f"-oAPT::FTPArchive::Release::{name}={value}" for name, value in fields.items()]
        (fresh / "Release").write_text(output("apt-ftparchive", *options, "release", ".", cwd=fresh))
        self._sign(fresh)
        current = self.root / "dists" / suite.name
        with tempfile.TemporaryDirectory(prefix=".old-", dir=self.root / "dists") as aside:
            if current.exists():
                current.rename(Path(aside) / suite.name)
            fresh.rename(current)

    def _sign(self, place: Path) -> None:
        with keyring() as home:
            gpg(home, "--import", str(self._key))
            gpg(home, "--clearsign", "--output", str(place / "InRelease"), str(place / "Release"))

    def _make_key(self) -> None:
        with keyring() as home:
            gpg(home, "--passphrase", "", "--quick-generate-key", SIGNER, "ed25519", "sign", "never")
            gpg(home, "--output", str(self.root / "lab-archive.gpg"), "--export")
            descriptor = os.open(self._key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(gpg(home, "--armor", "--export-secret-keys"))


def package_of(deb: Path) -> str:
    """The package's name out of name_version_architecture.deb."""
    return deb.name.partition("_")[0]


@contextmanager
def keyring() -> Iterator[Path]:
    """A GnuPG home for one operation: short-lived, because its agent's socket wants a short path and must not stay."""
    with tempfile.TemporaryDirectory(prefix="lab-gpg-", dir="/tmp") as home:
        try:
            yield Path(home)
        finally:
            output("gpgconf", "--homedir", home, "--kill", "gpg-agent")


def gpg(home: Path, *arguments: str) -> str:
    """Run gpg without a terminal."""
    return output("gpg", "--homedir", str(home), "--batch", "--quiet", "--no-tty", *arguments)


def output(*command: str, cwd: Path | None = None) -> str:
    """What a program prints; CalledProcessError with its words when it fails."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout
