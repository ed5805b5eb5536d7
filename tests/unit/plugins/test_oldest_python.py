"""Whatever modules load on a host loads there with the oldest Python that a host may have."""

from __future__ import annotations

import subprocess
from pathlib import Path

import ansible_collections.maintkit.ops as collection
import pytest
from pythons import interpreter

PARTS = "ansible_collections.maintkit.ops.plugins.module_utils"
LOADING = "import importlib, sys\nsys.path.insert(0, sys.argv[1])\n[importlib.import_module(x) for x in sys.argv[2:]]"


def test_every_part_of_the_modules_loads_with_python_3_8() -> None:
    """An alias of a type is made when a file is loaded, whatever `annotations` puts off."""
    python = interpreter("3.8")
    if python is None:
        pytest.skip("no Python 3.8 on this machine")
    root = Path(next(iter(collection.__path__)))
    place = root / "plugins" / "module_utils"
    files = sorted(one.relative_to(place).with_suffix("") for one in place.rglob("*.py") if one.stem != "__init__")
    names = [f"{PARTS}.{'.'.join(one.parts)}" for one in files if one.parts[0] != "collector"]
    assert f"{PARTS}.tables.catalog" in names
    done = subprocess.run([python, "-c", LOADING, str(root.parents[2]), *names], capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
