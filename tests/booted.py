"""Booted hosts for tests, from the same code as `make lab-up`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from lab import Lab, Spec, lab

Boot = Callable[..., Lab]


@pytest.fixture
def boot() -> Iterator[Boot]:
    """Boot hosts of these names or specs for one test: `boot("h1", Spec(name="db", …))`."""
    with ExitStack() as stack:

        def up(*wanted: str | Spec) -> Lab:
            return stack.enter_context(lab([Spec(name=one) if isinstance(one, str) else one for one in wanted]))

        yield up
