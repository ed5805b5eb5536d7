"""The story of 2026: what happens on which day, and what must come of it, worked out by hand.

Nothing here is computed by maintkit or by a calendar library. 2026 as published: holidays 1-3 January, 15-23 February,
4-6 April, 1-5 May, 19-21 June, 25-27 September, 1-7 October; worked Sundays and Saturdays 4 January, 14 and 28
February, 9 May, 20 September, 10 October.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
APP, DB = "his-app1", "his-db1"
GIB = 2**30

# ------------------------------------------------------------------ inspections
MONDAYS = tuple(date(2026, 1, 5) + timedelta(days=7 * week) for week in range(52))
DEEP = (date(2026, 3, 23), date(2026, 6, 22), date(2026, 9, 28), date(2026, 12, 14))
# The report of 28 September is due on 13 October (29, 30, 8, 9, Saturday 10, 12, 13) and comes on the 15th.
HEALTH_ISSUED = (date(2026, 3, 30), date(2026, 6, 30), date(2026, 10, 15), date(2026, 12, 21))

# What a person sees on site: in June batteries that are too old (mended by the next quarter), and what was seen of
# September's peripherals is entered on Tuesday.
SEEN_BAD = {date(2026, 6, 22): ("manual.room", DB, "UPS 电池超过更换年限")}
LOOKED_LATE = date(2026, 9, 28)

# /data of the database: 900 GiB on New Year's Day, 2.5 GiB more each day, 300 GiB less from the purge on.
ROOM, FIRST, DAILY, PURGED = 2000, 900.0, 2.5, 300
# The purge is a change of the night of Saturday 20 June, and nobody types it in. A cut that somebody enters by mistake
# on 5 October is withdrawn on the 6th.
PURGE = datetime(2026, 6, 20, 23, 45, tzinfo=ZONE)
MISTAKEN, WITHDRAWN = date(2026, 10, 5), date(2026, 10, 6)
# On 14 December, the 347th day after: 900 + 867.5 - 300 = 1467.5 GiB. 1600 (80 %) is 132.5 GiB away, that is 53 days;
# 1800 (90 %) 133 days; 2000 213 days. With the fall of the purge in the series it would look almost flat.
FULL_IN = {"warn": 53, "crit": 133, "full": 213}

# What is wrong on a Monday: check, host, whether it is handled by the next one.
WRONG = {
    date(2026, 4, 13): ("memory.available", APP),
    date(2026, 8, 10): ("backup.age", DB),
    date(2026, 9, 7): ("accounts.uid0", APP),
}
# An account with uid 0 that nobody had asked for: its 安全事件报告 goes out on the same day.
INTRUDED = date(2026, 9, 7)
# The certificate ends on 20 January 2027: 60 days before are 21 November, so Monday 23 is the first to say it.
CERTIFICATE_ENDS, CERTIFICATE_SEEN = date(2027, 1, 20), date(2026, 11, 23)

# ------------------------------------------------------------------ what is written
# The plans are due a month after the signing of 20 December 2025; the manual once a year, after the first drill.
PLANS, MANUAL = date(2026, 1, 14), date(2026, 3, 20)
WRITTEN = {
    "emergency-plan": ("command", "substitute", "communication"),
    "disaster-plan": ("declare", "site", "return"),
    "recovery-manual": ("decision", "order", "notice"),
}
# One article a quarter, the second a new version of the first; the summary of Q2 comes a day late on 10 July.
ARTICLES = (date(2026, 2, 3), date(2026, 5, 20), date(2026, 8, 18), date(2026, 11, 17))
KNOWLEDGE = {"2026Q1": date(2026, 4, 9), "2026Q2": date(2026, 7, 10), "2026Q3": date(2026, 10, 14)}

# ------------------------------------------------------------------ vulnerabilities
# Twice a year, with data of two days before. Both hosts have glibc 2.36-9 until the patches of 8 August, which is below
# 2.36-9+deb12u3 of CVE-2023-4911; of the data's other packages they have none.
VULNERABILITY = {date(2026, 6, 24): {"glibc CVE-2023-4911 2.36-9+deb12u3"}, date(2026, 12, 16): set()}
GLIBC, PATCHED, PATCHED_ON = "2.36-9", "2.36-9+deb12u9", date(2026, 8, 8)

# ------------------------------------------------------------------ registers
# When it is entered, what, and its fields; the finding of 30 April is mended with a proof ten days before it is due.
REGISTERED: tuple[tuple[date, str, dict[str, str]], ...] = (
    (date(2026, 1, 4), "person", {"name": "王工", "role": "驻场工程师", "undertaking": "2025-12-28",
                                  "started": "2026-01-04"}),
    (date(2026, 3, 5), "training", {"topic": "应急处置", "held": "2026-03-05", "trainer": "王工",
                                    "attendees": "信息科 6 人", "again": "2027-03-05"}),
    (date(2026, 4, 10), "meeting", {"topic": "一季度服务回顾", "held": "2026-04-10", "attendees": "双方项目经理",
                                    "decisions": "增加夜间值守"}),
    (date(2026, 4, 30), "assessment", {"source": "等保测评", "finding": "口令长度不足", "level": "中",
                                       "owner": "王工", "due": "2026-06-30"}),
)  # fmt: skip
MENDED, MENDED_ON = "assessment-1", date(2026, 6, 20)

# ------------------------------------------------------------------ watches
# Sunday 4 January is a working day; then every Wednesday. In week 29 nobody watched; in week 20 the web was down.
WATCHES = (
    date(2026, 1, 4),
    *(day for week in range(52) if (day := date(2026, 1, 7) + timedelta(days=7 * week)) != date(2026, 7, 15)),
)
MISSED_WEEK, DOWN = "2026-W29", date(2026, 5, 13)

# ------------------------------------------------------------------ changes, each in a Saturday night
Ends = Literal["done", "rolled-back"]
CHANGES: tuple[tuple[date, str, Ends], ...] = (
    (date(2026, 1, 24), "restart", "done"),
    (date(2026, 2, 7), "patch", "done"),
    (date(2026, 3, 14), "restore_drill", "done"),
    (date(2026, 3, 21), "upgrade", "done"),
    (date(2026, 4, 25), "restart", "done"),
    (date(2026, 5, 16), "patch", "done"),
    (date(2026, 5, 30), "reindex", "done"),
    (date(2026, 6, 13), "restore_drill", "done"),
    (date(2026, 6, 20), "housekeeping", "done"),
    (date(2026, 6, 27), "upgrade", "rolled-back"),
    (date(2026, 7, 25), "restart", "done"),
    (date(2026, 8, 8), "patch", "done"),
    (date(2026, 9, 19), "upgrade", "done"),
    (date(2026, 10, 24), "restart", "done"),
    (date(2026, 11, 7), "patch", "done"),
    (date(2026, 12, 12), "restore_drill", "done"),
)

# ------------------------------------------------------------------ summaries
SUMMARIES = {"2026Q1": date(2026, 4, 9), "2026Q2": date(2026, 7, 8), "2026Q3": date(2026, 10, 15)}

# 月度故障汇总 is due 7 working days after its month: August's, due on 9 September, comes on the 14th.
MONTHLY = {
    "2026-01": date(2026, 2, 6), "2026-02": date(2026, 3, 6), "2026-03": date(2026, 4, 10), "2026-04": date(2026, 5, 8),
    "2026-05": date(2026, 6, 5), "2026-06": date(2026, 7, 7), "2026-07": date(2026, 8, 7), "2026-08": date(2026, 9, 14),
    "2026-09": date(2026, 10, 12), "2026-10": date(2026, 11, 6), "2026-11": date(2026, 12, 7),
}  # fmt: skip


# ------------------------------------------------------------------ faults
@dataclass(frozen=True, kw_only=True)
class Fault:
    """A kind of fault: minutes after the report. `breaches`: each clock with the minute in which it is breached."""

    title: str
    scope: str
    kind: str
    severity: str
    level: str
    respond: int
    restore: int
    arrive: int | None = None
    rest: tuple[int, int] | None = None
    triage: tuple[str, ...] = ()
    breaches: dict[str, int]


FAULTS = (
    Fault(title="全院挂号中断", scope="hospital", kind="stopped", severity="serious", level="P1", respond=15, arrive=60,
          restore=120, breaches={}),
    Fault(title="全院收费中断，响应迟", scope="hospital", kind="stopped", severity="serious", level="P1", respond=16,
          arrive=45, restore=100, breaches={"respond": 15}),
    Fault(title="住院医嘱中断，到场迟", scope="hospital", kind="stopped", severity="serious", level="P1", respond=5,
          arrive=61, restore=110, breaches={"on-site": 60}),
    Fault(title="发药中断，恢复迟", scope="hospital", kind="stopped", severity="serious", level="P1", respond=5,
          arrive=40, restore=121, breaches={"restore": 120}),
    Fault(title="急诊系统中断，处处迟", scope="rooms", kind="stopped", severity="patient-safety", level="P1",
          respond=40, arrive=90, restore=180, breaches={"respond": 15, "on-site": 60, "restore": 120}),
    Fault(title="一个诊室停诊", scope="room", kind="stopped", severity="ordinary", level="P2", respond=30, arrive=120,
          restore=240, breaches={}),
    Fault(title="检验报告打不开", scope="department", kind="key-function", severity="ordinary", level="P2", respond=31,
          restore=241, arrive=100, breaches={"respond": 30, "restore": 240}),
    Fault(title="影像调阅停，等备件一小时", scope="room", kind="stopped", severity="ordinary", level="P2", respond=10,
          arrive=60, restore=295, rest=(120, 180), breaches={}),
    Fault(title="影像调阅停，等备件后仍迟", scope="room", kind="stopped", severity="ordinary", level="P2", respond=10,
          arrive=60, restore=305, rest=(120, 180), breaches={"restore": 300}),
    Fault(title="报表缓慢", scope="user", kind="degraded", severity="ordinary", level="P3", respond=120, restore=1440,
          breaches={}),
    Fault(title="打印机不出纸", scope="user", kind="non-core", severity="ordinary", level="P3", respond=121,
          restore=300, breaches={"respond": 120}),
    Fault(title="界面字体错", scope="user", kind="non-core", severity="ordinary", level="P3", respond=30, restore=1441,
          breaches={"restore": 1440}),
)  # fmt: skip
# Five times each, at ten in the morning: the first working days of these months and their followers.
ROUNDS = (date(2026, 1, 12), date(2026, 3, 2), date(2026, 5, 18), date(2026, 7, 6), date(2026, 11, 2))
FAULT_COUNT = 60
# Once each: a P3 that cannot be solved from afar, to which somebody came a minute after the two hours, and one that was
# agreed to be a simple one and took a minute longer than the five that are aimed at, which breaches nothing.
ONCE = (
    (date(2026, 4, 21), Fault(title="挂号窗口打印服务停，远程无法处理", scope="user", kind="non-core",
                              severity="ordinary", level="P3", respond=20, arrive=121, restore=200,
                              breaches={"on-site": 120}, triage=("--urgent",))),
    (date(2026, 4, 22), Fault(title="账号被锁", scope="user", kind="non-core", severity="ordinary", level="P3",
                              respond=2, restore=6, breaches={},
                              triage=("--simple", "--agreed-by", "李主任", "--why", "只需解锁"))),
)  # fmt: skip
SIMPLE, SIMPLE_MINUTES = "账号被锁", 5

# A P1 that is solved the day before a holiday, and by when its 《故障分析报告》 is due, 3 working days after.
REPORTS = {
    date(2026, 2, 13): date(2026, 2, 25),  # Friday: Saturday 14 works, then 24 and 25 after Spring Festival
    date(2026, 9, 30): date(2026, 10, 10),  # 8, 9 and Saturday 10 October
}
LATE_REPORT = date(2026, 9, 30)  # of the two, this one's report comes a day late, on Sunday 11 October

# ------------------------------------------------------------------ requests
# Accepted, kind, reached, and the last day in time; None: it was late.
TICKETS = (
    (date(2026, 2, 12), "simple-change", date(2026, 2, 24), date(2026, 2, 24)),  # 13, Saturday 14, 24 February
    (date(2026, 4, 29), "medium-change", date(2026, 5, 13), date(2026, 5, 12)),  # 30, 6, 7, 8, Saturday 9, 11, 12
    (date(2026, 9, 24), "complex-change", date(2026, 10, 13), date(2026, 10, 15)),  # 28-30, 8, 9, 10, 12-15
)

# Opened at eleven and accepted: a defect that stops work, which needs a start in 2 h and a plan in 24 h by the clock;
# an ordinary one, whose plan is due 3 working days after Thursday 11 June (12, 15, 16) and whose end after 3 months; a
# request that is assessed at once and whose end is agreed on. Kind, day, and of each step: hours after eleven that it
# is reached, when it is due, and whether that was in time. An agreed date is entered an hour later.
AGREED = datetime(2026, 9, 4, 18, 0, tzinfo=ZONE)
STEPPED: tuple[tuple[date, str, dict[str, tuple[float, datetime | None, str]]], ...] = (
    (date(2026, 3, 12), "urgent-bug", {
        "start": (2.0, datetime(2026, 3, 12, 13, 0, tzinfo=ZONE), "met"),
        "plan": (24.5, datetime(2026, 3, 13, 11, 0, tzinfo=ZONE), "breached"),
    }),
    (date(2026, 6, 11), "other-bug", {
        "plan": (24.0 * 5, datetime(2026, 6, 16, 23, 59, 59, tzinfo=ZONE), "met"),
        "done": (24.0 * 60, datetime(2026, 9, 11, 23, 59, 59, tzinfo=ZONE), "met"),
    }),
    (date(2026, 9, 1), "urgent-change", {
        "assess": (0.0, None, "undetermined"),  # at once: the contract states no minutes to hold it against
        "done": (24.0 * 3 + 8, AGREED, "breached"),
    }),
)  # fmt: skip

# What must be among the documents that the ledger gives, by the contract's own names.
DOCUMENTS = {
    "日常系统巡检记录", "季度深度巡检记录", "季度巡检记录汇总单", "系统健康检查与性能分析报告", "系统功能主动监测周报",
    "安全补丁更新记录", "重启评估与实施记录", "升级申请", "升级实施报告", "备份恢复验证报告", "系统配置手册",
    "月度故障汇总", "故障分析报告", "需求处理汇总", "服务回顾报告", "知识库更新摘要", "常见问题解答",
    "重大故障应急响应预案", "灾难恢复计划", "数据恢复操作手册", "漏洞检查报告", "安全事件报告", "项目登记簿",
    "性能优化实施记录", "维护记录",
}  # fmt: skip
# Those that rest on what hosts have told: here they were simulated, and each says so. The others rest on people and
# on a web server that was really watched.
MARKED = DOCUMENTS - {
    "系统功能主动监测周报", "升级申请", "月度故障汇总", "故障分析报告", "需求处理汇总", "知识库更新摘要",
    "常见问题解答", "项目登记簿",
}  # fmt: skip

# ------------------------------------------------------------------ duties at the end of chosen days
STANDS: dict[date, dict[str, str]] = {
    date(2026, 1, 2): {"emergency-plan": "not-due", "function-watch": "due-soon",
                       "monthly-inspection": "not-due", "restore-drill": "not-due"},
    date(2026, 1, 31): {"emergency-plan": "met", "disaster-plan": "met", "function-watch": "met",
                        "monthly-inspection": "met", "tuning": "met",
                        "security-update": "not-due"},
    date(2026, 7, 20): {"function-watch": "overdue", "inspection-summary": "met", "health-report": "met"},
    date(2026, 10, 14): {"health-report": "overdue", "inspection-summary": "due-soon", "restore-drill": "overdue",
                         "incident-summary": "met"},
    date(2026, 12, 31): {"function-watch": "met", "monthly-inspection": "met", "deep-inspection": "met",
                         "health-report": "met", "restore-drill": "met", "security-update": "met", "tuning": "met",
                         "incident-summary": "undetermined", "final-handover": "due-soon",
                         "vulnerability-check": "met", "recovery-manual": "overdue", "emergency-plan": "met",
                         "knowledge-update": "undetermined", "backup-watch": "met", "access-watch": "met",
                         "documents-handover": "met", "housekeeping": "met", "service-review": "undetermined"},
}  # fmt: skip
# By when each is next due, as it was told on that day; None: it has no day yet, or nothing more is owed.
NEXT: dict[date, dict[str, date | None]] = {
    date(2026, 1, 2): {
        "function-watch": date(2026, 1, 4), "monthly-inspection": date(2026, 1, 31),
        "deep-inspection": date(2026, 3, 31), "health-report": None, "vulnerability-check": date(2026, 6, 30),
        "emergency-plan": date(2026, 1, 20),  # a month after the signing of 20 December
        "incident-summary": date(2026, 2, 10),  # 2, 3, 4, 5, 6, 9, 10 February
        "inspection-summary": date(2026, 4, 10),  # 1, 2, 3, then 7, 8, 9, 10 April
        "final-handover": date(2026, 12, 31),
    },
    date(2026, 7, 20): {"function-watch": date(2026, 7, 19)},
    date(2026, 10, 14): {
        "health-report": date(2026, 10, 13), "restore-drill": date(2026, 9, 30),
        "inspection-summary": date(2026, 10, 15),  # 8, 9, Saturday 10, 12, 13, 14, 15 October
        "incident-summary": date(2026, 11, 10),  # September's is there; 2, 3, 4, 5, 6, 9, 10 November
    },
    # 23, 24, 25, 26, 27, 30, 31 March, after the first upgrade; of the others nothing more is owed.
    date(2026, 12, 31): {"recovery-manual": date(2026, 3, 31), "monthly-inspection": None, "health-report": None},
}  # fmt: skip
# The last evening: all of December, with the whole ledger, goes to the hospital and is verified there.
HANDED_OVER = date(2026, 12, 31)
MISSED = {
    "function-watch": [MISSED_WEEK],
    "health-report": ["after 2026-09-28"],
    "restore-drill": ["2026Q3"],
    "incident-summary": ["2026-08"],
    "service-review": [],
    "knowledge-update": ["2026Q2"],
    "emergency-plan": [],
    "disaster-plan": [],
    # Nobody looked through it again after either upgrade: 7 working days after it is late.
    "recovery-manual": [
        "after 2026-03-21, engine: upgrade C20260321-1",
        "after 2026-09-19, engine: upgrade C20260919-1",
    ],
    "inspection-summary": [],
    "monthly-inspection": [],
    "tuning": [],
    "security-update": [],
    "deep-inspection": [],
    "access-watch": [],
    "backup-watch": [],
    "documents-handover": ["2026Q1", "2026Q2", "2026Q3"],  # all of it was handed over on the last evening alone
}
