"""Reminders: what they say, which a hook has said already, and the claim by which one run alone says them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from maintkit.clock import from_text, to_text
from maintkit.contract.contract import Contract
from maintkit.contract.reminders import Hook
from maintkit.desk.matter import Key, Matter
from maintkit.evidence.entry import Draft, Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

CLAIMED = "reminder.claimed"
SENT = "reminder.sent"
FAILED = "reminder.failed"
GRACE_S = 60  # beyond a hook's own time, for its end to be entered: then its claim is taken for one that crashed
_STATES = {"overdue": "已逾期", "lacking": "手续不全", "due-soon": "即将到期", "undetermined": "无法判定"}
_ORDER = list(_STATES)
_ABOUT = {
    "incident": "incidents",
    "ticket": "tickets",
    "duty": "duties",
    "register": "items",
    "knowledge": "articles",
}


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


def untold(ledger: Ledger, hook: str, matters: Iterable[Matter], now: datetime) -> tuple[Matter, ...]:
    """Those that this hook has not told since `told_from`, and that no other run is telling by it now.

    A claim without an end counts until its time is over: what a run had claimed that crashed is told by the next one.
    """
    asked = tuple(matters)
    oldest = min((one.told_from for one in asked), default=date.max).isoformat()
    told: dict[Key, str] = {}
    ended: set[int] = set()
    for entry in ledger.entries(subject=hook, newest_first=True):
        if entry.kind not in (CLAIMED, SENT, FAILED):
            continue
        body = entry.body
        if body["on"] < oldest:
            break
        if entry.kind != CLAIMED and body.get("claim"):
            ended.add(body["claim"])
        held = entry.kind == CLAIMED and entry.seq not in ended and from_text(body["until"]) > now
        if held or entry.kind == SENT:
            for key in _keys(body):
                told.setdefault(key, body["on"])
    return tuple(one for one in asked if told.get(one.key, "") < one.told_from.isoformat())


def claim(
    ledger: Ledger, claims: Mapping[str, tuple[Hook, Sequence[Matter]]], on: date, now: datetime
) -> dict[str, int]:
    """Enter, before anything is sent, what each hook is about to tell and until when: the entry's number by hook.

    To be called while `ledger.writing` is held since `untold`: no second run claims the same.
    """
    drafts = []
    for name, (hook, matters) in claims.items():
        until = to_text(now + timedelta(seconds=hook.within_s + GRACE_S))
        drafts.append(Draft(kind=CLAIMED, body={"on": on.isoformat(), "until": until, **_told(matters)}, subject=name))
    return {entry.subject or "": entry.seq for entry in ledger.append_all(drafts)} if drafts else {}


def message(contract: Contract, matters: Sequence[Matter], on: date, redactor: Redactor) -> Message:
    """Faults first, then by state and deadline; masked like everything that leaves."""
    about = list(_ABOUT)
    ordered = sorted(
        matters, key=lambda one: (about.index(one.about), _ORDER.index(one.state), one.due or "9999", one.id)
    )
    late = sum(one.state == "overdue" for one in ordered)
    subject = f"【维护服务提醒】{len(ordered)} 项待办" + (f"，其中 {late} 项已逾期" if late else "")
    head = f"{contract.hospital.name}　合同 {contract.number}　{on}"
    lines = (head, *(f"{_STATES[one.state]}：{one.title_zh}{one.when_zh}" for one in ordered))
    data, _ = redactor.value(
        {
            "subject": subject,
            "hospital": contract.hospital.name,
            "contract": contract.number,
            "on": on.isoformat(),
            **{name: [_data(one) for one in ordered if one.about == kind] for kind, name in _ABOUT.items()},
        }
    )
    subject, *masked = (redactor.text(one).text for one in (subject, *lines))
    return Message(subject=subject, lines=tuple(masked), data=data)


def sent(
    ledger: Ledger, hook: str, matters: Iterable[Matter], on: date, *, claim: int, attempts: int, refused: int
) -> Entry:
    """Enter that a hook has told: of what, and nothing of where to. `refused` counts recipients."""
    counts = {"claim": claim, "attempts": attempts, "refused": refused}
    return ledger.append(SENT, {"on": on.isoformat(), **_told(matters), **counts}, subject=hook)


def failed(ledger: Ledger, hook: str, on: date, *, claim: int, attempts: int, reason: str) -> Entry:
    """Enter that a hook has not told what it had claimed: the next run tells it."""
    body = {"on": on.isoformat(), "claim": claim, "attempts": attempts, "reason": reason}
    return ledger.append(FAILED, body, subject=hook)


def _keys(body: Mapping[str, Any]) -> Iterable[Key]:
    for one in body["duties"]:
        yield "duty", one["duty"], one["state"], one["due"]
    for one in body.get("others", ()):
        yield one["about"], one["id"], one["state"], one["due"]


def _told(matters: Iterable[Matter]) -> dict[str, Any]:
    """Duties stand as they did before there was anything else to tell of."""
    every = tuple(matters)
    return {
        "duties": [{"duty": one.id, "state": one.state, "due": one.due} for one in every if one.about == "duty"],
        "others": [
            {"about": one.about, "id": one.id, "state": one.state, "due": one.due}
            for one in every
            if one.about != "duty"
        ],
    }


def _data(one: Matter) -> dict[str, Any]:
    name = {"register": "item", "knowledge": "article"}.get(one.about, one.about)
    return {name: one.id, "state": one.state, "due": one.due, **one.more}
