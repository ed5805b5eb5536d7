"""The sections of 《备份恢复验证报告》 that only a drill has; each is a function of one drill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Annex, Block, Cell, Column, KeyValue, KeyValues, Paragraph, Table
from maintkit.documents.parts.drill_words import CATALOG, STATUS, TONE, Said, controls_of, stages_of
from maintkit.documents.reasons import reason
from maintkit.evidence.drill_record import APPLICATION, PASSED, Drill, Stage, order_of

MOST_TABLES_ON_PAPER = 40


def measures(drill: Drill | None, promised: dict[str, float], engine: str) -> Table:
    """RTO and RPO, measured against what was promised."""
    maria = engine == "mariadb"
    parts = "复制备份与日志、准备备份、恢复到标记点" if maria else "恢复备份、恢复到标记点"
    kept = "距已异机留存的二进制日志末尾" if maria else "距最早一笔未归档事务"
    rows = (
        (
            "RTO（恢复时间）",
            f"{parts}、打开数据库、业务查询用时之和",
            "rto",
            drill.rto_s if drill else None,
        ),
        ("RPO（可能丢失的时间）", f"建立标记时，{kept}的时间", "rpo", drill.rpo_s if drill else None),
    )
    return Table(
        caption="恢复时间与数据丢失",
        columns=(
            Column(title="指标", width=20),
            Column(title="计算方法", width=38),
            Column(title="实测", width=14, align="right"),
            Column(title="约定", width=14, align="right"),
            Column(title="结论", width=14, align="center"),
        ),
        rows=tuple(_measure(title, how, value, promised.get(name, 0)) for title, how, name, value in rows),
    )


def kept_promise(value: float | None, promised: float) -> bool:
    """Whether what was promised was kept; what was not measured keeps no promise, and no promise is always kept."""
    return not promised or (value is not None and value <= promised)


def stages(drill: Drill | None, header: Header, engine: str) -> Table:
    """实施过程: every stage, those too that did not run."""
    names = drill.order if drill else order_of(engine)
    found = [(name, drill.stage(name) if drill else Stage(status="not-run")) for name in names]
    return Table(
        columns=(
            Column(title="序号", width=6, align="center"),
            Column(title="阶段", width=14),
            Column(title="内容", width=30),
            Column(title="开始", width=15, align="center"),
            Column(title="用时", width=10, align="right"),
            Column(title="结果", width=9, align="center"),
            Column(title="说明", width=26),
        ),
        rows=tuple(
            _stage(number, stages_of(engine)[name], one, header) for number, (name, one) in enumerate(found, start=1)
        ),
    )


_HOW = {
    "postgresql": "源库在短暂写锁定下建立恢复点并固定快照，随后不加锁读取；副本在恢复点处暂停时读取。"
    "指纹由全部行计算，不含数据内容。",
    "mariadb": "源库不加锁固定快照，由服务器给出快照在二进制日志中的位置；副本恰好回放至该位置后读取。"
    "指纹由全部行计算，不含数据内容。",
}


def comparison(drill: Drill) -> tuple[Block, ...]:
    """数据比对: what was compared, and what it came to."""
    one = drill.stage("compare")
    tables = [(name, table) for name, database in drill.mark.databases.items() for table in database.tables]
    rows = sum(table.rows for _, table in tables)
    told = f"共 {len(drill.mark.databases)} 个数据库、{len(tables)} 张表、{rows} 行，比对结果：{STATUS[_word(one)]}。"
    unread = drill.mark.unread
    left_out = f"以下 {len(unread)} 张表不是 InnoDB 表，没有快照，未比对数据：{'、'.join(unread[:20])}。"
    kinds = [
        (name, kind, about)
        for name, database in drill.mark.databases.items()
        for kind, about in sorted(database.catalog.items(), key=lambda one: _place(one[0]))
    ]
    return (
        Paragraph(text=told, tone="plain" if one.status == PASSED else "strong"),
        Paragraph(text=_HOW[drill.engine]),
        *((Paragraph(text=left_out, tone="strong"),) if unread else ()),
        Table(
            caption="系统目录",
            columns=(Column(title="数据库", width=24), Column(title="类别", width=24),
                     Column(title="数量", width=12, align="right"), Column(title="源库指纹", width=40)),
            rows=tuple((Cell(text=name), Cell(text=CATALOG.get(kind, kind)), Cell(text=str(about.count)),
                        Cell(text=about.digest or wording.NOTHING)) for name, kind, about in kinds),
        ),
    )  # fmt: skip


def annex(drill: Drill, host: str) -> Annex:
    """Every table with its rows and its fingerprint."""
    tables = [(name, table) for name, database in drill.mark.databases.items() for table in database.tables]
    long = len(tables) > MOST_TABLES_ON_PAPER
    where = "见本文件电子表格（xlsx）的同名工作表" if long else "指纹为标记时刻源库各表全部行的摘要"
    return Annex(
        title=f"附表　比对的表（{host}）",
        note=f"共 {len(tables)} 张，{where}。",
        workbook_only=long,
        table=Table(
            columns=(Column(title="数据库", width=16), Column(title="表", width=34),
                     Column(title="行数", width=14, align="right"), Column(title="源库指纹", width=36)),
            rows=tuple((Cell(text=name), Cell(text=one.table), Cell(text=str(one.rows)), Cell(text=one.digest))
                       for name, one in tables),
        ),
    )  # fmt: skip


def questions(drill: Drill) -> Table:
    """业务查询: what the application asked; the answers themselves are kept nowhere."""
    return Table(
        columns=(
            Column(title="查询", width=40),
            Column(title="数据库", width=20),
            Column(title="返回行数", width=12, align="right"),
            Column(title="用时", width=12, align="right"),
            Column(title="结果", width=16, align="center"),
        ),
        rows=tuple(
            (Cell(text=one.name), Cell(text=one.database), Cell(text=str(one.lines)),
             Cell(text=wording.took(one.took_ms)), Cell(text="符合预期"))
            for one in drill.stage("smoke").asked
        ),
        empty="台账没有查询通过的记录，见“实施过程与用时”",
    )  # fmt: skip


def started(drill: Drill) -> tuple[Block, ...]:
    """启动业务系统: the application itself against the copy; nothing where none was to be started."""
    if not drill.application:
        return ()
    one = drill.stage(APPLICATION)
    network = "仅回环接口，与生产网络隔离" if one.network == ("lo",) else wording.NOTHING
    tone = TONE[_word(one)]
    return (
        KeyValues(
            caption="启动业务系统",
            items=(
                KeyValue(label="业务系统", text=drill.application),
                KeyValue(label="结果", text=STATUS[_word(one)], tone=tone),
                KeyValue(label="可用网络", text=network),
                KeyValue(label="自启动至正确应答", text=wording.took(one.answered_ms)),
            ),
        ),
    )


def controls(drill: Drill) -> Table:
    """反向验证: each check that must find damage, and whether it did."""
    found = drill.stage("control").found
    return Table(
        columns=(Column(title="检查", width=30), Column(title="制造的损坏", width=40),
                 Column(title="是否发现", width=30, align="center")),
        rows=tuple(
            (Cell(text=said.title), Cell(text=said.content),
             Cell(text="已发现" if name in found else "没有发现的记录", tone="plain" if name in found else "crit"))
            for name, said in controls_of(drill.engine).items()
        ),
    )  # fmt: skip


def wiped(drill: Drill) -> tuple[Block, ...]:
    """副本清除: what was deleted, and the proof."""
    one = drill.stage("wipe")
    if one.status != PASSED:
        return (Paragraph(text="台账没有副本清除完成的记录：副本含患者数据，须立即核实并清除。", tone="crit"),)
    left = "；".join(one.left) or "无（目录不存在，无进程持有其文件）"
    return (
        KeyValues(
            items=(
                KeyValue(label="删除文件", text=f"{one.files} 个" if one.files is not None else wording.NOTHING),
                KeyValue(label="删除数据量", text=wording.quantity(one.size, "bytes")),
                KeyValue(label="副本目录", text=one.place or wording.NOTHING, wide=True),
                KeyValue(label="残留", text=left, tone="crit" if one.left else "plain", wide=True),
                KeyValue(label="留存内容", text="仅留存计数、指纹与用时；查询结果与数据内容均未留存", wide=True),
            ),
        ),
    )


def _measure(title: str, how: str, value: float | None, promised: float) -> tuple[Cell, ...]:
    well = kept_promise(value, promised)
    said = "未约定" if not promised else "达到" if well else "未达到" if value is not None else "未测得"
    return (
        Cell(text=title),
        Cell(text=how),
        Cell(text=wording.took(round(value * 1000)) if value is not None else "未测得"),
        Cell(text=wording.duration(round(promised)) if promised else "未约定"),
        Cell(text=said, tone="plain" if well else "crit"),
    )


def _stage(number: int, said: Said, one: Stage, header: Header) -> tuple[Cell, ...]:
    began = datetime.fromtimestamp(one.at, UTC) if one.at is not None else None
    word = _word(one)
    return (
        Cell(text=str(number)),
        Cell(text=said.title),
        Cell(text=said.content),
        Cell(text=wording.moment(began, header.zone)),
        Cell(text=wording.took(one.took_ms)),
        Cell(text=STATUS[word], tone=TONE[word]),
        Cell(text="；".join(_said(one)) or wording.NOTHING),
    )


def _place(kind: str) -> int:
    """Where a kind of the catalog stands among the others; what nobody knows comes last."""
    known = list(CATALOG)
    return known.index(kind) if kind in known else len(known)


def _word(one: Stage) -> str:
    """A word that nobody knows is not a pass."""
    return one.status if one.status in STATUS else "not-run"


def _said(one: Stage) -> Iterator[str]:
    if one.said:
        yield reason(one.said)
    if one.replayed:
        yield f"回放至 {one.replayed}"
    if one.blocks is not None:
        yield f"{one.blocks} 个数据页"
