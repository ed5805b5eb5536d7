"""Lists in which every entry is a complaint: twins of root, rules without password, new keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from maintkit.checks.model import Limit, Observation
from maintkit.checks.rule import judged, unknown

SHOWN = 10  # entries in an excerpt


@dataclass(frozen=True, kw_only=True)
class Offender:
    """One entry: what it is called, what it means, what to do, and the line that shows it."""

    instance: str
    conclusion_zh: str
    remedy_zh: str
    excerpt: str = ""


def counted(offenders: Iterable[Offender], limit: Limit, *, gap: str = "") -> Iterator[Observation]:
    """One observation an offender, all as severe as their number is under `limit`, or one `ok` with that number.

    `gap` says why the list may not be whole: what was found stands, and "nothing found" becomes unknown.
    """
    found = tuple(offenders)
    severity = limit.judge(len(found))
    if severity != "ok":
        for one in found:
            yield judged(
                severity,
                instance=one.instance,
                value=float(len(found)),
                limit=limit,
                conclusion_zh=one.conclusion_zh,
                remedy_zh=one.remedy_zh,
                excerpt=one.excerpt,
            )
    if gap:
        yield unknown(f"not everything could be read: {gap}")
    elif severity == "ok":
        shown = "\n".join(one.excerpt or one.instance for one in found[:SHOWN])
        yield judged("ok", value=float(len(found)), limit=limit, conclusion_zh="", remedy_zh="", excerpt=shown)
