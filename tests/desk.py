"""A site with an approved and watched plan, real keys and a real ledger, whose hosts are a world that a test turns."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from change import IN_WINDOW, NOW, PERIOD, Office, host
from sites import make_site
from world import World

from maintkit.clock import FixedClock
from maintkit.contract.load import load_site
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.plans import supervise
from maintkit.plans.content import content
from maintkit.plans.model import Plan
from maintkit.plans.sign import sign
from maintkit.runs import collection
from maintkit.runs.apply import Desk
from maintkit.runs.driver import PhaseResult
from maintkit.runs.phases import HostState, Phase

HOSTS = ("his-app1", "his-app2")


@dataclass
class Watched:
    """Keeps what was said of each host."""

    said: list[tuple[str, str]] = field(default_factory=list)

    def phase(self, host: str, phase: Phase) -> None:
        self.said.append((host, phase))

    def observed(self, host: str, phase: Phase, result: PhaseResult) -> None:
        self.said.append((host, f"{phase}: {result.outcome}"))

    def held(self, host: str, reason: str) -> None:
        self.said.append((host, reason))

    def closed(self, host: str, state: HostState) -> None:
        self.said.append((host, state))


@dataclass(kw_only=True)
class Bureau:
    """The site, its people, its hosts; `desk` is what `apply` and `resume` take."""

    office: Office
    world: World
    desk: Desk
    plan: Plan
    stop: list[bool]

    @property
    def ledger(self) -> Ledger:
        return self.office.ledger

    @property
    def root(self) -> Path:
        return self.desk.site.root

    def check(self, way: Any, who: str = "li") -> None:
        """Somebody checks in or out, with a signature."""
        nonce = f"{next(self.office.nonces):032x}"
        act = supervise.supervision_act(
            self.plan, way, signer=f"{who}@hospital.example", nonce=nonce, at=self.office.clock.at
        )
        supervise.check(self.ledger, self.plan, act, sign(act, key=self.office.key(who)), self.desk.authority)

    def in_phase(self, host: str, phase: str, act: Callable[[], object]) -> None:
        """Let something happen once, while this phase goes on on this host."""
        left = [act]

        def meanwhile(at: str, going: str) -> None:
            if (at, going) == (host, phase) and left:
                left.pop()()

        self.world.meanwhile = meanwhile

    def states(self, run: str) -> dict[str, str]:
        """How the run last ended for each host."""
        return dict(list(self.ledger.entries(kind="change.finished", run=run))[-1].body["hosts"])

    def held(self) -> dict[str, str]:
        """The last reason for not beginning each host."""
        return {one.subject or "": one.body["reason"] for one in self.ledger.entries(kind="host.held")}


def base_site(place: Path) -> Path:
    """A site with these hosts and the window of tests/change.py; tests take copies of it."""
    root = make_site(place, {"all": {"hosts": {name: {} for name in HOSTS}}})
    head = (root / "contract.yml").read_text(encoding="utf-8").partition("\nchanges:\n")[0]
    told = yaml.safe_dump({"changes": {"windows": [PERIOD]}}, allow_unicode=True)
    (root / "contract.yml").write_text(f"{head}\n{told}", encoding="utf-8")
    return root


def bureau(base: Path, place: Path, *, effect: Any = "some", **of_hosts: Any) -> Bureau:
    """A copy of the site in which a plan of two hosts is approved, watched and may run now."""
    shutil.copytree(base, place)
    site, clock = load_site(place), FixedClock(at=NOW)
    (place / "ledger" / "ledger.db").unlink(missing_ok=True)
    ledger = Ledger.create(f"sqlite:///{place}/ledger/ledger.db", clock=clock, redactor=Redactor())
    office = Office(root=place / "signers", ledger=ledger, clock=clock, changes=site.contract.changes)
    office.allow()
    office.staff()
    stop = [False]
    world = World(clock=clock, versions=dict.fromkeys(HOSTS, "1.0-1"))
    desk = Desk(
        site=site, ledger=ledger, driver=world, watcher=Watched(), stopped=lambda: stop[0], sleep=world.pass_time
    )
    hosts = tuple(host(name, **of_hosts) for name in HOSTS)
    made_of = content(collection=collection.root(), site=place, inventory=desk.inventory)
    plan = office.frozen(hosts=hosts, content=made_of, effect=effect)
    made = Bureau(office=office, world=world, desk=desk, plan=plan, stop=stop)
    office.approve(plan)
    office.later(IN_WINDOW)
    made.check("in")
    return made
