"""Logs that a process holds open: rotated by the host's own logrotate, or refused with one reason."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chinese import english_in

from maintkit.documents.reasons import reason

if os.geteuid() != 0 or not Path("/usr/sbin/logrotate").exists():
    pytest.skip("needs root and logrotate", allow_module_level=True)

NOBODY, ADM = 65534, 4
# Writes numbered lines without end; opens its log anew at HUP, as far as it hears.
WRITER = """
import os, signal, sys, time
path, flags, hears = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "hears"
def opened(*_):
    held = os.open(path, flags, 0o640)
    os.dup2(held, 9)
    os.close(held)
opened()
signal.signal(signal.SIGHUP, opened if hears else signal.SIG_IGN)
print("ready", flush=True)
for number in range(10 ** 9):
    os.write(9, b"line %d\\n" % number)
    time.sleep(0.0005)
"""
APPENDS = os.O_WRONLY | os.O_CREAT | os.O_APPEND


@contextmanager
def writer(log: Path, *, flags: int = APPENDS, hears: bool = True) -> Iterator[subprocess.Popen[bytes]]:
    """A process that writes to the log while we look."""
    argv = [sys.executable, "-c", WRITER, str(log), str(flags), "hears" if hears else "deaf"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def others() -> Iterator[Path]:
    """A directory that other users may enter: pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="maintkit-logs-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture
def logs(state: Path, tmp_path: Path) -> Path:
    """A directory of logs, and a state of the host beside it."""
    state.mkdir(mode=0o700)
    (tmp_path / "logs").mkdir(mode=0o755)
    return tmp_path / "logs"


def large(path: Path, lines: int = 20000) -> Path:
    path.write_text("".join(f"old {number}\n" for number in range(lines)))
    return path


def rule(path: Path, **changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "path": str(path), "pattern": "*.log", "keep_days": None, "action": "rotate", "log": True, "recurse": False,
        "larger_than": 1000, "writer": "copytruncate", "service": None, "signal": None, "compress": True,
        "also_by_host": False,
    }  # fmt: skip
    return said | changes


def look(part: Callable, *rules: dict[str, Any], most: int = 100) -> dict[str, Any]:
    seen: dict[str, Any] = part("rules").look(list(rules), floor_days=184, now=time.time(), most=most)
    return seen


def refused(part: Callable, *rules: dict[str, Any]) -> str:
    """The one reason."""
    (one,) = look(part, *rules)["refused"]
    return str(one["why"])


def listed(directory: Path) -> list[str]:
    """The names, with `-WHEN` for the time of a rotation."""
    return sorted(re.sub(r"-\d{8}-\d{10}", "-WHEN", one.name) for one in directory.iterdir())


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
    """Nor does the module in check mode, which only looks."""
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


def _not_here(part: Callable, logs: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    patch.setattr(part("logrotate"), "PROGRAMS", str(logs))
    return {}


def _second_name(_part: Callable, logs: Path, _patch: pytest.MonkeyPatch) -> dict[str, Any]:
    os.link(logs / "his.log", logs / "other")
    return {}


def _quoted(_part: Callable, logs: Path, _patch: pytest.MonkeyPatch) -> dict[str, Any]:
    (logs / "his.log").rename(logs / 'h"is.log')
    return {}


def _line_break(_part: Callable, logs: Path, _patch: pytest.MonkeyPatch) -> dict[str, Any]:
    (logs / "his.log").rename(logs / "h\nis.log")
    return {}


def _others_directory(_part: Callable, logs: Path, _patch: pytest.MonkeyPatch) -> dict[str, Any]:
    os.chown(logs, NOBODY, ADM)
    return {}


def _everybodys_directory(_part: Callable, logs: Path, _patch: pytest.MonkeyPatch) -> dict[str, Any]:
    logs.chmod(0o1777)
    return {}


def _two_masters(part: Callable, logs: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    folder = logs.parent / "logrotate.d"
    folder.mkdir()
    (folder / "his").write_text(f'# ours\nweekly\n"{logs}/*.log" /var/log/other {{\n\trotate 4\n}}\n')
    patch.setattr(part("logrotate"), "HOSTS_OWN", (logs / "none", folder))
    return {}


def _inactive(_part: Callable, _logs: Path, _patch: pytest.MonkeyPatch) -> dict[str, Any]:
    return {"writer": "reload", "service": "maintkit-none.service"}


REFUSED: dict[str, tuple[Callable[..., dict[str, Any]], str]] = {
    "no logrotate": (_not_here, "logrotate is not on this host: install it"),
    "another name": (_second_name, "has another name, too"),
    "a quote in the name": (_quoted, "cannot hold such a name"),
    "a line break in the name": (_line_break, r"h\\nis.log': logrotate's configuration cannot hold such a name"),
    "a directory of another user": (_others_directory, "belongs to root:root, its directory to nobody:adm"),
    "a directory of everybody": (_everybodys_directory, "is root's, in a directory that others may write"),
    "rotated by the host": (_two_masters, "is rotated by .*/logrotate.d/his, too"),
    "a service that is not there": (_inactive, "maintkit-none.service (is|cannot)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_log_that_cannot_be_rotated_well_is_refused_with_the_reason(
    part: Callable, logs: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Already by looking, and again by doing, before any log is touched."""
    log, (prepare, said) = large(logs / "his.log"), REFUSED[name]
    large(logs / "a.log")
    first, second = sorted(look(part, rule(logs))["files"], key=lambda one: str(one["path"]))
    asked = rule(logs, pattern="h*") | prepare(part, logs, monkeypatch)
    why = refused(part, asked)
    assert re.search(said, why), why
    assert not english_in(reason(why))
    before = listed(logs)
    if log.exists():
        with pytest.raises(part("place").Refused, match=said):
            part("rules").do([first, second | {key: asked[key] for key in part("rotation").TERMS}], None)
    assert listed(logs) == before


def test_a_log_that_the_host_rotates_too_is_rotated_where_that_is_said(
    part: Callable, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large(logs / "his.log")
    _two_masters(part, logs, monkeypatch)
    assert look(part, rule(logs, also_by_host=True))["refused"] == []


def test_without_room_for_the_copy_or_for_what_is_compressed_a_log_is_refused(part: Callable, logs: Path) -> None:
    """A filesystem of 1 MiB; renaming alone wants no room."""
    subprocess.run(["/usr/bin/mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "none", str(logs)], check=True)
    try:
        large(logs / "his.log")
        reload = rule(logs, writer="reload", service="none.service")
        for one in (rule(logs), rule(logs, compress=False), reload):
            assert re.search(r"logs has \d+ bytes free, and \d+ are needed: make room first", refused(part, one))
        assert "room" not in refused(part, reload | {"compress": False})
    finally:
        subprocess.run(["/usr/bin/umount", str(logs)], check=True)


def test_a_writer_that_does_not_append_is_not_cut_short(part: Callable, logs: Path) -> None:
    """It would go on at its old place: a hole as large as the old log, and nothing gained."""
    log = large(logs / "his.log")
    with writer(log, flags=os.O_WRONLY) as process:
        assert f"written by process {process.pid} (" in refused(part, rule(logs))
        assert "without appending" in refused(part, rule(logs))
    assert look(part, rule(logs))["refused"] == []


RULES: dict[str, tuple[dict[str, Any], str]] = {
    "a link": ({"pattern": "link.log"}, "is a link to .*his.log"),
    "a directory": ({"pattern": "folder.log"}, "is no regular file"),
    "no size": ({"larger_than": 0}, "less than a byte"),
    "no service": ({"writer": "reload", "service": "-x"}, "is no name of a service"),
    "a service for nothing": ({"service": "his.service"}, "leave service and signal out"),
    "the system's": ({"path": "/etc"}, "the system's own"),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_could_do_harm_is_refused(part: Callable, logs: Path, name: str) -> None:
    large(logs / "his.log")
    (logs / "link.log").symlink_to(logs / "his.log")
    (logs / "folder.log").mkdir()
    change, said = RULES[name]
    with pytest.raises(part("place").Refused, match=said):
        look(part, rule(logs) | change)


def test_logs_come_first_and_the_first_rule_has_a_file(part: Callable, logs: Path) -> None:
    """However many old files there are; a log that is old, too, is not done twice."""
    for number in range(5):
        old = large(logs / f"his.log.{number}")
        os.utime(old, (1, 1))
    os.utime(large(logs / "his.log"), (1, 1))
    pack = rule(logs, action="compress", keep_days=30, pattern="*")
    seen = look(part, rule(logs), pack, most=3)
    assert (seen["files"][0]["action"], Path(seen["files"][0]["path"]).name) == ("rotate", "his.log")
    assert (len(seen["files"]), seen["left"]["more than one change takes"]) == (3, 3)
    assert {one["action"] for one in look(part, pack, rule(logs))["files"]} == {"compress"}


def test_a_plan_rotates_nothing_that_no_rule_would_and_not_in_another_way(part: Callable, logs: Path) -> None:
    large(logs / "his.log")
    (one,) = look(part, rule(logs))["files"]
    assert part("rules").still([one], [rule(logs)], 184) == [one]
    for change in ({"path": str(logs / "other")}, {"writer": "reload"}, {"signal": "HUP"}, {"action": "compress"}):
        with pytest.raises(part("place").Refused, match="no rule would"):
            part("rules").still([one | change], [rule(logs)], 184)


def test_paths_of_a_configuration_are_found_before_each_block(part: Callable) -> None:
    """Quoted ones, several, one in a script that opens a brace; a star stays in its directory."""
    text = "weekly\ninclude /d\n'/var/log/a b' /var/log/*.log\n/c\n{\n  prerotate\n [ -x /x ] && { y; }\n}\n"
    assert part("logrotate").patterns(text)[1:4] == ["/var/log/a b", "/var/log/*.log", "/c"]
    names = part("logrotate")._names
    assert names("/var/log/*.log", "/var/log/his.log")
    assert not names("/var/log/*.log", "/var/log/nginx/his.log")
