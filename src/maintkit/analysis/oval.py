"""Ubuntu's OVAL (com.ubuntu.RELEASE.usn.oval.xml, or .cve.oval.xml), read as what it says of packages.

Of a definition its references, its severity and those criteria count that ask dpkg for a package: the names of binary
packages, and the version below which they are affected. What asks for the running kernel is counted and left out.
"""

from __future__ import annotations

import bz2
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

from maintkit.errors import ImportRefused
from maintkit.evidence.advisory import Advisory

LARGEST = 512 * 1024 * 1024  # of XML; the largest of Ubuntu's is said to be some 290 MB
_CHUNK = 1 << 18
_DEEPEST = 40  # elements within elements: Ubuntu's files have some ten
_ID = re.compile(r"oval:com\.ubuntu\.([a-z]+):(def|tst|obj|ste|var):[0-9]+")
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_STAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T")
# Versions and words by which Ubuntu marks what only its extended maintenance (Ubuntu Pro) delivers.
_ESM = re.compile(r"[+~]esm[0-9]*|\besm-(infra|apps)|ubuntu pro|extended security maintenance", re.IGNORECASE)
_WELL = re.compile(r"\bnot affected\b|does not exist", re.IGNORECASE)
_UNSURE = re.compile(r"is not known|might be affected|pending evaluation|needs evaluation", re.IGNORECASE)
ESM = "Ubuntu Pro (ESM)"
_HINT = "carry in com.ubuntu.RELEASE.usn.oval.xml or .cve.oval.xml of security-metadata.canonical.com/oval, whole"


@dataclass(frozen=True, kw_only=True)
class Oval:
    """What a file says of one release: advisories by the binary packages that they are of, joined by spaces.

    `left_out`: criteria that ask for something else than a package, like the running kernel. `made`: the day in the
    file itself, None where it has none.
    """

    release: str
    advisories: dict[str, tuple[Advisory, ...]]
    left_out: int
    made: date | None


@dataclass(kw_only=True)
class _Parts:
    """What is kept of a file while it is read, by id."""

    tests: dict[str, tuple[str, str | None]] = field(default_factory=dict)  # object, state
    names: dict[str, str] = field(default_factory=dict)  # object to a name
    sets: dict[str, str] = field(default_factory=dict)  # object to a variable
    versions: dict[str, str | None] = field(default_factory=dict)  # state to a version; None: of another kind
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)  # variable to names
    definitions: list[_Definition] = field(default_factory=list)
    releases: set[str] = field(default_factory=set)
    made: date | None = None


@dataclass(frozen=True, kw_only=True)
class _Definition:
    cves: tuple[tuple[str, str], ...]  # with the urgency
    criteria: tuple[tuple[tuple[str, str], ...], ...]  # groups of test and comment that hold together


def unpacked(content: bytes) -> bytes:
    """The XML of a file, which may be as Ubuntu packs it (bzip2); ImportRefused beyond 512 MiB."""
    if not content.startswith(b"BZh"):
        return content
    reader = bz2.BZ2Decompressor()
    try:
        made = reader.decompress(content, max_length=LARGEST + 1)
    except (OSError, EOFError, ValueError) as error:
        raise ImportRefused(f"it is no bzip2: {error}", hint=_HINT) from error
    if len(made) > LARGEST:
        raise ImportRefused(f"it unpacks to more than {LARGEST} bytes", hint=_HINT)
    if not reader.eof:
        raise ImportRefused("its bzip2 ends too early", hint=_HINT)
    return made


def oval(content: bytes) -> Oval:
    """The advisories of an OVAL file of Ubuntu; ImportRefused when it is none, or may do harm.

    Nothing is fetched and nothing expanded: a file that declares a document type or an entity is refused unread.
    """
    _harmless(content)
    parts = _read(content)
    if len(parts.releases) != 1:
        told = ", ".join(sorted(parts.releases)) or "none"
        raise ImportRefused(f"its definitions are of the Ubuntu releases {told}", hint=_HINT)
    found: dict[str, dict[tuple[str, str | None], Advisory]] = {}
    left_out = 0
    for definition in parts.definitions:
        for group in definition.criteria:
            if any(test not in parts.tests for test, _ in group):
                left_out += 1
                continue
            for test, comment in group:
                names, fixed, undetermined = _asked(parts, test, comment)
                for cve, urgency in definition.cves:
                    needs = ESM if _ESM.search(fixed or "") or _ESM.search(comment) else ""
                    one = Advisory(cve=cve, fixed=fixed, urgency=urgency, undetermined=undetermined, needs=needs)
                    found.setdefault(" ".join(names), {})[cve, fixed] = one
    if not found:
        raise ImportRefused("it says nothing of any package", hint=_HINT)
    advisories = {
        names: tuple(sorted(own.values(), key=lambda one: (one.cve, one.fixed or "")))
        for names, own in sorted(found.items())
    }
    return Oval(release=parts.releases.pop(), advisories=advisories, left_out=left_out, made=parts.made)


def _harmless(content: bytes) -> None:
    head = content[:200].lower()
    if b"\0" in content[:4] or (b"encoding=" in head and b"utf-8" not in head and b"ascii" not in head):
        raise ImportRefused("it is not in UTF-8", hint=_HINT)
    for word in (b"<!DOCTYPE", b"<!ENTITY"):
        if word in content:
            raise ImportRefused(f"it has a {word.decode()}, which no OVAL file of Ubuntu has", hint=_HINT)


def _read(content: bytes) -> _Parts:
    """Every section element by element, each forgotten when it was read: memory holds what is kept."""
    parts = _Parts()
    parser: Any = ET.XMLPullParser(("start", "end"))
    stack: list[ET.Element] = []
    try:
        for start in range(0, len(content), _CHUNK):
            parser.feed(content[start : start + _CHUNK])
            for event, element in parser.read_events():
                if event == "start":
                    stack.append(element)
                    if len(stack) > _DEEPEST:
                        raise ImportRefused("its elements nest too deep", hint=_HINT)
                    continue
                stack.pop()
                if len(stack) == 2:  # one definition, test, object, state or variable
                    _take(parts, _local(stack[1]), element)
                    stack[1].remove(element)
        parser.close()
    except ET.ParseError as error:
        raise ImportRefused(f"it is no XML: {error}", hint=_HINT) from error
    return parts


def _take(parts: _Parts, section: str, element: ET.Element) -> None:
    kind, id_ = _local(element), element.get("id", "")
    if section == "generator" and kind == "timestamp":
        said = _STAMP.match(element.text or "")
        parts.made = date.fromisoformat(said[1]) if said else None
    elif section == "definitions" and element.get("class") in ("patch", "vulnerability"):
        parts.releases.add(_named(id_))
        parts.definitions.append(_definition(element))
    elif kind == "dpkginfo_test":
        state = _child(element, "state")
        parts.tests[id_] = (_of(element, "object"), state.get("state_ref") if state is not None else None)
    elif kind == "dpkginfo_object":
        name = _child(element, "name")
        if name is not None and name.get("var_ref"):
            parts.sets[id_] = name.get("var_ref", "")
        elif name is not None and name.text:
            parts.names[id_] = name.text.strip()
    elif kind == "dpkginfo_state":
        evr = _child(element, "evr")
        below = evr is not None and evr.get("operation") == "less than"
        parts.versions[id_] = evr.text.strip() if below and evr is not None and evr.text else None
    elif kind == "constant_variable":
        parts.values[id_] = tuple(one.text.strip() for one in element if _local(one) == "value" and one.text)


def _named(id_: str) -> str:
    found = _ID.fullmatch(id_)
    if found is None:
        raise ImportRefused(f"{id_[:80]!r} is no id of Ubuntu's OVAL", hint=_HINT)
    return found[1]


def _definition(element: ET.Element) -> _Definition:
    severity = ""
    cves: dict[str, str] = {}
    for one in element.iter():
        if _local(one) == "severity":
            severity = (one.text or "").strip().lower()
    for one in element.iter():
        if _local(one) == "reference" and one.get("source") == "CVE" and _CVE.fullmatch(one.get("ref_id", "")):
            cves.setdefault(one.get("ref_id", ""), severity or "not yet assigned")
        elif _local(one) == "cve" and one.get("priority") and _CVE.fullmatch((one.text or "").strip()):
            cves[(one.text or "").strip()] = one.get("priority", "")
    asked = [one for one in element if _local(one) == "criteria"]
    return _Definition(cves=tuple(cves.items()), criteria=tuple(group for one in asked for group in _groups(one)))


def _groups(criteria: ET.Element) -> Iterator[tuple[tuple[str, str], ...]]:
    """Criterions of one AND together, of an OR one by one; those that ask for the opposite are left away."""
    own = [
        (one.get("test_ref", ""), one.get("comment", ""))
        for one in criteria
        if _local(one) == "criterion" and one.get("negate") != "true" and not _WELL.search(one.get("comment", ""))
    ]
    if criteria.get("operator", "AND") == "AND":
        yield from [tuple(own)] if own else []
    else:
        yield from ((one,) for one in own)
    for one in criteria:
        if _local(one) == "criteria" and one.get("negate") != "true":
            yield from _groups(one)


def _asked(parts: _Parts, test: str, comment: str) -> tuple[tuple[str, ...], str | None, bool]:
    """Names, the version below which they are affected (None: every one is), and whether nobody knows yet."""
    object_, state = parts.tests[test]
    names = (parts.names[object_],) if object_ in parts.names else parts.values.get(parts.sets.get(object_, ""), ())
    version = parts.versions.get(state) if state is not None else None
    if not names or (state is not None and version is None):
        raise ImportRefused(f"its test {test[:80]} names no package or no version", hint=_HINT)
    fixed = version.removeprefix("0:") if version else None
    return tuple(sorted(set(names))), fixed, fixed is None and _UNSURE.search(comment) is not None


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _child(element: ET.Element, name: str) -> ET.Element | None:
    return next((one for one in element if _local(one) == name), None)


def _of(element: ET.Element, name: str) -> str:
    found = _child(element, name)
    return found.get(f"{name}_ref", "") if found is not None else ""
