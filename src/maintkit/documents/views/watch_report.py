"""系统功能主动监测周报: every function of the catalogue in a week, by probes and by people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maintkit.documents import wording
from maintkit.documents.glossary import TO_FILL_IN
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import (
    Cell,
    Column,
    Document,
    EvidenceItem,
    EvidenceList,
    Heading,
    KeyValue,
    KeyValues,
    Note,
    Paragraph,
    Table,
)
from maintkit.documents.parts.watch import HANDLING, REASON, STATE, TONE, by_system, changes, detail, names
from maintkit.evidence.watch import UNTRIED, Handled, Tried, Watched, WatchRun, WatchWeek

KIND = "function-watch"
TITLE = "系统功能主动监测周报"
_STATEMENT = "双方确认：本周系统功能监测结果如上，异常的处理、责任人与期限如上。"


def watch_report(week: WatchWeek, before: WatchWeek | None, header: Header, *, over: bool) -> Document:
    """The report of a week; `before` is the week before, None when nothing was watched up to then.

    It is a draft until the week is over, and while a function that failed in it, or was not tried, has nobody's word.
    """
    return Document(
        kind=KIND,
        number=str(week.week),
        title=TITLE,
        organisation=header.hospital,
        cover=_cover(week, header),
        blocks=(
            *_alerts(week, over=over),
            Heading(text="一、监测结论"),
            Paragraph(text=_sentence(week)),
            by_system(week, header),
            Heading(text="二、异常与处理"),
            _failures(week, header),
            Heading(text="三、与上周比较"),
            changes(week, before, header),
            Heading(text="四、人工监测"),
            _manual(week, header),
            Heading(text="五、未执行与未覆盖的功能"),
            _untried(week, header),
            Heading(text="六、各项功能最近一次结果"),
            _functions(week, header),
            Heading(text="七、证据"),
            _proof(week, header),
            sign_off(header, _STATEMENT),
        ),
        footer=f"编号 {week.week}　台账 #{week.head.seq} {week.head.hash[:16]}",
        dated=week.dated,
        draft=not over or bool(unspoken(week)),
    )


def _cover(week: WatchWeek, header: Header) -> KeyValues:
    people = [run.engineer for run in week.runs]
    people += [one.by for function in week.functions for one in function.tried if one.by is not None]
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="监测周", text=week.week.title),
            KeyValue(label="探测次数", text=f"{len(_asking(week))} 次"),
            KeyValue(label="监测人员", text="、".join(dict.fromkeys(people)) or wording.NOTHING, wide=True),
        )
    )


def _asking(week: WatchWeek) -> list[WatchRun]:
    """The runs that asked something; one of a site without probes only says what is watched."""
    return [run for run in week.runs if run.asked]


def _alerts(week: WatchWeek, *, over: bool) -> Iterator[Note]:
    counts = week.counts()
    if not over:
        yield Note(kind="alert", text="草稿：本周尚未结束。")
    if not _asking(week) and any(one.probes for one in week.functions):
        yield Note(kind="alert", text="本周在台账中没有探测记录：有探针的功能均为未执行，不得视为正常。")
    for run in week.runs:
        if run.ended is None:
            yield Note(kind="alert", text=f"探测 {run.run} 在台账中没有结束记录：可能被中断。")
    if counts["not-run"]:
        yield Note(kind="alert", text=f"{counts['not-run']} 项功能本周未执行监测，不得视为正常。")
    if counts["uncovered"]:
        yield Note(kind="alert", text=f"{counts['uncovered']} 项功能既无探针也无人工监测，见第五节。")
    missing = unhandled(week)
    if missing:
        yield Note(kind="alert", text=f"草稿：以下功能的异常尚未填写处理：{'、'.join(map(str, missing))}（序号）。")
    silent = [seq for seq in unspoken(week) if seq not in missing]
    if silent:
        yield Note(kind="alert", text=f"草稿：以下功能未执行或未覆盖，尚未说明：{spans(silent)}（序号）。")


def _sentence(week: WatchWeek) -> str:
    parts = [f"{STATE[state]} {count} 项" for state, count in week.counts().items()]
    return f"{week.week.title}，合同功能目录共 {len(week.functions)} 项：{'，'.join(parts)}。"


def unhandled(week: WatchWeek) -> list[int]:
    """Functions that failed or were slow, or could not be asked, in the week, and that nobody has handled."""
    return sorted(week.failed - _handled(week))


def unspoken(week: WatchWeek) -> list[int]:
    """Those, and the functions that were not tried: of each a person must have said what is done, or why not."""
    return sorted((week.failed | week.untried) - _handled(week))


def _handled(week: WatchWeek) -> set[int]:
    return {one.seq for one in week.handlings}


def spans(numbers: Iterable[int]) -> str:
    """Numbers in rising order, those that follow one another as one span: `1–4、7`."""
    ends: list[list[int]] = []
    for number in numbers:
        if ends and ends[-1][1] == number - 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    return "、".join(str(low) if low == high else f"{low}–{high}" for low, high in ends)


def _failures(week: WatchWeek, header: Header) -> Table:
    def row(one: Tried) -> tuple[Cell, ...]:
        of = [function for function in week.functions if function.told_by(one)]
        handled = [each for each in week.handlings if each.seq in {function.seq for function in of}]
        return (
            Cell(text=wording.second(one.at, header.zone)),
            Cell(text=names(of)),
            Cell(text=_asked(one)),
            Cell(text=STATE[one.status], tone=TONE[one.status]),
            Cell(text="：".join(filter(None, (REASON[one.reason], one.detail if one.by else detail(one.detail))))),
            Cell(text="\n".join(map(_handling, handled)) or TO_FILL_IN, tone="plain" if handled else "strong"),
        )

    return Table(
        columns=(
            Column(title="时间", width=13, align="center"),
            Column(title="涉及功能", width=22),
            Column(title="探针/人工", width=13),
            Column(title="结果", width=11, align="center"),
            Column(title="现象", width=20),
            Column(title="处理", width=23),
        ),
        rows=tuple(row(one) for one in week.failures),
        empty="本周没有异常",
    )


def _asked(one: Tried) -> str:
    hosts = f"（{'、'.join(one.hosts)}）" if one.hosts else ""
    return f"{one.probe}{hosts}" if one.probe else f"人工（{one.by}）"


def _handling(one: Handled) -> str:
    due = f"，期限 {one.due}" if one.due else ""
    return f"{one.seq}：{one.handling}（{HANDLING.get(one.state, one.state)}，责任人 {one.owner}{due}）"


def _manual(week: WatchWeek, header: Header) -> Table:
    def row(one: Watched) -> tuple[Cell, ...]:
        done = next((tried for tried in one.tried if tried.probe is None), None)
        state = done.status if done else "not-run"
        return (
            Cell(text=str(one.seq)),
            Cell(text=one.function_zh),
            Cell(text=one.manual or ""),
            Cell(text=STATE[state], tone=TONE[state]),
            Cell(text=wording.instant(done.at if done else None, header.zone)),
            Cell(text=f"{done.by}：{done.detail}{_late(done, header)}" if done else wording.NOTHING),
        )

    return Table(
        columns=(
            Column(title="序号", width=6, align="center"),
            Column(title="功能", width=22),
            Column(title="监测方法", width=25),
            Column(title="结果", width=11, align="center"),
            Column(title="时间", width=14, align="center"),
            Column(title="监测人与所见", width=24),
        ),
        rows=tuple(row(one) for one in week.functions if one.manual is not None),
        empty="没有约定人工监测的功能",
    )


def _late(done: Tried, header: Header) -> str:
    """That it was entered on another day than that on which it was seen."""
    if done.entered is None or done.entered.astimezone(header.zone).date() == done.at.astimezone(header.zone).date():
        return ""
    return f"（{wording.instant(done.entered, header.zone)} 补录）"


def _untried(week: WatchWeek, header: Header) -> Table:
    def said(one: Watched) -> str:
        return "\n".join(_handling(each) for each in week.handlings if each.seq == one.seq)

    return Table(
        columns=(
            Column(title="序号", width=7, align="center"),
            Column(title="系统", width=17),
            Column(title="类别", width=16),
            Column(title="功能", width=22),
            Column(title="结果", width=11, align="center"),
            Column(title="说明", width=27),
        ),
        rows=tuple(
            (
                Cell(text=str(one.seq)),
                Cell(text=header.system(one.system)),
                Cell(text=one.category_zh),
                Cell(text=one.function_zh),
                Cell(text=STATE[one.state], tone=TONE[one.state]),
                Cell(text=said(one) or TO_FILL_IN, tone="plain" if said(one) else "strong"),
            )
            for one in week.functions
            if one.state in UNTRIED
        ),
        empty="全部功能均已监测",
    )


def _functions(week: WatchWeek, header: Header) -> Table:
    def row(one: Watched) -> tuple[Cell, ...]:
        newest = max(one.tried, key=lambda tried: tried.at, default=None)
        took = [tried.took_ms for tried in one.tried if tried.took_ms is not None]
        by = (*one.probes, *(() if one.manual is None else ("人工",)))
        return (
            Cell(text=str(one.seq)),
            Cell(text=header.system(one.system)),
            Cell(text=one.function_zh),
            Cell(text="、".join(by) or wording.NOTHING),
            Cell(text=STATE[one.state], tone=TONE[one.state]),
            Cell(text=wording.instant(newest.at if newest else None, header.zone)),
            Cell(text=f"{max(took)} ms" if took else wording.NOTHING),
        )

    return Table(
        columns=(
            Column(title="序号", width=6, align="center"),
            Column(title="系统", width=18),
            Column(title="功能", width=29),
            Column(title="方式", width=15),
            Column(title="结果", width=11, align="center"),
            Column(title="最近监测", width=14, align="center"),
            Column(title="最长用时", width=9, align="right"),
        ),
        rows=tuple(row(one) for one in week.functions),
    )


def _proof(week: WatchWeek, header: Header) -> EvidenceList:
    runs = [
        EvidenceItem(label=run.run, value=f"{wording.second(run.at, header.zone)}　{len(run.asked)} 个探针")
        for run in week.runs
    ]
    return EvidenceList(
        items=(
            *runs,
            EvidenceItem(label="台账序号", value=str(week.head.seq)),
            EvidenceItem(label="台账条目校验值（SHA-256）", value=week.head.hash),
        )
    )
