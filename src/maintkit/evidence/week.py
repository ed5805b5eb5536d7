"""A calendar week (ISO 8601: from Monday) in the contract's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, kw_only=True, order=True)
class Week:
    """`year` is that of its Thursday, as ISO 8601 counts; ValueError for one that it does not have, or beyond dates."""

    year: int
    number: int

    def __post_init__(self) -> None:
        # The weeks beside it have to be weeks too.
        if not MINYEAR < self.year < MAXYEAR:
            raise ValueError(f"no week of the year {self.year} is known")
        date.fromisocalendar(self.year, self.number, 1)

    @classmethod
    def of(cls, at: datetime, zone: tzinfo) -> Week:
        """The week that an instant falls into, by the calendar of the zone."""
        year, number, _ = at.astimezone(zone).isocalendar()
        return cls(year=year, number=number)

    @classmethod
    def parse(cls, text: str) -> Week:
        """From `2026W48`; raises ValueError."""
        year, found, number = text.upper().partition("W")
        if not (found and year.isdecimal() and number.isdecimal()):
            raise ValueError(f"{text!r} is not a week like 2026W48")
        return cls(year=int(year), number=int(number))

    @property
    def monday(self) -> date:
        """Its first day."""
        return date.fromisocalendar(self.year, self.number, 1)

    def previous(self) -> Week:
        """The week before."""
        year, number, _ = (self.monday - timedelta(days=7)).isocalendar()
        return Week(year=year, number=number)

    def span(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """Its first instant, and the first of the next week."""
        first, after = self.monday, self.monday + timedelta(days=7)
        return datetime.combine(first, time(), zone), datetime.combine(after, time(), zone)

    @property
    def title(self) -> str:
        """`2026 年第 48 周（2026-11-23 至 2026-11-29）`."""
        return f"{self.year} 年第 {self.number} 周（{self.monday} 至 {self.monday + timedelta(days=6)}）"

    def __str__(self) -> str:
        return f"{self.year}W{self.number:02d}"
