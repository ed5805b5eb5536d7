"""Fixtures that every test folder may use."""

from __future__ import annotations

import leftout
import pytest
from _pytest.terminal import TerminalReporter
from booted import boot
from postgres import postgres_server, postgres_url

__all__ = ["boot", "postgres_server", "postgres_url"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    leftout.skip_where_no_host_boots(items)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    leftout.tell(terminalreporter)
