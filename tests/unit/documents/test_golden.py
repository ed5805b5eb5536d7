"""The documents of known inspections, whole, as JSON trees under tests/golden."""

from __future__ import annotations

from pathlib import Path

import draw
import pytest

GOLDEN = Path(draw.HERE)


@pytest.mark.parametrize("name", sorted(draw.documents()))
def test_a_known_inspection_gives_the_known_document(name: str) -> None:
    """A change of wording or layout shows up as a diff of the tree, and is meant."""
    assert draw.tree_text(draw.documents()[name]) == (GOLDEN / f"{name}.json").read_text(), (
        "if this is meant, run `PYTHONPATH=tests python tests/golden/draw.py` and read the diff"
    )
