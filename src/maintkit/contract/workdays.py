"""Chinese statutory working days: make-up days (调休) work, and a year that nobody has published is not guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import chinese_calendar
from pydantic import Field, model_validator

from maintkit.sitefile import Problem, Problems, SiteModel

FILE = "calendar.yml"
NAMESPACE = "maintkit-calendar@maintkit"  # what the signature of calendar.yml is for
_DAY = timedelta(days=1)
_SATURDAY = 5
_DAYS = "a list of dates as YYYY-MM-DD"


class Year(SiteModel):
    """One year as the State Council published it: where its days differ from Monday to Friday."""

    source: str = Field(min_length=1, description="the notice it is taken from, by name and number")
    holidays: tuple[date, ...] = Field(min_length=1, description=f"{_DAYS} that are off, weekends among them or not")
    workdays: tuple[date, ...] = Field(default=(), description=f"{_DAYS}: Saturdays and Sundays that are worked")

    @model_validator(mode="after")
    def _consistent(self) -> Year:
        problems = [
            Problem(at=("workdays", place), text=f"{day} is off and worked", allowed="one of them")
            for place, day in enumerate(self.workdays)
            if day in self.holidays
        ]
        problems += [
            Problem(at=("workdays", place), text=f"{day} is a {day:%A}", allowed="Saturdays and Sundays")
            for place, day in enumerate(self.workdays)
            if day.weekday() < _SATURDAY
        ]
        if problems:
            raise Problems(problems)
        return self

    def works(self, day: date) -> bool:
        """Whether this day of the year is worked."""
        return day in self.workdays or (day.weekday() < _SATURDAY and day not in self.holidays)


class Overlay(SiteModel):
    """calendar.yml: years that the installed calendar does not know yet. It may not contradict what is known."""

    years: dict[int, Year] = Field(description="a year, its `source`, `holidays` and `workdays`")

    @model_validator(mode="after")
    def _consistent(self) -> Overlay:
        problems = list(self._problems())
        if problems:
            raise Problems(problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        for number, year in self.years.items():
            for key, days in (("holidays", year.holidays), ("workdays", year.workdays)):
                for place, day in enumerate(days):
                    if day.year != number:
                        yield Problem(
                            at=("years", number, key, place), text=f"{day} is not in {number}", allowed="its days"
                        )
            wrong = next((day for day in _days_of(number) if _published(day) not in (None, year.works(day))), None)
            if wrong:
                text = f"{wrong} is known to be {'a working day' if _published(wrong) else 'off'}, and is not so here"
                yield Problem(at=("years", number), text=text, allowed="the published days, or no entry for this year")


@dataclass(frozen=True, kw_only=True)
class Undetermined:
    """No date can be said, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Working days: the published ones, and the years that a site adds. `reason` says why a site's file is left out."""

    years: Mapping[int, Year] = field(default_factory=dict)
    reason: str = ""

    def works(self, day: date) -> bool | Undetermined:
        """Whether a day is worked; undetermined in a year that was not published to this calendar."""
        known = _published(day)
        if known is not None:
            return known
        year = self.years.get(day.year)
        if year is None:
            said = f"; {self.reason}" if self.reason else ""
            return Undetermined(reason=f"the working days of {day.year} are not known to this calendar{said}")
        return year.works(day)

    def after(self, day: date, count: int) -> date | Undetermined:
        """The `count`th working day after `day`, which itself does not count; `day` for 0."""
        while count > 0:
            day += _DAY
            worked = self.works(day)
            if isinstance(worked, Undetermined):
                return worked
            count -= worked
        return day


def _published(day: date) -> bool | None:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # a year that the library does not know
        return None


def _days_of(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += _DAY
