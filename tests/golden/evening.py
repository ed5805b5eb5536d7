"""A change being carried out over a real ledger, written as plans, people and the engine's journal write it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import sample_changes
from change import NIGHT, NOW, ZONE
from sample_inspections import digest

from maintkit.clock import FixedClock, to_text
from maintkit.evidence.changes import RESUMED, STARTED
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.plans.acts import GIVEN, IN, OUT, Act
from maintkit.plans.approve import approval_act
from maintkit.plans.emergency import DECLARED
from maintkit.plans.frozen import freeze
from maintkit.plans.model import Plan
from maintkit.plans.people import Role
from maintkit.plans.record import RELEASED, TAKEN, USED
from maintkit.plans.supervise import Way, supervision_act
from maintkit.runs.driver import PhaseResult
from maintkit.runs.journal import Journal
from maintkit.runs.phases import HostState, Outcome, Phase

RUN = "C20261128-1"
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # hundreds of commits, none to outlive the test
STATE = {"file": f"/var/lib/maintkit/runs/{RUN}/before.json", "sha256": digest("before")}
OPENS = NIGHT.start.astimezone(UTC)


@dataclass(kw_only=True)
class Evening:
    """One ledger and one run in it; every call takes the time it says."""

    ledger: Ledger
    clock: FixedClock
    plan: Plan
    nonces: Any = field(default_factory=lambda: count(1))
    used: list[str] = field(default_factory=list)
    token: dict[str, int] = field(default_factory=dict)

    @property
    def journal(self) -> Journal:
        return Journal(ledger=self.ledger, run=RUN)

    def wait(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)

    def _sign(self, kind: str, act: Act, person: str) -> None:
        body = {"text": act.text, "signature": "-", "person": person, "key": f"SHA256:{digest(person)[:43]}",
                "role": act.role, "nonce": act.nonce}  # fmt: skip
        self.ledger.append(kind, body, subject=self.plan.id)

    def approve(self, person: str, role: Role, who: str) -> None:
        nonce = f"{next(self.nonces):032x}"
        act = approval_act(self.plan, NIGHT, ZONE, role=role, signer=f"{who}@hospital.example", nonce=nonce,
                           at=self.clock.at)  # fmt: skip
        self._sign(GIVEN, act, person)
        self.used.append(nonce)

    def supervise(self, way: Way, person: str = "李主任", who: str = "li") -> None:
        nonce = f"{next(self.nonces):032x}"
        act = supervision_act(self.plan, way, signer=f"{who}@hospital.example", nonce=nonce, at=self.clock.at)
        self._sign(IN if way == "in" else OUT, act, person)

    def declare(self, by: str, reason: str, hours: float) -> None:
        until = self.clock.at + timedelta(hours=hours)
        body = {"plan_sha256": self.plan.sha256, "by": by, "reason": reason, "until": to_text(until)}
        self.ledger.append(DECLARED, body, subject=self.plan.id)

    def begin(self, ground: str = "signed", by: tuple[str, ...] = ("李主任",), detail: str = "",
              window: tuple[datetime, datetime] = (NIGHT.start, NIGHT.end)) -> None:  # fmt: skip
        self.lock()
        both = [to_text(one) for one in window]
        said = {"ground": ground, "by": list(by), "detail": detail, "window": both}
        nonces = {"plan_sha256": self.plan.sha256, "nonces": self.used}
        self.ledger.append(USED, said | nonces, run=RUN, subject=self.plan.id)
        about = {"sha256": self.plan.sha256, "procedure": self.plan.procedure, "engineer": "张伟", "version": "0.1.0",
                 "hosts": [one.name for one in self.plan.hosts]}  # fmt: skip
        self.ledger.append(STARTED, said | about, run=RUN, subject=self.plan.id)

    def lock(self) -> None:
        for one in self.plan.hosts:
            body = {"machine_id": one.machine_id, "plan": self.plan.id, "holder": "zhangwei on ops1 (process 4711)"}
            self.token[one.name] = self.ledger.append(TAKEN, body, run=RUN, subject=one.name).seq

    def phase(
        self,
        name: str,
        phase: str,
        takes: float,
        facts: Mapping[str, Any] | None = None,
        steps: tuple[Mapping[str, str], ...] = (),
        *,
        outcome: Outcome = "ok",
        reason: str = "",
    ) -> None:
        self.journal.intend(name, Phase(phase))
        self.wait(takes)
        document = {"schema": "maintkit.phase/1", "procedure": self.plan.procedure, "phase": phase, "host": name,
                    "facts": facts or {}, "steps": list(steps), "status": outcome, "reason": reason}  # fmt: skip
        told = None if outcome == "lost" else document
        result = PhaseResult(outcome=outcome, reason=reason, changed=phase == "change", took_ms=int(takes * 1000),
                             document=told)  # fmt: skip
        self.journal.observe(name, Phase(phase), result)

    def close(self, name: str, state: str) -> None:
        self.journal.close(name, HostState(state))

    def resume(self) -> None:
        self.lock()
        self.ledger.append(RESUMED, {"engineer": "赵敏", "version": "0.1.0"}, run=RUN, subject=self.plan.id)

    def finish(self, verdict: str, hosts: Mapping[str, str], *, overrun_s: int = 0, keep: tuple[str, ...] = ()) -> None:
        self.journal.finish({"verdict": verdict, "hosts": dict(hosts), "overrun_s": overrun_s})
        for name, token in self.token.items():
            if name not in keep:
                self.ledger.append(RELEASED, {"lock": token}, run=RUN, subject=name)


def evening(directory: str, of: Plan) -> Evening:
    """A ledger with this plan frozen in it, two days before its window."""
    clock = FixedClock(at=NOW)
    ledger = Ledger.create(f"sqlite:///{directory}/ledger.db", clock=clock, redactor=Redactor(),
                           ledger_id=UUID(sample_changes.LEDGER))  # fmt: skip
    return Evening(ledger=ledger, clock=clock, plan=freeze(ledger, of))


def signed(directory: str, of: Plan) -> Evening:
    """Approved by two people, the supervisor there, the window open for six minutes."""
    night = evening(directory, of)
    night.approve("李主任", "approver", "li")
    night.wait(3600)
    night.approve("王工", "second-approver", "wang")
    night.clock.at = OPENS + timedelta(minutes=4)
    night.supervise("in")
    night.wait(120)
    night.begin(by=("李主任", "王工"))
    return night
