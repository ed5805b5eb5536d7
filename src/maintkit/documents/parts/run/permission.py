"""审批与现场监督: on what ground a change ran, who signed for it, who watched it."""

from __future__ import annotations

from maintkit.documents import wording
from maintkit.documents.glossary import ROLE
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Note, Paragraph, Table
from maintkit.documents.parts.change import window_text
from maintkit.plans.acts import Given
from maintkit.plans.implementation import Implementation, Stay
from maintkit.plans.record import window_of
from maintkit.plans.window import Window

GROUND = {"signed": "书面批准（电子签署）", "standing": "常设批准", "emergency": "未经书面批准（紧急）"}


def section(done: Implementation, header: Header) -> tuple[Block, ...]:
    """The ground, the signatures, the supervisors."""
    return (*_ground(done, header), *_signatures(done, header), _supervisors(done, header))


def unapproved(done: Implementation, header: Header) -> str:
    """What has to be said of an emergency; empty when there was none."""
    if done.done.ground != "emergency":
        return ""
    said = f"未经书面批准（紧急）：由 {'、'.join(done.done.by) or '（台账无姓名）'} 声明紧急后实施"
    found = next((one for one in reversed(done.emergencies) if one.window.start <= done.done.started_at), None)
    when = ""
    if found is not None:
        until = wording.instant(found.window.end, header.zone)
        when = f"（声明于 {wording.instant(found.window.start, header.zone)}，有效至 {until}）"
    return f"{said}{when}。理由：{done.done.detail or '（台账无理由）'}"


def unused(done: Implementation, header: Header) -> tuple[str, ...]:
    """Emergencies that were declared for the plan and on which the run did not rest: they are shown all the same."""
    if done.done.ground == "emergency":
        return ()
    return tuple(
        f"本计划曾由 {one.by} 于 {wording.instant(one.window.start, header.zone)} 声明紧急（理由：{one.reason}），"
        "本次实施未以此为依据。"
        for one in done.emergencies
    )


def watched_by(done: Implementation) -> str:
    """The names of the supervisors, for the cover."""
    names = "、".join(dict.fromkeys(one.person for one in done.stays))
    return names or "台账无现场监督人签到记录"


def _ground(done: Implementation, header: Header) -> tuple[Block, ...]:
    ran = done.done
    start, end = ran.window
    window = f"批准的时间窗口：{window_text(Window(start=start, end=end), header.zone)}。"
    alone = tuple(Note(text=text) for text in unused(done, header))
    if ran.ground == "emergency":
        return (Note(kind="alert", text=unapproved(done, header)), Paragraph(text=window.replace("批准", "声明")))
    if ran.ground == "standing":
        said = f"本次实施依据合同常设批准规则“{ran.detail}”，签署人：{'、'.join(ran.by)}。{window}"
        return (Paragraph(text=said), *alone)
    said = f"本次实施依据 {'、'.join(ran.by)} 的书面批准（SSH 密钥签署于计划校验值、主机与时间窗口之上）。{window}"
    return (Paragraph(text=said), *alone)


def _signatures(done: Implementation, header: Header) -> tuple[Block, ...]:
    if done.done.ground == "emergency" and not done.approvals:
        return ()
    return (
        Table(
            caption="批准",
            columns=(
                Column(title="批准人", width=12),
                Column(title="身份", width=10),
                Column(title="台账收录时间", width=15, align="center"),
                Column(title="批准的时间窗口", width=25),
                Column(title="密钥指纹", width=30),
                Column(title="台账", width=8, align="center"),
            ),
            rows=tuple(_signature(one, header) for one in done.approvals),
            empty="台账无批准签署记录",
        ),
    )


def _signature(one: Given, header: Header) -> tuple[Cell, ...]:
    of_a_rule = one.act.what == "standing"
    return (
        Cell(text=one.person),
        Cell(text=ROLE.get(one.act.role, one.act.role)),
        Cell(text=wording.instant(one.at, header.zone)),
        Cell(text=f"规则 {one.act.value('rule')}" if of_a_rule else window_text(window_of(one.act), header.zone)),
        Cell(text=one.key),
        Cell(text=f"#{one.seq}"),
    )


def _supervisors(done: Implementation, header: Header) -> Table:
    return Table(
        caption="现场监督",
        columns=(
            Column(title="现场监督人", width=14),
            Column(title="签到", width=18, align="center"),
            Column(title="签退", width=24, align="center"),
            Column(title="密钥指纹", width=32),
            Column(title="台账", width=12, align="center"),
        ),
        rows=tuple(_stay(one, done, header) for one in done.stays),
        empty="台账无现场监督人签到记录",
    )


def _stay(one: Stay, done: Implementation, header: Header) -> tuple[Cell, ...]:
    ended = done.done.finished_at
    left, early = one.left, bool(one.left and ended and one.left.at < ended)
    text = f"{wording.moment(left.at, header.zone)}{'（实施结束前）' if early else ''}" if left else "台账无签退记录"
    return (
        Cell(text=one.person),
        Cell(text=wording.moment(one.came.at, header.zone)),
        Cell(text=text, tone="plain" if left and not early else "strong"),
        Cell(text=one.key),
        Cell(text=f"#{one.came.seq}" + (f"、#{left.seq}" if left else "")),
    )
