"""procedure.yml is the one source: roles, defaults and playbooks say the same as it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
PHASES = ["probe", "precheck", "backup", "change", "verify", "rollback", "undoable"]
CHANGES = sorted(
    path.parent.name for path in ROOT.glob("playbooks/procedures/*/procedure.yml") if path.parent.name != "inspect"
)
CLASSES = {"reversible", "snapshot", "restore-only", "point-of-no-return"}


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def procedure(name: str) -> dict[str, Any]:
    told: dict[str, Any] = read(f"playbooks/procedures/{name}/procedure.yml")
    return told


@pytest.mark.parametrize("name", CHANGES)
def test_a_procedure_says_what_it_is(name: str) -> None:
    told = procedure(name)
    assert told["id"] == name
    assert told["title_zh"]
    assert told["risk"] in ("none", "low", "medium", "high")
    assert list(told["phases"]) == PHASES
    assert told["phases"]["change"]["rollback_class"] in CLASSES


@pytest.mark.parametrize("name", CHANGES)
def test_every_phase_has_tasks_a_playbook_and_a_specification_or_says_why_not(name: str) -> None:
    specified = read(f"roles/{name}/meta/argument_specs.yml")["argument_specs"]
    for phase, about in procedure(name)["phases"].items():
        there = [
            (ROOT / f"roles/{name}/tasks/{phase}.yml").exists(),
            (ROOT / f"playbooks/procedures/{name}/{phase}.yml").exists(),
            phase in specified,
        ]
        assert there == [not about.get("absent")] * 3, phase
        assert about.get("absent") or about["playbook"] == f"maintkit.ops.procedures.{name}.{phase}"


@pytest.mark.parametrize("name", CHANGES)
def test_parameters_defaults_and_specifications_agree(name: str) -> None:
    parameters, defaults = procedure(name)["parameters"], read(f"roles/{name}/defaults/main.yml")
    for phase, specified in read(f"roles/{name}/meta/argument_specs.yml")["argument_specs"].items():
        for parameter, about in parameters.items():
            option = specified["options"][parameter]
            assert {key: about.get(key) for key in ("type", "elements", "choices")} == {
                key: option.get(key) for key in ("type", "elements", "choices")
            }, (phase, parameter)
    assert {key: about["default"] for key, about in parameters.items()} == {
        key: value for key, value in defaults.items() if key in parameters
    }
    assert all(key.startswith(f"{name}_") for key in parameters)
