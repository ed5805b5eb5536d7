"""Search: every text that stands in an article is found, Chinese of any length, letters without case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maintkit.clock import FixedClock
from maintkit.desk.search import search, words
from maintkit.evidence import knowledge
from maintkit.evidence.knowledge import Front
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

TEXTS = {
    "printer": ("打印机不出纸", "门诊挂号窗口打印机堵塞，清空队列。"),
    "slow": ("挂号慢", "查询慢，ORA-01555 snapshot too old，调整 undo_retention=3600。"),
    "queue": ("排队叫号屏黑屏", "叫号服务停止，打印服务正常，机房供电正常。"),
    "net": ("交换机告警", "端口 GigabitEthernet0/1 在 10.1.20.3 上抖动，ＨＩＳ 不受影响。"),
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Path]]:
    root = tmp_path_factory.mktemp("search")
    clock = FixedClock(at=datetime(2026, 11, 25, tzinfo=UTC))
    with Ledger.create(f"sqlite:///{root / 'ledger.db'}", clock=clock, redactor=Redactor()) as ledger:
        for id_, (title, body) in TEXTS.items():
            enter(ledger, id_, title, body)
        yield ledger, root


def enter(ledger: Ledger, id_: str, title: str, body: str) -> None:
    front = Front(id=id_, title=title, owner="张伟", review_by=date(2027, 1, 1))
    knowledge.enter(ledger, front, f"---\nid: {id_}\n---\n{body}\n".encode(), by="张伟")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("慢", {"slow"}),
        ("挂号", {"slow", "printer"}),
        ("打印机", {"printer"}),  # 打印 and 机 of `queue` stand apart
        ("打印", {"printer", "queue"}),
        ("ORA-01555", {"slow"}),
        ("ora-01555", {"slow"}),
        ("ora-015", {"slow"}),
        ("1555", set()),  # not its beginning
        ("Snapshot TOO old", {"slow"}),
        ("undo_retention", {"slow"}),
        ("gigabitethernet0/1", {"net"}),
        ("10.1.20.3", {"net"}),
        ("his", {"net"}),  # wide letters are letters
        ("挂号 慢", {"slow"}),
        ("挂号慢", {"slow"}),
        ("挂号 硒鼓", set()),
        ("printer", {"printer"}),  # the id
        ('"; DROP TABLE word; --', set()),
        ("打印* OR 慢", set()),
        ("、，", set()),
    ],
)
def test_what_is_asked_is_found_and_nothing_else(shelf: tuple[Ledger, Path], asked: str, found: set[str]) -> None:
    """One character, two, three; identifiers; the language of the index is never the user's."""
    assert {hit.article.id for hit in search(*shelf, asked)} == found


def test_the_title_counts_more_than_the_text(shelf: tuple[Ledger, Path]) -> None:
    """挂号 stands in the title of one and in the text of the other."""
    assert [hit.article.id for hit in search(*shelf, "挂号")] == ["slow", "printer"]


def test_a_hit_shows_the_line(shelf: tuple[Ledger, Path]) -> None:
    """Cut around what was found."""
    (hit,) = search(*shelf, "ORA-01555")
    assert hit.line == "查询慢，ORA-01555 snapshot too old，调整 undo_retention=3600。"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_run_of_ideographs_of_a_text_finds_it(shelf: tuple[Ledger, Path], data: st.DataObject) -> None:
    """Against plain `in`: a run is found in exactly the texts that hold it."""
    alphabet = sorted(
        {one for pair in TEXTS.values() for text in pair for one in text if words(one) == [one] and ord(one) > 255}
    )
    source = data.draw(st.sampled_from([text for pair in TEXTS.values() for text in pair]))
    start = data.draw(st.integers(0, len(source) - 1))
    asked = source[start : start + data.draw(st.integers(1, 4))]
    if not all(one in alphabet for one in asked):
        asked = "".join(data.draw(st.lists(st.sampled_from(alphabet), min_size=1, max_size=3)))
    expected = {id_ for id_, pair in TEXTS.items() if any(asked in text for text in pair)}
    assert {hit.article.id for hit in search(*shelf, asked)} == expected


def test_a_site_that_cannot_be_written_is_searched_in_memory(shelf: tuple[Ledger, Path]) -> None:
    """Nothing is left behind, and the answer is the same."""
    nowhere = shelf[1] / "missing"
    assert {hit.article.id for hit in search(shelf[0], nowhere, "慢")} == {"slow"}
    assert not nowhere.exists()
