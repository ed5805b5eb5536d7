"""文件内容差异: the lines that a plan changes in files, as it was frozen; what must not be seen is masked in it."""

from __future__ import annotations

from maintkit.documents.model import Cell, Column, Table, Tone
from maintkit.plans.model import FileChange, Plan

MOST_LINES_ON_PAPER = 120
_MARK: dict[str, tuple[str, Tone]] = {"+": ("新增", "strong"), "-": ("删除", "muted"), "@": ("位置", "muted")}
_SAID = {
    "(what is there now is no text)": "（原文件不是文本，未列差异）",
    "(too large to be compared)": "（原文件过大，未列差异）",
    "(only what ends a line, or the file, differs)": "（仅换行或文件结尾不同）",
}


def differences(plan: Plan) -> tuple[Table, ...]:
    """One table for the same change of a file, whatever the number of hosts; nothing where no file is changed."""
    where: dict[FileChange, list[str]] = {}
    for host in plan.hosts:
        for one in host.files:
            where.setdefault(one, []).append(host.name)
    return tuple(_table(plan.id, one, hosts) for one, hosts in where.items())


def _table(plan: str, one: FileChange, hosts: list[str]) -> Table:
    lines = one.difference.splitlines()
    rows = [_row(line) for line in lines[:MOST_LINES_ON_PAPER]]
    if len(lines) > MOST_LINES_ON_PAPER:
        rest = f"（其余 {len(lines) - MOST_LINES_ON_PAPER} 行见 maintkit plan show {plan}）"
        rows.append((Cell(text=""), Cell(text=rest)))
    return Table(
        caption=f"文件内容差异　{one.path}（{'、'.join(hosts)}；敏感内容已遮盖）",
        columns=(Column(title="标记", width=10, align="center"), Column(title="内容", width=90)),
        rows=tuple(rows),
    )


def _row(line: str) -> tuple[Cell, ...]:
    if line in _SAID:
        return (Cell(text=""), Cell(text=_SAID[line]))
    word, tone = _MARK.get(line[:1], ("", "plain"))
    return (Cell(text=word, tone=tone), Cell(text=line if word == "位置" else line[1:], tone=tone))
