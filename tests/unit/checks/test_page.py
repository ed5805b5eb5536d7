"""The page of all checks."""

from __future__ import annotations

from pathlib import Path

from maintkit.checks.page import page
from maintkit.checks.registry import all_checks

PAGE = Path(__file__).parents[3] / "docs" / "checks.md"


def test_the_page_is_current() -> None:
    """docs/checks.md is what the checks say of themselves today: `python -m maintkit.checks.page > docs/checks.md`."""
    assert PAGE.read_text("utf-8") == page()


def test_the_page_names_every_check() -> None:
    """With a row each."""
    rows = {line.split("`")[1] for line in page().splitlines() if line.startswith("| `")}
    assert rows == {one.id for one in all_checks()}


def test_the_page_marks_what_is_seen_only_once() -> None:
    """A △ on the row of every check that tells of a change, and on no other."""
    marked = {line.split("`")[1] for line in page().splitlines() if line.startswith("| `") and line.endswith("△ |")}
    assert marked == {one.id for one in all_checks() if one.change}
