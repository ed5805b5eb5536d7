"""Modules of indexes as the processes that they are on a host, with their state in a directory of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexing import DATABASE, Server
from postgres import OWNER, binaries

RUN = """import pathlib, runpy, sys
from ansible_collections.maintkit.ops.plugins.module_utils.changes import place
name, place.STATE = sys.argv.pop(), pathlib.Path(sys.argv.pop())
runpy.run_module(f"ansible_collections.maintkit.ops.plugins.modules.{name}", run_name="__main__")"""


@dataclass(frozen=True, kw_only=True)
class Module:
    """A running module, first of a process group of its own."""

    process: subprocess.Popen[str]

    def end(self, seconds: float = 120) -> dict[str, Any]:
        """What it told, when it has ended."""
        out, said = self.process.communicate(timeout=seconds)
        assert out.strip(), said
        told: dict[str, Any] = json.loads(out)
        return told


def begin(his: Server, state: Path, **asked: Any) -> Module:
    """The module begun, with limits that let a small index be rebuilt."""
    given = {"user": OWNER, "socket": str(his.home), "bindir": str(binaries()), "databases": [DATABASE],
             "min_mb": 0.1, "spare_mb": 0, "old_transaction": 3600, "lock_timeout": 60, **asked}  # fmt: skip
    return run("postgresql_reindex", state, given)


def run(name: str, state: Path, given: dict[str, Any]) -> Module:
    """A module begun with these parameters."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(state), name],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": given}))
    process.stdin.close()
    process.stdin = None
    return Module(process=process)
