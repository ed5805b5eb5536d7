"""未做完: what a change in a limited time did not come to, and a word for a run that ended well without all of it."""

from __future__ import annotations

from maintkit.documents.glossary import VERDICT, VERDICT_TONE
from maintkit.documents.model import Cell
from maintkit.documents.reasons import reason
from maintkit.evidence.accomplished import Accomplished
from maintkit.evidence.work import Changed

_NAMED = 10  # beside a host; the deviations have all of them


def short(came: Accomplished) -> str:
    """The word; empty when nothing was left."""
    if not came.left:
        return ""
    return "部分未做完" if came.done else "均未做"


def counted(came: Accomplished) -> str:
    """How much was done, and how much was not."""
    return f"已做 {came.done} 项，未做 {len(came.left)} 项"


def named(came: Accomplished) -> str:
    """What was left by name, the first of them."""
    names = "、".join(one.target for one in came.left[:_NAMED])
    return f"{names} 等" if len(came.left) > _NAMED else names


def listed(came: Accomplished) -> str:
    """Everything that was left, each with the reason, a line each."""
    return "\n".join(f"{one.target}：{reason(one.why) or '未说明原因'}" for one in came.left)


def conclusion(one: Changed) -> Cell:
    """How a change ended, in a list of changes."""
    word = short(one.came)
    return Cell(text=word or VERDICT[one.verdict], tone="warn" if word else VERDICT_TONE[one.verdict])
