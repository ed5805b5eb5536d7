"""Children that hang, die or flood cost one task each; nobody waits for them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest


def lanes(part, tasks, *, workers=2, seconds=0.5, total=5.0):
    """Run functions as tasks; `{number: (state, payload)}` and the seconds it took."""
    began = time.monotonic()
    results = part("lanes").in_lanes(len(tasks), lambda n: tasks[n](), workers, seconds, began + total)
    return results, time.monotonic() - began


def test_each_task_answers_in_its_own_right(part):
    """More tasks than children; large answers arrive whole."""
    results, _ = lanes(part, [lambda n=n: b"%d" % n * 100_000 for n in range(10)], seconds=5.0)
    assert {n: (state, payload) for n, (state, payload) in results.items()} == {
        n: ("done", b"%d" % n * 100_000) for n in range(10)
    }


def stop_forever() -> bytes:
    """As a process in the kernel's D state: it reacts to no signal that can be caught."""
    os.kill(os.getpid(), signal.SIGSTOP)
    return b"never"


@pytest.mark.parametrize("stuck", [stop_forever, lambda: time.sleep(60)])
def test_a_stuck_child_costs_its_task_alone(part, stuck):
    """The tasks behind it are taken by another child."""
    results, took = lanes(part, [stuck, lambda: b"a", lambda: b"b", lambda: b"c"], workers=1)
    assert results[0][0] == "timeout"
    assert [results[n] for n in (1, 2, 3)] == [("done", b"a"), ("done", b"b"), ("done", b"c")]
    assert took < 3


def test_a_dead_child_is_told_from_a_slow_one(part):
    """Killed by the kernel (out of memory), with its exit code."""
    results, _ = lanes(part, [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: b"a"], workers=1)
    assert results[0][0] == "died"
    assert results[1] == ("done", b"a")


def test_the_deadline_is_kept_whatever_the_tasks_do(part):
    """What was not reached is late, not missing."""
    results, took = lanes(part, [lambda: time.sleep(60)] * 20, workers=2, seconds=50.0, total=0.5)
    assert {state for state, _ in results.values()} == {"late"}
    assert len(results) == 20
    assert took < 2


def test_programs_of_a_stuck_child_go_with_it(part):
    """The process group is killed, not only the child."""

    def start_and_hang():
        part("program").run_program(["/bin/sleep", "4242.5"], 60, 1000)
        return b""

    lanes(part, [start_and_hang])
    time.sleep(0.1)
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if content(path) == b"/bin/sleep\0004242.5\0"]
    assert left == []


def content(path: Path) -> bytes:
    """Of a file that may vanish while it is read: nothing."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_an_abandoned_child_holds_no_descriptor_of_the_connection(part):
    """ssh waits until the last holder of its pipe is gone: a child keeps none of 0, 1, 2."""
    results, _ = lanes(part, [lambda: "|".join(str(Path(f"/proc/self/fd/{n}").readlink()) for n in (0, 1, 2)).encode()])
    assert results[0] == ("done", b"/dev/null|/dev/null|/dev/null")


def test_a_program_that_floods_is_cut(part):
    """At the cap, not at the end of an endless output."""
    output = part("program").run_program(["/usr/bin/yes"], 5.0, 1_000_000)
    assert (output.capped, output.code) == (True, None)
    assert 1_000_000 <= len(output.out) < 1_200_000


def test_a_program_that_hangs_is_left(part):
    """After its time, with what it said until then."""
    began = time.monotonic()
    output = part("program").run_program(["/bin/sh", "-c", "echo begun; exec sleep 30"], 0.3, 1000)
    assert (output.timeout, output.out, output.code) == (True, b"begun\n", None)
    assert time.monotonic() - began < 2


def test_a_program_gets_no_secret_of_the_environment(part, monkeypatch):
    """A fixed environment, and nothing on its standard input."""
    monkeypatch.setenv("DB_PASSWORD", "CANARY")
    output = part("program").run_program(["/usr/bin/env"], 5.0, 10_000)
    assert b"CANARY" not in output.out
    assert b"LC_ALL=C" in output.out
    assert part("program").run_program(["/bin/cat"], 5.0, 1000).out == b""


@pytest.mark.parametrize("kind", ["fifo", "device", "folder"])
def test_only_regular_files_are_opened(part, tmp_path, kind):
    """A FIFO would hang the reader, a device may act."""
    path = {"device": "/dev/zero", "folder": str(tmp_path)}.get(kind)
    if path is None:
        path = str(tmp_path / "fifo")
        os.mkfifo(path)
    probe = part("probe")
    with pytest.raises(probe.Refused, match="not a regular file"):
        probe.open_regular(path)
