"""Reminders of duties: what they say, and which of them a hook has said today already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from maintkit.contract.contract import Contract
from maintkit.contract.due import Standing
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

SENT = "reminder.sent"
_STATES = {"overdue": "已逾期", "due-soon": "即将到期", "undetermined": "无法判定"}
_ORDER = list(_STATES)


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is told: a line, the lines under it, and the same for a program. Nothing in it names a patient."""

    subject: str
    lines: tuple[str, ...]
    data: dict[str, Any]

    @property
    def text(self) -> str:
        """All of it as plain text."""
        return "\n".join((self.subject, "", *self.lines))


def untold(ledger: Ledger, hook: str, standings: Iterable[Standing], on: date) -> tuple[Standing, ...]:
    """Those of which this hook has not told the same state and deadline on this day."""
    told: set[tuple[str, str, str | None]] = set()
    for entry in ledger.entries(kind=SENT, subject=hook, newest_first=True):
        if entry.body["on"] != on.isoformat():
            break
        told.update((one["duty"], one["state"], one["due"]) for one in entry.body["duties"])
    return tuple(one for one in standings if _key(one) not in told)


def message(contract: Contract, standings: Sequence[Standing], on: date, redactor: Redactor) -> Message:
    """The overdue ones first, then by deadline; masked like everything that leaves."""
    ordered = sorted(standings, key=lambda one: (_ORDER.index(one.state), one.next_due or date.max, one.duty.id))
    late = sum(one.state == "overdue" for one in ordered)
    subject = f"【维护服务提醒】{len(ordered)} 项义务待办" + (f"，其中 {late} 项已逾期" if late else "")
    head = f"{contract.hospital.name}　合同 {contract.number}　{on}"
    lines = (head, *map(_line, ordered))
    data, _ = redactor.value(
        {
            "subject": subject,
            "hospital": contract.hospital.name,
            "contract": contract.number,
            "on": on.isoformat(),
            "duties": [_told(one) | {"title_zh": one.duty.title_zh, "days_left": one.days_left} for one in ordered],
        }
    )
    subject, *masked = (redactor.text(one).text for one in (subject, *lines))
    return Message(subject=subject, lines=tuple(masked), data=data)


def sent(ledger: Ledger, hook: str, standings: Iterable[Standing], on: date, *, attempts: int, refused: int) -> Entry:
    """Enter that a hook has told: of which duties, and nothing of where to. `refused` counts recipients."""
    body = {
        "on": on.isoformat(),
        "duties": [_told(one) for one in standings],
        "attempts": attempts,
        "refused": refused,
    }
    return ledger.append(SENT, body, subject=hook)


def _key(one: Standing) -> tuple[str, str, str | None]:
    return one.duty.id, one.state, one.next_due.isoformat() if one.next_due else None


def _told(one: Standing) -> dict[str, str | None]:
    return dict(zip(("duty", "state", "due"), _key(one), strict=True))


def _line(one: Standing) -> str:
    due = f"，期限 {one.next_due}" if one.next_due else ""
    left = one.days_left
    if left is None:
        when = ""
    elif left < 0:
        when = f"，已过 {-left} 天"
    else:
        when = "，今天到期" if left == 0 else f"，还剩 {left} 天"
    return f"{_STATES[one.state]}：{one.duty.title_zh}{due}{when}"
