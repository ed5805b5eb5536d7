"""The molecule scenarios pass on their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# These five cost minutes of what CI has; tests/lab tries the same roles on booted hosts.
LONG = {"config", "drain", "patch", "restart", "upgrade"}
SCENARIOS = [
    pytest.param(name, marks=pytest.mark.long if name in LONG else ())
    for name in sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml"))
]


@pytest.mark.slow
@pytest.mark.lab
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_converges_twice_without_change_and_verifies(scenario: str, tmp_path: Path) -> None:
    """`molecule test -s SCENARIO`: check mode, converge, idempotence, testinfra."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE", "MOLECULE"))}
    done = subprocess.run(
        [BIN / "molecule", "test", "-s", scenario],
        cwd=ROOT,
        env=kept
        | {
            "PATH": f"{BIN}:{kept['PATH']}",
            "ANSIBLE_HOME": str(tmp_path / "ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible"),
            "MOLECULE_EPHEMERAL_DIRECTORY": str(tmp_path / "molecule"),
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    # What failed stands last, before molecule's own summary.
    assert done.returncode == 0, (done.stderr + done.stdout)[-10_000:]
    assert "idempotence" in done.stdout + done.stderr
