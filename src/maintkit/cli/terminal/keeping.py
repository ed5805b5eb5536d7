"""Issued files, kept beside the reports: drawing a document again overwrites its file there, and never these."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from maintkit.errors import DocumentRefused
from maintkit.evidence.issued import Issue

DIRECTORY = "issued"


def keep(written: Sequence[Path], version: int, reports: Path) -> None:
    """A copy of each file of an issue under the name of its version; DocumentRefused when it cannot be written."""
    place = reports / DIRECTORY
    for path in written:
        target = place / kept_name(path.name, version)
        try:
            place.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f".{target.name}")
            shutil.copyfile(path, partial)
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            raise DocumentRefused(
                f"{target} cannot be written: {error.strerror}: the document was not issued",
                hint="free space or make it writable, then issue it again",
            ) from error


def kept(issue: Issue, reports: Path) -> Iterator[tuple[str, Path | None]]:
    """Each file of an issue, named by its version, with where it lies byte for byte; None: nowhere in the reports."""
    for name, digest in issue.files:
        own = kept_name(name, issue.version)
        places = (reports / DIRECTORY / own, reports / name)
        yield own, next((one for one in places if one.is_file() and _sha256(one) == digest), None)


def kept_name(name: str, version: int) -> str:
    """`升级申请-P1.pdf` of version 2 is `升级申请-P1-第2版.pdf`."""
    stem, dot, suffix = Path(name).name.rpartition(".")
    return f"{stem}-第{version}版{dot}{suffix}"


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
