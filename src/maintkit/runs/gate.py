"""Whether the next host may be begun: asked before each one, never in the middle of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from maintkit.plans.model import PlanHost
from maintkit.plans.window import Reading, Window, fits, state

CLOCK_TOLERATED = timedelta(seconds=5)
Wish = Literal["go", "pause", "abort"]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is true now. `begun` is when the run began, on both clocks; `wish` is what people have asked for last."""

    window: Window
    begun: Reading
    now: Reading
    supervised: bool
    wish: Wish
    stopped: bool
    failures: int
    budget: int


def why_not(host: PlanHost, here: Situation) -> str | None:
    """The reason for not beginning this host; None when it may begin."""
    if here.stopped:
        return "maintkit was asked to stop"
    if here.wish != "go":
        return f"somebody asked to {here.wish}"
    if here.failures > here.budget:
        return f"{here.failures} hosts failed, {here.budget} are allowed to"
    if not here.supervised:
        return "no supervisor of the hospital is there"
    return _why_not_now(host, here)


def _why_not_now(host: PlanHost, here: Situation) -> str | None:
    back = here.now.set_back(here.begun)
    if back > CLOCK_TOLERATED:
        return f"this machine's clock was set back by {back.total_seconds():.0f} s"
    # By the clock that says more: setting one of them back gains no time.
    now = here.begun.at + here.now.since(here.begun)
    if state(here.window, now) != "open":
        return f"the window {here.window} is not open"
    need = timedelta(seconds=host.forward_s), timedelta(seconds=host.rollback_s)
    if not fits(here.window, now, *need):
        left = (here.window.end - now).total_seconds()
        wants = f"the change wants {host.forward_s} s and its rollback {host.rollback_s} s"
        return f"{left:.0f} s are left of the window, {wants}"
    return None
