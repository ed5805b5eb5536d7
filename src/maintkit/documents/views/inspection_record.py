"""日常系统巡检记录, and 季度深度巡检记录 of a deep run: one inspection, ready to sign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from maintkit.documents import wording
from maintkit.documents.glossary import ENDED, STATUS, TO_FILL_IN
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import Block, Document, Heading, KeyValue, KeyValues, Note, PageBreak, Paragraph
from maintkit.documents.parts import comparison as compared
from maintkit.documents.parts import coverage, events, proof, results, undetermined, urgent
from maintkit.evidence import manual
from maintkit.evidence.recorded import Comparison, Inspection
from maintkit.plans.unapproved import Unapproved

TITLES = {False: "日常系统巡检记录", True: "季度深度巡检记录"}
_STATEMENT = "双方确认：本记录所列巡检时间、内容、结果、异常事件及处理情况属实。"


def inspection_record(
    inspection: Inspection,
    comparison: Comparison,
    handlings: events.Handlings,
    header: Header,
    *,
    emergencies: Sequence[Unapproved],
) -> Document:
    """The record of one inspection. It is a draft until every abnormal event has a whole handling.

    That of a deep one is a draft, too, until a person has looked at every row that is left to people.

    `emergencies` are those since the inspection before.
    """
    abnormal = events.abnormal_events(inspection)
    unfinished = events.unhandled(abnormal, handlings)
    return Document(
        kind="inspection-record",
        number=inspection.run,
        title=TITLES[inspection.deep],
        organisation=header.hospital,
        cover=_cover(inspection, header),
        blocks=(
            *_alerts(inspection),
            *urgent.alerts(emergencies),
            *events.draft_note(abnormal, handlings),
            *undetermined.draft_note(inspection),
            Heading(text="一、巡检结论"),
            *_conclusion(inspection, comparison, len(unfinished)),
            *coverage.section("二、覆盖情况", inspection, header),
            *results.section("三、巡检内容与结果", inspection, header),
            *events.section("四、异常事件与处理", inspection, comparison, handlings, header),
            *compared.section("五、与上期对比", inspection, comparison, header),
            *undetermined.section("六、未能判定项与豁免项", inspection, header),
            *urgent.section("七、紧急变更", emergencies, header),
            *proof.section("八、证据", inspection),
            sign_off(header, _STATEMENT),
            PageBreak(),
            results.annex(inspection),
            *proof.annex(inspection),
        ),
        footer=f"编号 {inspection.run}　台账 #{inspection.head_seq} {inspection.head_hash[:16]}",
        dated=inspection.finished_at or inspection.started_at,
        draft=bool(unfinished or undetermined.unlooked(inspection)) or inspection.ended is None,
    )


def _cover(inspection: Inspection, header: Header) -> KeyValues:
    zone = header.zone
    ended = wording.instant(inspection.finished_at, zone) if inspection.finished_at else "未结束"
    span = f"{wording.instant(inspection.started_at, zone)} 至 {ended}（{wording.offset(inspection.started_at, zone)}）"
    period = wording.instant(inspection.period_from, zone) if inspection.period_from else "无上期巡检"
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="巡检编号", text=inspection.run),
            KeyValue(label="巡检工程师", text=inspection.engineer),
            KeyValue(label="巡检时间", text=span, wide=True),
            KeyValue(label="巡检范围", text=inspection.scope or "清单内全部主机"),
            KeyValue(label="上期巡检", text=period),
            KeyValue(label="巡检方式", text=_means(inspection), wide=True),
            KeyValue(label="完成情况", text=ENDED.get(inspection.ended, str(inspection.ended))),
            KeyValue(label="主机数", text=_numbers(inspection)),
        )
    )


def _numbers(inspection: Inspection) -> str:
    cover = inspection.coverage
    return f"应检 {cover.expected}　实检 {cover.inspected}　未检 {len(cover.missed)}"


def _means(inspection: Inspection) -> str:
    """How the results came home, counted: over the network, on the machine itself, or carried by hand."""
    ways = Counter(_way(host.via, carried=host.carried) for host in inspection.hosts if host.collection == "ok")
    return "，".join(f"{way} {number} 台" for way, number in ways.items()) or "未取得任何主机的结果"


def _way(via: str, *, carried: bool) -> str:
    if carried:
        return "人工携带结果导入"
    return {"openssh": "远程采集（SSH）", "local": "本机采集"}.get(via, f"远程采集（{via or '方式未记录'}）")


def _alerts(inspection: Inspection) -> tuple[Note, ...]:
    said: list[str] = []
    if inspection.simulated:
        said.append("模拟数据：本记录由模拟巡检生成，不是真实主机的巡检结果，不得作为履约凭据。")
    if inspection.ended is None:
        said.append("本次巡检未结束：程序中途终止，未写入结束记录，以下只是终止前已取得的结果。")
    elif inspection.ended == "interrupted":
        said.append("本次巡检被中断：以下只是中断前已取得的结果，未检主机不得视为正常。")
    missed = len(inspection.coverage.missed)
    if missed:
        said.append(f"覆盖不完整：应检 {inspection.coverage.expected} 台，有 {missed} 台未检，未检主机不得视为正常。")
    if inspection.coverage.expected == 0:
        said.append("本次巡检没有应检主机。")
    return tuple(Note(kind="alert", text=text) for text in said)


def _conclusion(inspection: Inspection, comparison: Comparison, unfinished: int) -> tuple[Block, ...]:
    counts = results.count(inspection.findings)
    total = sum(counts.values())
    said = [f"本次巡检{coverage.counts(inspection)}", f"共 {total} 个巡检项：{results.counts_text(counts)}。"]
    bad = counts["warn"] + counts["crit"]
    if bad:
        said.append(f"发现异常 {bad} 项（{STATUS['crit']} {counts['crit']} 项，{STATUS['warn']} {counts['warn']} 项）")
        if comparison.previous_run:
            new, still_open = events.tally(inspection, comparison)
            said.append(f"，其中新增 {new} 项、持续 {still_open} 项")
        said.append("；" + (f"{unfinished} 项的处理情况待填写。" if unfinished else "处理情况均已填写。"))
    elif inspection.coverage.inspected:
        said.append("已判定的巡检项未发现异常。")
    undecided = counts["unknown"] + counts["error"]
    if undecided:
        said.append(f"另有 {undecided} 项未能判定，不能据此认为正常，原因见第六节。")
    by_hand = len(manual.rows(inspection.findings))
    if by_hand:
        empty = f"，其中 {counts['manual']} 项{TO_FILL_IN}" if counts["manual"] else ""
        said.append(f"{by_hand} 项由人工检查{empty}，结果见第六节。")
    if counts["waived"]:
        said.append(f"{counts['waived']} 项按豁免处理。")
    return (Paragraph(text="".join(said)),)
