"""Writing a handover package: a directory or a zip file that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path

from maintkit.errors import HandoverRefused
from maintkit.evidence.handover.manifest import MANIFEST, NAMESPACE, SIGNATURE, Item, Kind, Manifest, unsafe
from maintkit.evidence.signing import sign

_STORED = (".docx", ".xlsx", ".pdf", ".gz", ".png", ".jpg")  # compressed already


@dataclass(kw_only=True)
class Staging:
    """A package in the making, beside the place where it will be. `items` are what was added so far."""

    root: Path
    items: list[Item] = field(default_factory=list)

    def room(self, path: str) -> Path:
        """Where to write the file of this name; the directories to it exist. HandoverRefused for an unsafe name."""
        why = unsafe(path)
        if why:
            raise HandoverRefused(f"{path!r} cannot be packed: {why}", hint="rename the file")
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def note(self, path: str, kind: Kind, title: str, *, draft: bool = False) -> Item:
        """Take a file that was written into the list, with its hash as it is on the disk."""
        place = self.root / path
        place.chmod(0o640)
        with place.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        size = place.stat().st_size
        item = Item(path=path, sha256=digest, size=size, kind=kind, title=title, draft=draft)
        self.items.append(item)
        return item

    def add(self, path: str, content: bytes, kind: Kind, title: str) -> Item:
        """Write and note a file."""
        self.room(path).write_bytes(content)
        return self.note(path, kind, title)

    def seal(self, manifest: Manifest, key: Path) -> None:
        """Write the manifest and its signature; SigningFailed with ssh-keygen's words."""
        self.room(MANIFEST).write_text(manifest.text, encoding="utf-8")
        self.room(SIGNATURE).write_text(sign(manifest.text, key=key, namespace=NAMESPACE), encoding="ascii")


@contextmanager
def staged(target: Path, *, at: datetime) -> Iterator[Staging]:
    """A place to put files into, which becomes `target` at the end: a zip by its name, else a directory.

    Raises HandoverRefused when something is there already or it cannot be written; then nothing is left behind.
    """
    if target.exists() or target.is_symlink():
        raise HandoverRefused(f"{target} is there already", hint="name a new directory or a new .zip file")
    work = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        staging = Staging(root=work / "package")
        staging.root.mkdir()
        yield staging
        if target.suffix == ".zip":
            _zip(staging.root, work / "zip", at)
            (work / "zip").replace(target)
        else:
            staging.root.replace(target)
    except OSError as error:
        raise HandoverRefused(
            f"{error.filename or target} cannot be written: {error.strerror}", hint="free space or name another place"
        ) from error
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)


def _zip(root: Path, to: Path, at: datetime) -> None:
    """Sorted, dated and packed so that the same files give the same bytes."""
    when = max(at.astimezone(UTC), datetime(1980, 1, 1, tzinfo=UTC)).timetuple()[:6]
    with to.open("xb") as raw:
        with zipfile.ZipFile(raw, "w") as archive:
            for name in sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()):
                info = zipfile.ZipInfo(name, when)
                info.create_system, info.external_attr = 3, 0o100640 << 16
                info.compress_type = zipfile.ZIP_STORED if name.endswith(_STORED) else zipfile.ZIP_DEFLATED
                info.file_size = (root / name).stat().st_size
                with (root / name).open("rb") as source, archive.open(info, "w") as member:
                    shutil.copyfileobj(source, member)
        raw.flush()
        os.fsync(raw.fileno())
