"""The pages of restore drills name tests that there are, and the stages that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from maintkit.evidence.drill_record import MARIADB_SERVICE, MARIADB_STAGES, SERVICE, STAGES
from maintkit.evidence.restore_record import MARIADB_STAGES as OF_MARIADB
from maintkit.evidence.restore_record import STAGES as OF_POSTGRESQL

ROOT = Path(__file__).parents[3]
PAGES = {
    "restore-drill": (
        "faults/test_restore_drill", "faults/test_restore_drill_refused", "faults/test_restore_drill_apart",
        "faults/test_repositories", "faults/test_large_objects", "faults/test_restore_mark", "lab/test_restore_drill",
    ),
    "mariadb-drill": ("faults/test_mariadb_drill", "lab/test_mariadb_drill"),
}  # fmt: skip


@pytest.mark.parametrize(("page", "files"), PAGES.items())
def test_every_named_test_exists_and_every_fault_has_one(page: str, files: tuple[str, ...]) -> None:
    text = (ROOT / f"docs/{page}.md").read_text()
    assert [file for file in files if f"`tests/{file}.py`" not in text] == []
    trees = [ast.parse((ROOT / f"tests/{file}.py").read_text()) for file in files]
    there = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert set(re.findall(r"\btest_\w+(?!\w*\.py)\b", text)) - {file.partition("/")[2] for file in files} <= there
    rows = re.findall(r"^\| (4[4-8]) \|.*\btest_", text, flags=re.MULTILINE)
    assert set(rows) == {"44", "45", "46", "47", "48"}


def test_the_page_of_a_restore_of_mariadb_names_tests_and_stages_that_there_are() -> None:
    text = (ROOT / "docs/mariadb-restore.md").read_text()
    trees = [ast.parse((ROOT / f"tests/{one}/test_mariadb_restore.py").read_text()) for one in ("faults", "lab")]
    there = {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert set(re.findall(r"\btest_\w+(?!\w*\.py)\b", text)) - {"test_mariadb_restore"} <= there
    table = text.partition("| stage |")[2].partition("\n\n")[0]
    assert tuple(re.findall(r"^\| (\w+) \|", table, flags=re.MULTILINE)) == OF_MARIADB
    tree = ast.parse((ROOT / "plugins/module_utils/recovery/journal.py").read_text())
    told = {ast.unparse(one.targets[0]): one.value for one in tree.body if isinstance(one, ast.Assign)}
    known = {"FORWARD": OF_POSTGRESQL, "MARIADB_FORWARD": OF_MARIADB}
    assert {name: ast.literal_eval(told[name]) for name in known} == known


def test_host_and_controller_know_the_same_stages() -> None:
    """They meet at JSON and import nothing of each other."""
    known = {"STAGES": STAGES, "SERVICE": SERVICE, "MARIADB_STAGES": MARIADB_STAGES, "MARIADB_SERVICE": MARIADB_SERVICE}
    tree = ast.parse((ROOT / "plugins/module_utils/drill/journal.py").read_text())
    told = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in known
    }  # fmt: skip
    assert told == known
    for page, stages in (("restore-drill", STAGES), ("mariadb-drill", MARIADB_STAGES)):
        table = (ROOT / f"docs/{page}.md").read_text().partition("| stage |")[2].partition("\n\n")[0]
        assert tuple(re.findall(r"^\| (\w+) \|", table, flags=re.MULTILINE)) == stages
