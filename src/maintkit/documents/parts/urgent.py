"""紧急变更: changes that were let run without written approval in the period of a record."""

from __future__ import annotations

from collections.abc import Sequence

from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Heading, Note, Table
from maintkit.plans.unapproved import Unapproved

EMPTY = "本期台账没有未经书面批准的紧急变更"


def alerts(found: Sequence[Unapproved]) -> tuple[Note, ...]:
    """What the reader must not miss: that changes ran without approval."""
    ran = [one.run for one in found if one.run]
    if not ran:
        return ()
    text = f"本期有 {len(ran)} 次实施未经书面批准（紧急）：{'、'.join(ran)}，详见“紧急变更”。"
    return (Note(kind="alert", text=text),)


def section(title: str, found: Sequence[Unapproved], header: Header) -> tuple[Block, ...]:
    """Every declaration, used or not, with its reason; a sentence when there is none."""
    return (
        Heading(text=title),
        Table(
            columns=(
                Column(title="声明时间", width=15, align="center"),
                Column(title="声明人", width=9),
                Column(title="变更与主机", width=24),
                Column(title="理由", width=27),
                Column(title="实施", width=17),
                Column(title="台账", width=8, align="center"),
            ),
            rows=tuple(_row(one, header) for one in found),
            empty=EMPTY,
        ),
    )


def _row(one: Unapproved, header: Header) -> tuple[Cell, ...]:
    ran = f"{one.run}\n{wording.instant(one.used_at, header.zone)}" if one.run else "未据此实施"
    return (
        Cell(text=wording.instant(one.emergency.window.start, header.zone)),
        Cell(text=one.emergency.by),
        Cell(text=f"{one.emergency.plan} {one.title_zh}\n{'、'.join(one.hosts)}"),
        Cell(text=one.emergency.reason),
        Cell(text=ran, tone="crit" if one.run else "plain"),
        Cell(text=f"#{one.seq}"),
    )
