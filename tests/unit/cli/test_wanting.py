"""Documents that cannot be drawn yet: what they are said to need is something that maintkit can do."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from maintkit.cli.main import cli
from maintkit.cli.terminal.offers.wanting import NEEDS

COMMANDS = sorted({said for needs in NEEDS.values() for said in re.findall("`maintkit ([^`]+)`", needs)})


@pytest.mark.parametrize("said", COMMANDS)
def test_every_command_that_a_document_waits_for_is_there(said: str) -> None:
    shown = CliRunner().invoke(cli, [*said.split(), "--help"])
    assert (shown.exit_code, shown.output.startswith("Usage: ")) == (0, True)
