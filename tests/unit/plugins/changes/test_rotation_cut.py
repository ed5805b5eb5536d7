"""What goes wrong between one log and the next: those that are rotated still want their reload, and all is told."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chinese import english_in
from largelogs import CAN, large, look, rule

from maintkit.documents.reasons import reason

if not CAN:
    pytest.skip("needs root and logrotate", allow_module_level=True)


@pytest.fixture
def asked(part: Callable, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The services that were asked; none of them is on this machine."""
    services: list[str] = []

    def ask(wanted: set[tuple[str, str | None]]) -> dict[str, str]:
        services.extend(service for service, _ in wanted)
        return {}

    monkeypatch.setattr(part("rotating"), "_ask", ask)
    monkeypatch.setattr(part("rotation"), "demand_service", lambda *_: None)
    return services


def test_a_log_that_vanishes_behind_another_keeps_nobody_from_being_asked(
    part: Callable, logs: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is renamed already: unasked, its service would go on writing to the old file."""
    for name in ("a.log", "b.log", "c.log"):
        large(logs / name)
    wanted = sorted(look(part, rule(logs, writer="reload", service="his.service"))["files"], key=lambda o: o["path"])
    rotate = part("logrotate").rotate

    def and_gone(path: str, **how: Any) -> None:
        rotate(path, **how)
        (logs / "b.log").unlink()

    monkeypatch.setattr(part("logrotate"), "rotate", and_gone)
    done = part("rules").do(wanted, "R-1")
    assert [one["ended"] for one in done["files"]] == ["rotated", "left", "left"]
    assert (asked, len(done["problems"])) == (["his.service"], 1)
    assert not english_in(reason(done["problems"][0])), reason(done["problems"][0])


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_full_disk_under_the_notes_is_told_with_what_was_done(
    part: Callable, logs: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """Before logrotate, after it, at the end: what is rotated is asked for, and a later call goes on."""
    large(logs / "a.log")
    wanted = look(part, rule(logs, writer="reload", service="his.service"))["files"]
    note, calls = part("rotating").Notes.note, []

    def full(notes: Any, path: str, noted: dict[str, Any]) -> None:
        calls.append(path)
        if len(calls) == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        note(notes, path, noted)

    monkeypatch.setattr(part("rotating").Notes, "note", full)
    done = part("rules").do(wanted, "R-1")
    assert [one["ended"] for one in done["files"]] == [["left", "rotated", "rotated"][call - 1]]
    assert (asked, len(done["problems"])) == ([] if call == 1 else ["his.service"], 1)
    assert not english_in(reason(done["problems"][0])), reason(done["problems"][0])
    (again,) = part("rules").do(wanted, "R-1")["files"]
    assert again["ended"] == "rotated"
    assert not (logs / "a.log").exists() or (logs / "a.log").stat().st_size == 0


def test_a_clock_that_is_a_tick_ahead_of_the_kernel_s_finds_the_rotated_file(
    part: Callable, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """time(2), by which logrotate names, is of the last tick: for some milliseconds it tells the second before."""
    large(logs / "a.log")
    wanted, now = look(part, rule(logs))["files"], time.time
    monkeypatch.setattr(time, "time", lambda: now() + 1)
    (one,) = part("rules").do(wanted, "R-1")["files"]
    assert (one["ended"], one["why"]) == ("rotated", "")
