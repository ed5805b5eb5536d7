"""Applications for changes, as the ledger holds them, for the golden documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from change import NIGHT, NOW, ZONE, host, plan, step

from maintkit.evidence.entry import Head
from maintkit.plans.acts import Given
from maintkit.plans.approve import approval_act
from maintkit.plans.emergency import Emergency
from maintkit.plans.model import Content, DiskNeed, Estimate, PackageChange, Plan, Step
from maintkit.plans.people import Role
from maintkit.plans.record import Application
from maintkit.plans.unapproved import Unapproved
from maintkit.plans.window import Window

LEDGER = "6a0c3a52-0000-4000-8000-000000000000"
HOST = Path(__file__).with_name("patched-host.json")


def patch() -> Plan:
    """A patch of three hosts: the security updates that a Debian 12 really had waiting."""
    told = json.loads(HOST.read_text(encoding="utf-8"))
    steps = tuple(Step(**{**one, "estimate": Estimate(**one["estimate"])}) for one in told["steps"])
    packages = tuple(PackageChange(**one) for one in told["packages"])
    names = ("his-app1", "his-app2", "his-app3")
    hosts = tuple(
        host(name, address=f"10.20.0.{at}", steps=steps, packages=packages,
             disk=(DiskNeed(path="/", need_bytes=412_000_000, free_bytes=8_900_000_000),))
        for at, name in enumerate(names, start=11)
    )  # fmt: skip
    files = ("playbooks/patch.yml", "roles/patch/tasks/change.yml", "roles/patch/tasks/rollback.yml")
    content = tuple(
        Content(name=f"collection/{name}", sha256=f"{at:x}" * 64) for at, name in enumerate(files, start=10)
    )
    return plan(LEDGER, hosts=hosts, batches=(names[:1], names[1:]), content=content)


def application(of: Plan | None = None, **changes: object) -> Application:
    """Asked for and not yet signed."""
    fields: dict[str, object] = {
        "plan": of or patch(), "window": NIGHT, "requested_at": NOW, "approvals": (), "emergencies": (),
        "head": Head(seq=57, hash="5" * 64),
    }  # fmt: skip
    return Application(**(fields | changes))  # type: ignore[arg-type]


def signature(of: Plan, at: int, person: str, role: Role, who: str) -> Given:
    """One signature, an hour after the one before."""
    act = approval_act(of, NIGHT, ZONE, role=role, signer=f"{who}@hospital.example", nonce=f"{at:032x}", at=NOW)
    taken = NOW + timedelta(hours=at)
    return Given(seq=58 + at, at=taken, act=act, signature="", person=person, key=f"SHA256:{who * 8}")


def signed() -> Application:
    """Signed by two people."""
    of = patch()
    given = (signature(of, 0, "李主任", "approver", "li"), signature(of, 1, "王工", "second-approver", "wang"))
    return application(of, approvals=given, head=Head(seq=59, hash="6" * 64))


def urgent() -> Application:
    """An emergency with steps that cannot simply be undone, no window, and a full disk."""
    steps = (
        step("backup", 600, title_zh="数据库恢复点", target="his", rollback="restore-only", before=None, after=None),
        step(
            "change",
            900,
            "high",
            title_zh="数据库结构升级",
            target="his",
            before="41",
            after="42",
            rollback="restore-only",
        ),
        step("change", 60, "high", title_zh="关闭旧接口", target="gateway", rollback="point-of-no-return"),
        step("rollback", 3600, "high", title_zh="由恢复点恢复数据库", target="his", rollback="restore-only"),
    )
    full = DiskNeed(path="/var", need_bytes=9_000_000_000, free_bytes=1_000_000_000)
    about = {"packages": (), "restarts": (), "reboot": True, "drained_from": (), "disk": (full,)}
    hosts = (host("his-db1", steps=steps, **about),)
    title = "HIS 1.1 升级"
    of = plan(LEDGER, "high", hosts=hosts, batches=(("his-db1",),), procedure="upgrade", title_zh=title)
    start = datetime(2026, 11, 26, 3, tzinfo=UTC)
    declared = Emergency(plan=of.id, sha256=of.sha256, by="张伟", reason="数据库停止响应，门诊中断",
                         window=Window(start=start, end=start + timedelta(hours=4)))  # fmt: skip
    return application(of, window=None, requested_at=None, emergencies=(declared,))


def unapproved() -> tuple[Unapproved, ...]:
    """One emergency that a run rested on, and one that nobody needed in the end."""
    at = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)

    def one(seq: int, hours: int, plan: str, reason: str, run: str) -> Unapproved:
        window = Window(start=at + timedelta(hours=hours), end=at + timedelta(hours=hours + 4))
        declared = Emergency(plan=plan, sha256="e" * 64, by="张伟", reason=reason, window=window)
        used = window.start + timedelta(minutes=6) if run else None
        return Unapproved(seq=seq, emergency=declared, title_zh="安全补丁更新", hosts=("his-app1", "his-app2"), run=run,
                          used_at=used)  # fmt: skip

    return (
        one(41, 0, "P20261120-1", "OpenSSL 远程漏洞正被利用，等待批准将使挂号系统暴露", "C20261120-1"),
        one(47, 5, "P20261120-2", "门诊数据库日志盘将满，等待将停诊", ""),
    )
