"""移交清单 and 文档提交清单: what a handover package holds, file by file and document by document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from maintkit.documents import wording
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import (
    Block,
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
from maintkit.evidence.entry import Head
from maintkit.evidence.handover.manifest import Item, Kind, LeftOut

KINDS: dict[Kind, str] = {
    "document": "文档",
    "ledger": "台账",
    "anchor": "台账链首签署",
    "signers": "签名人公钥与角色",
    "site": "合同与站点文件",
    "inventory": "主机清单",
    "knowledge": "知识库",
}
_RECEIVED = "双方确认：上列内容已移交并核对，校验值与所附清单文件（manifest.json）一致。"
_SUBMITTED = "双方确认：上列文档已提交。"


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """One document of the package: what it is, and how it stands. `version`: it is this issue."""

    title: str
    number: str
    dated: datetime
    formats: tuple[str, ...]
    draft: bool
    version: int | None = None

    @property
    def state(self) -> str:
        """已签发 with its version, 草稿, or 完整."""
        return f"已签发\n第 {self.version} 版" if self.version else "草稿" if self.draft else "完整"


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What both lists are drawn from. `at` is the instant of the ledger's last entry, which `head` names."""

    ledger: str
    head: Head
    at: datetime
    since: date | None
    until: date | None
    documents: Sequence[Submitted]
    items: Sequence[Item]
    left_out: Sequence[LeftOut]

    @property
    def number(self) -> str:
        """Named by the last entry: the same ledger gives the same number."""
        return f"H{self.head.seq}-{self.head.hash[:8]}"


def handover_list(handed: Handed, header: Header) -> Document:
    """移交清单: every file with its hash, but for the lists themselves, which the manifest names."""
    counted = {kind: [item for item in handed.items if item.kind == kind] for kind in KINDS}
    return _document(
        "handover-list",
        "移交清单",
        handed,
        header,
        (
            *_drafts(handed),
            Heading(text="一、移交内容"),
            _counts(counted),
            Heading(text="二、文件清单"),
            _files(handed.items),
            Heading(text="三、未移交的内容"),
            _left_out(handed.left_out),
            *_proof("四、证据", handed),
            sign_off(header, _RECEIVED),
        ),
    )


def document_list(handed: Handed, header: Header) -> Document:
    """文档提交清单: every document with number, date, formats, and whether it is a draft."""
    return _document(
        "document-list",
        "文档提交清单",
        handed,
        header,
        (
            *_drafts(handed),
            Heading(text="一、提交的文档"),
            Paragraph(text=f"共 {len(handed.documents)} 份，均取自维护台账。"),
            _documents(handed.documents, header),
            *_proof("二、证据", handed),
            sign_off(header, _SUBMITTED),
        ),
    )


def _document(kind: str, title: str, handed: Handed, header: Header, blocks: tuple[Block, ...]) -> Document:
    return Document(
        kind=kind,
        number=handed.number,
        title=title,
        organisation=header.hospital,
        cover=_cover(handed, header),
        blocks=blocks,
        footer=f"编号 {handed.number}　台账 #{handed.head.seq} {handed.head.hash[:16]}",
        dated=handed.at,
    )


def _cover(handed: Handed, header: Header) -> KeyValues:
    bounds = f"{handed.since or '台账开始'} 至 {handed.until or '台账截止'}"
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="编号", text=handed.number),
            KeyValue(label="文档期间", text=bounds),
            KeyValue(label="台账截止", text=wording.second(handed.at, header.zone)),
            KeyValue(label="文档份数", text=f"{len(handed.documents)} 份"),
        )
    )


def _drafts(handed: Handed) -> tuple[Note, ...]:
    drafts = [one for one in handed.documents if one.draft]
    if not drafts:
        return ()
    named = "、".join(f"{one.title} {one.number}" for one in drafts[:10]) + (" 等" if len(drafts) > 10 else "")
    return (Note(kind="alert", text=f"含草稿 {len(drafts)} 份，尚有内容待人工填写：{named}。"),)


def _counts(counted: dict[Kind, list[Item]]) -> Table:
    return Table(
        columns=(
            Column(title="类别", width=50),
            Column(title="文件数", width=25, align="right"),
            Column(title="大小", width=25, align="right"),
        ),
        rows=tuple(
            (
                Cell(text=KINDS[kind]),
                Cell(text=str(len(items)) if items else "无", tone="plain" if items else "strong"),
                Cell(text=wording.quantity(sum(item.size for item in items), "bytes")),
            )
            for kind, items in counted.items()
        ),
    )


def _files(items: Sequence[Item]) -> Table:
    return Table(
        columns=(
            Column(title="文件", width=34),
            Column(title="内容", width=22),
            Column(title="字节", width=10, align="right"),
            Column(title="SHA-256", width=34),
        ),
        rows=tuple(
            (Cell(text=item.path), Cell(text=item.title), Cell(text=str(item.size)), Cell(text=item.sha256))
            for item in items
        ),
    )


def _left_out(left_out: Sequence[LeftOut]) -> Table:
    return Table(
        columns=(Column(title="文件", width=40), Column(title="原因", width=60)),
        rows=tuple((Cell(text=one.path), Cell(text=REASONS.get(one.reason, one.reason))) for one in left_out),
        empty="无",
    )


NOT_KEPT = "the file that was issued is not kept at this site, or was altered"
REASONS = {
    NOT_KEPT: "已签发的文件未留存在本站点，或已被改动；其校验值见台账",
    "the inventory and its variables were not asked for": "主机清单及其变量未列入本次移交",
    "it is a link": "是符号链接",
    "it holds Ansible vault": "含 Ansible vault 加密内容",
    "it holds a secret in clear": "含明文口令或密钥",
}


def _documents(documents: Sequence[Submitted], header: Header) -> Table:
    return Table(
        columns=(
            Column(title="文档", width=34),
            Column(title="编号", width=22),
            Column(title="日期", width=18, align="center"),
            Column(title="格式", width=16),
            Column(title="状态", width=10, align="center"),
        ),
        rows=tuple(
            (
                Cell(text=one.title),
                Cell(text=one.number),
                Cell(text=wording.instant(one.dated, header.zone)),
                Cell(text="、".join(one.formats)),
                Cell(text=one.state, tone="strong" if one.draft else "plain"),
            )
            for one in documents
        ),
        empty="台账中没有本期间的文档",
    )


def _proof(title: str, handed: Handed) -> tuple[Block, ...]:
    return (
        Heading(text=title),
        Paragraph(text="移交内容可在另一台计算机上用 maintkit handover verify 及采购人自有的公钥文件核对。"),
        EvidenceList(
            items=(
                EvidenceItem(label="台账标识", value=handed.ledger),
                EvidenceItem(label="台账序号", value=str(handed.head.seq)),
                EvidenceItem(label="台账链首（SHA-256）", value=handed.head.hash),
            )
        ),
    )
