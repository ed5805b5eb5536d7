"""Logs that a process holds open are rotated by the host's own logrotate, and what nobody has open is compressed."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from chinese import english_in
from largelogs import ADM, CAN, NOBODY, large, listed, look, rule, writer

from maintkit.documents.reasons import reason

if not CAN:
    pytest.skip("needs root and logrotate", allow_module_level=True)


def test_a_log_is_copied_emptied_and_compressed_while_a_process_writes_to_it(part: Callable, logs: Path) -> None:
    """The old lines are in the copy, the writer goes on from the file's beginning, and what is told freed is true."""
    log = large(logs / "his.log")
    log.chmod(0o640)
    os.chown(log, NOBODY, ADM)
    before = os.statvfs(logs).f_bavail
    with writer(log):
        (one,) = look(part, rule(logs))["files"]
        done = part("rules").do([one], "R-1")
        time.sleep(0.3)
        assert log.read_bytes().startswith(b"line ")
    assert listed(logs) == ["his.log", "his.log-WHEN.gz"]
    (told,) = done["files"]
    packed = Path(told["to"])
    kept = gzip.decompress(packed.read_bytes()).decode().splitlines()
    assert kept[19999] == "old 19999"
    assert log.stat().st_size < 20000 < int(one["size"])
    assert (told["ended"], told["why"], done["changed"], done["problems"]) == ("rotated", "", True, [])
    assert told["freed"] == done["freed"] == told["bytes"] - packed.stat().st_blocks * 512 > 100_000
    assert before - os.statvfs(logs).f_bavail < 1_000_000
    assert {(one.stat().st_mode & 0o777, one.stat().st_uid, one.stat().st_gid) for one in (log, packed)} == {
        (0o640, NOBODY, ADM)
    }


def test_looking_changes_nothing(part: Callable, logs: Path, state: Path) -> None:
    """Neither the logs nor the host's state."""
    log = large(logs / "his.log")
    seen = log.stat()
    look(part, rule(logs))
    assert (listed(logs), list(state.iterdir()), log.stat().st_mtime_ns) == (["his.log"], [], seen.st_mtime_ns)


def test_without_compression_nothing_is_said_to_be_freed(part: Callable, logs: Path) -> None:
    large(logs / "his.log")
    done = part("rules").do(look(part, rule(logs, compress=False))["files"], None)
    assert (done["freed"], listed(logs)) == (0, ["his.log", "his.log-WHEN"])


def test_what_was_rotated_and_what_is_small_is_left(part: Callable, logs: Path) -> None:
    """A wide pattern names no generation again, no compressed one, and no link; those that stay are counted."""
    large(logs / "his.log-20261127-1795754251")
    large(logs / "old.log.gz")
    (logs / "small").write_text("x")
    (logs / "link").symlink_to(logs / "small")
    seen = look(part, rule(logs, pattern="*"))
    assert (seen["files"], seen["refused"]) == ([], [])
    assert seen["left"] == {"not large enough": 1, "it is a link, or no regular file": 1}


def test_a_repeated_call_of_a_run_rotates_nothing_twice_and_tells_the_same(part: Callable, logs: Path) -> None:
    """Also when the log has grown over the limit again; another run rotates it then."""
    log = large(logs / "his.log")
    wanted = look(part, rule(logs))["files"]
    first = part("rules").do(wanted, "R-1")
    assert part("rotating").Notes("R-1").rotated() == {str(log): first["files"][0]["to"]}
    large(log)
    again = part("rules").do(wanted, "R-1")
    assert (again["files"], again["freed"], again["changed"]) == (first["files"], first["freed"], False)
    assert listed(logs) == ["his.log", "his.log-WHEN.gz"]
    time.sleep(1)  # names are by the second
    (second,) = part("rules").do(look(part, rule(logs))["files"], "R-2")["files"]
    Path(second["to"]).rename(logs / "x")
    assert part("rotating").Notes("R-2").rotated() == part("rotating").Notes(None).rotated() == {}
    (logs / "x").rename(second["to"])
    assert listed(logs) == ["his.log", "his.log-WHEN.gz", "his.log-WHEN.gz"]


@pytest.mark.parametrize("cut", ["before logrotate", "after logrotate", "after compressing", "in the copy"])
def test_a_call_that_was_cut_off_is_taken_up_where_it_stood(part: Callable, logs: Path, cut: str) -> None:
    """One generation in the end; a copy that was cut off stays beside, for nobody can say that it is one."""
    rotating, log = part("rotating"), large(logs / "his.log")
    (one,) = look(part, rule(logs))["files"]
    rotating.Notes("R-1").note(one["path"], {**one, "ended": "begun", "at": int(time.time()), "to": "", "freed": 0})
    generation = logs / time.strftime(f"his.log-%Y%m%d-{int(time.time())}")
    if cut in ("after logrotate", "after compressing"):
        part("logrotate").rotate(str(log), truncate=True, su="")
    elif cut == "in the copy":
        generation.write_bytes(log.read_bytes()[:1000])
        time.sleep(1)
    if cut == "after compressing":
        (made,) = logs.glob("his.log-*")
        rotating.Notes("R-1").note(one["path"], {**one, "ended": "begun", "at": 1, "to": str(made), "freed": 0})
        part("tidy").tidy(part("tidy").told(made, made.stat(), "compress"))
    done = part("rules").do([one], "R-1")
    half = ["his.log-WHEN"] if cut == "in the copy" else []
    assert listed(logs) == ["his.log", *half, "his.log-WHEN.gz"]
    assert (done["files"][0]["ended"], done["files"][0]["freed"] > 100_000) == ("rotated", True)
    packed = Path(done["files"][0]["to"])
    assert gzip.decompress(packed.read_bytes()).decode().splitlines()[-1] == "old 19999"
    assert log.stat().st_size == 0


def test_a_log_that_another_has_rotated_since_the_plan_is_left(part: Callable, logs: Path) -> None:
    """Another file by that name, a smaller one, none at all."""
    log = large(logs / "his.log")
    (one,) = look(part, rule(logs))["files"]
    log.rename(logs / "his.log.1")
    assert part("rules").do([one], None)["files"][0]["ended"] == "gone"
    large(log)
    assert part("rules").do([one], None)["files"][0]["ended"] == "changed"
    (one,) = look(part, rule(logs))["files"]
    os.truncate(log, 10)
    assert part("rules").do([one], None)["files"][0]["ended"] == "changed"
    assert listed(logs) == ["his.log", "his.log.1"]


def test_what_is_still_written_to_is_never_compressed_and_says_by_whom(part: Callable, logs: Path) -> None:
    """A deaf writer, that goes on in the renamed file; one that hears has let go at once."""
    log = large(logs / "his.log")
    for hears in (False, True):
        with writer(log, hears=hears) as process:
            part("logrotate").rotate(str(log), truncate=False, su="")
            (made,) = logs.glob("his.log-*")
            process.send_signal(1)
            left = part("writers").let_go((made.stat().st_dev, made.stat().st_ino), 0.5 if not hears else 5)
            size = made.stat().st_size
            time.sleep(0.2)
            assert (made.stat().st_size > size) == (not hears)
            said = part("writers").named(left)
            assert said == ("" if hears else f"process {process.pid} ({Path(sys.executable).name})")
        made.unlink()


def test_a_held_one_stays_as_it_is_and_a_later_call_of_the_run_compresses_it(part: Callable, logs: Path) -> None:
    """Somebody reads what was rotated; once the reader is gone, the run is taken up."""
    log = large(logs / "his.log")
    rotating, (one,) = part("rotating"), look(part, rule(logs))["files"]
    part("logrotate").rotate(str(log), truncate=True, su="")
    (made,) = logs.glob("his.log-*")
    noted = {**one, "ended": "begun", "at": 1, "to": str(made), "freed": 0}
    rotating.Notes("R-1").note(one["path"], noted)
    with subprocess.Popen(["/usr/bin/tail", "-f", str(made)], stdout=subprocess.DEVNULL) as reader:
        while not part("writers").holders((made.stat().st_dev, made.stat().st_ino)):
            time.sleep(0.05)
        (held,) = part("rules").do([one], "R-1")["files"]
        assert held["why"] == f"still read by process {reader.pid} (tail): not compressed"
        assert (held["ended"], held["freed"], listed(logs)) == ("held", 0, ["his.log", "his.log-WHEN"])
        reader.kill()
    (done,) = part("rules").do([one], "R-1")["files"]
    assert (done["ended"], done["freed"] > 0, listed(logs)) == ("rotated", True, ["his.log", "his.log-WHEN.gz"])


def test_a_service_that_could_not_be_asked_is_a_problem_and_its_log_is_not_compressed(
    part: Callable, logs: Path
) -> None:
    """It was renamed before: nothing is lost, the next call asks the service again, and the change has failed."""
    log = large(logs / "his.log")
    asked = {"writer": "reload", "service": "maintkit-none.service"}
    one = look(part, rule(logs))["files"][0] | asked
    part("logrotate").rotate(str(log), truncate=False, su="")
    part("rotating").Notes("R-1").note(one["path"], {**one, "ended": "begun", "at": 1, "freed": 0, "why": "", "to": ""})
    for _ in range(2):
        done = part("rules").do([one], "R-1")
        (held,) = done["files"]
        assert held["why"].startswith("maintkit-none.service was not reloaded: ")
        assert (held["ended"], held["freed"], listed(logs)) == ("held", 0, ["his.log", "his.log-WHEN"])
        assert [f"{problem}: not compressed" for problem in done["problems"]] == [held["why"]]
        assert not english_in(reason(held["why"].partition(": ")[0] + ": X"))


def test_a_failure_of_logrotate_stops_at_the_first_log_and_says_its_words(part: Callable, logs: Path) -> None:
    """A user who may not enter the directories above cannot rotate; nothing is changed."""
    os.chown(logs, NOBODY, ADM)
    for name in ("a.log", "b.log"):
        os.chown(large(logs / name), NOBODY, ADM)
    done = part("rules").do(look(part, rule(logs))["files"], "R-1")
    first, second = done["files"]
    assert re.search(r"logrotate ended with 1: .*Permission denied", first["why"]), first
    assert (first["ended"], second["ended"], second["why"]) == ("left", "left", "not begun: another one failed")
    assert (done["problems"], listed(logs)) == ([first["why"]], ["a.log", "b.log"])


@pytest.mark.parametrize("owner", [NOBODY, 0])
@pytest.mark.usefixtures("logs")
def test_where_others_may_write_a_log_is_rotated_as_its_owner(part: Callable, others: Path, owner: int) -> None:
    """A directory of theirs, or of their group: logrotate refuses it unless it is told as whom to act."""
    os.chown(others, owner, ADM)
    others.chmod(0o2770)
    log = large(others / "his 1.log")
    os.chown(log, NOBODY, ADM)
    (one,) = look(part, rule(others))["files"]
    (done,) = part("rules").do([one], None)["files"]
    assert (done["why"], done["ended"], listed(others)) == ("", "rotated", ["his 1.log", "his 1.log-WHEN.gz"])
    assert part("logrotate").acting_as(log, log.stat()) == "nobody adm"
    assert part("logrotate").acting_as(Path("/usr/bin/python3"), log.stat()) == ""


def test_a_renamed_log_is_made_anew_with_mode_and_owner_and_the_old_one_keeps_them(part: Callable, logs: Path) -> None:
    log = large(logs / "his.log")
    log.chmod(0o604)
    os.chown(log, NOBODY, ADM)
    part("logrotate").rotate(str(log), truncate=False, su="")
    assert listed(logs) == ["his.log", "his.log-WHEN"]
    assert {(one.stat().st_mode & 0o777, one.stat().st_uid, one.stat().st_gid) for one in logs.iterdir()} == {
        (0o604, NOBODY, ADM)
    }
