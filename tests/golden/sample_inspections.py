"""Recorded inspections to draw documents from: built, not drawn at random, so that golden trees stay the same."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from maintkit.documents.header import Header
from maintkit.evidence.judgements import Judgement
from maintkit.evidence.recorded import Comparison, Coverage, Handling, Inspection, RecordedFinding, RecordedHost

STARTED = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
HEADER = Header(
    hospital="某市第一人民医院",
    provider="某某医疗信息技术有限公司",
    contract_number="HT-2026-0117",
    contract_title="医院信息系统维护服务合同",
    zone=ZoneInfo("Asia/Shanghai"),
    systems={"his": "医院信息系统（HIS）", "emr": "门急诊电子病历", "pharmacy": "智慧药学"},
)
# check, title, category, unit, value, previous, warn, crit
ITEMS = (
    ("cpu.busy", "处理器使用率", "host", "%", 23.5, 21.0, 80, 90),
    ("load.per-core", "每核平均负载", "host", "", 0.42, 0.40, 1.0, 1.5),
    ("memory.available", "可用内存比例", "host", "%", 54.2, 56.8, 25, 10),
    ("disk.space", "磁盘使用率", "host", "%", 61.3, 58.9, 80, 90),
    ("disk.inodes", "索引节点空闲率", "host", "%", 88.0, 89.1, 20, 10),
    ("clock.offset", "时钟偏差", "host", "ms", 3.2, 2.9, 50, None),
    ("units.failed", "失败的系统服务", "host", "count", 0, 0, 0, None),
    ("accounts.uid0", "特权账户核查", "security", "count", 1, 1, 1, None),
    ("sshd.settings", "远程登录设置", "security", "", "符合", None, None, None),
    ("updates.security", "待装安全更新", "security", "count", 4, 9, 10, 30),
    ("log.retention", "日志留存期", "security", "d", 210, 205, 180, 90),
    ("backup.age", "最近一次有效备份", "backup", "h", 11.5, 12.0, 36, 60),
    ("web.latency", "网页响应时间", "web", "ms", 184, 176, 1000, 3000),
    ("certificate.expiry", "证书剩余有效期", "web", "d", 171, 201, 60, 30),
)
BAD = {
    "disk.space": ("磁盘使用率", "/data 已用 93.4 %，剩余 6.8 GiB，按近 24 小时增速约 19 小时写满。",
                   "先清理 /data/export 下已归档的导出文件，再申请扩容；不要删除数据库目录下的任何文件。"),
    "backup.age": ("最近一次有效备份", "最近一次有效全量备份距今 61.2 小时，超过计划间隔。",
                   "查看备份任务日志，确认备份目标可写后补做一次全量备份，并核对备份清单。"),
}  # fmt: skip


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def written(text: str, by: str, at: datetime, seq: int = 900) -> Judgement:
    """What a person wrote into a blank."""
    return Judgement(text=text, by=by, at=at, seq=seq, hash=digest(f"{seq} {text}"))


def finding(host: str, number: int, *, repeat: int = 0, **changes: object) -> RecordedFinding:
    """Item `number` of ITEMS on a host, well unless changed; `repeat` makes another instance of it."""
    check, title, category, unit, value, previous, warn, crit = ITEMS[number % len(ITEMS)]
    operator = "<" if check in ("memory.available", "disk.inodes", "log.retention", "certificate.expiry") else ">"
    bounded = {
        "key": check,
        "op": operator,
        "unit": unit,
        "warn": warn,
        "crit": crit,
        "source": "ZL",
        "profile": "default",
    }
    numeric = isinstance(value, int | float) and isinstance(previous, int | float)
    fields: dict[str, object] = {
        "check": check,
        "title_zh": title,
        "host": host,
        "instance": f"/data{repeat}" if repeat else "",
        "category": category,
        "status": "ok",
        "value": value,
        "unit": unit,
        "limit": None if warn is None and crit is None else bounded,
        "previous": previous,
        "delta": value - previous if numeric else None,
        "evidence": {"how": ["/proc"], "sha256": digest(host), "excerpt": "", "redacted": False},
        "collected_at": STARTED + timedelta(minutes=1),
        "took_ms": 3,
        "reason": "",
        "conclusion_zh": "",
        "remedy_zh": "",
        "first_seen": None,
        "event": None,
        "waiver": None,
        "waived_status": None,
    }
    return RecordedFinding(**(fields | changes))  # type: ignore[arg-type]


def bad(host: str, check: str, status: str, event: str, **changes: object) -> RecordedFinding:
    """An abnormal finding with conclusion and advice."""
    number = next(at for at, item in enumerate(ITEMS) if item[0] == check)
    _, conclusion, remedy = BAD[check]
    fields: dict[str, object] = {
        "status": status, "event": event, "conclusion_zh": conclusion, "remedy_zh": remedy, "first_seen": STARTED,
        "value": 93.4 if check == "disk.space" else 61.2, "instance": "/data" if check == "disk.space" else "main",
    }  # fmt: skip
    return finding(host, number, **(fields | changes))


def host(name: str, findings: tuple[RecordedFinding, ...], **changes: object) -> RecordedHost:
    fields: dict[str, object] = {
        "name": name, "groups": ("app",), "systems": ("his",), "address": "10.20.0.11",
        "checks": tuple(item[0] for item in ITEMS), "collection": "ok", "via": "openssh", "took_ms": 812,
        "facts": digest(f"facts {name}"), "findings": findings,
    }  # fmt: skip
    return RecordedHost(**(fields | changes))  # type: ignore[arg-type]


def inspection(hosts: tuple[RecordedHost, ...], **changes: object) -> Inspection:
    missed = {one.name: one.reason or "not reached" for one in hosts if one.collection != "ok"}
    coverage = Coverage(
        expected=len(hosts), inspected=len(hosts) - len(missed), missed=missed, inventory_size=len(hosts)
    )
    fields: dict[str, object] = {
        "run": "20261124-1", "deep": False, "engineer": "李工", "scope": None, "started_at": STARTED,
        "finished_at": STARTED + timedelta(minutes=6), "ended": "incomplete" if missed else "complete",
        "period_from": STARTED - timedelta(days=30), "hosts": hosts,
        "coverage": coverage,
        "version": "0.1.0", "carried": False, "simulated": False, "head_seq": 57, "head_hash": digest("head"),
    }  # fmt: skip
    return Inspection(**(fields | changes))  # type: ignore[arg-type]


def one_healthy_host() -> Inspection:
    """One host, everything well, looked at over the local connection."""
    name = "demo"
    found = tuple(finding(name, n) for n in range(len(ITEMS)))
    return inspection((host(name, found, via="local", address="127.0.0.1"),), period_from=None)


def fleet(size: int = 20, items: int = 14) -> Inspection:
    """`size` hosts, of which one is unreachable and one hung; two abnormal hosts, a waiver, a missing privilege."""
    hosts = []
    for at in range(1, size + 1):
        name = f"his-app{at:02d}"
        found = [finding(name, n, repeat=n // len(ITEMS)) for n in range(items)]
        if at == 3:
            found[3] = bad(name, "disk.space", "crit", "20261124-1-001")
        if at == 5:
            found[min(11, items - 1)] = bad(
                name, "backup.age", "warn", "20261024-1-002", first_seen=STARTED - timedelta(days=31), previous=40.0
            )
        if at % 4 == 0:
            found[7] = finding(
                name, 7, status="unknown", value=None, previous=None, delta=None, reason="needs root: /etc/shadow"
            )
        if at == 7:
            until = STARTED + timedelta(days=60)
            waiver = {"who": "王主任", "why": "厂商认证版本，本季度不升级", "until": until.isoformat()}
            found[9] = finding(name, 9, status="waived", waived_status="warn", value=12, waiver=waiver)
        systems = (("his",), ("emr",), ("pharmacy",), ())[at % 4]
        changes: dict[str, object] = {"systems": systems, "address": f"10.20.0.{at}"}
        if at in (11, 17):
            status, why = {
                11: ("unreachable", "Connection refused"),
                17: ("timeout", "no answer within 60 s"),
            }[at]
            changes |= {"collection": status, "reason": why, "facts": None}
            found = [finding(name, n, repeat=n // len(ITEMS), status="unknown", value=None, previous=None,
                             reason=f"host was not inspected: {why}") for n in range(items)]  # fmt: skip
        hosts.append(host(name, tuple(found), **changes))
    return inspection(tuple(hosts))


def interrupted() -> Inspection:
    """Five hosts expected; Ctrl-C after two."""
    hosts = [host(f"h{n}", tuple(finding(f"h{n}", at) for at in range(14))) for n in (1, 2)]
    why = "no answer was recorded: the inspection was cut off before this host"
    hosts += [host(f"h{n}", (), collection=None, reason=why, facts=None, via="") for n in (3, 4, 5)]
    return inspection(tuple(hosts), ended="interrupted")


HOSTILE = (
    '=HYPERLINK("http://evil.example","看")',
    "{{ lookup('pipe','id') }}",
    "<script>alert(1)</script>",
    "#import \"evil.typ\"; #eval(\"1+1\") $x^2$ *粗* _斜_ @ref <label> `raw` \\ // -- ~",
    "\u202egnp.exe\u202c 反向",
    "\x1b[31m红色\x1b[0m \x1b]0;title\x07尾 \x00空 \x9b31m",
    "+1-800", "-2+3", "@SUM(1)", "a" * 300,
    "𠮷野家 \U0001f4a9 \U000f0000 \ud800 \ufffe ﷽", "第一行\r\n第二行\t制表\r回车",
)  # fmt: skip


def hostile() -> Inspection:
    """Every text that a host or a person can set says something a format might act on."""
    name = "{{ lookup('pipe','id') }}"
    found = tuple(
        bad(name, "disk.space", "crit", f"20261124-1-{n:03d}", instance=text, conclusion_zh=text, remedy_zh=text,
            value=text, title_zh=text, reason=text,
            evidence={"how": [], "sha256": "", "excerpt": f"{text}\n{text}", "redacted": True})
        for n, text in enumerate(HOSTILE, start=1)
    )  # fmt: skip
    return inspection((host(name, found, address="=1+1"),), engineer="=cmd|' /C calc'!A0", scope="<b>全部</b>")


def first_time(_: Inspection) -> Comparison:
    """Nothing to compare with."""
    return Comparison(previous_run=None)


def against_october(current: Inspection) -> Comparison:
    """One new event, one still open, one closed, one not looked at."""
    known = {one.event for one in current.findings if one.status in ("warn", "crit") and one.event}
    return Comparison(
        previous_run="20261024-1",
        new=tuple(sorted(name for name in known if name.startswith("20261124"))),
        still_open=tuple(sorted(name for name in known if name.startswith("20261024"))),
        closed=(bad("his-app09", "disk.space", "warn", "20261024-1-001", first_seen=STARTED - timedelta(days=31)),),
        unseen=("20261024-1-003",),
    )


def handled(event: str, **changes: object) -> Handling:
    """A whole handling."""
    fields: dict[str, object] = {
        "event": event, "at": STARTED + timedelta(hours=2), "conclusion": "备份目标空间不足导致任务失败",
        "handling": "清理过期备份，补做全量备份并核对清单", "owner": "赵工", "due": date(2026, 11, 27),
        "state": "in-progress", "by": "李工",
    }  # fmt: skip
    return Handling(**(fields | changes))  # type: ignore[arg-type]
