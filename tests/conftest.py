"""Fixtures that every test folder may use."""

from __future__ import annotations

from hypothesis import settings
from postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

# How long one example takes says something of a busy machine, not of the code.
settings.register_profile("maintkit", deadline=None)
settings.load_profile("maintkit")
