"""The parts of changes, imported as they are on disk, with their state in a directory of the test's own."""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

PLUGINS = Path(__file__).parents[4] / "plugins"


@pytest.fixture(scope="session")
def part() -> Callable[[str], ModuleType]:
    """`part("apt")` is the part of that name."""
    for place in (PLUGINS / "module_utils", PLUGINS / "filter"):
        if str(place) not in sys.path:
            sys.path.append(str(place))

    def of(name: str) -> ModuleType:
        return importlib.import_module(name if name == "phases" else f"changes.{name}")

    return of


@pytest.fixture
def state(part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state directory of a host that has none yet."""
    monkeypatch.setattr(part("place"), "STATE", tmp_path / "maintkit")
    return tmp_path / "maintkit"


@pytest.fixture
def others() -> Iterator[Path]:
    """A directory that other users may enter: pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="maintkit-logs-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture
def logs(state: Path, tmp_path: Path) -> Path:
    """A directory of logs, and a state of the host beside it."""
    state.mkdir(mode=0o700)
    (tmp_path / "logs").mkdir(mode=0o755)
    return tmp_path / "logs"
