"""Masking what must not be stored or printed: credentials, and what names a patient or a person.

Every mask is a fixed text, `[masked:…]`, that says what stood there. Masking is idempotent: what has been masked once
is left alone. Where a pattern is unsure it masks too much rather than too little, with one exception: numbers that are
plainly a size, an instant, a hash or a UUID stay, because an inspection is made of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from maintkit.evidence.patterns import (
    KEY,
    MASK,
    RULES,
    SECRET,
    SHORTEST,
    SITE,
    SUSPICIOUS,
    Replacement,
    is_state,
    is_value,
    label_of,
)

_SIGNATURE = re.compile(
    r"-----BEGIN SSH SIGNATURE-----\n(?:[0-9A-Za-z+/=]{1,76}\n){1,60}-----END SSH SIGNATURE-----\n?", re.ASCII
)
_REMEMBERED, _REMEMBERED_LENGTH = 50_000, 200  # strings found clean: hosts repeat each other, at most some 10 MB
_FIELD_NAME = re.compile(r"[a-z_]+")


@dataclass(frozen=True, kw_only=True)
class Redacted:
    """Text without what must not be seen, and the number of places masked."""

    text: str
    count: int


class Redactor:
    """Masks known secrets, the patterns of this module, and a site's own regular expressions.

    Secrets shorter than four characters are left out. Up to seven letters and digits, a secret counts only as a whole
    word, so that a weak password does not eat hashes and numbers. Its URL-quoted and JSON-escaped forms count too.
    """

    def __init__(self, secrets: Iterable[str] = (), patterns: Iterable[re.Pattern[str]] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._secrets = tuple(ordered)
        self._known = re.compile("|".join((MASK.pattern, *map(_whole, ordered)))) if ordered else None
        self._site = tuple(patterns)
        self._clean: set[str] = set()

    def text(self, text: str) -> Redacted:
        """The text with every sensitive place replaced by its mask; an SSH signature alone stays, as it must verify."""
        if _SIGNATURE.fullmatch(text):
            return Redacted(text=text, count=0)
        count = 0
        for pattern, replace in self._rules(text):
            text, found = _substitute(pattern, replace, text)
            count += found
        return Redacted(text=text, count=count)

    def value(self, value: Any) -> tuple[Any, int]:
        """A JSON value with every string masked, keys too, and whole values under keys like `password`.

        Keys of lower-case letters and `_` are field names and stay, even if somebody has such a word for a password.
        """
        if len(self._clean) > _REMEMBERED:
            self._clean = set()
        walk = _Walk(self, self._clean)
        return walk.masked(value), walk.count

    def _rules(self, text: str) -> Iterable[tuple[re.Pattern[str], Replacement]]:
        if self._known is not None and any(secret in text for secret in self._secrets):
            yield self._known, _keep_masks(SECRET)
        for pattern in self._site:
            yield pattern, lambda found: SITE if found[0] else ""
        if SUSPICIOUS.search(text):
            yield from RULES


class _Walk:
    """One pass over a JSON value, counting. `clean` is what the redactor has seen before and needed no mask."""

    def __init__(self, redactor: Redactor, clean: set[str]) -> None:
        self._redactor = redactor
        self._clean = clean
        self.count = 0

    def masked(self, value: Any, label: str | None = None) -> Any:
        """The value masked; `label` is the mask for whole values, from the key above."""
        if isinstance(value, str):
            return value if label is None and value in self._clean else self._string(value, label)
        if isinstance(value, dict):
            return {self._key(key): self.masked(item, label_of(key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return self._list(value, label)
        if label is not None and isinstance(value, int) and is_value(str(value), label):
            self.count += 1
            return label
        if isinstance(value, Mapping):
            return self.masked(dict(value), label)
        return value

    def _list(self, values: Sequence[Any], label: str | None) -> list[Any]:
        """A private key may lie over several strings, one a line: all are masked up to its end."""
        masked, inside = [], False
        for value in values:
            if inside and isinstance(value, str):
                masked.append(KEY)
                self.count += 1
                inside = "-----END" not in value
                continue
            new = self.masked(value, label)
            inside = new is not value and isinstance(new, str) and new.endswith(KEY) and "-----END" not in value
            masked.append(new)
        return masked

    def _string(self, value: str, label: str | None) -> str:
        if label is not None and is_value(value, label):
            self.count += 1
            return label
        result = self._redactor.text(value)
        if result.count:
            self.count += result.count
            return result.text
        if len(value) <= _REMEMBERED_LENGTH:
            self._clean.add(value)
        return value

    def _key(self, key: Any) -> str:
        return str(key) if not isinstance(key, str) or _is_field(key) else self._string(key, None)


@lru_cache(maxsize=4096)
def _is_field(key: str) -> bool:
    return _FIELD_NAME.fullmatch(key) is not None


def _forms(secret: str) -> set[str]:
    if len(secret) < SHORTEST or is_state(secret):
        return set()
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {secret, secret.strip(), quote(secret, safe=""), *escaped}


def _whole(secret: str) -> str:
    """Short alphanumeric secrets match as whole words only."""
    escaped = re.escape(secret)
    return rf"(?<![0-9A-Za-z]){escaped}(?![0-9A-Za-z])" if len(secret) < 8 and secret.isalnum() else escaped


def _substitute(pattern: re.Pattern[str], replace: Replacement, text: str) -> tuple[str, int]:
    """Like re.subn, but counts only what really changed."""
    count = 0

    def counted(found: re.Match[str]) -> str:
        nonlocal count
        new = replace(found)
        count += new != found[0]
        return new

    return pattern.sub(counted, text), count


def _keep_masks(mask: str) -> Replacement:
    return lambda found: found[0] if MASK.fullmatch(found[0]) else mask
