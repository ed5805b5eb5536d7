"""The published schema is the models', not a copy that grows old."""

from __future__ import annotations

from pathlib import Path

from maintkit.checks.schema import facts_schema, main

PUBLISHED = Path(__file__).parents[3] / "docs" / "schemas" / "facts-1.schema.json"


def test_the_published_schema_is_current():
    """Run `python -m maintkit.checks.schema docs/schemas/facts-1.schema.json` after changing the models."""
    assert PUBLISHED.read_text(encoding="ascii") == facts_schema()


def test_the_generator_writes_the_file_it_is_given(tmp_path):
    """And refuses to guess one."""
    assert main([str(tmp_path / "schema.json")]) == 0
    assert (tmp_path / "schema.json").read_text(encoding="ascii") == facts_schema()
    assert main([]) == 2
