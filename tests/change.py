"""A plan, and people with real SSH keys who may sign for it; used by several test folders."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from maintkit.clock import FixedClock
from maintkit.contract.changes import Changes
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.evidence.signing import trust_at
from maintkit.plans import approve
from maintkit.plans.acts import NAMESPACE, Act, Given
from maintkit.plans.frozen import freeze
from maintkit.plans.model import Content, DiskNeed, Estimate, PackageChange, Plan, PlanHost, Step
from maintkit.plans.people import People, load_people
from maintkit.plans.sign import Authority, sign
from maintkit.plans.window import Window

ZONE = ZoneInfo("Asia/Shanghai")
# A Thursday; the contract's next Saturday night begins two days later.
NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
NIGHT = Window(
    start=datetime.fromisoformat("2026-11-28T23:30:00+08:00"), end=datetime.fromisoformat("2026-11-29T05:00:00+08:00")
)
IN_WINDOW = datetime.fromisoformat("2026-11-29T00:30:00+08:00").astimezone(UTC)
PERIOD = {"id": "saturday-night", "title_zh": "周六夜间窗口", "repeat": "FREQ=WEEKLY;BYDAY=SA",
          "start": "2026-01-03 23:30", "end": "2026-01-04 05:00"}  # fmt: skip
CHANGES = Changes.model_validate({"windows": [PERIOD]})
STAFF: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "zhang": ("provider", ("lock-breaker",)),
    "li": ("hospital", ("approver", "supervisor")),
    "wang": ("hospital", ("approver", "second-approver")),
    "chen": ("hospital", ("second-approver",)),
}
NAMES = {"zhang": "张伟", "li": "李主任", "wang": "王工", "chen": "陈护士长"}


def step(phase: Any, seconds: int = 60, risk: Any = "low", **changes: Any) -> Step:
    """One step of a patch."""
    said: dict[str, Any] = {
        "phase": phase, "action": f"{phase}-nginx", "title_zh": f"{phase} 软件包 nginx", "target": "nginx",
        "before": "1.22.1-9", "after": "1.22.1-9+deb12u1", "rollback": "reversible", "risk": risk,
        "estimate": Estimate(seconds=seconds, samples=0, detail_zh="默认：每步 60 秒"),
    }  # fmt: skip
    return Step(**{**said, **changes})


PHASES = (("precheck", 30), ("backup", 120), ("change", 300), ("verify", 600), ("rollback", 240))


def host(name: str, risk: Any = "low", **changes: Any) -> PlanHost:
    """One host that is patched."""
    said: dict[str, Any] = {
        "name": name, "machine_id": sha256(name.encode()).hexdigest()[:32], "address": f"{name}.example",
        "systems": ("HIS",), "restarts": ("nginx.service",), "drained_from": ("his-lb1",),
        "steps": tuple(step(phase, seconds, risk) for phase, seconds in PHASES),
        "packages": (PackageChange(name="nginx", architecture="amd64", before="1.22.1-9", after="1.22.1-9+deb12u1"),
                     PackageChange(name="passwd", architecture="amd64", before="1:4.13", after="1:4.13+deb12u2")),
        "disk": (DiskNeed(path="/", need_bytes=50_000_000, free_bytes=4_000_000_000),),
    }  # fmt: skip
    return PlanHost(**{**said, **changes})


def plan(ledger: str, risk: Any = "low", **changes: Any) -> Plan:
    """A patch of two hosts, the first of them the canary."""
    said: dict[str, Any] = {
        "id": "P20261126-1", "ledger": ledger, "site": "示例市人民医院", "procedure": "patch",
        "title_zh": "安全补丁更新", "reason": "nginx 安全公告", "requester": "zhang@provider.example",
        "created_at": NOW, "parameters": {"security_only": True},
        "hosts": (host("his-app1", risk), host("his-app2", risk)),
        "batches": (("his-app1",), ("his-app2",)), "versions": {"ansible-core": "2.19.14", "maintkit": "0.1.0"},
        "content": (Content(name="collection/roles/patch/tasks/change.yml", sha256="a" * 64),), "effect": "some",
    }  # fmt: skip
    return Plan(**{**said, **changes})


@dataclass(kw_only=True)
class Office:
    """A ledger, a directory of signers, and a key for everybody of STAFF."""

    root: Path
    ledger: Ledger
    clock: FixedClock
    changes: Changes = CHANGES
    nonces: Any = field(default_factory=lambda: count(1))

    @property
    def allowed(self) -> Path:
        return self.root / "allowed_signers"

    def key(self, who: str) -> Path:
        """A person's key, made when it is first asked for."""
        path = self.root / f"{who}.key"
        if not path.exists():
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]
            subprocess.run(argv, check=True)
        return path

    def allow(self, lines: Mapping[str, str] | None = None, options: str = f'namespaces="{NAMESPACE}"') -> None:
        """Write allowed_signers: principal to key name; by default everybody with a key of their own."""
        who = lines or {principal(name): name for name in STAFF}
        keys = {name: self.key(name).with_suffix(".key.pub").read_text(encoding="ascii") for name in who.values()}
        self.allowed.write_text("".join(f"{one} {options} {keys[name]}" for one, name in who.items()), encoding="ascii")

    def staff(self, people: list[dict[str, Any]] | None = None) -> None:
        """Write roles.yml."""
        usual = [{"name": NAMES[who], "of": of, "principals": [principal(who)], "roles": list(roles)}
                 for who, (of, roles) in STAFF.items()]  # fmt: skip
        text = yaml.safe_dump({"people": people or usual}, allow_unicode=True)
        (self.root / "roles.yml").write_text(text, encoding="utf-8")

    def revoke(self, who: str) -> None:
        """Put a person's key on the revocation list (a real KRL)."""
        argv = ["ssh-keygen", "-q", "-k", "-f", self.root / "revoked_keys", self.key(who).with_suffix(".key.pub")]
        subprocess.run(argv, check=True)

    @property
    def people(self) -> People:
        return load_people(self.allowed)

    @property
    def authority(self) -> Authority:
        """As the files say it now."""
        return Authority(changes=self.changes, zone=ZONE, trust=trust_at(self.allowed), people=self.people)

    def frozen(self, risk: str = "low", **changes: Any) -> Plan:
        """A plan of this ledger, frozen."""
        return freeze(self.ledger, plan(self.ledger.id, risk, **changes))

    def act(self, of: Plan, who: str = "li", role: Any = "approver", window: Window = NIGHT) -> Act:
        """The text that this person would sign."""
        nonce = f"{next(self.nonces):032x}"
        return approve.approval_act(of, window, ZONE, role=role, signer=principal(who), nonce=nonce, at=self.clock.at)

    def approve(self, of: Plan, who: str = "li", role: Any = "approver", window: Window = NIGHT) -> Given:
        """Sign and take in."""
        act = self.act(of, who, role, window)
        return approve.approve(self.ledger, of, act, sign(act, key=self.key(who)), self.authority)

    def later(self, at: datetime = IN_WINDOW) -> None:
        """Let the ledger's clock stand at another instant."""
        self.clock.at = at


def principal(who: str) -> str:
    return f"{who}@{STAFF[who][0]}.example"


def office(root: Path) -> Office:
    """A ledger at NOW; everybody may sign as STAFF says."""
    clock = FixedClock(at=NOW)
    ledger = Ledger.create(f"sqlite:///{root / 'ledger.db'}", clock=clock, redactor=Redactor())
    made = Office(root=root, ledger=ledger, clock=clock)
    made.allow()
    made.staff()
    return made
