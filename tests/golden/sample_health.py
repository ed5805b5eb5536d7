"""What a health report is drawn from: a deep inspection of four hosts and a year of their filesystems."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import sample_advice as advice
import sample_inspections as sample

from maintkit.analysis.baseline import Compared, baseline
from maintkit.analysis.capacity import Forecast, Outlook
from maintkit.analysis.trend import Cut, Point, trend
from maintkit.documents.views.health_report import Health
from maintkit.evidence.judgements import Judgement
from maintkit.evidence.manual import seen
from maintkit.evidence.recorded import Inspection, ManualLook, RecordedFinding

GIB = 2**30
WEEKS = 50
HEAP = "查明占用最多的进程；调整应用堆上限后再评估扩容。"


def resource(
    host: str, check: str, title: str, status: str, value: float | None, unit: str, **more: object
) -> RecordedFinding:
    """A finding about one resource of a host."""
    changes = {"check": check, "title_zh": title, "status": status, "value": value, "unit": unit, "limit": None,
               "previous": None, "delta": None}  # fmt: skip
    return sample.finding(host, 0, **(changes | more))


def rows(host: str) -> tuple[RecordedFinding, ...]:
    """What a person looks at of a host."""
    asked = (
        ("manual.server", "服务器物理状态（现场）", "lamps, power supplies, fans, dust, cabling, labels"),
        ("manual.room", "机房环境（现场）", "temperature, humidity, UPS, water, fire protection, access"),
    )
    return tuple(
        resource(host, check, title, "manual", None, "", reason=f"looked at on site by the engineer: {what}",
                 evidence=None)
        for check, title, what in asked
    )  # fmt: skip


def databases(host: str) -> tuple[RecordedFinding, ...]:
    """Two servers: one well but for two bloated indexes and what nobody could tell, one whose replica lags."""

    def at_most(warn: float, crit: float | None, unit: str) -> dict[str, object]:
        return {"op": ">", "warn": warn, "crit": crit, "unit": unit, "source": "CP", "profile": "default"}

    def one(
        check: str, title: str, status: str, value: float | str | None = None, unit: str = "", instance: str = "his",
        **more: object,
    ) -> RecordedFinding:  # fmt: skip
        more = {"category": check.partition(".")[0], "instance": instance} | more
        return resource(host, check, title, status, value, unit, **more)

    bloated = {"unit": "倍", "limit": at_most(2, 4, "倍")}
    return (
        one("postgresql.up", "数据库实例运行", "ok", "主库"),
        one("postgresql.connections", "数据库连接数", "ok", 34.2, "%", limit=at_most(75, 90, "%")),
        one("postgresql.idle-transaction", "空闲事务", "ok"),
        one("postgresql.wraparound", "事务号回卷", "ok", 4.1, "%", "his/his", limit=at_most(40, 60, "%")),
        one("postgresql.wraparound", "事务号回卷", "ok", 12.4, "%", "his/emr", limit=at_most(40, 60, "%")),
        one("postgresql.bloat", "索引膨胀", "warn", 2.4, instance="his/his public.visit_pkey", **bloated,
            event="20261124-1-005", conclusion_zh="索引 public.visit_pkey（96 MiB）约为新建时的 2.4 倍大小。",
            remedy_zh="请在维护窗口重建。", first_seen=sample.STARTED),
        one("postgresql.bloat", "索引膨胀", "crit", 4.4, instance="his/his public.order_pkey", **bloated,
            event="20261124-1-006", conclusion_zh="索引 public.order_pkey（128 MiB）约为新建时的 4.4 倍大小。",
            remedy_zh="请在维护窗口重建。", first_seen=sample.STARTED),
        one("postgresql.archive", "WAL 归档", "not-applicable", reason="archive_mode is off"),
        one("postgresql.statements", "语句耗时集中", "unknown", reason="needs membership of pg_monitor"),
        one("mysql.up", "数据库实例运行", "ok", "主库", instance="lis"),
        one("mysql.buffer-pool", "缓冲池命中率", "ok", 99.1, "%", "lis",
            limit=at_most(95, None, "%") | {"op": "<"}),
    )  # fmt: skip


def looked_at() -> Inspection:
    """The same with two database servers, when a person has looked: the server is well, of the room one said later."""
    before = deep()
    first, *others = before.hosts

    def look(check: str, result: str, note: str, event: str | None = None, *, hours: int = 0) -> ManualLook:
        at = sample.STARTED + timedelta(hours=1)
        return ManualLook(run=before.run, check=check, subject=first.name, at=at, entered=at + timedelta(hours=hours),
                          result=result, note=note, by="李工", event=event, seq=60)  # fmt: skip

    own = {
        (one.check, one.subject): one
        for one in (
            look("manual.server", "ok", "指示灯、电源、风扇正常"),
            look("manual.room", "warn", "UPS 电池已超过更换年限", "20261124-1-004", hours=26),
        )
    }
    second, *rest = others
    return replace(
        before,
        hosts=(
            replace(first, findings=tuple(seen(one, own) for one in first.findings)),
            replace(second, findings=(*second.findings, *databases(second.name))),
            *rest,
        ),
    )


def deep() -> Inspection:
    """his-app1 is short of memory, his-db1 nears a full disk, his-web1 did not say how its disks are."""
    short = (
        resource("his-app1", "cpu.busy", "CPU 使用率", "ok", 34.0, "percent"),
        resource("his-app1", "cpu.load", "系统负载", "ok", 0.6, ""),
        resource("his-app1", "memory.used", "内存使用率", "warn", 92.4, "percent", event="20261124-1-001",
                 conclusion_zh="内存已使用 92.4 %，高于限值 90 %。", remedy_zh=HEAP,
                 first_seen=sample.STARTED - timedelta(days=31)),
        resource("his-app1", "pressure.memory", "内存压力", "warn", 18.0, "percent", event="20261124-1-002",
                 conclusion_zh="近一分钟有 18 % 的时间等待内存。", remedy_zh=HEAP,
                 first_seen=sample.STARTED),
        resource("his-app1", "disk.smart", "磁盘健康（SMART）", "ok", None, "", instance="sda"),
        resource("his-app1", "network.busy", "网络使用率", "skipped", 12.35, "Mbit/s", instance="ens3",
                 reason="the rate is known, the link's speed is not, so there is no percentage"),
        *rows("his-app1"),
    )  # fmt: skip
    full = (
        resource("his-db1", "cpu.busy", "CPU 使用率", "ok", 12.0, "percent"),
        resource("his-db1", "memory.available", "可用内存", "ok", 48.0, "percent"),
        sample.bad("his-db1", "disk.space", "crit", "20261124-1-003"),
        resource("his-db1", "network.busy", "网络使用率", "ok", 23.4, "percent", instance="ens192"),
        resource("his-db1", "network.errors", "网卡错误", "ok", 0.0, "percent", instance="ens192"),
    )
    blind = (
        resource("his-web1", "cpu.busy", "CPU 使用率", "ok", 5.0, "percent"),
        resource(
            "his-web1", "disk.read-await", "磁盘读等待", "unknown", None, "ms", reason="needs root: /proc/diskstats"
        ),
        *(
            resource("his-web1", check, title, "unknown", None, "", reason=reason)
            for check, title, reason in (
                ("update.security", "安全更新", "updates: the host has no package lists (/var/lib/apt/lists is empty)"),
                ("clock.synchronised", "时钟同步", "synchronised: adjtimex is refused here"),
                ("backup.space", "备份存储空间", "target_free_bytes: not known, and the collector does not say why"),
            )
        ),
    )
    hosts = (
        sample.host("his-app1", short),
        sample.host("his-db1", full, systems=("his", "emr")),
        sample.host("his-web1", blind, systems=()),
        sample.host("his-old1", (), collection="unreachable", reason="Connection refused", facts=None),
    )
    return sample.inspection(hosts, deep=True)


def forecast(
    host: str, mount: str, size: int, grown: float, *, purged: int = 0, newest: float = 0.0, weeks: int = WEEKS
) -> Forecast:
    """A filesystem that grows by `grown` GiB a day, `newest` more in its newest third, and was purged in week 20."""
    days = [7 * week for week in range(weeks)]
    bend = 2 / 3 * days[-1]
    values = [
        100 + grown * day + newest * max(0.0, day - bend) - (purged if week >= 20 else 0)
        for week, day in enumerate(days)
    ]
    at = [sample.STARTED - timedelta(days=days[-1] - day) for day in days]
    cuts = (Cut(at=at[20], why="清理影像缓存"),) if purged else ()
    room = size * GIB
    points = tuple(Point(at=when, value=value * GIB) for when, value in zip(at, values, strict=True))
    return Forecast(
        host=host, mount=mount, used=int(values[-1] * GIB), room=room,
        limits={"warn": 0.8 * room, "crit": 0.9 * room, "full": float(room)},
        trend=trend(points, cuts), cuts=cuts, points=points,
    )  # fmt: skip


def forecasts() -> tuple[Forecast, ...]:
    """Two near their limit, of which one was purged, one with a newer growth, one that stands still, one too young."""
    return (
        forecast("his-db1", "/data", 500, 1.0, purged=80),
        forecast("his-db1", "/backup", 2000, 1.2, newest=0.9),
        forecast("his-app1", "/", 200, 0.0),
        forecast("his-web1", "/var", 220, 0.2),
        forecast("his-web1", "/", 200, 0.1, weeks=5),
    )


def outlook(kind: str, which: str, grown: float, whole: float | None, *, weeks: int = WEEKS) -> Outlook:
    """A series of his-db1 that began at 100 and grows by so much a day, in GiB where it is bytes; warn at 75 %."""
    unit = GIB if kind in ("database", "memory") else 1
    days = [7 * week for week in range(weeks)]
    points = tuple(
        Point(at=sample.STARTED - timedelta(days=days[-1] - day), value=(100 + grown * day) * unit) for day in days
    )
    limits = {} if whole is None else {"warn": 0.75 * whole * unit, "crit": 0.9 * whole * unit, "full": whole * unit}
    return Outlook(
        host="his-db1", kind=kind, which=which, value=points[-1].value, whole=None if whole is None else whole * unit,
        limits=limits, trend=trend(points), cuts=(),
    )  # fmt: skip


def outlooks() -> tuple[Outlook, ...]:
    """A database without a limit, connections that meet theirs, memory that stands still, a database too young."""
    return (
        outlook("database", "postgresql main/his", 0.4, None),
        outlook("connections-postgresql", "main", 0.5, 400),
        outlook("memory", "", 0.0, 400),
        outlook("database", "postgresql main/lis", 0.4, None, weeks=3),
    )


def compared() -> tuple[Compared, ...]:
    """A load as ever, one that is not, an answer that takes longer than ever, logins of which nobody can tell."""

    def one(host: str, kind: str, which: str, newest: float, least: float, weeks: int = 20) -> Compared:
        points = [
            Point(at=sample.STARTED - timedelta(days=7 * week), value=newest if week == 0 else 0.5 * least * (week % 3))
            for week in range(weeks)
        ]
        return Compared(host=host, kind=kind, which=which, usual=baseline(points, sample.HEADER.zone, least=least))

    return (
        one("his-app1", "load", "", 0.3, 0.25),
        one("his-db1", "load", "", 3.2, 0.25),
        one("", "response", "his-login", 1850.0, 100),
        one("his-db1", "failed-logins", "", 4.0, 2, weeks=6),
    )


def health(**changes: object) -> Health:
    inspection = deep()
    fields: dict[str, object] = {
        "inspection": inspection, "comparison": sample.against_october(inspection), "forecasts": forecasts(),
        "handlings": {}, "judged": {}, "emergencies": (), "advice": advice.hospital(),
        "outlooks": outlooks(), "compared": compared(),
    }  # fmt: skip
    return Health(**(fields | changes))  # type: ignore[arg-type]


def judged(text: str = "系统总体运行平稳，数据库服务器存储须在本季度内扩容。") -> dict[str, Judgement]:
    """Both blanks, filled."""
    at = sample.STARTED + timedelta(days=2)
    return {
        "conclusion": sample.written(text, "李工", at, 901),
        "plan": sample.written("十二月第二周扩容 /data；一月完成应用服务器内存扩容评估。", "李工", at, 902),
    }


def finished() -> Health:
    """Every blank filled, every row looked at and every event handled."""
    inspection = looked_at()
    events = [one.event for one in inspection.findings if one.event]
    return health(
        inspection=inspection,
        judged=judged() | owned(),
        handlings={event: (sample.handled(event),) for event in events},
    )


def owned() -> dict[str, Judgement]:
    """Who answers for the capacity that is short, and by when."""
    at = sample.STARTED + timedelta(days=2)
    said = {"his-web1:/var": ("赵工", "2026-12-20"), "his-db1:connections-postgresql main": ("李工", "2027-01-10")}
    return {
        f"{kind}:{name}": sample.written(text, "李工", at, 903)
        for name, own in said.items()
        for kind, text in zip(("owner", "due"), own, strict=True)
    }
