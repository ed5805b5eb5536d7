"""Changes that were carried out, in real ledgers: written as plans, people and the engine's journal write them.

What the phases say of themselves has the shape that the roles gave on booted hosts (docs/ledger-entries.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import sample_changes
from change import NIGHT, NOW, ZONE, host, plan, step
from sample_inspections import HOSTILE, digest

from maintkit.clock import FixedClock, to_text
from maintkit.evidence.change_record import assess
from maintkit.evidence.changes import RESUMED, STARTED
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.plans.acts import GIVEN, IN, OUT, Act
from maintkit.plans.approve import approval_act
from maintkit.plans.emergency import DECLARED
from maintkit.plans.frozen import freeze
from maintkit.plans.implementation import Implementation, implementation
from maintkit.plans.model import PackageChange, Plan
from maintkit.plans.people import Role
from maintkit.plans.record import RELEASED, TAKEN, USED
from maintkit.plans.supervise import Way, supervision_act
from maintkit.runs.driver import PhaseResult
from maintkit.runs.journal import Journal
from maintkit.runs.phases import HostState, Outcome, Phase

RUN = "C20261128-1"
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # hundreds of commits, none to outlive the test
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

    def phase(self, name: str, phase: str, takes: float, facts: Mapping[str, Any] | None = None,
              steps: tuple[Mapping[str, str], ...] = (), outcome: Outcome = "ok", reason: str = "") -> None:  # fmt: skip
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


# ------------------------------------------------------------ what phases say of themselves


def gate(name: str, took_ms: int, said: str = "") -> dict[str, Any]:
    return {"gate": name, "ok": not said, "said": said, "took_ms": took_ms}


def rounds(at: datetime, *problems: str, slow: int = 0) -> list[dict[str, Any]]:
    """Three checks, ten seconds apart; with problems one check that has them."""
    asked = [gate("unit nginx.service", 4), gate("HIS 登录页", 38 + slow, problems[0] if problems else "")]
    named = [f"HIS 登录页: {problems[0]}", *problems[1:]] if problems else []
    many = 1 if problems else 3
    return [
        {"at": (at + timedelta(seconds=10 * n)).timestamp(), "gates": asked, "problems": named} for n in range(many)
    ]


def figures(uptime_s: float, load: float, available_gib: float, swap_gib: float = 0.0) -> dict[str, Any]:
    gib = 1024**3
    return {"uptime_s": uptime_s, "load": [load, round(load * 0.8, 2), round(load * 0.6, 2)],
            "memory_total_bytes": 32 * gib, "memory_available_bytes": int(available_gib * gib),
            "swap_used_bytes": int(swap_gib * gib)}  # fmt: skip


def since(moves: list[dict[str, str]], restarted: tuple[str, ...] = (), *, rebooted: bool = False) -> dict[str, Any]:
    return {"packages": moves, "lost": [], "newly_failed": [], "restarted": list(restarted), "restarting": [],
            "rebooted": rebooted, "another_machine": False}  # fmt: skip


def moves(of: Plan, name: str) -> list[dict[str, str]]:
    """As the hosts tell them: with architecture where dpkg needs it."""
    return [{"package": f"{one.name}:{one.architecture}" if one.name.startswith("lib") else one.name,
             "from": one.before or "", "to": one.after or ""} for one in of.host(name).packages]  # fmt: skip


def cached(of: Plan, name: str) -> dict[str, Any]:
    files = {
        f"{part}/{one.name}_{version}_{one.architecture}.deb": digest(f"{one.name} {version}")
        for one in of.host(name).packages
        for part, version in (("new", one.after), ("old", one.before))
        if version
    }
    return {"files": dict(sorted(files.items())), "packages_in_all": 412, "cache": f"/var/cache/maintkit/{RUN}",
            "state": f"/var/lib/maintkit/runs/{RUN}/before.json"}  # fmt: skip


def package_steps(of: Plan, name: str) -> tuple[dict[str, str], ...]:
    return tuple({"action": "set package", "target": one["package"], "from": one["from"], "to": one["to"],
                  "rollback_class": "reversible"} for one in moves(of, name))  # fmt: skip


def patched(night: Evening, name: str, *, until: str = "verify", slow: int = 0) -> None:
    """Backup and what follows, as far as it goes well."""
    of = night.plan
    night.phase(name, "backup", 21.4, cached(of, name), package_steps(of, name))
    night.phase(name, "change", 64.9, {"packages": moves(of, name), "outdated": ["nginx.service"], "output": "…"},
                package_steps(of, name))  # fmt: skip
    if until != "verify":
        return
    at = night.clock.at + timedelta(seconds=2)
    said = {"since": since(moves(of, name), ("nginx.service",)), "checks": rounds(at, slow=slow),
            "figures": {"before": figures(5_184_000, 0.82, 11.5), "after": figures(5_184_220, 0.91, 11.9)}}  # fmt: skip
    night.phase(name, "verify", 31.2, said)
    night.close(name, "done")


def prechecked(night: Evening) -> None:
    for one in night.plan.hosts:
        night.phase(one.name, "precheck", 8.6, {"packages": moves(night.plan, one.name)})


# ------------------------------------------------------------ evenings


def _done(night: Evening) -> None:
    prechecked(night)
    for at, name in enumerate(("his-app1", "his-app2", "his-app3")):
        if at:
            night.phase(name, "precheck", 8.1, {"packages": moves(night.plan, name)})
        patched(night, name, slow=at * 5)
    night.finish("done", {one.name: "done" for one in night.plan.hosts})
    night.wait(240)
    night.supervise("out")


def _rolled_back(night: Evening) -> None:
    prechecked(night)
    patched(night, "his-app1", until="change")
    wrong = 'http://127.0.0.1/login does not say "挂号"'
    night.phase("his-app1", "verify", 72.8, {"checks": rounds(night.clock.at, wrong)}, outcome="failed",
                reason=f"not healthy: HIS 登录页: {wrong}")  # fmt: skip
    at = night.clock.at + timedelta(seconds=30)
    night.phase("his-app1", "rollback", 58.3, {"since": since([], ("nginx.service",)), "checks": rounds(at)})
    night.phase("his-app1", "precheck", 8.9)
    night.close("his-app1", "rolled-back")
    for name in ("his-app2", "his-app3"):
        night.journal.hold(name, "1 hosts failed, 0 are allowed to")
    night.finish("rolled-back", {"his-app1": "rolled-back", "his-app2": "untouched", "his-app3": "untouched"})


def _urgent(night: Evening) -> None:
    """Declared at noon; the second host is lost for a while and runs over, the third is not begun."""
    night.clock.at = datetime(2026, 11, 26, 4, 10, tzinfo=UTC)
    opened = night.clock.at
    night.declare("张伟", "nginx 远程执行漏洞正被利用，等待审批将使门诊系统继续暴露", 0.1)
    night.wait(60)
    night.begin("emergency", ("张伟",), "nginx 远程执行漏洞正被利用，等待审批将使门诊系统继续暴露",
                (opened, opened + timedelta(minutes=6)))  # fmt: skip
    prechecked(night)
    patched(night, "his-app1")
    night.phase("his-app2", "precheck", 8.1)
    night.phase("his-app2", "backup", 22.0, cached(night.plan, "his-app2"))
    night.phase("his-app2", "change", 60.0, outcome="lost", reason="no route to host")
    night.wait(120)
    of = night.plan
    night.phase("his-app2", "change", 12.0, {"packages": moves(of, "his-app2")}, package_steps(of, "his-app2"))
    night.phase("his-app2", "verify", 31.0, {"since": since(moves(of, "his-app2"), ("nginx.service",)),
                                             "checks": rounds(night.clock.at)})  # fmt: skip
    night.close("his-app2", "done")
    night.journal.hold("his-app3", "-71 s are left of the window, the change wants 466 s and its rollback 62 s")
    night.finish("partial", {"his-app1": "done", "his-app2": "done", "his-app3": "untouched"}, overrun_s=71)


def _killed(night: Evening) -> None:
    """The controller dies in the change of the first host."""
    prechecked(night)
    night.phase("his-app1", "backup", 21.4, cached(night.plan, "his-app1"))
    night.journal.intend("his-app1", Phase.CHANGE)
    night.wait(40)


def _resumed(night: Evening) -> None:
    """The same, taken up by somebody else; a pause is asked for, and the supervisor leaves too early."""
    _killed(night)
    night.wait(900)
    night.resume()
    of = night.plan
    night.phase("his-app1", "change", 9.7, {"packages": moves(of, "his-app1")}, package_steps(of, "his-app1"))
    night.journal.ask("pause", by="李主任", why="急诊高峰，先观察第一台")
    night.supervise("out")
    night.phase("his-app1", "verify", 31.2, {"since": since(moves(of, "his-app1"), ("nginx.service",)),
                                             "checks": rounds(night.clock.at)})  # fmt: skip
    night.close("his-app1", "done")
    for name in ("his-app2", "his-app3"):
        night.journal.hold(name, "李主任 asked to pause it: 急诊高峰，先观察第一台")
    night.finish("partial", {"his-app1": "done", "his-app2": "untouched", "his-app3": "untouched"})


def upgrade() -> Plan:
    """HIS 1.0 to 1.1 with a schema that comes back only by a restore."""
    steps = (
        step("backup", 120, title_zh="数据库恢复点与安装文件", target="his", before=None, after=None),
        step("change", 300, "high", title_zh="安装 1.1 并升级数据库结构", target="his", before="1.0-1", after="1.1-1",
             rollback="restore-only"),
        step("verify", 300, title_zh="观察：服务、登录页与挂号业务", target="his", before=None, after=None),
        step("rollback", 600, "high", title_zh="恢复原版本与数据库结构", target="his", rollback="restore-only"),
    )  # fmt: skip
    new = PackageChange(name="his-client", architecture="all", before=None, after="1.1-1")
    old = PackageChange(name="his-server", architecture="amd64", before="1.0-1", after="1.1-1")
    one = host("his-app1", steps=steps, packages=(old, new), restarts=("his.service",), drained_from=("his-lb1",))
    return plan(sample_changes.LEDGER, hosts=(one,), batches=(("his-app1",),), procedure="upgrade",
                title_zh="HIS 1.1 升级", reason="合同约定的版本升级，含医保接口调整")  # fmt: skip


UPGRADE_STEPS = (
    {"action": "set package", "target": "his-server", "from": "1.0-1", "to": "1.1-1", "rollback_class": "reversible"},
    {"action": "migrate", "target": "/opt/his/bin/migrate up", "from": "", "to": "", "rollback_class": "restore-only"},
)


def _upgraded(night: Evening) -> None:
    name, of = "his-app1", night.plan
    point = {"restore_point": "his_20261128_2336 at 0/5A000028"}
    night.phase(name, "precheck", 6.3, {"packages": moves(of, name)})
    night.phase(name, "backup", 95.0, cached(of, name) | point)
    night.phase(name, "change", 188.0, {"packages": moves(of, name), "migration": "schema 41 -> 42: 3 tables altered"},
                UPGRADE_STEPS)  # fmt: skip


def _upgrade_done(night: Evening) -> None:
    _upgraded(night)
    at = night.clock.at + timedelta(seconds=5)
    said = {"since": since(moves(night.plan, "his-app1"), ("his.service",)), "checks": rounds(at),
            "figures": {"before": figures(864_000, 1.9, 6.2), "after": figures(864_400, 1.4, 9.7)}}  # fmt: skip
    night.phase("his-app1", "verify", 310.0, said)
    night.close("his-app1", "done")
    night.finish("done", {"his-app1": "done"})
    night.supervise("out")


def _upgrade_stuck(night: Evening) -> None:
    """1.1 does not register patients, and the schema has no way down."""
    _upgraded(night)
    wrong = "http://127.0.0.1/register answers 500, not 200"
    night.phase("his-app1", "verify", 75.0, outcome="failed", reason=f"not healthy: 挂号: {wrong}")
    night.phase("his-app1", "rollback", 12.0, outcome="failed", reason="the schema was brought up, and there is no way "
                "down (upgrade_migrate_down): it is restore-only")  # fmt: skip
    night.close("his-app1", "rollback-failed")
    night.finish("rollback-failed", {"his-app1": "rollback-failed"}, keep=("his-app1",))


def restart() -> Plan:
    """Two services of one host, and another host whole."""
    cannot = "point-of-no-return"
    steps = (
        step("change", 60, title_zh="重启服务", target="his.service", before=None, after=None, rollback=cannot),
        step("verify", 90, title_zh="观察", target="his", before=None, after=None),
    )
    about: dict[str, Any] = {"steps": steps, "packages": (), "disk": ()}
    hosts = (host("his-app1", restarts=("his.service",), **about),
             host("his-db1", restarts=(), reboot=True, drained_from=(), **about))  # fmt: skip
    return plan(sample_changes.LEDGER, hosts=hosts, batches=(("his-app1",), ("his-db1",)), procedure="restart",
                title_zh="服务重启与性能优化", reason="HIS 服务内存占用三个月内由 2 GiB 升至 9 GiB，响应变慢")  # fmt: skip


def service(pid: int, gib: float, **changes: Any) -> dict[str, Any]:
    return {
        "active": "active",
        "sub": "running",
        "pid": pid,
        "restarts": 0,
        "memory_bytes": int(gib * 1024**3),
    } | changes


def _restarted(night: Evening) -> None:
    was = {"his-app1": figures(7_862_400, 3.4, 2.1, 1.6), "his-db1": figures(20_000_000, 1.2, 8.8)}
    for name, found in was.items():
        ill = rounds(night.clock.at, slow=1900)
        night.phase(name, "precheck", 5.2, {"figures": found, "checks": ill[:1]})
    _restart_of(night, "his-app1", was["his-app1"], figures(7_862_560, 0.9, 10.3, 0.2), "restart")
    _restart_of(night, "his-db1", was["his-db1"], figures(41, 0.3, 21.0), "reboot")
    night.finish("done", {"his-app1": "done", "his-db1": "done"})
    night.supervise("out")


def _restart_of(night: Evening, name: str, was: dict[str, Any], now: dict[str, Any], how: str) -> None:
    whole = how == "reboot"
    old = {} if whole else {"his.service": service(1873, 9.1)}
    new = {} if whole else {"his.service": service(24410, 2.0)}
    state = {"state": f"/var/lib/maintkit/runs/{RUN}/before.json"}
    night.phase(name, "backup", 3.0, {"figures": was, "services": old} | state)
    target = {"action": "restart", "target": "host" if whole else "his.service", "from": "", "to": "",
              "rollback_class": "point-of-no-return"}  # fmt: skip
    night.phase(name, "change", 44.0 if whole else 6.5, {"reboot_took_s": 41 if whole else 0}, (target,))
    said = {"figures": {"before": was, "after": now}, "services": {"before": old, "after": new},
            "since": since([], () if whole else ("his.service",), rebooted=whole),
            "checks": rounds(night.clock.at + timedelta(seconds=3))}  # fmt: skip
    night.phase(name, "verify", 26.0, said)
    night.close(name, "done")


def _assessed(night: Evening) -> None:
    _restarted(night)
    assess(night.ledger, RUN, by="张伟", cause="", remaining="",
           effect="内存占用回落，登录页响应由约 2 秒降至 40 毫秒，重启必要且有效；内存增长原因已提交厂商。")  # fmt: skip


def config() -> Plan:
    """A pool size, loaded by the service."""
    steps = (step("change", 40, title_zh="修改配置文件", target="/etc/his/pool.conf", before=None, after=None),
             step("verify", 60, title_zh="观察并确认", target="his", before=None, after=None),
             step("rollback", 90, title_zh="恢复原文件", target="/etc/his/pool.conf", before=None, after=None))  # fmt: skip
    one = host("his-app1", steps=steps, packages=(), restarts=("his.service",), drained_from=(), disk=())
    return plan(sample_changes.LEDGER, hosts=(one,), batches=(("his-app1",),), procedure="config",
                title_zh="配置变更", reason="连接池由 20 调至 60")  # fmt: skip


def _reverted(night: Evening) -> None:
    """The host was cut off by its new configuration and took it back by itself."""
    name, old, new = "his-app1", digest("pool = 20"), digest("pool = 60")
    night.phase(name, "precheck", 4.0, {"judged_by": "/opt/his/bin/check %s"})
    copy = f"/var/lib/maintkit/runs/{RUN}/config/before"
    night.phase(
        name, "backup", 2.0, {"copy": copy, "sha256": old, "state": f"/var/lib/maintkit/runs/{RUN}/before.json"}
    )
    changed = {
        "action": "set file",
        "target": "/etc/his/pool.conf",
        "from": old,
        "to": new,
        "rollback_class": "reversible",
    }
    armed = {"state": "reverted", "by": "host", "rehearsed_rc": 0, "reverted_rc": 0, "log": ""}
    night.phase(name, "change", 190.0, {"deadman": armed, "output": ""}, (changed,))
    night.phase(name, "verify", 34.0, outcome="failed", reason="not healthy: his.service has failed")
    night.phase(name, "rollback", 35.0, {"deadman": armed, "sha256": old, "checks": rounds(night.clock.at)})
    night.phase(name, "precheck", 4.0)
    night.close(name, "rolled-back")
    night.finish("rolled-back", {name: "rolled-back"})
    night.supervise("out")


def _hostile(night: Evening) -> None:
    """Hosts say what they like, in every place where they are heard; facts have no shape that was agreed on."""
    said = HOSTILE[0]
    night.phase("his-app1", "precheck", 1.0, {"packages": "all of them", "figures": [1, 2], "checks": {"at": said}})
    night.phase("his-app1", "backup", 1.0, {"files": {f"old/{one}": one for one in HOSTILE}, "state": said, "cache": 7})
    strange = [{"at": 1e300, "gates": [], "problems": []}]
    night.phase("his-app1", "change", 1.0, {"packages": [{"package": one, "from": one, "to": one} for one in HOSTILE],
                                            "checks": strange},
                tuple({"action": one, "target": one, "from": one, "to": one, "rollback_class": one} for one in HOSTILE))  # fmt: skip
    asked = [{"at": 0.0, "gates": [gate(one, 1, one) for one in HOSTILE], "problems": list(HOSTILE)}]
    wrong = {"since": "nothing", "checks": asked, "figures": {"before": {"uptime_s": "x"}, "after": None}}
    night.phase("his-app1", "verify", 1.0, wrong, outcome="failed", reason=said)
    night.phase(
        "his-app1", "rollback", 1.0, {"since": {"packages": []}, "checks": strange}, outcome="failed", reason=said
    )
    night.close("his-app1", "rollback-failed")
    night.journal.hold("his-app2", said)
    night.finish("rollback-failed", {"his-app1": "rollback-failed", "his-app2": "untouched", "his-app3": "untouched"},
                 keep=("his-app1",))  # fmt: skip


_EVENINGS = {
    "done": (sample_changes.patch, signed, _done),
    "rolled-back": (sample_changes.patch, signed, _rolled_back),
    "urgent": (sample_changes.patch, evening, _urgent),
    "killed": (sample_changes.patch, signed, _killed),
    "resumed": (sample_changes.patch, signed, _resumed),
    "hostile": (sample_changes.patch, signed, _hostile),
    "upgrade-done": (upgrade, signed, _upgrade_done),
    "upgrade-stuck": (upgrade, signed, _upgrade_stuck),
    "restart": (restart, signed, _restarted),
    "restart-assessed": (restart, signed, _assessed),
    "config-reverted": (config, signed, _reverted),
}


@cache
def carried_out(name: str) -> Implementation:
    """One of the evenings, read back from its ledger."""
    of, opened, happens = _EVENINGS[name]
    with TemporaryDirectory(dir=MEMORY) as directory:
        night = opened(directory, of())
        happens(night)
        try:
            return implementation(night.ledger, RUN)
        finally:
            night.ledger.close()
