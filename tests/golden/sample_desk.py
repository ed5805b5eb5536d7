"""An autumn at the desk of a fresh site: faults, tickets, work and what was found of access, entered one by one.

Times are those on site (UTC+8). By hand, for the tests: what was breached, and when, stands beside each fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from evening import MEMORY
from sample_inspections import digest, finding

from maintkit.cli.init import make_site
from maintkit.cli.terminal import desk_documents as drawing
from maintkit.cli.terminal import security_documents as security
from maintkit.clock import FixedClock, to_text
from maintkit.contract.load import Site, load_site
from maintkit.desk.incident import Verb
from maintkit.desk.intake import enter, open_incident
from maintkit.documents.model import Document
from maintkit.documents.views.month import Month
from maintkit.documents.views.quarter import Quarter
from maintkit.evidence.judgements import judge
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import RecordedFinding
from maintkit.evidence.redact import Redactor

ZONE = ZoneInfo("Asia/Shanghai")
HOSTS = ("his-app1", "his-db1")
OCTOBER, QUARTER = Month(year=2026, number=10), Quarter(year=2026, number=4)


def on_site(text: str) -> datetime:
    """`10-08 09:30` of 2026, as the clock on the wall shows it."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)


class Autumn:
    """Enters into a ledger whose clock follows: `at` is when it happened, `entered` when it was said (else then)."""

    def __init__(self, ledger: Ledger, clock: FixedClock) -> None:
        self.ledger, self.clock = ledger, clock

    def _by(self, at: str, entered: str | None = None) -> datetime:
        self.clock.at = max(self.clock.at, on_site(entered or at))
        return on_site(at)

    def fault(self, at: str, title: str, systems: tuple[str, ...], *, hosts: tuple[str, ...] = ()) -> str:
        body = {"text": title, "channel": "电话", "reporter": "王护士", "department": "门诊部", "by": "张工"}
        more = {"systems": list(systems), "hosts": list(hosts), "run": None}
        return open_incident(self.ledger, body | more, at=self._by(at), zone=ZONE).subject or ""

    def level(self, id_: str, at: str, level: str, *, scope: str, kind: str, rule: str | None, **more: Any) -> None:
        said = {"severity": "ordinary", "stopped_minutes": 0, "urgent": False, "agreed_by": "", "text": ""} | more
        self.step(id_, "triaged", at, level=level, scope=scope, kind=kind, rule=rule, **said)

    def step(self, id_: str, verb: Verb, at: str, text: str = "", *, entered: str | None = None, **more: Any) -> None:
        when = self._by(at, entered)
        text = more.pop("text", text)
        enter(self.ledger, id_, verb, at=when, by="张工", text=text, more=more)

    def ticket(self, id_: str, step_: str, at: str, text: str, **more: Any) -> None:
        body = {"at": to_text(self._by(at)), "text": text, "by": "张工", **more}
        self.ledger.append(f"ticket.{step_}", body, subject=id_)

    def inspected(self, at: str, *found: RecordedFinding, deep: bool = False, ended: str = "complete") -> str:
        run = f"{self._by(at):%Y%m%d}-1"
        expected = {"groups": ["app"], "systems": ["HIS"], "address": "10.20.0.11", "checks": []}
        self.ledger.append("inspection.started", {
            "deep": deep, "engineer": "张工", "scope": None, "inventory_size": len(HOSTS), "period_from": None,
            "hosts": dict.fromkeys(HOSTS, expected), "version": "0.1.0", "carried": False, "simulated": False,
        }, run=run)  # fmt: skip
        for host in HOSTS:
            own = [_plain(one) for one in found if one.host == host]
            body = {"status": "ok", "reason": "", "via": "openssh", "took_ms": 812, "carried": False, "facts": None,
                    "started_at": to_text(self.clock.at), "redacted": 0}  # fmt: skip
            self.ledger.append("facts.collected", body, run=run, subject=host)
            self.ledger.append("host.judged", {"collection": "ok", "findings": own}, run=run, subject=host)
        self.clock.at += timedelta(minutes=4)
        states = [one.status for one in found]
        counts = {"ok": 64 - len(found)} | {status: states.count(status) for status in dict.fromkeys(states)}
        coverage = {"expected": len(HOSTS), "inspected": len(HOSTS), "missed": {}}
        self.ledger.append("inspection.finished", {"ended": ended, "coverage": coverage, "counts": counts}, run=run)
        return run

    def changed(self, at: str, procedure: str, title_zh: str, verdict: str, host: str = "his-app1") -> str:
        run, plan = f"C{self._by(at):%Y%m%d}-1", f"P{on_site(at):%Y%m%d}-1"
        frozen = {"sha256": digest(plan), "procedure": procedure, "title_zh": title_zh, "hosts": [host], "risk": "low",
                  "effect": "some", "requester": "张工", "created_at": to_text(self.clock.at)}  # fmt: skip
        self.ledger.append("plan.frozen", frozen, subject=plan)
        started = {"sha256": digest(plan), "procedure": procedure, "hosts": [host], "ground": "signed",
                   "by": ["李主任"], "detail": "", "window": [], "engineer": "张工", "version": "0.1.0"}  # fmt: skip
        self.ledger.append("change.started", started, run=run, subject=plan)
        self.clock.at += timedelta(minutes=21)
        self.ledger.append("host.closed", {"state": verdict}, run=run, subject=host)
        body = {"verdict": verdict, "hosts": {host: verdict}, "overrun_s": 0}
        self.ledger.append("change.finished", body, run=run, subject=plan)
        return run

    def handled(self, event: str, at: str, **said: Any) -> None:
        self._by(at)
        self.ledger.append("finding.handled", {"event": event, "by": "张工", **said}, subject=event)

    def watched(self, at: str, status: str) -> None:
        run, probe = f"W{self._by(at):%Y%m%d}-1", "his-web"
        one = {"seq": 1, "system": "HIS", "suite_zh": "HIS", "category_zh": "挂号", "function_zh": "挂号"}
        functions = [one | {"probes": [probe], "manual": None}]
        started = {"engineer": "张工", "version": "0.1.0", "functions": functions, "asked": [probe]}
        self.ledger.append("watch.started", started, run=run)
        answer = {"kind": "http", "covers": [1], "status": status, "reason": "slow", "detail": "", "took_ms": 2310}
        self.ledger.append("watch.probed", answer, run=run, subject=probe)
        self.ledger.append("watch.finished", {"ended": "complete", "counts": {status: 1}}, run=run)

    def said(self, at: str, entry: str, subject: str, **body: Any) -> None:
        self._by(at)
        self.ledger.append(entry, body, subject=subject)


def _plain(one: RecordedFinding) -> dict[str, Any]:
    instants = {name: to_text(at) if (at := getattr(one, name)) else None for name in ("collected_at", "first_seen")}
    told = asdict(one)
    del told["look"]  # an entry of its own
    return told | instants


def access(host: str, check: str, title: str, status: str, event: str, at: str, said: str) -> RecordedFinding:
    """An abnormal finding about access."""
    advice = "向账户所有人核实；不能说明来源的，立即停用并保全日志。"
    return finding(
        host, 0, check=check, title_zh=title, category="security", status=status, value=1, previous=None, delta=None,
        unit="count", limit=None, event=event, first_seen=on_site(at), collected_at=on_site(at), conclusion_zh=said,
        remedy_zh=advice,
    )  # fmt: skip


def autumn(desk: Autumn) -> None:
    """August to the first days of November."""
    desk.inspected("08-20 10:00", deep=True)
    _september(desk)
    _october(desk)
    _access(desk)
    desk.inspected("11-05 10:00")


def _september(desk: Autumn) -> None:
    one = desk.fault("09-10 09:00", "检验标签打印机不出纸", ("HIS",))
    desk.level(one, "09-10 09:05", "P3", scope="user", kind="non-core", rule="slow-or-non-core")
    for verb, at in (("acknowledged", "09-10 09:10"), ("resolved", "09-10 11:30"), ("closed", "09-10 12:00")):
        desk.step(one, verb, at, "已处理")
    desk.ticket("T20260925-1", "opened", "09-25 10:00", "处方打印缺少用法一栏", requester="刘医生", department="内科")
    desk.ticket("T20260925-1", "accepted", "09-25 14:00", "邮件受理", kind="other-bug", accepted_by="李主任")
    desk.ticket("T20260925-1", "reached", "09-28 16:00", "已定位，10 月版本修复", step="plan")
    # Restored on 2 October: breached at 02:00 of 30 September, and counted in September.
    late = desk.fault("09-29 22:00", "儿科诊室叫号屏不更新", ("HIS",), hosts=("his-app1",))
    desk.level(late, "09-29 22:10", "P2", scope="room", kind="stopped", rule="stopped")
    desk.step(late, "acknowledged", "09-29 22:20", "已接听")
    desk.step(late, "resolved", "10-02 09:30", "更换叫号服务器网卡")
    desk.step(
        late, "analysed", "10-02 15:00", "网卡故障致叫号服务断连", cause="网卡硬件故障", prevention="备件入库一块"
    )


def _october(desk: Autumn) -> None:
    desk.inspected("10-07 16:00", access("his-db1", "disk.space", "磁盘使用率", "warn", "20261007-1-001", "10-07 16:00",
                                         "/data 已用 93.4 %。"))  # fmt: skip
    stop = desk.fault("10-08 09:30", "门诊挂号全部停止", ("HIS",), hosts=HOSTS)
    again = desk.fault("10-08 09:35", "挂号打不开", ("HIS",))
    desk.step(stop, "acknowledged", "10-08 09:38", "已接听，远程排查")
    desk.step(again, "related", "10-08 09:40", duplicate_of=stop, recurs=None)
    desk.level(stop, "10-08 09:50", "P1", scope="rooms", kind="stopped", rule="rooms-stopped", stopped_minutes=20)
    for verb, at, text in (
        ("arrived", "10-08 10:15", "工程师到机房"),
        ("progressed", "10-08 10:40", "数据库所在磁盘写满，正在清理；已向李主任通报"),
        ("mitigated", "10-08 11:05", "启用应急挂号"),
        ("resolved", "10-08 12:10", "清理归档日志，数据库恢复写入"),
        ("feedback", "10-08 12:20", "门诊部确认恢复"),
        ("closed", "10-08 17:00", "李主任同意关闭"),
    ):
        desk.step(stop, verb, at, text)  # type: ignore[arg-type]
    desk.step(
        stop, "analysed", "10-12 10:00", "归档日志未按期清理，磁盘写满后数据库停止写入，挂号全部停止。",
        cause="归档日志保留策略未生效", prevention="启用自动清理；磁盘 80 % 即告警；每周核对保留策略。",
    )  # fmt: skip
    desk.ticket("T20261009-1", "opened", "10-09 09:00", "挂号凭条增加诊室楼层", requester="王护士", department="门诊部")
    desk.ticket("T20261009-1", "accepted", "10-09 10:00", "会议受理", kind="simple-change", accepted_by="李主任")
    desk.ticket("T20261009-1", "agreed", "10-10 11:00", "会议纪要", step="done", until=to_text(on_site("10-20 18:00")),
                agreed_by="李主任")  # fmt: skip
    desk.ticket("T20261009-1", "effort", "10-15 18:00", "开发", days=3, confirmed_by="李主任")
    desk.said("10-12 18:00", "register.added", "meeting-1", kind="meeting", files=[], by="张工", fields={
        "topic": "第三季度服务回顾", "held": "2026-10-12", "attendees": "双方 8 人", "decisions": "数据库磁盘扩容",
    })  # fmt: skip
    # Answered 50 minutes later: breached at 14:30; no analysis, so breached at the end of 20 October, too.
    slow = desk.fault("10-15 14:00", "病历与审方均不能保存", ("EMR", "PHARMACY"))
    desk.level(slow, "10-15 14:45", "P2", scope="department", kind="key-function", rule="key-function")
    desk.step(slow, "acknowledged", "10-15 14:50", "已接听")
    desk.step(slow, "resolved", "10-15 16:40", "重启接口服务")
    desk.changed("10-17 22:00", "patch", "安装安全更新", "done")
    desk.changed("10-18 22:00", "restore_drill", "备份恢复演练", "done", "his-db1")
    desk.changed("10-19 22:00", "upgrade", "HIS 1.1 升级", "rolled-back")
    back = desk.fault("10-20 08:30", "检验标签打印机又不出纸", ("HIS",))
    aim = {"target": "日常问题", "agreed_by": "李主任", "text": "例行设置"}
    desk.level(back, "10-20 08:40", "P3", scope="user", kind="non-core", rule="slow-or-non-core", **aim)
    desk.step(back, "related", "10-20 08:41", duplicate_of=None, recurs="I20260910-1")
    # Said on the next day: both times stand in the report.
    desk.step(back, "acknowledged", "10-20 09:00", "已接听", entered="10-21 08:00")
    desk.step(back, "resolved", "10-20 09:40", "更换打印头", entered="10-21 08:00")
    desk.step(back, "analysed", "10-21 09:00", "打印头老化", cause="打印头老化", prevention="列入季度更换")
    desk.ticket("T20261009-1", "reached", "10-21 17:00", "已上线", step="done")
    desk.ticket("T20261009-1", "effort", "10-21 18:00", "测试与上线", days=4.5, confirmed_by="李主任")
    desk.ticket("T20261009-1", "planned", "10-21 18:10", "", plan="P20261019-1")
    desk.ticket("T20261009-1", "closed", "10-22 09:00", "验收")
    desk.ticket("T20261021-1", "opened", "10-22 10:00", "门诊收费偶发重复扣款", requester="赵会计", department="财务科")
    desk.ticket("T20261021-1", "accepted", "10-22 10:30", "电话与邮件", kind="urgent-bug", accepted_by="李主任")
    desk.ticket("T20261021-1", "reached", "10-22 11:00", "已停用重试按钮", step="start")
    desk.ticket("T20261021-1", "effort", "10-22 18:00", "排查", days=1, confirmed_by="")
    desk.ticket("T20261023-1", "opened", "10-23 10:00", "希望增加微信挂号", requester="王护士", department="门诊部")
    desk.watched("10-26 09:00", "warn")
    desk.said("10-27 09:00", "duty.done", "emergency-plan", on="2026-10-27", what="预案复审", by="王经理", file=None)
    wait = desk.fault("10-28 10:00", "远程会诊画面模糊", ("TELEMEDICINE",))
    desk.level(wait, "10-28 10:10", "P3", scope="room", kind="degraded", rule="slow-or-non-core")
    desk.step(wait, "acknowledged", "10-28 10:20", "已接听")
    desk.step(wait, "paused", "10-28 15:00", "等待运营商检测线路", until=None, agreed_by="李主任")
    desk.fault("10-30 16:00", "药房发药机报警", ("PHARMACY",))


def _access(desk: Autumn) -> None:
    run = "20261031-1"
    desk.inspected(
        "10-31 09:00",
        access("his-app1", "logins.unknown-address", "未登记地址登录", "warn", f"{run}-001", "10-31 09:00",
               "本期有来自 203.0.113.7 的登录 2 次，该地址未登记。"),
        access("his-app1", "drift.sudoers", "sudo 授权变化", "warn", f"{run}-002", "10-31 09:00",
               "较上期新增一条：deploy ALL=(ALL) NOPASSWD: ALL。"),
        access("his-db1", "accounts.uid0", "特权账户（UID 0）", "crit", f"{run}-003", "10-31 09:00",
               "除 root 外还有 UID 为 0 的账户：toor。"),
    )  # fmt: skip
    desk.handled(f"{run}-001", "10-31 10:00", conclusion="厂商工程师在酒店登录，已电话核实", handling="改用堡垒机登录",
                 owner="张工", due="2026-11-02", state="resolved")  # fmt: skip
    desk.handled(f"{run}-003", "10-31 10:30", conclusion="来源不明，正在核查", handling="已锁定账户并保全日志",
                 owner="张工", due="2026-11-01", state="in-progress")  # fmt: skip


@contextmanager
def told(tell: Callable[[Autumn], None] = autumn, *, began: str = "08-20 09:00") -> Iterator[tuple[Site, Ledger]]:
    """A fresh site with this story in its ledger; numbers and hashes are the same each time."""
    with TemporaryDirectory(dir=MEMORY) as directory:
        root = Path(directory) / "site"
        make_site(root)
        (root / "ledger" / "ledger.db").unlink()
        site, clock = load_site(root), FixedClock(at=on_site(began))
        url, id_ = site.settings.ledger_url, UUID("6a0c3a52-0000-4000-8000-00000000de5c")
        with Ledger.create(url, clock=clock, redactor=Redactor(), ledger_id=id_) as ledger:
            tell(Autumn(ledger, clock))
            yield site, ledger


@cache
def documents() -> dict[str, Document]:
    """The documents of the autumn by the names of their golden files."""
    with told() as (site, ledger):
        made = {
            "incidents-october": drawing.fault_month(site, ledger, OCTOBER),
            "incidents-none": drawing.fault_month(site, ledger, Month(year=2026, number=8)),
            "incidents-unfinished": drawing.fault_month(site, ledger, OCTOBER.following()),
            "incident-analysed": drawing.fault_report(site, ledger, "I20261008-1"),
            "incident-open": drawing.fault_report(site, ledger, "I20261028-1"),
            "tickets-october": drawing.wish_period(site, ledger, OCTOBER),
            "service-quarter": drawing.review(site, ledger, QUARTER),
            "security-run": security.security_of_run(site, ledger, "20261031-1"),
            "security-handled": security.security_of_events(site, ledger, ["20261031-1-001"]),
        }
        for blank, text in (("evaluation", "时限总体受控，两起 P2 超时。"), ("next", "完成磁盘扩容与打印头更换。")):
            judge(ledger, "service-review", "2026-10", blank=blank, text=text, by="王经理")
        return made | {"service-october": drawing.review(site, ledger, OCTOBER)}
