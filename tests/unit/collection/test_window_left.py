"""What the window leaves of a budget: the roles themselves are asked, by Ansible, what their modules would be told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
ROLES = ("reindex", "vacuum", "rebuild_tables", "change_indexes")


def budgets(where: Path, *given: str) -> dict[str, float]:
    """The budget that the change of each role hands to its module."""
    expressions = {}
    for name in ROLES:
        first = yaml.safe_load((ROOT / f"roles/{name}/tasks/change.yml").read_text())[0]
        expressions[name] = next(told["budget"] for told in first.values() if isinstance(told, dict))
    play: dict[str, Any] = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars_files": [str(ROOT / f"roles/{name}/defaults/main.yml") for name in ("procedure", *ROLES)],
        "tasks": [{"ansible.builtin.copy": {"content": expressions, "dest": str(where / "told")}}],
    }
    (where / "play.yml").write_text(json.dumps([play]))
    argv = [str(Path(sys.executable).parent / "ansible-playbook"), "play.yml"]
    subprocess.run([*argv, *given], cwd=where, check=True, capture_output=True)
    told: dict[str, float] = json.loads((where / "told").read_text())
    return told


@pytest.mark.parametrize(
    ("given", "budget"),
    [
        ((), 3600),
        (("-e", '{"maintkit_left": 900}'), 900),
        (("-e", '{"maintkit_left": 0}'), 0),
        (("-e", '{"maintkit_left": 7200}'), 3600),
    ],
)
def test_a_change_works_no_longer_than_the_window_and_the_budget_allow(
    tmp_path: Path, given: tuple[str, ...], budget: float
) -> None:
    """Without the engine there is no window, and the budget holds."""
    assert budgets(tmp_path, *given) == dict.fromkeys(ROLES, budget)
