"""Opening a site and its ledger for a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maintkit.clock import SystemClock
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import Settings, load_settings


@contextmanager
def open_ledger(settings: Settings, *, read_only: bool = False) -> Iterator[Ledger]:
    """The site's ledger, closed afterwards; raises LedgerError when it cannot be opened."""
    redactor = Redactor((), settings.redact_patterns)
    with Ledger.open(settings.ledger_url, clock=SystemClock(), redactor=redactor, read_only=read_only) as ledger:
        yield ledger


@contextmanager
def site_ledger(site: Path, *, read_only: bool = False) -> Iterator[Ledger]:
    """The ledger of the site in this directory; raises SiteError when it is none."""
    with open_ledger(load_settings(site), read_only=read_only) as ledger:
        yield ledger
