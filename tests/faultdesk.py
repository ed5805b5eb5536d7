"""A desk where faults are entered: a ledger whose clock follows, and the clocks of the contract's own template."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

import maintkit.contract
from maintkit.clock import FixedClock
from maintkit.contract.contract import Contract
from maintkit.contract.workdays import Calendar
from maintkit.desk.clocks import Clock, clocks
from maintkit.desk.incident import Verb, incident
from maintkit.desk.intake import enter, open_incident
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

TEMPLATE = Path(maintkit.contract.__file__).parent / "templates" / "contract.yml"
FAULTS = Contract.model_validate(yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))).faults
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 9, 28, 1, 0, tzinfo=UTC)  # 09:00 on site, the Monday before National Day


class Desk:
    """A ledger whose clock follows what is entered: `at` are minutes after 09:00 on site."""

    def __init__(self, ledger: Ledger, clock: FixedClock) -> None:
        self.ledger, self.clock = ledger, clock

    def instant(self, minutes: float) -> datetime:
        return NOW + timedelta(minutes=minutes)

    def open(self, at: float = 0, *, hosts: tuple[str, ...] = ("his1",), entered: float | None = None) -> str:
        self.clock.at = max(self.clock.at, self.instant(at if entered is None else entered))
        body = {"text": "挂号停", "channel": "电话", "reporter": "王护士", "department": "门诊部", "by": "张工"}
        more = {"systems": [], "hosts": list(hosts), "run": None}
        entry = open_incident(self.ledger, body | more, at=self.instant(at), zone=ZONE)
        return entry.subject or ""

    def step(self, id_: str, verb: Verb, at: float, **more: Any) -> None:
        self.clock.at = max(self.clock.at, self.instant(at))
        enter(self.ledger, id_, verb, at=self.instant(at), by="张工", text="做了", more=more)

    def level(
        self, id_: str, level: str, at: float, *, scope: str = "room", urgent: bool = False, target: str | None = None
    ) -> None:
        said = {"rule": None, "kind": "stopped", "severity": "ordinary", "stopped_minutes": 0, "agreed_by": "李主任"}
        self.step(id_, "triaged", at, **said, level=level, scope=scope, urgent=urgent, target=target)

    def clocks(self, id_: str, at: float) -> dict[str, Clock]:
        found = clocks(incident(self.ledger, id_), FAULTS, Calendar(), ZONE, self.instant(at))
        return {clock.name: clock for clock in found}


@contextmanager
def desk_in(place: Path) -> Iterator[Desk]:
    """An empty ledger at 09:00 on site, two days before."""
    clock = FixedClock(at=NOW - timedelta(days=2))
    with Ledger.create(f"sqlite:///{place / 'ledger.db'}", clock=clock, redactor=Redactor()) as ledger:
        yield Desk(ledger, clock)
