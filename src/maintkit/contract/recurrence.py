"""RFC 5545 recurrence rules as a contract writes them: `FREQ=WEEKLY;BYDAY=MO,TU`, in local time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import cast

from dateutil.rrule import rrule, rrulestr

PARTS = (
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "WKST",
    "BYDAY",
    "BYMONTHDAY",
    "BYMONTH",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYSETPOS",
)
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_VALUE = re.compile(r"[A-Z0-9,+-]+")
_UNTIL = re.compile(r"\d{8}(T\d{6})?")


def rule_parts(text: str) -> dict[str, str]:
    """The parts of a rule by name; ValueError says what is wrong with it.

    Only days recur here: no hourly rules, no BYHOUR. UNTIL is local time like the rest, so it bears no `Z`.
    """
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if not equals or name not in PARTS or not _VALUE.fullmatch(value):
            raise ValueError(f"{part!r} is no part of such a rule")
        if name in parts:
            raise ValueError(f"{name} stands twice")
        parts[name] = value
    if parts.get("FREQ") not in FREQUENCIES:
        raise ValueError(f"FREQ is {parts.get('FREQ', 'missing')}")
    if "UNTIL" in parts and not _UNTIL.fullmatch(parts["UNTIL"]):
        raise ValueError(f"UNTIL is {parts['UNTIL']}, not local time like 20261231 or 20261231T235900")
    if {"UNTIL", "COUNT"} <= parts.keys():
        raise ValueError("UNTIL and COUNT exclude each other")
    _made(parts, datetime(2026, 1, 1), datetime(2026, 1, 2))  # noqa: DTZ001  # wall time
    return parts


def occurrences(text: str, first: datetime, before: datetime) -> Iterator[datetime]:
    """The rule's local starts from `first` on and before `before`; both naive, as a clock on the wall shows them.

    `first` counts only if the rule gives it. The end bounds the search too, so a rule that gives nothing ends.
    """
    parts = rule_parts(text)
    starts = (start for start in _made(parts, first, before) if start < before)
    return islice(starts, int(parts["COUNT"])) if "COUNT" in parts else starts


def _made(parts: dict[str, str], first: datetime, before: datetime) -> rrule:
    """COUNT is taken off, because it and a bound of our own exclude each other."""
    until = f"{before:%Y%m%dT%H%M%S}"
    if "UNTIL" in parts:
        # A bare date means the whole of that day.
        until = min(until, parts["UNTIL"] if "T" in parts["UNTIL"] else f"{parts['UNTIL']}T235959")
    kept = ";".join(f"{name}={value}" for name, value in parts.items() if name not in {"COUNT", "UNTIL"})
    made = rrulestr(f"{kept};UNTIL={until}", dtstart=first)
    return cast(rrule, made)  # one rule, since no part can hold a line break
