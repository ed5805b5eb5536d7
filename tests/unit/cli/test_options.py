"""Options that several commands have."""

from __future__ import annotations

import click
import pytest

from maintkit.cli.terminal.options import SAID


@pytest.mark.parametrize("text", ["", " ", "\t\n", "　"])
def test_nothing_but_space_is_no_name_and_no_reason(text: str) -> None:
    """Also the space of Chinese writing."""
    with pytest.raises(click.BadParameter, match="an empty text says nothing"):
        SAID.convert(text, None, None)


def test_a_text_is_taken_without_the_space_around_it() -> None:
    """Within it, space stays."""
    assert SAID.convert(" 张 工\n", None, None) == "张 工"
