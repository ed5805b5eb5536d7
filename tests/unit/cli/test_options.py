"""Options that several commands have."""

from __future__ import annotations

from types import ModuleType

import click
import pytest

from maintkit.cli import incident, knowledge, register, report, ticket, trend, watch
from maintkit.cli.terminal.options import SAID

GROUPS = (incident, knowledge, register, report, ticket, trend, watch)
# Names of what there is (looked up, and refused when unknown), or of a file that is drawn.
LOOKED_UP = {
    "channel", "systems", "run", "duplicate_of", "recurs", "given", "kind", "mount", "host", "week", "engineer",
    "month", "quarter", "number", "target", "series_name",
}  # fmt: skip


@pytest.mark.parametrize("text", ["", " ", "\t\n", "　"])
def test_nothing_but_space_is_no_name_and_no_reason(text: str) -> None:
    """Also the space of Chinese writing."""
    with pytest.raises(click.BadParameter, match="an empty text says nothing"):
        SAID.convert(text, None, None)


def test_a_text_is_taken_without_the_space_around_it() -> None:
    """Within it, space stays."""
    assert SAID.convert(" 张 工\n", None, None) == "张 工"


@pytest.mark.parametrize("group", GROUPS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_name_and_reason_is_said(group: ModuleType) -> None:
    """An option that is text and no name of something that there is takes no empty text."""
    plain = {
        f"{name} --{option.name}"
        for name, command in group.command.commands.items()
        for option in command.params
        if isinstance(option, click.Option) and option.type is click.STRING and option.name not in LOOKED_UP
    }
    assert plain == set()
