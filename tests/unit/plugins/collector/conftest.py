"""The collector's parts, imported one by one as they are on disk."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

PLUGINS = Path(__file__).parents[4] / "plugins" / "module_utils"


@pytest.fixture(scope="session")
def part() -> Callable[[str], ModuleType]:
    """`part("cpu")` is the part of that name."""
    if str(PLUGINS) not in sys.path:
        sys.path.append(str(PLUGINS))
    return lambda name: importlib.import_module(f"collector.{name}")
