"""The words and tables of tickets: kinds, what was due, how it stood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from maintkit.contract.sla import Requests
from maintkit.desk.past import Wish
from maintkit.desk.ticket import Due, State
from maintkit.documents.model import Cell, Column, EvidenceItem, Table, Tone
from maintkit.evidence.moment import Basis

DUE_STATE: Mapping[State, str] = {
    "met": "按期", "breached": "超时", "running": "计时中", "undetermined": "未能判定",
    "not-asked": "不再要求",
}  # fmt: skip
_TONE: Mapping[State, Tone] = {"breached": "crit", "undetermined": "strong"}
NOT_ACCEPTED = "未受理"


def kind_name(one: Wish, requests: Requests) -> str:
    """The printed name of its kind; the id where the contract has it no longer."""
    kind = requests.kind(one.ticket.kind)
    return kind.title_zh if kind else one.ticket.kind or NOT_ACCEPTED


def due_state(due: Due) -> tuple[str, Tone]:
    """How a step stands; one that was reached late is 超时, too."""
    return DUE_STATE[due.state], _TONE.get(due.state, "plain")


def marks(wishes: Iterable[Wish]) -> tuple[EvidenceItem, ...]:
    """The newest entry that each ticket rests on, with its hash."""
    return tuple(EvidenceItem(label=one.ticket.id, value=f"台账 #{one.mark.seq} {one.mark.hash}") for one in wishes)


def by_kind(wishes: Sequence[Wish], requests: Requests, basis: Basis) -> Table:
    """Counts of each kind: open at the start, new, closed, open at the end, and steps in time and late so far."""
    names = [kind.title_zh for kind in requests.kinds]
    of: dict[str, list[Wish]] = {}
    for wish in wishes:
        of.setdefault(kind_name(wish, requests), []).append(wish)
    ordered = sorted(of, key=lambda name: names.index(name) if name in names else len(names))
    rows = [_counts(name, of[name], basis) for name in ordered]
    if len(rows) > 1:
        rows.append(_counts("合计", wishes, basis))
    return Table(
        columns=(
            Column(title="类别", width=22),
            *(Column(title=title, width=12, align="center") for title in ("期初在办", "新提出", "办结", "期末在办")),
            *(Column(title=title, width=10, align="center") for title in ("按期", "超时", "计时中")),
        ),
        rows=tuple(rows),
        empty="没有提出或在办的需求与缺陷",
    )


def _counts(name: str, wishes: Sequence[Wish], basis: Basis) -> tuple[Cell, ...]:
    fresh = sum(one.ticket.opened >= basis.since for one in wishes)
    ended = sum(one.closed is not None for one in wishes)
    states = [due.state for one in wishes for due in one.dues]
    numbers = (len(wishes) - fresh, fresh, ended, len(wishes) - ended)
    late = states.count("breached")
    return (
        Cell(text=name),
        *(Cell(text=str(number)) for number in numbers),
        Cell(text=str(states.count("met"))),
        Cell(text=str(late), tone="crit" if late else "plain"),
        Cell(text=str(states.count("running"))),
    )
