"""Registers that a contract asks for: people, managers, trainings, meetings, assessment findings, certificates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from maintkit.errors import NotFound, SiteError
from maintkit.evidence.attach import Attachment
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger

ADDED = "register.added"
CLOSED = "register.closed"
SOON_DAYS = 30

State = Literal["valid", "due-soon", "overdue", "lacking", "closed"]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a register: its name on the command line, its word in documents, and whether it is a day.

    `past`: a day of what has happened, which cannot be still to come.
    """

    name: str
    label_zh: str
    required: bool = False
    day: bool = False
    past: bool = False


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One register. `ends`: the day by which an item expires or is due; `before`: two days that must be in order.

    `proven`: an item is closed with a file that proves it.
    """

    title_zh: str
    fields: tuple[Field, ...]
    ends: str | None = None
    before: tuple[str, str] | None = None
    proven: bool = False

    def field(self, name: str) -> Field | None:
        """The field of this name."""
        return next((one for one in self.fields if one.name == name), None)


KINDS: Mapping[str, Kind] = {
    "person": Kind(
        title_zh="项目人员与保密承诺",
        fields=(
            Field(name="name", label_zh="姓名", required=True),
            Field(name="role", label_zh="岗位"),
            Field(name="organisation", label_zh="单位"),
            Field(name="undertaking", label_zh="保密承诺书签署日期", day=True, past=True),
            Field(name="started", label_zh="到岗日期", required=True, day=True),
            Field(name="until", label_zh="有效期至", day=True),
        ),
        ends="until",
        before=("undertaking", "started"),
    ),
    "manager": Kind(
        title_zh="项目经理变更",
        fields=(
            Field(name="from", label_zh="原项目经理", required=True),
            Field(name="to", label_zh="新项目经理", required=True),
            Field(name="reason", label_zh="变更原因"),
            Field(name="consent", label_zh="采购人书面同意日期", day=True, past=True),
            Field(name="consented_by", label_zh="同意人"),
            Field(name="effective", label_zh="生效日期", required=True, day=True),
        ),
        before=("consent", "effective"),
    ),
    "training": Kind(
        title_zh="培训",
        fields=(
            Field(name="topic", label_zh="内容", required=True),
            Field(name="held", label_zh="日期", required=True, day=True, past=True),
            Field(name="trainer", label_zh="讲师", required=True),
            Field(name="attendees", label_zh="参加人员", required=True),
            Field(name="again", label_zh="下次培训不晚于", day=True),
        ),
        ends="again",
    ),
    "meeting": Kind(
        title_zh="服务回顾会议",
        fields=(
            Field(name="topic", label_zh="议题", required=True),
            Field(name="held", label_zh="日期", required=True, day=True, past=True),
            Field(name="attendees", label_zh="参加人员", required=True),
            Field(name="decisions", label_zh="决议"),
        ),
    ),
    "assessment": Kind(
        title_zh="测评与风险整改",
        fields=(
            Field(name="source", label_zh="来源", required=True),
            Field(name="finding", label_zh="问题", required=True),
            Field(name="level", label_zh="级别"),
            Field(name="owner", label_zh="责任人", required=True),
            Field(name="due", label_zh="整改期限", required=True, day=True),
        ),
        ends="due",
        proven=True,
    ),
    "certificate": Kind(
        title_zh="人员资质证书",
        fields=(
            Field(name="name", label_zh="姓名", required=True),
            Field(name="certificate", label_zh="证书", required=True),
            Field(name="issuer", label_zh="发证机构"),
            Field(name="issued", label_zh="发证日期", day=True, past=True),
            Field(name="until", label_zh="有效期至", required=True, day=True),
        ),
        ends="until",
    ),
}


@dataclass(frozen=True, kw_only=True)
class File:
    """An attached file: its own hash as it was handed in, and the one of what is stored (`masked` places differ)."""

    name: str
    sha256: str
    stored: str
    masked: int


@dataclass(frozen=True, kw_only=True)
class Item:
    """One registered item; `closed_at` None: it is in force. `seq` and `hash` are those of its registration."""

    id: str
    kind: str
    fields: Mapping[str, str]
    files: tuple[File, ...]
    by: str
    at: datetime
    seq: int
    hash: str
    closed_at: datetime | None = None
    closed_by: str = ""
    why: str = ""
    proof: tuple[File, ...] = ()

    def day(self, name: str | None) -> date | None:
        """A field that is a day; None when it was not given."""
        text = self.fields.get(name, "") if name else ""
        return date.fromisoformat(text) if text else None

    def ends(self) -> date | None:
        """The day by which it expires or is due."""
        return self.day(KINDS[self.kind].ends)

    def state(self, on: date) -> State:
        """How it stands on a day. lacking: the undertaking or consent is missing, or came too late."""
        before, ends = KINDS[self.kind].before, self.ends()
        if self.closed_at is not None:
            return "closed"
        if ends is not None and ends < on:
            return "overdue"
        if before is not None:
            first, second = self.day(before[0]), self.day(before[1])
            if first is None or (second is not None and first > second):
                return "lacking"
        return "due-soon" if ends is not None and (ends - on).days <= SOON_DAYS else "valid"


def add(ledger: Ledger, kind: str, fields: Mapping[str, str], files: Sequence[Path], *, by: str) -> Item:
    """Register an item under the next number of its kind; its fields are those of KINDS, days as YYYY-MM-DD."""
    with ledger.writing("register"):
        number = sum(entry.body["kind"] == kind for entry in ledger.entries(kind=ADDED)) + 1
        told, attached = _attached(ledger, files)
        body = {"kind": kind, "fields": dict(fields), "files": told, "by": by}
        entry = ledger.append(ADDED, body, subject=f"{kind}-{number}", attachments=attached)
    return _item(entry, None)


def close(ledger: Ledger, id_: str, files: Sequence[Path], *, why: str, by: str) -> Item:
    """End an item with what was done or why it ends, and what proves it; NotFound when it is none or has ended."""
    with ledger.writing("register"):
        found = item(ledger, id_)
        if found.closed_at is not None:
            raise NotFound(f"{id_} was closed before, by {found.closed_by}", hint="register a new item")
        told, attached = _attached(ledger, files)
        ledger.append(CLOSED, {"why": why, "files": told, "by": by}, subject=id_, attachments=attached)
        return item(ledger, id_)


def items(ledger: Ledger, kind: str | None = None) -> Iterator[Item]:
    """Every item (of one kind) in the order of its registration, closed or not."""
    closed = {entry.subject: entry for entry in ledger.entries(kind=CLOSED)}
    for entry in ledger.entries(kind=ADDED):
        if kind in (None, entry.body["kind"]):
            yield _item(entry, closed.get(entry.subject))


def managers(ledger: Ledger, named: Iterable[str]) -> tuple[str, ...]:
    """Who is or was to be project manager: those that the contract has `named`, and whom registered changes bring."""
    changes = (one for one in items(ledger, "manager") if one.closed_at is None)
    return tuple(dict.fromkeys((*named, *(one.fields["to"] for one in changes))))


def item(ledger: Ledger, id_: str) -> Item:
    """The item of this name, like `person-3`; raises NotFound."""
    entry = next(ledger.entries(kind=ADDED, subject=id_, limit=1), None)
    if entry is None:
        raise NotFound(f"no register item {id_!r}", hint="`maintkit register list` shows those there are")
    return _item(entry, next(ledger.entries(kind=CLOSED, subject=id_, limit=1), None))


def _attached(ledger: Ledger, files: Sequence[Path]) -> tuple[list[dict[str, Any]], list[Attachment]]:
    told, attached = [], []
    for path in files:
        content = _read(path)
        kept = ledger.seal(content, media_type="application/octet-stream")
        told.append({"name": path.name, "sha256": sha256(content).hexdigest(), "stored": kept.sha256,
                     "masked": kept.masked})  # fmt: skip
        attached.append(kept)
    return told, attached


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SiteError(f"{path}: {(error.strerror or str(error)).lower()}", hint="name a file you may read") from error


def _item(added: Entry, closed: Entry | None) -> Item:
    body, end = added.body, closed.body if closed else {}
    return Item(
        id=added.subject or "",
        kind=body["kind"],
        fields=body["fields"],
        files=tuple(File(**one) for one in body["files"]),
        by=body["by"],
        at=added.at,
        seq=added.seq,
        hash=added.hash,
        closed_at=closed.at if closed else None,
        closed_by=end.get("by", ""),
        why=end.get("why", ""),
        proof=tuple(File(**one) for one in end.get("files", ())),
    )
