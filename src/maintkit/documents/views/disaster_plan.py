"""《灾难恢复计划》: promised against measured, backups and copies, the order of recovery, what is lacking."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.documents import wording
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import Block, Cell, Column, Document, Heading, KeyValue, KeyValues, Paragraph, Table, Tone
from maintkit.documents.parts.drill_words import stages_of
from maintkit.documents.parts.readiness import tables as part
from maintkit.documents.parts.readiness.ready import Job, Ready, gaps

KIND = "disaster-plan"
BLANKS = {  # what only a person can say
    "declare": "启动条件与授权",
    "site": "备用场地与设备",
    "return": "回切安排",
}
# What a drill does to prove itself (compare, control, wipe) has no place on the day itself.
_STEPS = ("restore", "recover", "promote", "smoke", "amcheck", "checksums")
_STATEMENT = "双方确认：已阅本计划，约定与实测的恢复时间及缺口如上。"


def disaster_plan(ready: Ready, header: Header) -> Document:
    """The plan; a draft until every blank is written and an inspection has seen the hosts."""
    found = gaps(ready, header)
    return Document(
        kind=KIND,
        number=ready.number,
        title="灾难恢复计划",
        organisation=header.hospital,
        cover=KeyValues(
            items=(
                *parties(header),
                KeyValue(label="依据截至", text=wording.instant(ready.at, header.zone)),
                KeyValue(label="涉及系统", text="、".join(map(header.system, ready.systems())), wide=True),
            )
        ),
        blocks=(
            *part.alerts(ready, found, BLANKS),
            Heading(text="一、恢复目标与实测"),
            Paragraph(text="实测值来自通过的恢复演练：RTO 为该系统各备份任务依次恢复用时之和，RPO 取其中最大者。"),
            _targets(ready, header),
            Heading(text="二、启动条件与授权"),
            part.blank(ready, "declare", header),
            Heading(text="三、系统与主机"),
            *part.topology(ready, header),
            Heading(text="四、备份与副本"),
            _copies(ready, header),
            Heading(text="五、恢复次序"),
            part.order(ready, header),
            Heading(text="六、恢复步骤与实测用时"),
            *_steps(ready, header),
            Heading(text="七、备用场地与设备"),
            part.blank(ready, "site", header),
            Heading(text="八、回切安排"),
            part.blank(ready, "return", header),
            Heading(text="九、缺口"),
            part.gap_table(found),
            Heading(text="十、联系人"),
            part.contacts(ready),
            Heading(text="十一、证据"),
            part.proof(ready, BLANKS, header),
            sign_off(header, _STATEMENT),
        ),
        footer=f"编号 {ready.number}　依据截至 {wording.instant(ready.at, header.zone)}",
        dated=ready.at,
        draft=bool(part.missing(ready, BLANKS)) or ready.inspection is None,
    )


def _targets(ready: Ready, header: Header) -> Table:
    def row(system: str) -> tuple[Cell, ...]:
        promise = ready.promise(system)
        cells = [Cell(text=header.system(system), tone="strong")]
        for promised, measured in (
            (promise.rto if promise else None, ready.rto_s(system)),
            (promise.rpo if promise else None, ready.rpo_s(system)),
        ):
            word, tone = _verdict(measured, promised.minutes * 60 if promised else None)
            cells += [
                Cell(text=part.length(promised) if promised else "未约定"),
                Cell(text=_took(measured)),
                Cell(text=word, tone=tone),
            ]
        return tuple(cells)

    return Table(
        columns=(
            Column(title="系统", width=22),
            *(
                Column(title=title, width=13, align="center")
                for title in ("约定 RTO", "实测 RTO", "RTO 结论", "约定 RPO", "实测 RPO", "RPO 结论")
            ),
        ),
        rows=tuple(map(row, ready.systems())),
    )


def _verdict(measured: float | None, promised_s: int | None) -> tuple[str, Tone]:
    if measured is None:
        return "未验证", "strong"
    if promised_s is None:
        return wording.NOTHING, "plain"
    return ("达到", "plain") if measured <= promised_s else ("未达到", "crit")


def _took(seconds: float | None) -> str:
    return wording.took(round(seconds * 1000)) if seconds is not None else wording.NOTHING


def _copies(ready: Ready, header: Header) -> Table:
    def row(job: Job) -> tuple[Cell, ...]:
        seen = job.seen
        off = {True: "有", False: "没有", None: "未能确认"}[seen.off_host if seen else None]
        return (
            Cell(text=f"{job.name}\n（{job.tool}）" if job.tool else job.name, tone="strong"),
            Cell(text="、".join(map(header.system, job.systems)) or "未归属"),
            Cell(text=f"{wording.number(job.every_h)} 小时" if job.every_h else "未声明"),
            Cell(text=seen.host if seen else "未见", tone="plain" if seen else "strong"),
            Cell(text=wording.instant(seen.last if seen else None, header.zone)),
            Cell(text=off, tone="plain" if off == "有" else "crit"),
            Cell(text=wording.instant(seen.at if seen else None, header.zone)),
        )

    return Table(
        columns=(
            Column(title="备份任务", width=15),
            Column(title="系统", width=20),
            Column(title="周期", width=11, align="center"),
            Column(title="主机", width=14),
            Column(title="最近有效备份", width=15, align="center"),
            Column(title="异机副本", width=11, align="center"),
            Column(title="采集时间", width=14, align="center"),
        ),
        rows=tuple(map(row, ready.jobs)),
        empty="没有声明备份任务",
    )


def _steps(ready: Ready, header: Header) -> Iterator[Block]:
    """What the newest drill that passed did, and how long each stage took."""
    yield Paragraph(
        text="步骤与用时取自最近一次通过的恢复演练；演练在隔离环境中进行，真实恢复以《数据恢复操作手册》为准。"
    )
    for job in ready.jobs:
        drill = job.passed
        if drill is None:
            yield Paragraph(text=f"备份任务 {job.name}：没有通过的恢复演练，不能给出步骤与用时。", tone="strong")
            continue
        size = f"，备份 {wording.quantity(drill.size, 'bytes')}" if drill.size else ""
        took, words = dict(drill.stages), stages_of(drill.engine)
        yield Table(
            caption=f"备份任务 {job.name}：恢复演练 {drill.run}（{wording.instant(drill.at, header.zone)}）{size}",
            columns=(
                Column(title="次序", width=8, align="center"),
                Column(title="步骤", width=18),
                Column(title="内容", width=58),
                Column(title="实测用时", width=16, align="right"),
            ),
            rows=tuple(
                (
                    Cell(text=str(place)),
                    Cell(text=words[name].title),
                    Cell(text=words[name].content),
                    Cell(text=_took(took[name])),
                )
                for place, name in enumerate((name for name in _STEPS if name in took), start=1)
            ),
        )
    if not ready.jobs:
        yield Paragraph(text="没有声明备份任务，不能给出恢复步骤。", tone="strong")
