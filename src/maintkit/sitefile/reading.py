"""A site file from disk into its model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Generic, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from maintkit.errors import SiteError
from maintkit.sitefile.compose import Malformed, compose
from maintkit.sitefile.explain import explain, keys_of
from maintkit.sitefile.problems import Path, Problem

MAX_BYTES = 1024 * 1024
CORRECT = "correct the file, then see with `maintkit site check` whether the site is whole"

M = TypeVar("M", bound=BaseModel)

_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<line>[0-9]+))?: (?P<text>.*)")


class SiteModel(BaseModel):
    """What every model of a site file is: immutable, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, kw_only=True)
class Place:
    """One problem of a SiteError. `line` None: the file itself, not a line of it."""

    file: str
    line: int | None
    text: str


@dataclass(frozen=True, kw_only=True)
class SiteFile(Generic[M]):
    """A file read: its path, its model, and where everything stands."""

    path: FilePath
    model: M
    lines: dict[Path, int] = field(repr=False)

    def line(self, at: Path) -> int:
        """The line of the value at this path, or of the nearest thing around it that is written down."""
        return _line(self.lines, at)

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Raise SiteError naming all these problems by line; nothing happens when there are none."""
        found = [(self.line(problem.at), str(problem)) for problem in problems]
        if found:
            refuse(self.path, found)


def read(path: FilePath, model: type[M]) -> M:
    """The file as `model`; SiteError lists every mistake as `FILE:LINE: what is wrong; allowed: …`."""
    return load(path, model).model


def load(path: FilePath, model: type[M]) -> SiteFile[M]:
    """As `read`, keeping the lines for references into other files."""
    return parse(path, read_text(path), model)


def parse(path: FilePath, text: str, model: type[M], *, above: int = 0) -> SiteFile[M]:
    """As `load`, of text that stands in the file below so many lines; `path` is for messages alone."""
    try:
        composed = compose(text)
    except Malformed as error:
        refuse(path, [(error.line + above, str(Problem(text=error.text, allowed=error.allowed)))])
    lines = {at: line + above for at, line in composed.lines.items()}
    found = [(flaw.line + above, str(Problem(text=flaw.text, allowed=flaw.allowed))) for flaw in composed.flaws]
    if composed.empty and model_needs_keys(model):
        refuse(path, [(1, str(Problem(text="the file is empty", allowed=keys_of(model))))])
    value = {} if composed.empty else composed.value
    if not isinstance(value, dict):
        kind = "list" if isinstance(value, list) else "single value"
        at = lines.get((), 1)
        refuse(path, [(at, str(Problem(text=f"the file holds a {kind}", allowed=keys_of(model))))])
    try:
        # JSON mode is strict where YAML is (a number is no text) and lax where it must be (a date is written as text).
        made = model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        wrong = explain(error, model, value)
        refuse(path, found + [(_line(lines, problem.at), str(problem)) for problem in wrong])
    if found:
        refuse(path, found)
    return SiteFile(path=path, model=made, lines=lines)


def model_needs_keys(model: type[BaseModel]) -> bool:
    """Whether an empty file cannot be right."""
    return any(field.is_required() for field in model.model_fields.values())


def read_text(path: FilePath) -> str:
    """The text of a site file: UTF-8 with or without a byte order mark, at most 1 MiB."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise SiteError(
            f"{path}: no such file", hint="`maintkit init DIR` makes a site with all its files to compare with"
        ) from None
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise SiteError(f"{path}: {reason}", hint="give the file back to the user who runs maintkit") from None
    if len(raw) > MAX_BYTES:
        refuse(path, [(1, f"{len(raw)} bytes are too many for a site file; allowed: at most {MAX_BYTES}")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        refuse(path, [(line, f"not UTF-8 but {_encoding(raw)}; allowed: UTF-8")], hint="save the file as UTF-8")


def refuse(path: FilePath, found: Iterable[tuple[int, str]], *, hint: str = CORRECT) -> NoReturn:
    """Raise SiteError with one line a problem, in the order of the file."""
    lines = [f"{path}:{line}: {' '.join(text.split())}" for line, text in sorted(set(found))]
    raise SiteError("\n".join(lines), hint=hint)


def places(error: SiteError) -> list[Place]:
    """The lines of a SiteError's message taken apart, for a program."""
    parts = [_PLACE.fullmatch(line) for line in str(error).splitlines()]
    return [
        Place(file=part["file"], line=int(part["line"]) if part["line"] else None, text=part["text"])
        for part in parts
        if part is not None
    ]


def _encoding(raw: bytes) -> str:
    """What the bytes probably are, for the message."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return "of an unknown encoding"
    return "probably GBK (as Windows editors save Chinese text)"


def _line(lines: dict[Path, int], at: Path) -> int:
    for length in range(len(at), -1, -1):
        if at[:length] in lines:
            return lines[at[:length]]
    return 1
