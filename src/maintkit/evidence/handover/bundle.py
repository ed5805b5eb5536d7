"""Reading a handover package, a directory or a zip file, that somebody may have prepared to do harm.

Nothing is ever unpacked to a path that the package names, and nothing is read beyond the length that the caller allows.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO, Protocol

from maintkit.errors import HandoverAltered, HandoverRefused
from maintkit.evidence.handover.manifest import MOST_FILES, unsafe

PIECE = 256 * 1024
_ANEW = "do not unpack it; ask whoever sent it for the package anew"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


class Bundle(Protocol):
    """A package's files by name. Names are safe, each is a regular file, and none stands twice."""

    sizes: dict[str, int]

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """The content of one file."""
        ...


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """The package at `path`; HandoverRefused for what must not be looked into any further."""
    try:
        archive = None if path.is_dir() else zipfile.ZipFile(path)
        found = Folder(path) if archive is None else Zip(archive)
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise HandoverRefused(f"{path} is no zip file: {error}", hint="name a handover's directory or zip") from error
    except OSError as error:
        raise HandoverRefused(
            f"{error.filename or path} cannot be read: {error.strerror}", hint="name a handover"
        ) from error
    with archive or nullcontext():
        yield found


class Folder:
    """A package as a directory."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.sizes: dict[str, int] = dict(self._walk(root))

    def _walk(self, folder: Path) -> Iterator[tuple[str, int]]:
        for number, entry in enumerate(sorted(os.scandir(folder), key=lambda one: one.name), 1):
            name = Path(entry.path).relative_to(self._root).as_posix()
            _demand(name, number)
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield name, entry.stat(follow_symlinks=False).st_size
            else:
                raise _refused(name, "it is a link or no regular file")

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            descriptor = os.open(self._root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                yield file
        except OSError as error:
            raise _altered(name, f"cannot be read: {error.strerror}") from error


class Zip:
    """A package as a zip file. Links, encrypted files and rare ways of packing are refused by the look of them."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.sizes: dict[str, int] = {}
        for number, member in enumerate(archive.infolist(), 1):
            _demand(member.orig_filename.removesuffix("/"), number)
            if (why := _odd(member)) is not None:
                raise _refused(member.filename, why)
            if member.is_dir():
                continue
            if member.filename in self.sizes:
                raise _refused(member.filename, "it stands twice")
            self.sizes[member.filename] = member.file_size

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            with self._archive.open(name) as file:
                yield file
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
            raise _altered(name, f"cannot be unpacked: {error}") from error


def pieces(bundle: Bundle, name: str, *, most: int) -> Iterator[bytes]:
    """The content bit by bit; HandoverAltered as soon as it is longer than `most` bytes, whatever its header said."""
    left = most
    with bundle.open(name) as file:
        while piece := file.read(min(PIECE, left + 1)):
            left -= len(piece)
            if left < 0:
                raise _altered(name, f"is longer than {most} bytes")
            yield piece


def _odd(member: zipfile.ZipInfo) -> str | None:
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR) or (stat.S_ISDIR(mode) and not member.is_dir()):
        return "it is a link or no regular file"
    if member.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if member.compress_type not in _METHODS:
        return f"it is packed by method {member.compress_type}"
    return "it is a directory with content" if member.is_dir() and member.file_size else None


def _demand(name: str, number: int) -> None:
    if number > MOST_FILES:
        raise HandoverRefused(f"the package holds more than {MOST_FILES} files", hint=_ANEW)
    why = unsafe(name)
    if why:
        raise _refused(name, why)


def _refused(name: str, why: str) -> HandoverRefused:
    return HandoverRefused(f"the package is refused for {name!r}: {why}", hint=_ANEW)


def _altered(name: str, why: str) -> HandoverAltered:
    return HandoverAltered(f"{name} {why}", hint="ask for the package anew, and keep this one as it is")
