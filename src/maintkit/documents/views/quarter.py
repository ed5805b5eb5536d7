"""A calendar quarter in the contract's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

_ORDINALS = "一二三四"


@dataclass(frozen=True, kw_only=True, order=True)
class Quarter:
    """`number` is 1 to 4."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if self.number not in (1, 2, 3, 4):
            raise ValueError(f"quarter {self.number} is not 1, 2, 3 or 4")

    @classmethod
    def of(cls, at: datetime, zone: tzinfo) -> Quarter:
        """The quarter that an instant falls into, by the calendar of the zone."""
        local = at.astimezone(zone)
        return cls(year=local.year, number=(local.month + 2) // 3)

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """From `2026Q4`; raises ValueError."""
        year, found, number = text.upper().partition("Q")
        if not (found and year.isdecimal() and number.isdecimal()):
            raise ValueError(f"{text!r} is not a quarter like 2026Q4")
        return cls(year=int(year), number=int(number))

    def previous(self) -> Quarter:
        """The quarter before."""
        return Quarter(year=self.year - (self.number == 1), number=(self.number - 2) % 4 + 1)

    def span(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """Its first instant, and the last before the next quarter."""
        first = datetime(self.year, self.months[0], 1, tzinfo=zone)
        after = datetime(self.year + (self.number == 4), self.number % 4 * 3 + 1, 1, tzinfo=zone)
        return first, after - datetime.resolution

    @property
    def title(self) -> str:
        """`2026 年第四季度`."""
        return f"{self.year} 年第{_ORDINALS[self.number - 1]}季度"

    @property
    def months(self) -> tuple[int, ...]:
        """The three months."""
        return tuple(range(self.number * 3 - 2, self.number * 3 + 1))

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"
