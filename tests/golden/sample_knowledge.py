"""A knowledge base as the ledger holds it, for the golden documents."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sample_inspections import HEADER, digest

from maintkit.documents.views.faq import Answer
from maintkit.documents.views.knowledge_summary import Library, library
from maintkit.documents.views.quarter import Quarter
from maintkit.evidence.knowledge import Article, Ended, Front, Looked, Version

PRINTER = """## 现象

挂号窗口打印机**不出纸**，提示 `Paper out`。

## 处理

1. 看指示灯，补纸。
2. 清空队列：

   ```
   cancel -a -x
   systemctl restart cups
   ```

   再打一张测试页。
3. 仍不行：
   - 换一台打印机
   - 报修 [服务台](https://desk.hospital.example)

| 指示灯 | 含义 |
|---|---|
| 红 | 缺纸 |
| 黄 | 卡纸 |

<script>alert(1)</script>
"""


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 1, 30, tzinfo=UTC)


def version(number: int, when: datetime, title: str, note: str = "", **front: Any) -> Version:
    told = {"owner": "张伟", "review_by": date(2027, 5, 1), "systems": ("his",)} | front
    made = Front(id=str(told.pop("id")), title=title, **told)
    name = f"{made.id} {number}"
    return Version(number=number, front=made, sha256=digest(name), stored=digest(f"kept {name}"), masked=0,
                   note=note, by="张伟", at=when, seq=when.month * 100 + when.day)  # fmt: skip


def articles() -> tuple[Article, ...]:
    """One that is old and overdue, one revised, one new from an incident, one retired, two questions."""
    return (
        Article(id="kb-1", versions=(version(1, at(3, 2), "数据库表空间扩容", id="kb-1", kind="procedure",
                                             review_by=date(2026, 9, 30)),)),
        Article(id="kb-2", versions=(version(1, at(5, 4), "LIS 接口断连", id="kb-2"),
                                     version(2, at(11, 3), "LIS 接口断连", "补充防火墙检查", id="kb-2"))),
        Article(id="kb-I20261009-1", versions=(version(1, at(10, 12), "挂号慢：ORA-01555", id="kb-I20261009-1",
                                                       incidents=("I20261009-1",)),)),
        Article(id="kb-3", versions=(version(1, at(4, 7), "旧打印服务器", id="kb-3"),),
                ended=(Ended(why="设备已拆除", by="王芳", at=at(12, 1)),)),
        Article(id="faq-1", versions=(version(1, at(10, 20), "打印机不出纸怎么办？", id="faq-1", kind="faq"),),
                looked=(Looked(on=date(2026, 12, 8), review_by=date(2027, 6, 8), note="", by="王芳", at=at(12, 8)),)),
        Article(id="faq-2", versions=(version(1, at(10, 21), "忘记口令怎么办？", id="faq-2", kind="faq", systems=()),)),
    )  # fmt: skip


def fourth_quarter() -> Library:
    """While it goes on."""
    return library(articles(), Quarter(year=2026, number=4), at(12, 8), HEADER)


def quiet_quarter() -> Library:
    """Nothing happened in it."""
    return library(articles(), Quarter(year=2026, number=3), at(12, 8), HEADER)


def answers() -> tuple[Answer, ...]:
    by_id = {one.id: one for one in articles()}
    return (
        Answer(article=by_id["faq-2"], text="请到信息科窗口，由值班人员核对工牌后重置。\n"),
        Answer(article=by_id["faq-1"], text=PRINTER),
    )
