"""What a duty asks of an inspection: that it saw what the duty is about, and that people said a word on what is bad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from maintkit.clock import from_text
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.manual import LOOKED

SAW = ("ok", "warn", "crit", "waived")  # a verdict on facts; any other status says that there were none
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`seen`: by name, beginnings of the ids of checks, of which each name must have been seen on some host.

    `word`: of critical findings of which checks a person must have said something; the empty beginning is all.
    `rows`: a person must have looked at every row that is left to people.
    """

    seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    word: tuple[str, ...] = ("",)
    rows: bool = False

    def unseen(self, checks: Mapping[str, Mapping[str, int]]) -> tuple[str, ...]:
        """The names of which an inspection saw nothing, by how often each check came to which status."""
        judged = [check for check, counts in checks.items() if any(counts.get(status) for status in SAW)]
        return tuple(name for name, own in self.seen.items() if not any(check.startswith(own) for check in judged))


ABNORMAL = Asked()
LOOKED_AT = Asked(word=(), rows=True)
BACKUPS = Asked(
    seen={
        "backup jobs": (
            "backup.age",
            "backup.size",
            "backup.status",
            "backup.page-errors",
            "backup.wal-gap",
        )
    },
    word=("backup.",),
)
ACCESS = Asked(
    seen={
        "logins": ("logins.",),
        "accounts": ("accounts.", "drift.accounts"),
        "sudo": ("sudo.", "drift.sudoers"),
        "listening ports": ("port.", "drift.ports"),
    },
    word=("logins.", "accounts.", "keys.", "sudo.", "sshd.", "port.", "drift.accounts", "drift.sudoers", "drift.ports"),
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`lacks`: why an inspection or a run is no evidence, or "".

    `since`: the day of the last word, where one was needed.
    `day`: that on which a person looked at the last row, where a person had to.
    """

    lacks: str = ""
    since: date | None = None
    day: date | None = None


class Words:
    """When people first said something of an event or a row, and every waiver: read once, when first asked for."""

    def __init__(self, ledger: Ledger) -> None:
        self._handled: dict[str, Entry] = {}
        self._waived: dict[str, list[Entry]] = {}
        for entry in ledger.entries(kind="finding.handled"):
            self._handled.setdefault(entry.subject or "", entry)
        for entry in ledger.entries(kind="finding.waived"):
            self._waived.setdefault(entry.subject or "", []).append(entry)
        self._looked: dict[str, dict[tuple[str, str | None], list[Entry]]] = {}
        for entry in ledger.entries(kind=LOOKED):
            own = self._looked.setdefault(entry.run or "", {})
            own.setdefault((entry.body["check"], entry.subject), []).append(entry)

    def looks(self, run: str) -> list[list[Entry]]:
        """What people said of each row of an inspection of which they did, in order."""
        return list(self._looked.get(run, {}).values())

    def first(self, critical: Mapping[str, str], after: int) -> Entry | None:
        """The first handling of the event, or the first waiver of its matter after an entry; None: nobody said one."""
        key = f"{critical['check']} {critical['subject']}"
        waived = next((one for one in self._waived.get(key, ()) if one.seq > after), None)
        said = [one for one in (self._handled.get(critical["event"]), waived) if one is not None]
        return min(said, key=lambda one: one.seq, default=None)


def answer(asked: Asked, finished: Entry, words: Words, zone: ZoneInfo, on: date | None) -> Answer:
    """Whether a complete inspection is what is asked, by the words said until the end of a day (None: all of them).

    One of an older maintkit does not say what it saw, and counts.
    """
    body: Mapping[str, Any] = finished.body
    if asked.rows:
        return _rows(finished, words, zone, on)
    if "checks" not in body:
        return Answer()
    unseen = asked.unseen(body["checks"])
    if unseen:
        return Answer(lacks=f"saw no {', no '.join(unseen)}")
    said = {
        one["event"]: words.first(one, finished.seq) for one in body["critical"] if one["check"].startswith(asked.word)
    }
    days = {event: entry.at.astimezone(zone).date() for event, entry in said.items() if entry is not None}
    silent = [event for event in said if event not in days or (on is not None and days[event] > on)]
    if silent:
        more = f" and {len(silent) - _NAMED} more" if len(silent) > _NAMED else ""
        named = ", ".join(silent[:_NAMED]) + more
        return Answer(lacks=f"critical findings of which nobody has said a word (`maintkit finding handle`): {named}")
    return Answer(since=max(days.values(), default=None))


def _rows(finished: Entry, words: Words, zone: ZoneInfo, on: date | None) -> Answer:
    """Whether a person has looked at every row. One of an older maintkit, which had no word for that, counts."""
    wanted = finished.body.get("rows", 0)
    told = [[one for one in own if on is None or _day(one, zone) <= on] for own in words.looks(finished.run or "")]
    said = [own for own in told if own]
    if len(said) < wanted:
        return Answer(lacks=f"nobody has looked at {wanted - len(said)} of {wanted} rows (`maintkit finding look`)")
    seen = [from_text(own[-1].body["at"]).astimezone(zone).date() for own in said]
    since = [_day(own[0], zone) for own in said]
    return Answer(day=max(seen, default=None), since=max(since, default=None))


def _day(entry: Entry, zone: ZoneInfo) -> date:
    return entry.at.astimezone(zone).date()
