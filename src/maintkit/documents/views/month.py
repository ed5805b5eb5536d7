"""A calendar month in the contract's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from maintkit.documents.views.quarter import Quarter


@dataclass(frozen=True, kw_only=True, order=True)
class Month:
    """`number` is 1 to 12; ValueError for another one, or a year beside which there are no dates."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 12:
            raise ValueError(f"month {self.number} is not 1 to 12")
        if not 1 < self.year < 9999:
            raise ValueError(f"no month of the year {self.year} is known")

    @classmethod
    def of(cls, at: datetime, zone: tzinfo) -> Month:
        """The month that an instant falls into, by the calendar of the zone."""
        local = at.astimezone(zone)
        return cls(year=local.year, number=local.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """From `2026-10`; raises ValueError."""
        year, found, number = text.partition("-")
        if not (found and year.isdecimal() and number.isdecimal()):
            raise ValueError(f"{text!r} is not a month like 2026-10")
        return cls(year=int(year), number=int(number))

    def previous(self) -> Month:
        """The month before."""
        return Month(year=self.year - (self.number == 1), number=(self.number - 2) % 12 + 1)

    def following(self) -> Month:
        """The month after."""
        return Month(year=self.year + (self.number == 12), number=self.number % 12 + 1)

    def start(self, zone: tzinfo) -> datetime:
        """Its first instant."""
        return datetime(self.year, self.number, 1, tzinfo=zone)

    @property
    def title(self) -> str:
        """`2026 年 10 月`."""
        return f"{self.year} 年 {self.number} 月"

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


Covered = Month | Quarter  # what a report may be of


def months(covered: Covered) -> tuple[Month, ...]:
    """The months of a quarter, or the one itself."""
    if isinstance(covered, Month):
        return (covered,)
    return tuple(Month(year=covered.year, number=number) for number in covered.months)


def bounds(covered: Covered, zone: tzinfo) -> tuple[datetime, datetime]:
    """Its first instant, and the first one after it."""
    own = months(covered)
    return own[0].start(zone), own[-1].following().start(zone)
