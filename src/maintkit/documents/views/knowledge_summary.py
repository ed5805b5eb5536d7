"""知识库更新摘要: what was new, changed, reviewed and retired in a quarter, and what there is at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from maintkit.documents.views.quarter import Quarter
from maintkit.errors import NotFound
from maintkit.evidence.knowledge import Article, Kind, as_of

KIND = "knowledge-update"
KINDS: dict[Kind, str] = {"article": "文章", "faq": "常见问题", "procedure": "操作规程"}
_Said = Callable[[Article, "Library", Header], str]
_STATEMENT = "双方确认：已阅本季度知识库更新情况。"


@dataclass(frozen=True, kw_only=True)
class Library:
    """The articles as of a quarter's end. `at` is the last that was entered of them by then: nothing later counts.

    `over`: the ledger reaches beyond the quarter, so nothing can be added to it any more.
    """

    quarter: Quarter
    articles: Sequence[Article]
    since: datetime
    at: datetime
    until: date
    over: bool

    @property
    def in_force(self) -> list[Article]:
        """Those that were not retired."""
        return [one for one in self.articles if one.retired is None]

    def fresh(self) -> list[Article]:
        """Those whose first version came in the quarter."""
        return [one for one in self.articles if one.versions[0].at >= self.since]

    def changed(self) -> list[Article]:
        """Those that were there before and got another version in the quarter."""
        return [one for one in self.articles if one.versions[0].at < self.since <= one.now.at]

    def retired(self) -> list[Article]:
        """Those that were retired in the quarter, also when they came back in it."""
        return [one for one in self.articles if any(end.at >= self.since for end in one.ended)]

    def looked_at(self) -> list[Article]:
        """Those that somebody looked through in the quarter."""
        return [one for one in self.articles if any(look.at >= self.since for look in one.looked)]


def library(articles: Sequence[Article], quarter: Quarter, last: datetime, header: Header) -> Library:
    """The knowledge base at the end of a quarter, by a ledger whose last entry is of `last`.

    NotFound when there was no article by then.
    """
    since, until = quarter.span(header.zone)
    found = tuple(as_of(articles, until))
    if not found:
        raise NotFound(f"no article was entered up to {quarter}", hint="`maintkit knowledge add` enters articles")
    at = max(one.touched for one in found)
    return Library(quarter=quarter, articles=found, since=since, at=at, until=until.date(), over=last > until)


def knowledge_summary(shown: Library, header: Header) -> Document:
    """The summary of one quarter; a draft until the ledger reaches beyond it."""
    quarter = shown.quarter
    late = [one for one in shown.in_force if one.review_by <= shown.until]
    faqs = [one for one in shown.in_force if one.now.front.kind == "faq"]
    return Document(
        kind=KIND,
        number=str(quarter),
        title="知识库更新摘要",
        organisation=header.hospital,
        cover=_cover(shown, header),
        blocks=(
            *_alerts(shown, late),
            Heading(text="一、概况"),
            Paragraph(text=_counts(shown)),
            Heading(text="二、新增"),
            _table(shown.fresh(), shown, header, _first),
            Heading(text="三、修订"),
            _table(shown.changed(), shown, header, _notes),
            Heading(text="四、停用"),
            _table(shown.retired(), shown, header, _ending),
            Heading(text="五、复核"),
            _table(shown.looked_at(), shown, header, _looks),
            Heading(text="六、到期未复核"),
            _late(late),
            Heading(text="七、常见问题"),
            _questions(faqs, header),
            Heading(text="八、证据"),
            _proof(shown),
            sign_off(header, _STATEMENT),
        ),
        footer=f"编号 {quarter}　知识库 {len(shown.in_force)} 篇",
        dated=shown.at,
        draft=not shown.over,
    )


def _cover(shown: Library, header: Header) -> KeyValues:
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="季度", text=shown.quarter.title),
            KeyValue(label="更新至", text=wording.instant(shown.at, header.zone)),
        )
    )


def _alerts(shown: Library, late: Sequence[Article]) -> tuple[Note, ...]:
    said = [] if shown.over else ["草稿：台账尚未到期末，此后的更新不在本摘要内。"]
    if late:
        said.append(
            f"{len(late)} 篇文章的复核期限在本季度末或以前，尚未复核：{'、'.join(one.id for one in late[:10])}。"
        )
    if not (shown.fresh() or shown.changed() or shown.retired() or shown.looked_at()):
        said.append("本季度知识库没有任何更新。")
    return tuple(Note(kind="alert", text=text) for text in said)


def _counts(shown: Library) -> str:
    held = "，".join(
        f"{word} {sum(one.now.front.kind == kind for one in shown.in_force)} 篇" for kind, word in KINDS.items()
    )
    return (
        f"截至期末，知识库有文章 {len(shown.in_force)} 篇（{held}）。本季度新增 {len(shown.fresh())} 篇，"
        f"修订 {len(shown.changed())} 篇，停用 {len(shown.retired())} 篇，复核 {len(shown.looked_at())} 篇。"
    )


def _table(
    found: Sequence[Article], shown: Library, header: Header, said: Callable[[Article, Library, Header], str]
) -> Table:
    return Table(
        columns=(
            Column(title="编号", width=16),
            Column(title="标题", width=28),
            Column(title="类别", width=10, align="center"),
            Column(title="系统", width=16),
            Column(title="版本", width=8, align="center"),
            Column(title="说明", width=30),
        ),
        rows=tuple(
            (
                Cell(text=one.id),
                Cell(text=one.now.front.title),
                Cell(text=KINDS[one.now.front.kind]),
                Cell(text=_systems(one, header)),
                Cell(text=str(one.now.number)),
                Cell(text=said(one, shown, header)),
            )
            for one in found
        ),
        empty="本季度没有",
    )


def _systems(one: Article, header: Header) -> str:
    return "、".join(map(header.system, one.now.front.systems)) or wording.NOTHING


def _first(one: Article, shown: Library, header: Header) -> str:
    del shown
    first = one.versions[0]
    came = f"（来自故障 {'、'.join(one.now.front.incidents)}）" if one.now.front.incidents else ""
    return f"{_day(first.at, header)} {first.by}：{first.note or '新增'}{came}"


def _notes(one: Article, shown: Library, header: Header) -> str:
    new = [each for each in one.versions if each.at >= shown.since]
    return "\n".join(
        f"第 {version.number} 版 {_day(version.at, header)} {version.by}：{version.note or '未写明修订内容'}"
        for version in new
    )


def _ending(one: Article, shown: Library, header: Header) -> str:
    new = [end for end in one.ended if end.at >= shown.since]
    return "\n".join(
        f"{_day(end.at, header)} {end.by}：{end.why}{f'（{_day(end.back, header)} 重新启用）' if end.back else ''}"
        for end in new
    )


def _looks(one: Article, shown: Library, header: Header) -> str:
    del header
    new = [look for look in one.looked if look.at >= shown.since]
    return "\n".join(f"{look.on} {look.by}：{look.note or '仍适用'}，下次不晚于 {look.review_by}" for look in new)


def _day(at: datetime, header: Header) -> str:
    return wording.instant(at, header.zone)[5:10]


def _late(found: Sequence[Article]) -> Table:
    return Table(
        columns=(
            Column(title="编号", width=18),
            Column(title="标题", width=34),
            Column(title="责任人", width=14),
            Column(title="复核期限", width=14, align="center"),
        ),
        rows=tuple(
            (
                Cell(text=one.id),
                Cell(text=one.now.front.title),
                Cell(text=one.now.front.owner),
                Cell(text=str(one.review_by), tone="crit"),
            )
            for one in found
        ),
        empty="没有到期未复核的文章",
    )


def _questions(found: Sequence[Article], header: Header) -> Table:
    return Table(
        columns=(
            Column(title="编号", width=18),
            Column(title="问题", width=42),
            Column(title="系统", width=22),
            Column(title="版本", width=8, align="center"),
        ),
        rows=tuple(
            (
                Cell(text=one.id),
                Cell(text=one.now.front.title),
                Cell(text=_systems(one, header)),
                Cell(text=str(one.now.number)),
            )
            for one in found
        ),
        empty="没有常见问题",
    )


def _proof(shown: Library) -> Block:
    """Versions of the quarter, by entry, with the hash of the file as it was handed in."""
    new = [(one, version) for one in shown.articles for version in one.versions if version.at >= shown.since]
    return EvidenceList(
        items=tuple(
            EvidenceItem(label=f"{one.id} 第 {version.number} 版（台账 #{version.seq}）", value=version.sha256)
            for one, version in new
        )
        or (EvidenceItem(label="本季度", value="没有新的版本"),)
    )
