"""What the tests of proofs share: a ledger whose clock they turn, and what it proves of a duty."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from maintkit.clock import FixedClock, from_text
from maintkit.contract.owed import Seen
from maintkit.desk.proofs import seen
from maintkit.evidence.ledger import Ledger

ZONE = ZoneInfo("Asia/Shanghai")
WEEK_47, WEEK_48 = "2026-11-18T02:00:00Z", "2026-11-25T02:00:00Z"


def at(ledger: Ledger, when: str) -> None:
    assert isinstance(ledger.clock, FixedClock)
    ledger.clock.at = from_text(when)


def proof(ledger: Ledger, duty: str = "function-watch") -> Seen:
    return seen(ledger, [duty], ZONE)[duty]
