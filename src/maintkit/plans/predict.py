"""How long a step will take, by what the ledger remembers of earlier ones; seconds throughout."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from maintkit.evidence.ledger import Ledger
from maintkit.plans.model import Estimate

TIMED = "step.timed"
REMEMBERED = 10  # newest runs that an estimate looks at: older ones knew other hardware


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long a step took, for work of this size (packages, bytes, 1), as the ledger remembers it."""

    host: str
    at: datetime
    seconds: float
    size: float


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What is assumed before anything was measured: seconds in any case, and for each unit. `detail_zh` says so."""

    fixed_s: float
    per_unit_s: float
    detail_zh: str


def timings(ledger: Ledger, procedure: str, action: str) -> tuple[Timing, ...]:
    """How long this step took in the newest runs, newest first; the engine records each as `step.timed`."""
    newest = ledger.entries(kind=TIMED, subject=f"{procedure} {action}", newest_first=True, limit=REMEMBERED)
    return tuple(Timing(host=e.body["host"], at=e.at, seconds=e.body["seconds"], size=e.body["size"]) for e in newest)


def estimate(known: Iterable[Timing], *, size: float, rate: Rate) -> Estimate:
    """Seconds for work of this size, rounded up: the slowest of the previous runs scaled to it, else the stated rate.

    The slowest and not the usual one, because a window is closed by the step that takes longest. Work smaller than
    what was measured is not scaled down: much of a step's time does not depend on its size.
    """
    seen = deque(known, maxlen=REMEMBERED)
    if not seen:
        return Estimate(seconds=ceil(rate.fixed_s + rate.per_unit_s * size), samples=0, detail_zh=rate.detail_zh)
    slowest = max(seen, key=lambda one: _scaled(one, size))
    where = f"规模 {slowest.size:g}，{slowest.host}，{slowest.at:%F}"
    detail = f"近 {len(seen)} 次中最慢一次：{slowest.seconds:.0f} 秒（{where}）"
    return Estimate(seconds=ceil(_scaled(slowest, size)), samples=len(seen), detail_zh=detail)


def foretold(
    groups: Sequence[Sequence[Mapping[str, Any]]], *, fixed_s: float, budget_s: float
) -> tuple[Estimate, ...] | None:
    """One estimate for each group of steps, by the `seconds` that the probe tells for every step; None where it does
    not. What it foresees beyond the budget is not begun, and takes no time.
    """
    if not all("seconds" in one for alike in groups for one in alike):
        return None
    found, left, fixed = [], budget_s, fixed_s
    for alike in groups:
        told = sum(one["seconds"] for one in alike)
        spent = min(told, left)
        cut = "" if spent == told else f"，以时限为界计 {spent:.0f} 秒"
        found.append(Estimate(seconds=ceil(spent + fixed), samples=0, detail_zh=f"按探测预计 {told:.0f} 秒{cut}"))
        left, fixed = left - spent, 0.0
    return tuple(found)


def _scaled(one: Timing, size: float) -> float:
    return one.seconds * max(1.0, size / one.size) if one.size > 0 else one.seconds
