"""The directory `documents` of a site: its files read and checked, all mistakes told at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from maintkit.documents.own import layout, logo, reference, words
from maintkit.documents.own.layout import Layout
from maintkit.documents.own.words import Words
from maintkit.errors import SiteError
from maintkit.sitefile import read

DIRECTORY = "documents"
STYLE, LOGO = "style.docx", "logo.png"
FILES = (words.FILE, layout.FILE, STYLE, LOGO)
OPEN = (".", "~$")  # what programs leave beside a file that somebody has open
MOST_BYTES = 4 * 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Own:
    """What a site says differently. `style` and `logo` are the files themselves; `files` all that there are."""

    words: Words = field(default_factory=Words)
    layout: Layout = field(default_factory=Layout)
    style: bytes | None = None
    logo: bytes | None = None
    files: tuple[tuple[str, bytes], ...] = ()

    @property
    def hashes(self) -> list[dict[str, str]]:
        """Name and sha256 of every file, as an issue keeps them."""
        return [{"name": name, "sha256": sha256(content).hexdigest()} for name, content in self.files]


PLAIN = Own()


def load_own(root: Path) -> Own:
    """What the site at `root` says; `PLAIN` when it has no such directory. SiteError names every mistake."""
    place = root / DIRECTORY
    if not place.is_dir():
        return PLAIN
    errors: list[SiteError] = []
    for path in sorted(place.iterdir()):
        if path.name not in FILES and not path.name.startswith(OPEN):
            hint = f"take it away, or name it as one of {', '.join(FILES)}"
            if path.name.startswith("style."):
                hint = f"only Word has a template, {STYLE}; the others take words.yml, layout.yml and logo.png"
            errors.append(SiteError(f"{path}: no document is made of this file", hint=hint))
    there = [name for name in FILES if (place / name).is_file()]
    contents = {name: _attempt(errors, lambda name=name: _bytes(place / name)) for name in there}  # type: ignore[misc]
    said = _attempt(errors, lambda: read(place / words.FILE, Words)) if words.FILE in there else Words()
    laid = _attempt(errors, lambda: read(place / layout.FILE, Layout)) if layout.FILE in there else Layout()
    style, picture = contents.get(STYLE), contents.get(LOGO)
    if style is not None:
        _attempt(errors, lambda: reference.check(place / STYLE, style))
    if picture is not None:
        _attempt(errors, lambda: logo.check(place / LOGO, picture))
    if errors or said is None or laid is None:
        raise SiteError("\n".join(map(str, errors)), hint=errors[0].hint)
    files = tuple((name, content) for name, content in contents.items() if content is not None)
    return Own(words=said, layout=laid, style=style, logo=picture, files=files)


def _bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SiteError(f"{path}: {(error.strerror or str(error)).lower()}", hint="make it readable") from error
    if len(content) > MOST_BYTES:
        raise SiteError(f"{path}: {len(content)} bytes, over {MOST_BYTES}", hint="make its pictures smaller")
    return content


def _attempt(errors: list[SiteError], step: Callable[[], T]) -> T | None:
    try:
        return step()
    except SiteError as error:
        errors.append(error)
        return None
