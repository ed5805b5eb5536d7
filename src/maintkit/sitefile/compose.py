"""YAML text to plain values with the line of each: YAML 1.2 core schema, nothing clever.

ruamel.yaml only splits the text into events. Values are built here, because a site file must refuse what YAML allows:
duplicate keys, tags, several documents, and aliases that blow up. Dates stay text (their model reads them), and
`yes`, `no`, `on`, `off` are words, as YAML 1.2 says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from maintkit.sitefile.problems import Path

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"

MAX_DEPTH = 24
MAX_ALIASES = 200
MAX_VALUES = 100_000

_NULL = re.compile(r"(?:null|Null|NULL|~|)")
_TRUE = re.compile(r"(?:true|True|TRUE)")
_FALSE = re.compile(r"(?:false|False|FALSE)")
# Eighteen digits fit any number of a site; longer ones (an account, a serial number) stay text.
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class Malformed(Exception):
    """The text is not YAML, or not the plain YAML of a site file. `line` counts from 1."""

    def __init__(self, line: int, text: str, allowed: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text
        self.allowed = allowed


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """A mistake that does not stop the reading."""

    line: int
    text: str
    allowed: str


@dataclass(kw_only=True)
class Composed:
    """The values; for every path the line of its key or list item; the duplicate keys found on the way."""

    value: Value = None
    lines: dict[Path, int] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    empty: bool = False


@dataclass(frozen=True, kw_only=True)
class _Scalar:
    line: int
    value: Value
    text: str


@dataclass(frozen=True, kw_only=True)
class _Sequence:
    line: int
    items: tuple[_Node, ...]


@dataclass(frozen=True, kw_only=True)
class _Mapping:
    line: int
    entries: tuple[tuple[_Scalar, _Node], ...]


_Node: TypeAlias = _Scalar | _Sequence | _Mapping


def compose(text: str) -> Composed:
    """The values of one YAML document; raises Malformed at the first thing that cannot be read."""
    composed = Composed()
    root = _Tree(events(text), composed).document()
    if root is None:
        composed.empty = True
    else:
        composed.lines[()] = root.line
        composed.value = _Expansion(composed).value(root, ())
    return composed


def events(text: str) -> Iterator[Event]:
    """ruamel's events, its complaints turned into Malformed."""
    line = 1
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            line = event.start_mark.line + 1 if event.start_mark else line
            yield event
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = mark.line + 1 if mark else line
        raise _syntax(at, error.problem or error.context or "not readable", text) from error
    except YAMLError as error:  # characters that YAML forbids: ruamel gives their offset
        offset = getattr(error, "position", None)
        at = text.count("\n", 0, offset) + 1 if isinstance(offset, int) else line
        raise Malformed(at, "a character that YAML does not allow", "printable text in UTF-8") from error
    except (ValueError, OverflowError, IndexError, AssertionError, AttributeError, TypeError) as error:
        # ruamel's scanner lets these out for broken escapes and directives.
        raise Malformed(line, f"not YAML: {error}", "YAML 1.2") from error


def _syntax(line: int, problem: str, text: str) -> Malformed:
    """A tab gets its own words: it is the mistake an editor hides."""
    lines = text.split("\n")
    if "'\\t'" in problem or (line <= len(lines) and re.match(r" *\t", lines[line - 1])):
        return Malformed(line, "a tab stands where only spaces may", "spaces for indentation")
    return Malformed(line, f"not YAML: {problem}", "`key: value`, lists with `- `, texts that hold : or # in quotes")


class _Tree:
    """Events to nodes. An anchor is known once its node is complete, so nothing can hold itself."""

    def __init__(self, source: Iterator[Event], composed: Composed) -> None:
        self._events = source
        self._composed = composed
        self._anchors: dict[str, _Node] = {}
        self._aliases = 0

    def document(self) -> _Node | None:
        root: _Node | None = None
        documents = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Malformed(_line(event), "a second document starts", "one document a file")
            elif isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent, AliasEvent)):
                root = self._node(event, depth=1)
        if isinstance(root, _Scalar) and root.value is None:
            return None
        return root

    def _node(self, event: Event, depth: int) -> _Node:
        line = _line(event)
        if depth > MAX_DEPTH:
            raise Malformed(line, f"nested deeper than {MAX_DEPTH} levels", f"at most {MAX_DEPTH} levels")
        if isinstance(event, AliasEvent):
            return self._alias(event)
        tag = getattr(event, "tag", None)
        if tag not in {None, "!"}:
            raise Malformed(line, f"tag `{tag}`", "plain values without tags")
        node: _Node
        if isinstance(event, ScalarEvent):
            node = _scalar(event)
        elif isinstance(event, SequenceStartEvent):
            node = _Sequence(line=line, items=tuple(self._items(depth)))
        else:
            node = _Mapping(line=line, entries=tuple(self._entries(depth)))
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[str(anchor)] = node
        return node

    def _alias(self, event: AliasEvent) -> _Node:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise Malformed(_line(event), f"more than {MAX_ALIASES} aliases", f"at most {MAX_ALIASES}")
        node = self._anchors.get(str(event.anchor))
        if node is None:
            raise Malformed(
                _line(event), f"alias `*{event.anchor}` has no complete anchor above it", "an anchor that stands above"
            )
        return node

    def _items(self, depth: int) -> Iterator[_Node]:
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                return
            yield self._node(event, depth + 1)

    def _entries(self, depth: int) -> Iterator[tuple[_Scalar, _Node]]:
        seen: dict[str, int] = {}
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                return
            key = self._node(event, depth + 1)
            if not isinstance(key, _Scalar):
                raise Malformed(key.line, "a list or mapping stands as a key", "a word as key")
            value = self._node(next(self._events), depth + 1)
            if key.text in seen:
                first = seen[key.text]
                self._composed.flaws.append(
                    Flaw(line=key.line, text=f"key `{key.text}` stands twice, first in line {first}", allowed="once")
                )
                continue
            seen[key.text] = key.line
            yield key, value


class _Expansion:
    """Nodes to values, aliases copied out, with a bound on how much that may become."""

    def __init__(self, composed: Composed) -> None:
        self._lines = composed.lines
        self._count = 0

    def value(self, node: _Node, path: Path) -> Value:
        self._count += 1
        if self._count > MAX_VALUES or len(path) > MAX_DEPTH:
            raise Malformed(node.line, "the aliases make this file too large", f"at most {MAX_VALUES} values")
        if isinstance(node, _Scalar):
            return node.value
        if isinstance(node, _Sequence):
            return [self._placed(item, (*path, place), item.line) for place, item in enumerate(node.items)]
        return {key.text: self._placed(value, (*path, key.text), key.line) for key, value in node.entries}

    def _placed(self, node: _Node, path: Path, line: int) -> Value:
        self._lines[path] = line
        return self.value(node, path)


def _scalar(event: ScalarEvent) -> _Scalar:
    """Plain text is resolved by the core schema; quoted text stays text."""
    text = event.value
    control = _CONTROL.search(text)
    if control:
        raise Malformed(_line(event), f"control character U+{ord(control[0]):04X} in a text", "printable text")
    plain = event.style is None or event.style == ""
    return _Scalar(line=_line(event), value=_resolve(text) if plain else text, text=text)


def _resolve(text: str) -> Value:
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1
