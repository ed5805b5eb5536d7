"""docs/database-faults.md names for every fault the tests that make it happen, and the tests are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "docs" / "database-faults.md").read_text(encoding="utf-8").splitlines()
ROWS = [line.strip("| ").split(" | ") for line in LINES if line.startswith("| ")][1:]
TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(test_\w+)`")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_fault_names_tests_that_are_there(row: list[str]) -> None:
    _fault, happens, tests = row
    named = TEST.findall(tests)
    assert happens
    assert ", ".join(f"`{path}::{name}`" for path, name in named) == tests != ""
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_no_fault_stands_there_twice() -> None:
    assert len({row[0] for row in ROWS}) == len(ROWS) > 20
