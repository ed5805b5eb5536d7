"""docs/change-faults.md says of every fault what happens and which test makes it happen, and the tests are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "change-faults.md"
ABSENT = "not in this release: "
ROW = re.compile(r"\| (\d+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|")
TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(test_\w+)`")
CODES = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", (ROOT / "docs" / "exit-codes.md").read_text())}


def rows() -> list[tuple[int, str, str, str, str]]:
    found = [ROW.fullmatch(line) for line in PAGE.read_text(encoding="utf-8").splitlines()]
    return [(int(row[1]), row[2], row[3], row[4], row[5]) for row in found if row]


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_fault_stands_there_once_in_its_order() -> None:
    assert [row[0] for row in rows()] == list(range(1, 63))
    # A row that the pattern does not read would be missed in silence.
    assert len(re.findall(r"(?m)^\| \d+ \|", PAGE.read_text(encoding="utf-8"))) == 62


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"fault-{row[0]}")
def test_a_fault_names_tests_that_are_there_or_says_that_it_is_not_in_this_release(
    row: tuple[int, str, str, str, str],
) -> None:
    _number, _fault, happens, shows, tests = row
    named = TEST.findall(tests)
    assert ", ".join(f"`{path}::{name}`" for path, name in named) == tests.replace("–", "")
    assert bool(named) != happens.startswith(ABSENT)
    for path, name in named:
        assert name in names_in(ROOT / path), f"{path} has no {name}"
    assert {int(code) for code in re.findall(r"\b\d+\b", shows)} <= CODES
