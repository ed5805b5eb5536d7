"""What the tests of reminders start from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sites
from bell import Bell


@pytest.fixture(scope="module")
def bare_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one host, which nobody has inspected."""
    return sites.make_site(tmp_path_factory.mktemp("bare") / "site", {"all": {"hosts": {"his-app1": None}}})


@pytest.fixture
def bell(bare_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bell:
    """A copy of it, whose clock stands at bell.NOW until a test turns it."""
    return Bell(shutil.copytree(bare_site, tmp_path / "site"), monkeypatch)
