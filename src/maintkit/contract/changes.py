"""When a change may be made and who must agree, as the contract says it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from maintkit.contract.recurrence import occurrences, rule_parts
from maintkit.contract.span import Elapsed, Span
from maintkit.sitefile import Problem, Problems, SiteModel, near

Risk = Literal["low", "medium", "high"]
RISKS: tuple[Risk, ...] = ("low", "medium", "high")
ID = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
WORDS = "lower-case words joined by -, like saturday-night"
WALL = "local time in quotes, like '2026-01-03 23:30', or a day like 2026-10-01"
LONGEST = timedelta(days=366)
_WALL = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d))?")


@dataclass(frozen=True, kw_only=True)
class Wall:
    """What a clock on the wall in the contract's time zone shows; `whole_day`: no time of day was written."""

    at: datetime
    whole_day: bool

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}" if self.whole_day else f"{self.at:%Y-%m-%d %H:%M}"


def _wall(value: object) -> Wall:
    found = _WALL.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not a local time: an offset or `Z` has no place here, the contract's time_zone holds")
    # Wall time has no zone until a window is worked out of it.
    return Wall(at=datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}"), whole_day=found[2] is None)


WallTime = Annotated[
    Wall,
    PlainValidator(_wall),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d([ T]\d\d:\d\d)?$"}),
]


class Period(SiteModel):
    """A stretch of local time, once or recurring. A whole day as `end` belongs to it; nothing in `systems`: all.

    `start` and `end` are the first occurrence; each later one begins and ends at the same time of day.
    """

    id: str = Field(pattern=ID, description=WORDS)
    title_zh: str = Field(min_length=1, description="its name in the documents, like 周六夜间窗口")
    systems: tuple[str, ...] = Field(default=(), description="a list of system ids of services.yml; none: all")
    start: WallTime = Field(description=WALL)
    end: WallTime = Field(description=WALL)
    repeat: str | None = Field(
        default=None, description="a rule of RFC 5545 by days, like FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    )

    @model_validator(mode="after")
    def _sound(self) -> Period:
        problem = self._span_problem() or (self._rule_problem(self.repeat) if self.repeat is not None else None)
        if problem:
            raise Problems([problem])
        return self

    @property
    def until(self) -> datetime:
        """The end as wall time: of a whole day, the midnight after it."""
        return self.end.at + timedelta(days=1) if self.end.whole_day else self.end.at

    def _span_problem(self) -> Problem | None:
        if self.until <= self.start.at:
            text = f"`{self.id}` ends {self.end}, not after its start {self.start}"
            return Problem(at=("end",), text=text, allowed=f"a time after {self.start}")
        if self.until - self.start.at > LONGEST:
            text = f"`{self.id}` lasts {(self.until - self.start.at).days} days"
            return Problem(at=("end",), text=text, allowed="a year at most")
        return None

    def _rule_problem(self, rule: str) -> Problem | None:
        at = ("repeat",)
        allowed = "a rule of RFC 5545 by days, like FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
        try:
            rule_parts(rule)
            first = next(occurrences(rule, self.start.at, self.start.at + timedelta(days=1)), None)
        except (ValueError, TypeError, OverflowError) as error:
            return Problem(at=at, text=f"`{rule}` is no such rule: {error}", allowed=allowed)
        if first != self.start.at:
            text = f"the rule `{rule}` does not give the start {self.start} ({self.start.at:%A})"
            return Problem(at=at, text=text, allowed="a rule whose first occurrence is `start`")
        return None


class Approvals(SiteModel):
    """How many different people of the hospital must sign a change, by its risk."""

    low: int = Field(default=1, ge=1, le=9, description="a whole number from 1 to 9")
    medium: int = Field(default=1, ge=1, le=9, description="a whole number from 1 to 9")
    high: int = Field(default=2, ge=1, le=9, description="a whole number from 1 to 9")

    def needed(self, risk: Risk) -> int:
        """The number for a risk."""
        return {"low": self.low, "medium": self.medium, "high": self.high}[risk]


class Standing(SiteModel):
    """An approval given beforehand for routine changes. It counts only once people of the hospital have signed it."""

    id: str = Field(pattern=ID, description=WORDS)
    procedure: str = Field(pattern=ID, description="the name of a procedure, like restart")
    systems: tuple[str, ...] = Field(min_length=1, description="a list of system ids of services.yml")
    max_risk: Risk = "low"
    windows: tuple[str, ...] = Field(min_length=1, description="a list of ids of windows")
    until: date = Field(description="a date as YYYY-MM-DD; that day still counts")


class Changes(SiteModel):
    """The part `changes` of contract.yml. Without windows nothing may be changed except in an emergency."""

    windows: tuple[Period, ...] = Field(default=(), description="a list of `id`, `title_zh`, `start`, `end` …")
    blackouts: tuple[Period, ...] = Field(default=(), description="a list of `id`, `title_zh`, `start`, `end` …")
    approvals: Approvals = Field(default=Approvals(), description="`low`, `medium` and `high`")
    standing: tuple[Standing, ...] = Field(default=(), description="a list of `id`, `procedure`, `systems` …")
    emergency_lasts: Elapsed = Field(
        default=Span(count=4, unit="h"), description="minutes or hours, like 4 h, that a declared emergency holds"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Changes:
        problems = [
            *_twice("windows", [one.id for one in self.windows]),
            *_twice("blackouts", [one.id for one in self.blackouts]),
            *_twice("standing", [one.id for one in self.standing]),
        ]
        known = [one.id for one in self.windows]
        for place, rule in enumerate(self.standing):
            for at, name in enumerate(rule.windows):
                if name not in known:
                    text = f"no window `{name}`{near(name, known)}"
                    problems.append(
                        Problem(at=("standing", place, "windows", at), text=text, allowed=", ".join(known) or "nothing")
                    )
        if problems:
            raise Problems(problems)
        return self

    def system_problems(self, known: Sequence[str]) -> list[Problem]:
        """Systems that are named here and that services.yml does not have; `at` is relative to this part."""
        kinds: dict[str, Sequence[Period | Standing]] = {
            "windows": self.windows,
            "blackouts": self.blackouts,
            "standing": self.standing,
        }
        return [
            Problem(
                at=(kind, place, "systems", at),
                text=f"services.yml has no system `{name}`{near(name, known)}",
                allowed=", ".join(known),
            )
            for kind, entries in kinds.items()
            for place, entry in enumerate(entries)
            for at, name in enumerate(entry.systems)
            if name not in known
        ]


def _twice(key: str, ids: list[str]) -> list[Problem]:
    return [
        Problem(at=(key, place, "id"), text=f"`{id_}` stands twice in `{key}`", allowed="once")
        for place, id_ in enumerate(ids)
        if id_ in ids[:place]
    ]
