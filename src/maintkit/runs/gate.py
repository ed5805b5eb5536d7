"""Whether there is time for the next host: asked before each one, never in the middle of one. Pure."""

from __future__ import annotations

from datetime import timedelta

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
