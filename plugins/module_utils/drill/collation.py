"""Whether this host sorts text as the source does: no database opens without its locales."""

from __future__ import annotations

import locale
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused


def require_locales(source: Mapping[str, Any]) -> None:
    """Refused when this host lacks a locale of the source's databases; those that sort by ICU have one, too."""
    lacking = {name: held for name, held in (source.get("locales") or {}).items() if not known(name)}
    if lacking:
        told = ", ".join(f"{name} ({', '.join(held)})" for name, held in sorted(lacking.items()))
        raise Refused(
            f"this host lacks locales of the source's databases: {told}. Make them here (locale-gen, or the package of"
            " that language): no database of the copy would open without them"
        )


def doubts(source: Mapping[str, Any]) -> list[str]:
    """What differs in the order of text, in words, where the source's databases are sorted by the C library."""
    there, here = source.get("libc"), libc()
    if not source.get("sorted_by_libc") or not there or not here or there == here:
        return []
    names = ", ".join(source["sorted_by_libc"])
    told = f"text of {names} is sorted by the C library, {there} at the source and {here} here"
    return [f"{told}: where their orders differ amcheck finds damage that is none"]


def known(name: str) -> bool:
    """Whether the C library has this locale, asked as PostgreSQL asks when a database is opened."""
    try:
        with _kept():
            locale.setlocale(locale.LC_COLLATE, name)
            locale.setlocale(locale.LC_CTYPE, name)
    except (locale.Error, ValueError):
        return False
    return True


def libc() -> str:
    """The version of the C library, as PostgreSQL tells it; empty where it is another one than glibc."""
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")[2]
    except (OSError, ValueError):
        return ""


@contextmanager
def _kept() -> Iterator[None]:
    before = [(one, locale.setlocale(one)) for one in (locale.LC_COLLATE, locale.LC_CTYPE)]
    try:
        yield
    finally:
        for category, name in before:
            locale.setlocale(category, name)
