"""Rebuilds of tables on a real MariaDB whose run or whose server is killed: the next run settles what is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from indexing import Beside, part, until
from tabling import Server, emptied

MORE = 60_000  # rows, about 24 MB: work enough that something can happen in it

DYING = """import pathlib, sys
sys.path.insert(0, sys.argv[4])
from indexing import part
from tabling import Server
part("changes.place").STATE = pathlib.Path(sys.argv[3])
reach = part("mysql.session").Reach(socket=sys.argv[1], bindir=sys.argv[2])
part("tables.sweep").Sweep(reach, "dead", Server(home=pathlib.Path()).rules(lock_timeout_s=60)).go(())"""


@pytest.fixture
def his(maria: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    with emptied(maria):
        yield maria


def test_a_killed_run_leaves_nothing_that_the_next_does_not_settle(his: Server, tmp_path: Path) -> None:
    """Module and client die at once while the server works; it may go on, and is waited for before it is judged."""
    his.fragment("visit", MORE)
    reach = his.reach
    arguments = [reach.socket, reach.bindir, str(tmp_path / "state"), str(Path(__file__).parents[1])]
    dying = subprocess.Popen([sys.executable, "-c", DYING, *arguments], start_new_session=True)
    until(his.at_work, every=0.005)
    os.killpg(dying.pid, signal.SIGKILL)
    dying.wait()
    assert list(his.memory.told["open"]) == ['["his", "visit"]']
    told = his.sweep("r2")
    assert [one["verdict"] for one in told["rebuilt"]] == ["rebuilt"]
    assert his.memory.items("dead")[0]["said"] == "cut off"
    assert (told["ended"], his.half_made(), his.memory.told["open"]) == ("done", [], {})


def test_a_server_that_dies_in_a_rebuild_comes_back_with_the_table_as_it_was(his: Server) -> None:
    his.fragment("visit", MORE)
    rows = his.sql("SELECT COUNT(*), SUM(CRC32(filler)) FROM visit")
    beside = Beside(his.sweep)
    until(his.at_work, every=0.005)
    his.kill()
    with pytest.raises(part("changes.place").Refused):
        beside.end()
    his.start()
    told = his.sweep("r2")
    assert his.memory.items("r1")[0]["verdict"] == "intact"
    assert (len(told["rebuilt"]), his.half_made(), his.memory.told["open"]) == (1, [], {})
    assert his.sql("SELECT COUNT(*), SUM(CRC32(filler)) FROM visit") == rows
