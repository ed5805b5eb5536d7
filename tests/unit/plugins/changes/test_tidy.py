"""Old files: which go, which stay and why, and that nobody can lead the hand that deletes to another place."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DAY = 86400
NOW = time.time()


def old(path: Path, days: float, text: str = "x\n") -> Path:
    """A file whose last change is so many days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (NOW - days * DAY, NOW - days * DAY))
    return path


def rule(path: Path, **changes: Any) -> dict[str, Any]:
    said = {
        "path": str(path),
        "pattern": "*.log.*",
        "keep_days": 30,
        "action": "compress",
        "log": True,
        "recurse": False,
    }
    return said | changes


def look(part: Callable, *rules: dict[str, Any], most: int = 100) -> dict[str, Any]:
    return part("tidy").look(rules, floor_days=184, now=NOW, most=most)


def names(seen: dict[str, Any]) -> list[str]:
    return [Path(one["path"]).name for one in seen["files"]]


def test_a_file_is_seen_open_whatever_else_its_process_closes_meanwhile(part: Callable, tmp_path: Path) -> None:
    """A server opens and closes files without end; its log must not be taken for one that nobody holds."""
    log, other = old(tmp_path / "his.log", 40), old(tmp_path / "other", 40)
    busy = (
        "import os, sys\n"
        "held = [os.open(sys.argv[2], os.O_RDONLY) for _ in range(60)]\n"
        "log = os.open(sys.argv[1], os.O_RDONLY)\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        " for one in held: os.close(one)\n"
        " held = [os.open(sys.argv[2], os.O_RDONLY) for _ in range(60)]\n"
    )
    with subprocess.Popen([sys.executable, "-c", busy, log, other], stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            wanted = (log.stat().st_dev, log.stat().st_ino)
            assert [wanted in part("tidy").opened() for _ in range(40)] == [True] * 40
        finally:
            server.kill()


def test_what_is_old_goes_and_what_stays_is_counted_by_its_reason(part: Callable, tmp_path: Path) -> None:
    """The oldest first; a young one, one with a second name, one that is open, a link and another name stay."""
    old(tmp_path / "his.log.1", 31)
    old(tmp_path / "his.log.2", 60)
    old(tmp_path / "his.log.3", 29)
    old(tmp_path / "notes", 900)
    old(tmp_path / "his.log.2025.gz", 900)
    twice = old(tmp_path / "his.log.4", 40)
    os.link(twice, tmp_path / "other")
    (tmp_path / "his.log.5").symlink_to("/etc/hostname")
    with old(tmp_path / "his.log.6", 40).open():
        seen = look(part, rule(tmp_path))
    assert names(seen) == ["his.log.2", "his.log.1"]
    assert seen["left"] == {"not old enough": 1, "it has another name, too": 1, "a process has it open": 1}


def test_only_so_many_go_at_once_and_the_others_are_said(part: Callable, tmp_path: Path) -> None:
    for number in range(5):
        old(tmp_path / f"his.log.{number}", 40 + number)
    seen = look(part, rule(tmp_path), most=2)
    assert names(seen) == ["his.log.4", "his.log.3"]
    assert seen["left"] == {"more than one change takes": 3}


def test_a_compressed_file_is_whole_and_has_owner_mode_and_time_of_the_old_one(part: Callable, tmp_path: Path) -> None:
    """A half-written one of an earlier call is written anew; a second call finds nothing to do."""
    path = old(tmp_path / "his.log.1", 40, "挂号失败\n" * 9000)
    path.chmod(0o640)
    (tmp_path / ".his.log.1.gz.half").write_text("half")
    seen = path.stat()
    (one,) = look(part, rule(tmp_path))["files"]
    done = part("tidy").tidy(one)
    packed = tmp_path / "his.log.1.gz"
    assert gzip.decompress(packed.read_bytes()).decode() == "挂号失败\n" * 9000
    assert (done["ended"], done["freed"] > 0, list(tmp_path.iterdir())) == ("done", True, [packed])
    now = packed.stat()
    assert (now.st_mode, now.st_uid, now.st_mtime_ns) == (seen.st_mode, seen.st_uid, seen.st_mtime_ns)
    assert part("tidy").tidy(one)["ended"] == "gone"


def test_a_file_that_was_written_since_the_plan_stays(part: Callable, tmp_path: Path) -> None:
    """Also one that was replaced by a link, or that somebody has open now."""
    path = old(tmp_path / "his.log.1", 40)
    (one,) = look(part, rule(tmp_path, action="delete", keep_days=200, log=False, pattern="*") | {"keep_days": 30})[
        "files"
    ]
    path.write_text("more\n")
    assert part("tidy").tidy(one)["ended"] == "changed"
    path.unlink()
    path.symlink_to("/etc/hostname")
    assert part("tidy").tidy(one)["ended"] == "changed"
    assert path.is_symlink()


def test_a_directory_that_became_a_link_leads_nowhere(part: Callable, tmp_path: Path) -> None:
    """Who may write into a directory of logs replaces one in it by a link to another place with a file of that name."""
    old(tmp_path / "logs/app/his.log.1", 40)
    victim = old(tmp_path / "other/his.log.1", 40)
    (one,) = look(part, rule(tmp_path / "logs", recurse=True))["files"]
    (tmp_path / "logs/app").rename(tmp_path / "away")
    (tmp_path / "logs/app").symlink_to(tmp_path / "other")
    assert part("tidy").tidy(one)["ended"] == "changed"  # told, as one that stays
    assert look(part, rule(tmp_path / "logs", recurse=True))["files"] == []
    assert victim.exists()


def test_a_compressed_file_of_that_name_is_never_written_over(part: Callable, tmp_path: Path) -> None:
    old(tmp_path / "his.log.1", 40)
    (tmp_path / "his.log.1.gz").write_text("somebody's")
    (one,) = look(part, rule(tmp_path))["files"]
    with pytest.raises(Exception, match="is there already"):
        part("tidy").tidy(one)
    assert (tmp_path / "his.log.1").exists()
    assert (tmp_path / "his.log.1.gz").read_text() == "somebody's"


def test_a_call_that_was_cut_off_before_the_old_file_was_deleted_is_taken_up(part: Callable, tmp_path: Path) -> None:
    """Its compressed file is known by the time and by every byte; another's of the same time stays in the way."""
    tidy = part("tidy")
    for text in ("x\n", "other\n"):
        one, before = old(tmp_path / "his.log", 40), old(tmp_path / "before", 40, text)
        for each in (one, before):
            os.utime(each, (1, 1))
        seen = before.stat()
        tidy.tidy(tidy.told(before, seen, "compress"))
        (tmp_path / "before.gz").rename(tmp_path / "his.log.gz")
        again = tidy.told(one, one.stat(), "compress")
        if text == "x\n":
            done = tidy.tidy(again)
            assert (done["ended"], done["freed"]) == ("done", 0)
            assert [each.name for each in tmp_path.iterdir()] == ["his.log.gz"]
            continue
        with pytest.raises(part("place").Refused, match="is there already"):
            tidy.tidy(again)


def _link(place: Path) -> dict[str, Any]:
    (place / "real").mkdir()
    (place / "link").symlink_to(place / "real")
    return {"path": str(place / "link")}


def _database(place: Path) -> dict[str, Any]:
    (place / "base/1").mkdir(parents=True)
    (place / "PG_VERSION").write_text("15\n")
    return {"path": str(place / "base/1")}


REFUSED: dict[str, tuple[Callable[[Path], dict[str, Any]], str]] = {
    "relative": (lambda _: {"path": "logs"}, "absolute directory"),
    "the root": (lambda _: {"path": "/"}, "too wide"),
    "all of /var": (lambda _: {"path": "/var/"}, "too wide"),
    "the system's": (lambda _: {"path": "/etc/ssh"}, "the system's own"),
    "our own": (lambda _: {"path": "/usr/../etc"}, "the system's own"),
    "through a link": (_link, "leads through a link"),
    "a database": (_database, "data directory of PostgreSQL"),
    "no directory": (lambda place: {"path": str(place / "none")}, "is no directory"),
    "a path as pattern": (lambda _: {"pattern": "../*.log"}, "a pattern of names"),
    "no pattern": (lambda _: {"pattern": " "}, "a pattern of names"),
    "logs too early": (lambda _: {"action": "delete", "keep_days": 90}, "keep_days 90 is less than 184"),
    "today's": (lambda _: {"keep_days": 0}, "keep_days 0 is less than 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_rule_that_could_do_harm_is_refused(part: Callable, tmp_path: Path, name: str) -> None:
    change, said = REFUSED[name]
    with pytest.raises(Exception, match=said):
        look(part, rule(tmp_path) | change(tmp_path))


def test_a_plan_takes_nothing_that_no_rule_names(part: Callable, tmp_path: Path) -> None:
    """A file of a plan that was written by hand, or of rules that have changed since."""
    old(tmp_path / "his.log.1", 40)
    (one,) = look(part, rule(tmp_path))["files"]
    assert part("tidy").still([one], [rule(tmp_path)]) == [one]
    for changed in ({"path": "/etc/passwd"}, {"action": "delete"}, {"path": f"{tmp_path}/deeper/his.log.1"}):
        with pytest.raises(Exception, match="no rule would"):
            part("tidy").still([one | changed], [rule(tmp_path)])
