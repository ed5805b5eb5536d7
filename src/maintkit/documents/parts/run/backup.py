"""备份: what was kept before the change, where it lies, and the hash by which it is known again."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.documents import wording
from maintkit.documents.model import Annex, Block, Cell, Column, Paragraph, Table
from maintkit.evidence.change_record import HostRecord
from maintkit.evidence.phase_document import PhaseDocument
from maintkit.plans.implementation import Implementation

MOST_FILES_ON_PAPER = 120
_UNTOLD = "台账无记录"
_MISSING = "台账无备份记录"


def section(done: Implementation) -> tuple[Block, ...]:
    """One line for everything that a host kept, and one for a host that kept nothing."""
    return (
        Paragraph(text="以下为变更前在各主机上留存、供回退使用的内容；位置与校验值取自主机的结果文件。"),
        Table(
            columns=(
                Column(title="主机", width=14),
                Column(title="内容", width=26),
                Column(title="位置", width=28),
                Column(title="校验值（SHA-256）", width=32),
            ),
            rows=tuple(_row(host, kept) for host in done.done.hosts for kept in _kept(host)),
        ),
    )


def annex(done: Implementation) -> tuple[Annex, ...]:
    """The package files with their hashes; nothing when no package was kept."""
    rows = [
        (Cell(text=host.name), Cell(text=name), Cell(text=digest))
        for host in done.done.hosts
        for document in [host.document("backup")]
        for name, digest in (document.files if document else {}).items()
    ]
    if not rows:
        return ()
    long = len(rows) > MOST_FILES_ON_PAPER
    where = "见本文件电子表格（xlsx）的同名工作表" if long else "old 为原版本，new 为目标版本"
    return (
        Annex(
            title="附表　软件包文件校验值",
            note=f"共 {len(rows)} 个，{where}。",
            workbook_only=long,
            table=Table(
                columns=(
                    Column(title="主机", width=14),
                    Column(title="文件", width=38),
                    Column(title="SHA-256", width=48),
                ),
                rows=tuple(rows),
            ),
        ),
    )


def _row(host: HostRecord, kept: tuple[str, str, str]) -> tuple[Cell, ...]:
    lost = kept[0] == _MISSING and host.change_begun
    return (Cell(text=host.name), Cell(text=kept[0], tone="crit" if lost else "plain"), *map(_cell, kept[1:]))


def _kept(host: HostRecord) -> Iterator[tuple[str, str, str]]:
    document = host.document("backup")
    if document is None:
        begun = host.change_begun or host.of("backup")
        yield (_MISSING if begun else "未开始，未作备份", wording.NOTHING, wording.NOTHING)
        return
    found = tuple(_contents(document))
    yield from found or ((_MISSING, wording.NOTHING, wording.NOTHING),)


def _contents(document: PhaseDocument) -> Iterator[tuple[str, str, str]]:
    old = [name for name in document.files if name.startswith("old/")]
    if document.files:
        where = document.text("cache") or _UNTOLD
        yield f"原版本安装文件 {len(old)} 个，目标版本 {len(document.files) - len(old)} 个", where, "见附表"
    if document.text("copy"):
        yield "配置文件副本", document.text("copy"), document.text("sha256") or _UNTOLD
    if document.link:
        target = document.link.target or "（无）"
        yield f"发布目录链接 {document.link.path}，原发布目录保留不变", target, document.link.tree or _UNTOLD
    if document.text("restore_point"):
        yield f"数据库恢复点：{document.text('restore_point')}", "由恢复点命令决定", _UNTOLD
    if document.state:
        yield "主机状态（软件包、服务、运行指标）", document.state.file, document.state.sha256 or _UNTOLD


def _cell(text: str) -> Cell:
    return Cell(text=text)
