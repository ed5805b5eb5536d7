"""Lengths of time as a contract writes them: `15 min`, `2 h`, `3 wd`, `1 month`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

Unit = Literal["min", "h", "wd", "month"]

_WRITTEN = re.compile(r"(?P<count>[0-9]{1,4}) ?(?P<unit>min|h|wd|months?)")
_ELAPSED = re.compile(r"(?P<count>[0-9]{1,4}) ?(?P<unit>min|h)")


@dataclass(frozen=True, kw_only=True)
class Span:
    """A number of minutes, hours, statutory working days (调休 days count) or calendar months."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.count} months" if self.unit == "month" and self.count != 1 else f"{self.count} {self.unit}"

    @property
    def minutes(self) -> int:
        """The span on a clock that runs around the clock; ValueError for working days and months, which have none."""
        if self.unit not in {"min", "h"}:
            raise ValueError(f"{self} has no fixed number of minutes")
        return self.count * 60 if self.unit == "h" else self.count


def _span(value: object, written: re.Pattern[str]) -> Span:
    found = written.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not a length of time of this kind")
    unit: Unit = "month" if found["unit"].startswith("month") else found["unit"]  # type: ignore[assignment]  # by _WRITTEN
    return Span(count=int(found["count"]), unit=unit)


def _any(value: object) -> Span:
    return _span(value, _WRITTEN)


def _elapsed(value: object) -> Span:
    return _span(value, _ELAPSED)


# `wd` and months need a calendar; a clock of faults runs on elapsed time only.
Deadline = Annotated[
    Span,
    PlainValidator(_any),
    PlainSerializer(str),
    WithJsonSchema(
        {"type": "string", "pattern": f"^{_WRITTEN.pattern.replace('?P<count>', '').replace('?P<unit>', '')}$"}
    ),
]
Elapsed = Annotated[
    Span,
    PlainValidator(_elapsed),
    PlainSerializer(str),
    WithJsonSchema(
        {"type": "string", "pattern": f"^{_ELAPSED.pattern.replace('?P<count>', '').replace('?P<unit>', '')}$"}
    ),
]
