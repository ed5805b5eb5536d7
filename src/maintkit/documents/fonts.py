"""Fonts for the PDF: found by what they can draw, not by their names.

MAINTKIT_FONT_PATH (directories, separated as in PATH) replaces the usual font directories when it is set.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont, TTLibError

from maintkit.errors import DocumentRefused

VARIABLE = "MAINTKIT_FONT_PATH"
# What a font must draw to set a Chinese record: common characters of the records, rarer ones of names, punctuation.
SAMPLE = "巡检记录医院采购人服务方应实未异常事件处理责任期限签名盖章鑫淼翀珺，。：；（）“”—"
_SUFFIXES = (".ttf", ".ttc", ".otf", ".otc")
# File names that usually hold such a font, the most wanted first: serif for text, sans for headings.
_SERIF = ("notoserifcjk", "notoserifsc", "sourcehanserif", "simsun", "songti", "fangsong", "simfang", "stsong", "uming")
_SANS = (
    "notosanscjk", "notosanssc", "sourcehansans", "simhei", "msyh", "pingfang", "wqy-microhei", "wqy-zenhei",
    "droidsansfallback", "hiragino", "uming",
)  # fmt: skip
# How the last word of a family is spelt that is meant for Simplified Chinese, among the faces of a collection.
_CHINESE = ("sc", "cn", "gb")


@dataclass(frozen=True, kw_only=True)
class Face:
    """One face of a font file, `index` its place in a collection. `characters` are the code points it draws."""

    family: str
    path: Path
    index: int
    characters: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class Typefaces:
    """The pair a record is set in; the same face twice where only one was found."""

    serif: Face
    sans: Face

    @property
    def directories(self) -> tuple[Path, ...]:
        """Where the two lie."""
        return tuple(dict.fromkeys((self.serif.path.parent, self.sans.path.parent)))

    def missing(self, text: str) -> frozenset[str]:
        """The characters of `text` that one of the two cannot draw."""
        drawn = self.serif.characters & self.sans.characters
        return frozenset(character for character in set(text) if ord(character) not in drawn and character != "\n")


def find(environment: Mapping[str, str] = os.environ) -> Typefaces:
    """The Chinese fonts of this machine; raises DocumentRefused when none covers Chinese."""
    places = tuple(_places(environment))
    files = sorted(_files(places))
    serif = _best(files, _SERIF)
    sans = _best(files, _SANS)
    either = serif or sans or _any(files)
    if either is None:
        looked = ", ".join(str(place) for place in places) or "no directory"
        raise DocumentRefused(
            f"no font that draws Chinese was found in {looked}",
            hint="install one (Debian: fonts-noto-cjk, openEuler: google-noto-cjk-fonts) or name its directory in "
            f"{VARIABLE}; docx, xlsx and html need none",
        )
    return Typefaces(serif=serif or either, sans=sans or either)


def _places(environment: Mapping[str, str]) -> Iterator[Path]:
    named = environment.get(VARIABLE)
    if named:
        yield from (Path(place) for place in named.split(os.pathsep) if place)
        return
    home = Path(environment.get("HOME", "/nonexistent"))
    windows = Path(environment.get("WINDIR", "C:/Windows"))
    usual = (
        Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts",
        Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts", windows / "Fonts",
    )  # fmt: skip
    yield from (place for place in usual if place.is_dir())


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        for directory, _, names in os.walk(place):
            yield from (Path(directory, name) for name in names if name.lower().endswith(_SUFFIXES))


def _best(files: Iterable[Path], wanted: tuple[str, ...]) -> Face | None:
    files = tuple(files)
    for part in wanted:
        # The shortest name of a family is its plain cut (Regular before SemiBold); Bold and Black come by themselves.
        found = sorted(
            (path for path in files if part in path.name.lower().replace(" ", "")),
            key=lambda path: ("regular" not in path.name.lower(), len(path.name), path),
        )
        for path in found:
            face = _face(path)
            if face is not None:
                return face
    return None


def _any(files: Iterable[Path]) -> Face | None:
    return next((face for face in map(_face, files) if face is not None), None)


def _face(path: Path) -> Face | None:
    """The face of the file that draws Chinese, the one meant for Simplified Chinese where there are several."""
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> Face | None:
    """The same of the file as it was when it was changed last: a package of documents asks for it by the hundred."""
    del changed
    try:
        if path.suffix.lower() in (".ttc", ".otc"):
            with TTCollection(path, lazy=True) as collection:
                return _first(collection.fonts, path)
        with TTFont(path, lazy=True) as font:
            return _first([font], path)
    except (OSError, TTLibError, ValueError, KeyError, AssertionError):
        # A damaged or foreign file among the fonts is none of ours: another one may do.
        return None


def _first(fonts: Iterable[TTFont], path: Path) -> Face | None:
    numbered = [(_family(font), index, font) for index, font in enumerate(fonts)]
    named = sorted(numbered, key=lambda face: _distance_from_chinese(face[0]))
    faces = (_covering(family, index, font, path) for family, index, font in named)
    return next((face for face in faces if face is not None), None)


def _family(font: TTFont) -> str:
    names = font["name"]
    # The typographic family (16) is the one that typst knows a face by; the plain one (1) may carry the weight.
    return names.getDebugName(16) or names.getDebugName(1) or ""


def _covering(family: str, index: int, font: TTFont, path: Path) -> Face | None:
    characters = frozenset(font.getBestCmap() or ())
    if not family or not {ord(character) for character in SAMPLE} <= characters:
        return None
    return Face(family=family, path=path, index=index, characters=characters)


def _distance_from_chinese(family: str) -> tuple[bool, bool, str]:
    words = family.lower().split()
    return (not any(word.endswith(_CHINESE) for word in words), "mono" in words, family)
