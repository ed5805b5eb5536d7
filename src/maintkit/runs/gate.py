"""Whether there is time for the next host, asked before each one; and how much its change may take. Pure."""

from __future__ import annotations

from datetime import timedelta
from math import floor

from maintkit.plans.model import PlanHost
from maintkit.plans.window import Reading, Window, fits, state

CLOCK_TOLERATED = timedelta(seconds=5)


def no_time(host: PlanHost, window: Window, *, begun: Reading, now: Reading) -> str | None:
    """The reason for not beginning this host now; None when change and rollback fit into what is left of the window.

    `begun` is when the run began, on both clocks: setting the machine's clock back gains no time, and ends the run.
    """
    back = now.set_back(begun)
    if back > CLOCK_TOLERATED:
        return f"this machine's clock was set back by {back.total_seconds():.0f} s"
    at = begun.at + now.since(begun)
    if state(window, at) != "open":
        return f"the window {window} is not open"
    if not fits(window, at, timedelta(seconds=host.forward_s), timedelta(seconds=host.rollback_s)):
        left = (window.end - at).total_seconds()
        wants = f"the change wants {host.forward_s} s and its rollback {host.rollback_s} s"
        return f"{left:.0f} s are left of the window, {wants}"
    return None


def left_s(host: PlanHost, window: Window, *, begun: Reading, now: Reading) -> int:
    """Seconds that a change begun now may work: verification and rollback must still fit into the window. Never less
    than 0, also where a host at work is brought to its end after the window.
    """
    at = begun.at + now.since(begun)
    after = sum(step.estimate.seconds for step in host.steps if step.phase in ("verify", "rollback"))
    return max(0, floor((window.end - at).total_seconds()) - after)
