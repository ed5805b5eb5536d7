"""What a piece of advice is: an observation with its figures, a conclusion, what to do, and what that risks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from maintkit.evidence.server_facts import Look, Mysql, Postgresql

DAY_S = 86400.0
ENOUGH_DAYS = 7  # of counting: below it a week's own rhythm decides what is found
KIB, MIB, GIB = 2**10, 2**20, 2**30

Takes = Literal["reload", "restart", "online", "by-hand"]
Confidence = Literal["high", "medium", "low"]
ServerT_co = TypeVar("ServerT_co", Postgresql, Mysql, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one rule always says, whatever the figures.

    `takes`: reload (holds at once), restart, online (a statement that locks nobody out for long), or by-hand (people
    have to look first). `danger`: data can be lost as things are. `source` is the section of the server's manual.
    """

    id: str
    title: str
    title_zh: str
    source: str
    takes: Takes
    confidence: Confidence
    risk_zh: str
    undo_zh: str
    danger: bool = False


@dataclass(frozen=True, kw_only=True)
class Change:
    """A setting from one value to another, as the server's file writes them."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Advice:
    """One piece of advice on one thing. `sql`: what a person would run; `index`: as `change_indexes` takes it."""

    rule: Rule
    subject: str
    figures: tuple[tuple[str, str], ...]
    observation_zh: str
    conclusion_zh: str
    advice_zh: str
    change: Change | None = None
    index: Mapping[str, object] | None = None
    sql: str = ""


@dataclass(frozen=True, kw_only=True)
class Insufficient:
    """No advice, and why: 数据不足. `rule` None: of many rules. `why`: what the host said of it (English)."""

    subject: str
    rule: Rule | None
    reason_zh: str
    why: str = ""


Said = Advice | Insufficient


@dataclass(frozen=True, kw_only=True)
class Seen(Generic[ServerT_co]):
    """One instance now, the same one at an earlier look (None: not known then), and their hosts."""

    host: Look
    then: Look | None
    now: ServerT_co
    before: ServerT_co | None


@dataclass(frozen=True, kw_only=True)
class Counted:
    """So much in so many seconds."""

    amount: float
    seconds: float

    @property
    def days(self) -> float:
        """The time it was counted in."""
        return self.seconds / DAY_S

    @property
    def a_day(self) -> float:
        """As a rate."""
        return self.amount / max(self.days, 1 / 24)

    @property
    def enough(self) -> bool:
        """Whether it was counted for long enough to say something."""
        return self.days >= ENOUGH_DAYS


def counted(seen: Seen[ServerT_co], now: float, then: float | None, since: float | None) -> Counted | None:
    """What a counter counted since the earlier look, or since its reset where that came later or nothing is earlier.

    A counter that is less than it was has been lost in between: None, as where nobody knows since when it counts.
    """
    at = seen.host.at
    if then is not None and seen.then is not None and (since is None or since <= seen.then.at):
        return Counted(amount=now - then, seconds=max(1.0, at - seen.then.at)) if now >= then else None
    return Counted(amount=now, seconds=max(1.0, at - since)) if since is not None else None


def enough(rule: Rule, subject: str, period: Counted | None, *, what_zh: str) -> Insufficient | None:
    """Why this was not counted for long enough; None: it was."""
    if period is None:
        return Insufficient(subject=subject, rule=rule, reason_zh=f"{what_zh}的计数起点不明或其间已丢失")
    if not period.enough:
        reason = f"{what_zh}仅累计 {period.days:.1f} 天，不足 {ENOUGH_DAYS} 天"
        return Insufficient(subject=subject, rule=rule, reason_zh=reason)
    return None


def size(count: float) -> str:
    """Bytes as people read them."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if abs(count) >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count:.0f} B"
