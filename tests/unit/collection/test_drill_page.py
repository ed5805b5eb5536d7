"""docs/restore-drill.md names tests that there are, and the stages that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from maintkit.evidence.drill_record import SERVICE, STAGES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/restore-drill.md").read_text()
FILES = ("tests/faults/test_restore_drill.py", "tests/lab/test_restore_drill.py")


def test_every_named_test_exists_and_every_fault_has_one() -> None:
    trees = [ast.parse((ROOT / name).read_text()) for name in FILES]
    there = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert set(re.findall(r"\btest_\w+(?!\w*\.py)\b", PAGE)) - {"test_restore_drill"} <= there
    rows = re.findall(r"^\| (4[4-8]) \|.*\btest_", PAGE, flags=re.MULTILINE)
    assert set(rows) == {"44", "45", "46", "47", "48"}


def test_host_and_controller_know_the_same_stages() -> None:
    """They meet at JSON and import nothing of each other."""
    tree = ast.parse((ROOT / "plugins/module_utils/drill/journal.py").read_text())
    told = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("STAGES", "SERVICE")
    }  # fmt: skip
    assert told == {"STAGES": STAGES, "SERVICE": SERVICE}
    listed = re.findall(r"^\| (\w+) \|", PAGE.partition("| stage |")[2].partition("\n\n")[0], flags=re.MULTILINE)
    assert tuple(listed) == STAGES
