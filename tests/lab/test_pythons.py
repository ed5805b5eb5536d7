"""The collector over ssh under every Python at hand, on a booted host: whatever runs it, nothing is wrong there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pythons import PYENV, VERSIONS, interpreter
from trialling import Seen, Ward, said

from lab import lab
from lab.trials.healthy import declared, healthy, specs

HOST = "his1"


def shown(version: str) -> str | None:
    """An interpreter that a host can be shown: one that lies in a folder of its own, with all that it needs."""
    path = interpreter(version)
    return path if path and path.startswith(f"{PYENV}/") else None


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """One host, in the inventory once for each interpreter."""
    found = {version: path for version in VERSIONS if (path := shown(version))}
    if not found:
        pytest.skip(f"no Python in {PYENV}")
    with lab([replace(specs(1)[0], shown=(str(PYENV),))]) as made, healthy(made[HOST]):
        told = json.loads(made.inventory.read_text())
        host = told["all"]["hosts"].pop(HOST)
        for version, path in found.items():
            told["all"]["hosts"][f"python{version}"] = {**host, "ansible_python_interpreter": path}
        made.inventory.write_text(json.dumps(told))
        ward = Ward(made=made, place=tmp_path_factory.mktemp("ward"), declared={"all": declared(made)})
        ward.observe()
        yield ward.observe()


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_wrong_on_a_healthy_host_whatever_python_runs_there(seen: Seen, version: str) -> None:
    """Real systemd, journal, TLS, apt: all sections come, and all checks are well or do not apply."""
    if shown(version) is None:
        pytest.skip(f"no Python {version} in {PYENV}")
    assert f"python{version}" not in seen.coverage["missed"]
    assert said(seen.of(f"python{version}")) == ""
