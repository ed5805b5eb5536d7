"""From a document tree to files: all of them whole, or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Literal, cast

from maintkit.documents.model import Document
from maintkit.documents.own.load import PLAIN, Own
from maintkit.errors import DocumentRefused

Format = Literal["docx", "xlsx", "html", "pdf"]
FORMATS: tuple[Format, ...] = ("docx", "xlsx", "html", "pdf")


def render(
    document: Document, formats: Iterable[Format], directory: Path, stem: str, own: Own = PLAIN
) -> tuple[Path, ...]:
    """Write `directory/stem.<format>` for each format and return the paths, in the order asked for.

    `own` is the letterhead of the site: fonts, logo, Word file. Words and chapters are the document's (`own/dress.py`).

    Every format is drawn before the first file is touched, and a file appears by rename: a full or read-only disk, or a
    missing font, leaves what was there before. Raises DocumentRefused.
    """
    wanted = tuple(dict.fromkeys(formats))
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown:
        raise DocumentRefused(f"no document format {unknown[0]!r}", hint=f"the formats are {', '.join(FORMATS)}")
    if Path(stem).name != stem or stem in ("", ".", ".."):
        raise DocumentRefused(f"{stem!r} is not a file name", hint="give the directory and the name apart")
    drawn = {directory / f"{stem}.{name}": _renderer(name)(document, own) for name in wanted}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write_all(drawn)
    except OSError as error:
        raise DocumentRefused(
            f"cannot write {error.filename or directory}: {error.strerror or error}",
            hint="free space or name another directory; nothing was written",
        ) from error
    return tuple(drawn)


def _renderer(name: Format) -> Callable[[Document, Own], bytes]:
    # Loaded when asked for: python-docx, openpyxl and typst together cost half a second that html does not need.
    module = import_module(f"{__name__}.{name}")
    return cast(Callable[[Document, Own], bytes], module.render)


def _write_all(drawn: Mapping[Path, bytes]) -> None:
    """All contents reach the disk under temporary names before the first rename."""
    waiting: dict[Path, Path] = {}
    try:
        for path, content in drawn.items():
            waiting[path] = _written_beside(path, content)
        for path, temporary in waiting.items():
            temporary.replace(path)
    finally:
        for temporary in waiting.values():
            temporary.unlink(missing_ok=True)


def _written_beside(path: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o640)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        error.filename = str(path)
        raise
    return temporary
