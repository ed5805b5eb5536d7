"""The fill of filesystems: an entry tells it, and of an entry that does not, the facts say the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from maintkit.clock import FixedClock
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.readings import readings
from maintkit.evidence.redact import Redactor
from maintkit.evidence.space import Fill, fills_of, mounts

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def mount(where: str, used: Any, free: Any, *, network: bool = False) -> dict[str, Any]:
    return {"mount": where, "used_bytes": used, "free_bytes": free, "network": network}


def document(*found: dict[str, Any]) -> dict[str, Any]:
    return {"sections": {"filesystems": {"data": {"mounts": list(found)}}}}


WHOLE = document(mount("/", 4, 6), mount("/nfs", 4, 6, network=True), mount("/dead", None, None), mount("/none", 0, 0))


@pytest.mark.parametrize(
    "facts", [{}, {"sections": {}}, {"sections": {"filesystems": {"data": None}}}, document()], ids=str
)
def test_a_document_without_filesystems_tells_of_none(facts: dict[str, Any]) -> None:
    assert fills_of(facts) == {}


def test_only_local_filesystems_that_were_measured_are_told() -> None:
    """A share is not the host's own, a dead mount has no numbers, and one without room is none that could fill."""
    assert fills_of(WHOLE) == {"/": {"used": 4, "free": 6}}


@pytest.mark.parametrize("told", [True, False], ids=["told", "read"])
def test_the_series_is_the_same_whether_told_or_read(tmp_path: Path, *, told: bool) -> None:
    """Entries of before have no `fills`: their documents are opened."""
    clock = FixedClock(at=NOW)
    with Ledger.create(f"sqlite:///{tmp_path}/ledger.db", clock=clock, redactor=Redactor()) as ledger:
        for used in (4, 5):
            facts = document(mount("/", used, 10 - used))
            kept = ledger.seal(json.dumps(facts).encode())
            body = {"facts": kept.sha256, **({"fills": fills_of(facts)} if told else {})}
            ledger.append("facts.collected", body, run="1", subject="h1", attachments=[kept])
            clock.at += timedelta(days=7)
        ledger.append("facts.collected", {"facts": None, "fills": None}, run="2", subject="h1")
        first, second = NOW, NOW + timedelta(days=7)
        series = (Fill(at=first, used=4, free=6), Fill(at=second, used=5, free=5))
        assert readings(ledger, since=NOW).fills == {("h1", "/"): series}
        assert (mounts(ledger, "h1"), mounts(ledger, "h2")) == (("/",), ())
