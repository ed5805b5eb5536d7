"""Steps that nothing here can cut, on a booted host: begun once, attached to, and honest about what is not known."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from procedures import ANSIBLE, environment, module

from lab import File, Lab, Spec, lab

COUNT = "echo once >>/root/count; sleep 3; echo end"


@pytest.fixture(scope="module")
def one() -> Iterator[Lab]:
    """One host for all tests that leave it as usable as it was; each has a run of its own."""
    with lab([Spec(name="h1")]) as made:
        yield made


def step(run: str, script: str, **more: object) -> dict[str, object]:
    return {"run": run, "step": "work", "argv": ["sh", "-c", script], **more}


def test_a_step_goes_on_without_its_connection_and_the_next_call_tells_its_end(one: Lab) -> None:
    """Fault 2: ssh and controller are killed in the middle; nothing is done twice."""
    argv = [str(ANSIBLE / "ansible"), "-i", str(one.inventory), "h1", "-m", "maintkit.ops.detached"]
    first = subprocess.Popen(
        [*argv, "-a", json.dumps(step("cut", COUNT))],
        env=environment(),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    until = time.monotonic() + 30
    while one["h1"].run("test", "-e", "/root/count", check=False).code and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    one.remove_held()
    first.wait()
    assert one["h1"].run("systemctl", "is-active", "maintkit-cut-work").out == "active\n"
    again = module(one, "detached", step("cut", COUNT))
    assert (again["changed"], again["state"], again["rc"], again["output"]) == (False, "done", 0, "end\n")
    assert one["h1"].run("cat", "/root/count").out == "once\n"


def test_many_callers_at_once_begin_a_step_once(one: Lab) -> None:
    argv = [str(ANSIBLE / "ansible"), "-i", str(one.inventory), "h1", "-m", "maintkit.ops.detached"]
    argv += ["-o", "-a", json.dumps(step("race", "echo once >>/root/race; sleep 1"))]
    callers = [subprocess.Popen(argv, env=environment(), stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [caller.communicate()[0] for caller in callers]
    assert sorted('"changed": true' in one_said for one_said in said) == [False, False, True]
    assert one["h1"].run("cat", "/root/race").out == "once\n"


def test_a_step_that_fails_says_its_last_words_and_is_not_begun_again(one: Lab) -> None:
    asked = step("fails", "echo one >>/root/fails; echo the disk is on fire >&2; exit 7")
    for _ in range(2):
        told = module(one, "detached", asked)
        assert (told["rc"], told["msg"]) == (7, "sh ended with 7: the disk is on fire")
    assert one["h1"].run("cat", "/root/fails").out == "one\n"
    absent = module(one, "detached", {"run": "fails", "step": "no-program", "argv": ["/nowhere/program"]})
    assert absent["rc"] == 127
    assert "No such file or directory: '/nowhere/program'" in absent["msg"]


def test_a_name_stands_for_one_command_and_leads_nowhere_else(one: Lab) -> None:
    """Fault 52."""
    module(one, "detached", step("named", "true"))
    other = module(one, "detached", step("named", "false"))
    assert other["msg"] == "step work of run named is another command: sh -c true"
    for run, name in (("../../etc", "x"), ("named", "../../x"), ("-o", "x"), ("a b", "x"), ("", "x")):
        told = module(one, "detached", {"run": run, "step": name, "argv": ["true"]})
        assert "is no name for a" in told["msg"]


def test_words_of_a_command_are_words_and_no_shell_reads_them(one: Lab) -> None:
    """Faults 51 and 50."""
    hostile = "; touch /root/hacked $(touch /root/hacked) `touch /root/hacked` %n ${HOME} {{ 1 + 1 }}"
    told = module(
        one, "detached", {"run": "argv", "step": "echo", "argv": ["printf", "%s", hostile.replace("{{", "{ {")]}
    )
    assert told["output"] == hostile.replace("{{", "{ {")
    assert one["h1"].run("test", "-e", "/root/hacked", check=False).code == 1


def test_output_of_any_size_is_capped_on_the_host(one: Lab) -> None:
    """Fault 57: head, tail and the hash of all of it."""
    size = 100 * 1024 * 1024
    script = f"printf head; head -c {size} /dev/zero | tr '\\0' x; printf '\\377tail'"
    told = module(one, "detached", step("loud", script))
    assert told["bytes"] == size + 9
    assert told["sha256"] == hashlib.sha256(b"head" + b"x" * size + b"\xfftail").hexdigest()
    assert told["output"].startswith("headxxx")
    assert told["output"].endswith("xxx�tail")
    assert len(told["output"]) < 400_000


def test_state_goes_into_private_directories_only(one: Lab) -> None:
    """Fault 53: somebody else's directory, or a link to one, is refused."""
    host = one["h1"]
    module(one, "detached", step("private", "true"))
    modes = host.sh("find /var/lib/maintkit -perm /077 -print")
    assert modes == ""
    host.sh("cd /var/lib/maintkit/runs; mkdir -p /tmp/theirs; ln -s /tmp/theirs linked; mkdir -m 0777 open")
    for run in ("linked", "open"):
        assert "is not a private directory of ours" in module(one, "detached", step(run, "true"))["msg"]
    assert host.sh("ls /tmp/theirs") == ""


def test_a_late_controller_is_told_by_its_token(one: Lab) -> None:
    held = {"run": "locked", "token": 5, "holder": "first"}
    assert module(one, "host_lock", held)["changed"] is True
    assert module(one, "host_lock", held)["changed"] is False
    other = module(one, "host_lock", {"run": "other", "token": 9})
    assert other["msg"].startswith("run locked holds this host (first, token 5)")
    assert module(one, "host_lock", {**held, "token": 6})["changed"] is True
    late = module(one, "detached", step("locked", "touch /root/late", token=5))
    assert "token 5 is below 6" in late["msg"]
    assert "is not above 6" in module(one, "host_lock", held)["msg"]
    assert module(one, "host_lock", {"run": "locked", "token": 5, "state": "released"})["failed"] is True
    assert module(one, "host_lock", {"run": "locked", "token": 6, "state": "released"})["changed"] is True
    assert "is not above 6" in module(one, "host_lock", {"run": "other", "token": 6})["msg"]
    assert one["h1"].run("test", "-e", "/root/late", check=False).code == 1


def test_a_step_in_which_the_power_was_cut_is_lost_and_never_begun_again() -> None:
    """Fault 10, on the host's side: intent alone means unknown."""
    with lab([Spec(name="h1", files=(File(path="/root/.keep", content=b""),))]) as made:
        host = made["h1"]
        begun = module(made, "detached", step("power", "echo once >>/root/count; sync; sleep 60", timeout=0))
        assert (begun["changed"], begun["state"]) == (True, "running")
        until = time.monotonic() + 20
        while host.run("test", "-e", "/root/count", check=False).code and time.monotonic() < until:
            time.sleep(0.05)
        host.cut_power()
        made.remove_held()
        host.start()
        host.wait()
        told = module(made, "detached", step("power", "echo once >>/root/count; sync; sleep 60"))
        assert "was begun and cut off: look how far it came" in told["msg"]
        assert host.run("cat", "/root/count").out == "once\n"
