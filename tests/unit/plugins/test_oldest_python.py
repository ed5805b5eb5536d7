"""Whatever modules load on a host loads there with the oldest Python that a host may have."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import ansible_collections.maintkit.ops as collection
import pytest
from pythons import interpreter

PARTS = "ansible_collections.maintkit.ops.plugins.module_utils"
# Methods of str, Path and int that came with Python 3.9 to 3.12; a call of them fails when it is reached, not before.
LATER = {
    "removeprefix", "removesuffix", "is_relative_to", "with_stem", "readlink", "hardlink_to", "bit_count", "walk",
    "is_junction", "with_segments",
}  # fmt: skip
OF_OS = {"os.readlink", "os.walk", "ast.walk"}  # of the same names, and old
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


def test_no_part_of_the_modules_calls_what_python_3_8_lacks() -> None:
    """Such a call would end a change or a drill half-way, on the oldest hosts alone."""
    place = Path(next(iter(collection.__path__))) / "plugins"
    parts = [one for one in (place / "module_utils").rglob("*.py") if "collector" not in one.parts]
    found = [
        f"{file.relative_to(place)}:{node.lineno} {ast.unparse(node)}"
        for file in (*parts, *(place / "modules").glob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in LATER and ast.unparse(node) not in OF_OS
    ]
    assert len(parts) > 50
    assert found == []


def _later(node: ast.AST) -> bool:
    """Dictionaries joined by `|`, as far as one of them is written out, and a zip that is strict: 3.9 and 3.10."""
    if isinstance(node, ast.Call):
        strict = any(word.arg == "strict" for word in node.keywords)
        return strict and isinstance(node.func, ast.Name) and node.func.id == "zip"
    if not isinstance(node, (ast.BinOp, ast.AugAssign)) or not isinstance(node.op, ast.BitOr):
        return False
    sides = [node.value] if isinstance(node, ast.AugAssign) else [node.left, node.right]
    sides = [one.body if isinstance(one, ast.IfExp) else one for one in sides]
    return any(isinstance(one, (ast.Dict, ast.DictComp)) or ast.unparse(one).startswith("dict(") for one in sides)


def test_no_part_of_the_modules_joins_or_zips_as_python_3_8_cannot() -> None:
    """It fails when it is reached: on such a host no PostgreSQL could be asked anything."""
    place = Path(next(iter(collection.__path__))) / "plugins"
    files = [*(place / "module_utils").rglob("*.py"), *(place / "modules").glob("*.py")]
    assert [_later(ast.parse(one).body[0].value) for one in ("a | {**b}", "a | b", "zip(a, strict=True)")] == [
        True, False, True,
    ]  # fmt: skip
    assert [
        f"{file.relative_to(place)}:{node.lineno} {ast.unparse(node)}"
        for file in files
        if "collector" not in file.parts
        for node in ast.walk(ast.parse(file.read_text()))
        if _later(node)
    ] == []
