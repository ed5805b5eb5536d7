"""Fixtures that every test folder may use."""

from __future__ import annotations

import leftout
import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import settings
from postgres import postgres_server, postgres_url

from booted import boot

__all__ = ["boot", "postgres_server", "postgres_url"]

# How long one example takes says something of a busy machine, not of the code.
settings.register_profile("maintkit", deadline=None)
settings.load_profile("maintkit")


def pytest_itemcollected(item: pytest.Item) -> None:
    leftout.mark(item)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    leftout.tell(terminalreporter)
