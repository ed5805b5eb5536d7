"""A site as `maintkit init` makes it, without its ledger."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

import pytest


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The template's files in a directory of their own."""
    root = tmp_path / "site"
    with as_file(files("maintkit.contract") / "templates") as templates:
        shutil.copytree(templates, root, copy_function=shutil.copyfile)
    return root
