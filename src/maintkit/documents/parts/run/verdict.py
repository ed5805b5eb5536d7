"""实施结论: what came of a change, in words that cannot be mistaken, and what is left to do."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.documents.glossary import HOST_STATE, HOST_TONE, VERDICT, VERDICT_TONE
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, KeyValue, KeyValues, Table, Tone
from maintkit.documents.parts import left
from maintkit.documents.reasons import reason
from maintkit.documents.wording import NOTHING, moment
from maintkit.evidence.accomplished import NOTHING as NOTHING_DONE
from maintkit.evidence.accomplished import Accomplished, accomplished
from maintkit.evidence.change_record import HostRecord
from maintkit.plans.implementation import Implementation

_SHORT = 80  # characters of a reason beside a host; the deviations have all of it
MEANS: dict[str | None, str] = {
    "done": "计划内全部主机均已按计划变更（或原已符合计划），并通过验证。",
    "rolled-back": "变更未成功。已开始变更的主机均已恢复原状，并通过变更前检查；"
    "系统按变更前的状态运行，本次变更的目的未达到。",
    "rollback-failed": "变更未成功，且至少一台主机未能恢复原状。该主机的状态不得视为正常。",
    "partial": "部分主机已完成变更并通过验证，其余主机未变更或已回退；各主机的版本不一致。",
    "refused": "没有任何主机被变更，各系统与实施前一致。",
    "unknown": "至少一台主机失去联系，其状态无法确认：不得视为成功，也不得视为未变更。",
    None: "台账没有实施结束的记录：实施仍在进行，或程序中途终止。各主机的状态以下表为准，不得视为成功。",
}
_HOST_MEANS: dict[str | None, str] = {
    "done": "已按计划变更，通过验证",
    "unchanged": "实施前已符合计划，未作变更",
    "untouched": "未作变更，与实施前一致",
    "rolled-back": "变更未成功，已恢复原状，变更前检查再次通过",
    "rollback-failed": "变更未成功，恢复原状也未成功或未通过检查",
    "unknown": "变更开始后失去联系，状态无法确认",
}
_REMAINS: dict[str | None, str] = {
    "untouched": "{hosts} 未变更：须查明原因，另行编制计划并取得批准后实施。",
    "rolled-back": "{hosts} 已回退：须查明失败原因，另行编制计划并取得批准后实施。",
    "rollback-failed": "{hosts} 回退失败：按 P1 故障处理，立即告知采购人系统负责人，按“人工恢复步骤”恢复；"
    "恢复并确认之前不得投入使用，不得实施其他变更。",
    "unknown": "{hosts} 状态未知：恢复联系后执行 maintkit resume {run}，由程序核实并完成或回退；"
    "核实之前不得实施其他变更。",
    None: "{hosts} 未结束：先以 maintkit status {run} 确认程序是否仍在运行；程序已终止的，执行 maintkit resume {run}。",
}  # fmt: skip


def section(done: Implementation, header: Header) -> tuple[Block, ...]:
    """Verdict, meaning and remains, then a line a host."""
    return (
        KeyValues(
            items=(
                KeyValue(label="实施结果", text=word(done), tone=tone(done), wide=True),
                KeyValue(label="含义", text=means(done), wide=True),
                KeyValue(label="尚待处理", text="\n".join(remains(done)) or "无", wide=True),
            ),
        ),
        Table(
            caption="各主机结果",
            columns=(
                Column(title="主机", width=16),
                Column(title="所属系统", width=20),
                Column(title="结果", width=12, align="center"),
                Column(title="结束时间", width=18, align="center"),
                Column(title="说明", width=34),
            ),
            rows=tuple(_host(done, host, header) for host in done.done.hosts),
        ),
    )


def word(done: Implementation) -> str:
    """The verdict's one word, and the ledger's own beside it, so that neither can be taken for another."""
    verdict = done.done.verdict
    return f"{left.short(_came(done)) or VERDICT.get(verdict, '不明')}（{verdict or '无结束记录'}）"


def well(done: Implementation) -> bool:
    """Whether a run ended well, and nothing that was planned is left."""
    return done.done.verdict == "done" and not _came(done).left


def tone(done: Implementation) -> Tone:
    """How loud the word is: what ended well with something left is no success."""
    return "warn" if _came(done).left else VERDICT_TONE.get(done.done.verdict, "crit")


def means(done: Implementation) -> str:
    """What the word means, in a sentence."""
    verdict, came = done.done.verdict, _came(done)
    if not came.left:
        return MEANS.get(verdict, f"台账记录的结果是 {verdict}，不在规定的结果之内。")
    if not came.done:
        return f"计划内的 {len(came.left)} 项均未做，留待下一时间窗口；本次变更的目的未达到。各主机通过验证。"
    return f"计划内的事项未全部做完：{left.counted(came)}，留待下一时间窗口。已做的部分通过验证。"


def _came(done: Implementation) -> Accomplished:
    """What a run that ended well did, and what it did not come to; of another one its verdict says more."""
    well = done.done.hosts if done.done.verdict == "done" else ()
    return accomplished(host.document("change") for host in well)


def _left(host: HostRecord) -> Accomplished:
    return accomplished([host.document("change")]) if host.state == "done" else NOTHING_DONE


def remains(done: Implementation) -> tuple[str, ...]:
    """What somebody still has to do, a sentence each; empty when nothing is."""
    return tuple(_remains(done))


def _remains(done: Implementation) -> Iterator[str]:
    for state in ("rollback-failed", "unknown", None, "rolled-back", "untouched"):
        hosts = [host.name for host in done.done.hosts if host.state == state]
        if hosts:
            yield _REMAINS[state].format(hosts="、".join(hosts), run=done.done.run)
    for host, came in ((host, _left(host)) for host in done.done.hosts):
        if came.left:
            yield (
                f"{host.name} 未做 {len(came.left)} 项：{left.named(came)}。原因见“偏差与异常”；"
                "留待下一时间窗口，另行编制计划（已做的不再列入）并取得批准后实施。"
            )
    kept = [one.host for one in done.locks if one.ended_at is None]
    if kept:
        yield f"{'、'.join(kept)} 仍由本次实施锁定，其他变更不能开始；核实后由有权人员签署解锁（maintkit lock break）。"
    if done.done.ground == "emergency":
        yield "本次实施未经书面批准，须向采购人补报并补办批准手续。"


def _host(done: Implementation, host: HostRecord, header: Header) -> tuple[Cell, ...]:
    systems = "、".join(header.system(name) for name in done.plan.host(host.name).systems)
    short = left.short(_left(host))
    return (
        Cell(text=host.name),
        Cell(text=systems or NOTHING),
        Cell(
            text=short or HOST_STATE.get(host.state, str(host.state)),
            tone="warn" if short else HOST_TONE.get(host.state, "plain"),
        ),
        Cell(text=moment(host.closed_at, header.zone)),
        Cell(text=_explained(host)),
    )


def _explained(host: HostRecord) -> str:
    came = _left(host)
    if came.left:
        return f"{left.counted(came)}，留待下一时间窗口；通过验证"
    said = _HOST_MEANS.get(host.state, "没有结束记录，状态不得视为正常")
    why = host.held[-1].text if host.held else next((one.reason for one in host.phases if one.outcome == "failed"), "")
    if not why:
        return said
    told = reason(why)
    short = f"{told[:_SHORT]}……（全文见“偏差与异常”）" if len(told) > _SHORT else told
    return f"{said}。{'未开始原因' if host.held else '原因'}：{short}"
