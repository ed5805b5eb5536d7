"""Releases of an application: directories side by side, and a link that says which one runs.

A release is made whole under another name and then renamed; what is there is never written again, only compared. Its
tree's digest covers every name, kind, mode and content, so the same archive gives the same digest anywhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .cache import sha256
from .place import Refused, named, pointed, settle

PIECE = 1024 * 1024
DAMAGED = (OSError, EOFError, tarfile.TarError, zlib.error)
MODES = 0o755  # nothing that others may write, nothing that runs as somebody else


def described(archive: Path) -> dict:
    """sha256 of an archive, digest of the tree that it gives, and how many bytes that has."""
    with _opened(archive) as packed:
        listed = [_told(packed, one) for one in _members(packed)]
        size = sum(one.size for one in packed.getmembers())
    return {"sha256": sha256(archive), "tree": _digest(listed), "bytes": size}


def tree_of(release: Path) -> str:
    """The digest of a release as it lies there; empty when there is none."""
    return _digest(list(_walked(release))) if release.is_dir() and not release.is_symlink() else ""


def unpack(archive: Path, directory: Path, name: str, *, tree: str) -> bool:
    """Have the release in the directory; whether that is new. Refused when it is there with other content."""
    release = directory / named("release", name)
    there = tree_of(release)
    if there == tree:
        return False
    if there or release.exists() or release.is_symlink():
        raise Refused(f"{release} is there with other content, and is never written again: name the release otherwise")
    half = directory / f".{name}.half"
    shutil.rmtree(half, ignore_errors=True)
    umask = os.umask(0o022)
    try:
        half.mkdir(parents=True)
        with _opened(archive) as packed:
            for one in _members(packed):
                _write(packed, one, half)
        if tree_of(half) != tree:
            raise Refused(f"{archive} does not give the tree that was planned: copy it again")
        os.sync()
        half.rename(release)
    finally:
        os.umask(umask)
        shutil.rmtree(half, ignore_errors=True)  # also of what a full disk has left
    settle(directory)
    return True


def target_of(link: Path) -> str:
    """Where the link leads, as it is written; empty when there is none. Refused when something else stands there."""
    if link.is_symlink():
        return str(pointed(link))
    if link.exists():
        raise Refused(f"{link} is no link: move away what is there")
    return ""


def switch(link: Path, target: str) -> bool:
    """Let the link lead there at one instant, or, with an empty target, be gone; whether that is new."""
    if target_of(link) == target:
        return False
    if not target:
        link.unlink()
    else:
        half = link.with_name(f".{link.name}.half")
        half.unlink(missing_ok=True)
        half.symlink_to(target)
        half.rename(link)
    settle(link.parent)
    return True


def _opened(archive: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(archive, "r:gz")
    except DAMAGED as error:
        raise Refused(f"{archive} is no tar.gz: {error}") from None


def _members(packed: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The archive's members in order, if all may be unpacked: plain files, directories, links that stay inside."""
    seen: set[str] = set()
    try:
        members = sorted(packed.getmembers(), key=lambda one: _path(one.name))
    except DAMAGED as error:
        raise Refused(f"{packed.name} is cut short or damaged: {error}") from None
    links = {_path(one.name) for one in members if one.issym()}
    for one in members:
        path = PurePosixPath(_path(one.name))
        if path == PurePosixPath():
            continue
        if str(path) in seen or not (one.isreg() or one.isdir() or one.issym()):
            raise Refused(f"{packed.name} holds {one.name!r} twice, or as no file, directory or symbolic link")
        if any(str(parent) in links for parent in path.parents):
            raise Refused(f"{packed.name} holds {one.name!r} behind a link")
        if one.issym() and _leaves(path.parent, one.linkname):
            raise Refused(f"{packed.name} holds {one.name!r}, a link that leads out of the release")
        seen.add(str(path))
        yield one


def _path(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise Refused(f"the archive holds {name!r}, which leads out of the release")
    return str(path)


def _leaves(start: PurePosixPath, target: str) -> bool:
    path = PurePosixPath(target)
    if path.is_absolute():
        return True
    depth = len(start.parts)
    for part in path.parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return False


def _write(packed: tarfile.TarFile, one: tarfile.TarInfo, root: Path) -> None:
    path = root / _path(one.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if one.isdir():
        path.mkdir(exist_ok=True)
    elif one.issym():
        path.symlink_to(one.linkname)
    else:
        with path.open("xb") as file:
            shutil.copyfileobj(packed.extractfile(one), file, PIECE)
    if not one.issym():
        path.chmod(_mode(one.mode, directory=one.isdir()))


def _mode(mode: int, *, directory: bool) -> int:
    return 0o755 if directory else (mode & MODES) | 0o444


def _told(packed: tarfile.TarFile, one: tarfile.TarInfo) -> tuple[str, ...]:
    path = _path(one.name)
    if one.issym():
        return ("link", path, one.linkname)
    if one.isdir():
        return ("directory", path)
    return ("file", path, oct(_mode(one.mode, directory=False)), _hashed(packed.extractfile(one)))


def _walked(root: Path) -> Iterator[tuple[str, ...]]:
    for path in root.rglob("*"):
        name, found = str(path.relative_to(root)), path.lstat()
        if stat.S_ISLNK(found.st_mode):
            yield ("link", name, str(pointed(path)))
        elif stat.S_ISDIR(found.st_mode):
            yield ("directory", name)
        elif stat.S_ISREG(found.st_mode):
            with path.open("rb") as file:
                yield ("file", name, oct(stat.S_IMODE(found.st_mode)), _hashed(file))
        else:
            yield ("other", name)


def _hashed(file) -> str:
    digest = hashlib.sha256()
    while piece := file.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _digest(listed: list[tuple[str, ...]]) -> str:
    """Directories count only where they hold nothing: an archive need not name the others."""
    parents = {str(parent) for one in listed for parent in PurePosixPath(one[1]).parents}
    told = sorted(one for one in listed if one[0] != "directory" or one[1] not in parents)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
