"""How long a writer waits for others."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count

from maintkit.evidence.lock import Holder, patiently

WAIT_S = 0.05


def holders(*, changing: bool) -> Callable[[], Holder]:
    """One who keeps it, or one after another."""
    number = count()
    return lambda: Holder(pid=next(number) if changing else 1, user="u", host="h", purpose="append", since="now")


def free_after(wait_s: float) -> Callable[[], bool]:
    """A lock that is to be had then."""
    instant = time.monotonic() + wait_s
    return lambda: time.monotonic() >= instant


def test_the_short_works_of_many_are_waited_for_one_by_one() -> None:
    """Each new holder has the whole patience: a busy team refuses nobody."""
    assert patiently(free_after(3 * WAIT_S), wait_s=WAIT_S, holder=holders(changing=True))


def test_one_who_keeps_it_is_told_soon() -> None:
    """The long work of one holder ends the wait at its limit."""
    start = time.monotonic()
    assert not patiently(free_after(60), wait_s=WAIT_S, holder=holders(changing=False))
    assert WAIT_S <= time.monotonic() - start < 15 * WAIT_S


def test_nobody_waits_for_ever() -> None:
    """Always another holder: after fifteen times the patience there is an answer."""
    start = time.monotonic()
    assert not patiently(free_after(60), wait_s=WAIT_S, holder=holders(changing=True))
    assert 15 * WAIT_S <= time.monotonic() - start < 60
