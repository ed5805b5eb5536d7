"""《系统健康检查与性能分析报告》: what a deep inspection and the history before it say of the systems' health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maintkit.analysis.advice import Said
from maintkit.analysis.advice.applying import ByHand, Planned
from maintkit.analysis.baseline import Compared
from maintkit.analysis.capacity import Forecast, Outlook
from maintkit.documents import wording
from maintkit.documents.glossary import ENDED, STATUS, TO_FILL_IN
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import Block, Document, Heading, KeyValue, KeyValues, Note, Paragraph
from maintkit.documents.parts import comparison as compared
from maintkit.documents.parts import coverage, events, proof, results, undetermined, urgent
from maintkit.documents.parts.health import advising, capacity, databases, outlook, risks, tight, use, usual
from maintkit.evidence.judgements import Judgement
from maintkit.evidence.recorded import Comparison, Inspection
from maintkit.plans.unapproved import Unapproved

KIND = "health-report"
BLANKS = {"conclusion": "总体评价", "plan": "下季度工作安排"}  # what only a person can write
_STATEMENT = "双方确认：已阅本报告，风险、责任人与期限如上。"


@dataclass(frozen=True, kw_only=True)
class Health:
    """What the report is drawn from; `comparison` is with the deep inspection before, `emergencies` those since it.

    `advice`: what is said of each host's database servers, with the plan of each piece where there is one.
    `unopened`: older inspections whose figures were left out of the outlooks.
    """

    inspection: Inspection
    comparison: Comparison
    forecasts: Sequence[Forecast]
    handlings: events.Handlings
    judged: Mapping[str, Judgement]
    emergencies: Sequence[Unapproved]
    advice: Mapping[str, Sequence[tuple[Said, Planned | ByHand | None]]]
    outlooks: Sequence[Outlook] = ()
    compared: Sequence[Compared] = ()
    unopened: int = 0


def health_report(health: Health, header: Header) -> Document:
    """The report of one deep inspection.

    A draft until every blank is written, those of the capacity that is short too, every event is handled, and a person
    has looked at every row.
    """
    deep = health.inspection
    abnormal = events.abnormal_events(deep)
    unfinished = events.unhandled(abnormal, health.handlings)
    scarce = tight.tight(health.forecasts, health.outlooks, abnormal)
    owners = tight.blanks(scarce)
    unowned = [blank for blank in owners if blank not in health.judged]
    return Document(
        kind=KIND,
        number=deep.run,
        title="系统健康检查与性能分析报告",
        organisation=header.hospital,
        cover=_cover(deep, header),
        blocks=(
            *_alerts(health, len(unfinished), len(unowned)),
            *urgent.alerts(health.emergencies),
            Heading(text="一、总体评价"),
            *_conclusion(health, header),
            *coverage.section("二、检查范围与覆盖情况", deep, header),
            *use.section("三、服务器性能分析", deep, header),
            *usual.section(health.compared, header),
            *databases.section("四、数据库状态", deep),
            *capacity.section("五、存储容量规划", health.forecasts, header),
            *outlook.section(health.outlooks, health.unopened, header),
            *risks.section("六、风险清单", abnormal, health.handlings, scarce, health.judged, header),
            *risks.advice("七、优化建议", abnormal, health.forecasts),
            *advising.section("八、查询与配置优化建议", health.advice),
            *compared.section("九、与上次深度巡检对比", deep, health.comparison, header),
            *undetermined.section("十、未查看与未能判定的内容", deep, header),
            *urgent.section("十一、紧急变更", health.emergencies, header),
            Heading(text="十二、下季度工作安排"),
            _blank(health, "plan", header),
            *proof.section("十三、证据", deep, proof.written(health.judged, BLANKS | owners)),
            sign_off(header, _STATEMENT),
        ),
        footer=f"编号 {deep.run}　台账 #{deep.head_seq} {deep.head_hash[:16]}",
        dated=deep.finished_at or deep.started_at,
        draft=bool(_missing(health) or unfinished or unowned or undetermined.unlooked(deep)) or deep.ended is None,
    )


def _cover(deep: Inspection, header: Header) -> KeyValues:
    ended = wording.instant(deep.finished_at, header.zone) if deep.finished_at else "未结束"
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="深度巡检编号", text=deep.run),
            KeyValue(label="巡检工程师", text=deep.engineer),
            KeyValue(label="巡检时间", text=f"{wording.instant(deep.started_at, header.zone)} 至 {ended}", wide=True),
            KeyValue(label="完成情况", text=ENDED.get(deep.ended, str(deep.ended))),
            KeyValue(label="检查范围", text=deep.scope or "清单内全部主机"),
        )
    )


def _alerts(health: Health, unfinished: int, unowned: int) -> tuple[Note, ...]:
    deep, said = health.inspection, []
    if deep.simulated:
        said.append("模拟数据：本报告由模拟巡检生成，不是真实主机的结果，不得作为履约凭据。")
    if deep.ended != "complete":
        said.append(f"所依据的深度巡检{ENDED.get(deep.ended, str(deep.ended))}，没有结果的主机不得视为正常。")
    wanting = [f"“{BLANKS[blank]}”待填写" for blank in _missing(health)]
    wanting += [f"{unfinished} 个异常事件的处理情况尚未填写完整"] if unfinished else []
    wanting += [f"容量风险的责任人与期限有 {unowned} 处待填写"] if unowned else []
    empty = len(undetermined.unlooked(deep))
    wanting += [f"{empty} 个人工检查项的结果尚未填写"] if empty else []
    if wanting:
        said.append(f"草稿：{'，'.join(wanting)}，填写前不作为正式报告签署。")
    return tuple(Note(kind="alert", text=text) for text in said)


def _missing(health: Health) -> list[str]:
    return [blank for blank in BLANKS if blank not in health.judged]


def _conclusion(health: Health, header: Header) -> tuple[Block, ...]:
    counts = results.count(health.inspection.findings)
    said = f"本次深度巡检共 {sum(counts.values())} 个巡检项：{results.counts_text(counts)}。"
    undecided = counts["unknown"] + counts["error"]
    if undecided:
        said += f"其中 {undecided} 项{STATUS['unknown']}，不能据此认为正常。"
    return (Paragraph(text=said), _blank(health, "conclusion", header))


def _blank(health: Health, blank: str, header: Header) -> Paragraph:
    """What a person wrote, with the name under it; or the marked blank."""
    found = health.judged.get(blank)
    if found is None:
        return Paragraph(text=f"{BLANKS[blank]}：{TO_FILL_IN}", tone="strong")
    return Paragraph(text=f"{found.text}（{found.by}　{wording.instant(found.at, header.zone)}）")
