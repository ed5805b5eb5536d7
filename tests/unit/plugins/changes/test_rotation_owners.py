"""Whose a log and its directories are, who else knows them, and who is named: seen before anything is rotated."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from chinese import english_in
from largelogs import ADM, CAN, NOBODY, large, listed, look, refused, rule

from maintkit.documents.reasons import reason

if not CAN:
    pytest.skip("needs root and logrotate", allow_module_level=True)

# Writes, under a name of 15 bytes that ends in the midst of a character.
NAMED = """
import sys, time
open("/proc/self/comm", "wb").write("a医院信息系统".encode())
held = open(sys.argv[1], "r+")
print("ready", flush=True)
time.sleep(60)
"""


def test_an_owner_without_a_name_is_refused_before(part: Callable, others: Path) -> None:
    """As of an application in a container: logrotate's `su` takes names alone."""
    log = large(others / "his.log")
    for one in (others, log):
        os.chown(one, 54321, 54321)
    why = refused(part, rule(others))
    assert re.search(r"belongs to 54321:54321: logrotate knows", why), why
    assert not english_in(reason(why))


def test_an_owner_who_may_not_write_in_the_directory_is_refused_before(part: Callable, others: Path) -> None:
    """As Ubuntu's /var/log/nginx: /var/log is writable for a group, the directory in it for root alone."""
    os.chown(others, 0, ADM)
    others.chmod(0o775)
    folder = others / "nginx"
    folder.mkdir(mode=0o755)
    os.chown(folder, 0, ADM)
    os.chown(large(folder / "his.log"), NOBODY, ADM)
    why = refused(part, rule(folder))
    assert re.search(r"belongs to nobody:adm, its directory to root:adm, and others may write on the way", why), why
    folder.chmod(0o775)
    assert look(part, rule(folder))["refused"] == []


@pytest.mark.usefixtures("logs")
def test_whom_an_acl_lets_write_is_one_of_the_others(part: Callable, others: Path) -> None:
    """The mask stands where the group's rights do, and root's group is harmless only without one."""
    os.chown(large(others / "his.log"), NOBODY, 0)
    others.chmod(0o775)
    assert part("logrotate").acting_as(others / "his.log", (others / "his.log").stat()) == ""
    none = 2**32 - 1
    entries = [(1, 7, none), (2, 7, NOBODY), (4, 5, none), (16, 7, none), (32, 5, none)]
    packed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *one) for one in entries)
    try:
        os.setxattr(others, "system.posix_acl_access", packed)
    except OSError:
        pytest.skip("no ACL on this filesystem")
    assert part("logrotate").acting_as(others / "his.log", (others / "his.log").stat()) == "nobody root"
    (one,) = look(part, rule(others))["files"]
    (done,) = part("rules").do([one], None)["files"]
    assert (done["why"], done["ended"], listed(others)) == ("", "rotated", ["his.log", "his.log-WHEN.gz"])


@pytest.mark.parametrize("flag", ["a", "i"])
def test_what_not_even_root_may_rename_is_refused_before(part: Callable, logs: Path, flag: str) -> None:
    """As guides for hardening ask of logs; logrotate would fail in the window."""
    log = large(logs / "his.log")
    if subprocess.run(["/usr/bin/chattr", f"+{flag}", log], check=False, capture_output=True).returncode:
        pytest.skip("no such flags on this filesystem")
    try:
        why = refused(part, rule(logs))
    finally:
        subprocess.run(["/usr/bin/chattr", f"-{flag}", log], check=True)
    assert "is append-only or immutable" in why
    assert not english_in(reason(why))
    assert look(part, rule(logs))["refused"] == []


def test_a_host_that_rotates_by_way_of_a_link_is_a_second_master(
    part: Callable, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule names the true path; the host's own configuration may name another."""
    large(logs / "his.log")
    (logs.parent / "link").symlink_to(logs)
    own = logs.parent / "own"
    monkeypatch.setattr(part("logrotate"), "HOSTS_OWN", (own,))
    own.write_text(f"{logs.parent}/link/other.log {{\n}}\n")
    assert look(part, rule(logs))["refused"] == []
    for pattern in ("link/*.log", "li?k/his.log"):
        own.write_text(f"{logs.parent}/{pattern} {{\n}}\n")
        assert "is rotated by" in refused(part, rule(logs))


def test_a_rule_by_a_roundabout_path_means_the_same_logs(part: Callable, logs: Path) -> None:
    """It was taken for a rule of this directory, and named none of its logs."""
    large(logs / "his.log")
    about = rule(logs) | {"path": f"{logs}/../{logs.name}/"}
    seen = look(part, about)
    assert [one["path"] for one in seen["files"]] == [str(logs / "his.log")]
    assert part("rules").still(seen["files"], [about], 184) == seen["files"]


def test_a_process_whose_name_is_cut_in_a_character_is_named(part: Callable, logs: Path) -> None:
    log = large(logs / "his.log")
    with subprocess.Popen([sys.executable, "-c", NAMED, str(log)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            assert f"is written by process {process.pid} (a医院信息" in refused(part, rule(logs))
        finally:
            process.kill()


def test_a_file_that_goes_while_its_directory_is_read_is_no_failure(part: Callable, logs: Path) -> None:
    """As where an application makes and removes files all the time."""
    for number in range(5):
        large(logs / f"{number}.log")
    files = part("tidy").all_files(logs, recurse=False)
    (first, _seen) = next(files)
    for one in logs.iterdir():
        if one != first:
            one.unlink()
    assert list(files) == []


def test_many_processes_of_one_name_are_named_together(part: Callable) -> None:
    def one(pid: int, name: str) -> object:
        return part("writers").Holder(pid=pid, name=name, service=None, writes=True, appends=True)

    left = [one(7, "nginx"), one(8, "tail"), one(9, "nginx"), one(9, "nginx")]
    assert part("writers").named(left) == "process 7 9 (nginx), process 8 (tail)"
