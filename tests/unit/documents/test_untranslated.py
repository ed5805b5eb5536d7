"""The chapters that say what was not seen, and why, are in Chinese: no reason is left as the program recorded it."""

from __future__ import annotations

import draw
import pytest
from chinese import english_in, field_in, not_seen


@pytest.mark.parametrize("name", sorted(draw.documents()))
def test_no_chapter_of_what_was_not_seen_holds_a_word_of_the_program(name: str) -> None:
    """Neither a sentence of it nor the name of a field; what a hostile host says of itself stands as it was said."""
    said = not_seen(draw.documents()[name])
    if name != "record-hostile":
        assert (english_in(said), field_in(said)) == ("", "")


def test_such_chapters_are_found() -> None:
    found = {name for name, document in draw.documents().items() if "未能判定项" in not_seen(document)}
    assert {"health", "health-finished", "record-deep", "record-fleet", "record-one-host"} <= found


def test_a_field_is_found_where_it_is_named() -> None:
    """Alone, after a reason, and of an instance; a word that is no field is none."""
    assert [field_in(text) for text in ("updates：无", "“时钟”：synchronised：未知", "his transactions：未知")] == [
        "updates", "synchronised", "transactions"
    ]  # fmt: skip
    assert field_in("main：未知") == field_in("待装更新：未知") == ""
