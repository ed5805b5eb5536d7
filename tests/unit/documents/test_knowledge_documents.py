"""知识库更新摘要 and 常见问题解答: what they say, and that nothing later changes what they said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sample_knowledge as sample
from sample_inspections import HEADER

from maintkit.clock import FixedClock
from maintkit.documents.model import Document, Heading, Paragraph, Table, texts, to_tree
from maintkit.documents.parts import markdown
from maintkit.documents.views import Quarter, faq, knowledge_summary
from maintkit.documents.views.knowledge_summary import library
from maintkit.errors import NotFound
from maintkit.evidence import knowledge
from maintkit.evidence.knowledge import Front, Looked
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

Q4 = Quarter(year=2026, number=4)
AFTER = datetime(2027, 1, 6, tzinfo=UTC)


def rows(document: Document, title: str) -> list[str]:
    """The first cells of the table under a heading."""
    place = next(at for at, one in enumerate(document.blocks) if isinstance(one, Heading) and title in one.text)
    table = document.blocks[place + 1]
    assert isinstance(table, Table)
    return [row[0].text for row in table.rows]


def test_each_article_stands_where_the_quarter_put_it() -> None:
    """By a table made by hand: new, revised, retired, looked through, due, and the questions in force."""
    document = knowledge_summary(sample.fourth_quarter(), HEADER)
    told = {title: rows(document, title) for title in ("新增", "修订", "停用", "五、复核", "到期未复核", "常见问题")}
    assert told == {
        "新增": ["kb-I20261009-1", "faq-1", "faq-2"],
        "修订": ["kb-2"],
        "停用": ["kb-3"],
        "五、复核": ["faq-1"],
        "到期未复核": ["kb-1"],
        "常见问题": ["faq-1", "faq-2"],
    }


def test_a_quarter_without_an_update_says_so() -> None:
    """In its frame; the articles of before are counted all the same, the one that was retired later too."""
    document = knowledge_summary(sample.quiet_quarter(), HEADER)
    assert [note.text for note in document.alerts][-1] == "本季度知识库没有任何更新。"
    assert "知识库有文章 3 篇" in " ".join(texts(document))


def test_what_is_entered_after_the_quarter_does_not_change_its_summary() -> None:
    """Another version, a review and a retirement in January leave the fourth quarter as it was, to the letter."""
    before = to_tree(knowledge_summary(library(sample.articles(), Q4, AFTER, HEADER), HEADER))
    later = list(sample.articles())
    later[1] = replace(later[1], versions=(*later[1].versions, replace(later[1].now, number=3, at=sample.at(12, 31))))
    looked = Looked(on=date(2027, 1, 5), review_by=date(2027, 9, 1), note="", by="王", at=sample.at(12, 31))
    january = {"at": looked.at.replace(year=2027, month=1, day=5)}
    later[0] = replace(later[0], looked=(replace(looked, **january),))
    later[1] = replace(later[1], versions=(*later[1].versions[:2], replace(later[1].versions[2], **january)))
    assert to_tree(knowledge_summary(library(later, Q4, AFTER, HEADER), HEADER)) == before


def test_a_retirement_stays_in_its_quarter_when_the_article_comes_back_later(tmp_path: Path) -> None:
    """The third quarter is drawn again in the fourth as it was, to the letter; the fourth tells the return."""
    clock = FixedClock(at=datetime(2026, 5, 4, tzinfo=UTC))
    front = Front(id="kb-1", title="旧打印服务器", owner="张伟", review_by=date(2099, 1, 1))
    with Ledger.create(f"sqlite:///{tmp_path / 'ledger.db'}", clock=clock, redactor=Redactor()) as ledger:

        def drawn(number: int) -> Document:
            found = knowledge.articles(ledger)
            return knowledge_summary(library(found, Quarter(year=2026, number=number), AFTER, HEADER), HEADER)

        knowledge.enter(ledger, front, b"text", by="张伟")
        clock.at = datetime(2026, 8, 1, tzinfo=UTC)
        knowledge.retire(ledger, "kb-1", why="设备已拆除", by="王芳")
        before = to_tree(drawn(3))
        clock.at = datetime(2026, 11, 1, tzinfo=UTC)
        knowledge.enter(ledger, front, b"text", by="张伟")
        assert to_tree(drawn(3)) == before
        assert rows(drawn(3), "停用") == ["kb-1"]
        assert (rows(drawn(4), "停用"), rows(drawn(4), "修订")) == ([], ["kb-1"])
        clock.at = datetime(2026, 11, 2, tzinfo=UTC)
        knowledge.retire(ledger, "kb-1", why="又拆了", by="王芳")
        clock.at = datetime(2026, 11, 3, tzinfo=UTC)
        knowledge.enter(ledger, front, b"text", by="张伟")
        assert "11-02 王芳：又拆了（11-03 重新启用）" in " ".join(texts(drawn(4)))
        assert to_tree(drawn(3)) == before


def test_it_is_a_draft_until_the_ledger_reaches_beyond_the_quarter() -> None:
    """By the calendar of the site: midnight there is four in the afternoon UTC."""
    midnight = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    drafts = [
        knowledge_summary(library(sample.articles(), Q4, midnight + timedelta(seconds=n), HEADER), HEADER).draft
        for n in (-1, 0)
    ]
    assert drafts == [True, False]


def test_before_the_first_article_there_is_no_summary() -> None:
    """With a hint how to enter one."""
    with pytest.raises(NotFound, match="up to 2025Q4"):
        library(sample.articles(), Quarter(year=2025, number=4), AFTER, HEADER)


def test_questions_stand_under_their_system_and_late_ones_in_the_frame() -> None:
    """Those without a system at the end; no question at all is no document."""
    document = faq(sample.answers(), HEADER)
    headings = [one.text for one in document.blocks if isinstance(one, Heading)]
    assert headings == ["医院信息系统（HIS）", "1. 打印机不出纸怎么办？", "未归属系统", "2. 忘记口令怎么办？", "证据"]
    with pytest.raises(NotFound):
        faq((), HEADER)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("一\n二\n\n三", ["一\n二", "三"]),
        ("# 标题\n正文", ["标题", "正文"]),
        ("3. 三\n4. 四", ["3. 三", "4. 四"]),
        ("- 甲\n  - 乙\n\n    丙\n", ["• 甲", "　　• 乙", "　　　　丙"]),
        ("1. 做\n\n   ```\n   a\n   b\n   ```\n", ["1. 做", "　　a\n　　b"]),
        ("见 [手册](https://a.example/x)", ["见 手册（https://a.example/x）"]),
        ("<https://a.example>", ["https://a.example"]),
        ("![图](a.png)", ["［图：图（a.png）］"]),
        ("<b>粗</b> & **粗**", ["<b>粗</b> & 粗"]),
        ("", []),
    ],
)
def test_markdown_becomes_lines_that_say_the_same(text: str, lines: list[str]) -> None:
    """Lists keep their numbers and depth, code its lines, links their address; HTML is text."""
    assert [one.text for one in markdown.blocks(text) if isinstance(one, Paragraph)] == lines
