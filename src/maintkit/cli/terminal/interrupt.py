"""Ctrl-C, a closed terminal and SIGTERM as a request that is honoured at the next safe point."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether a stop was asked for. The second Ctrl-C does not wait for a safe point."""
    asked = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            signal.default_int_handler(number, frame)
        asked = True

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
