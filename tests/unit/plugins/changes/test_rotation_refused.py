"""Logs that are too large and cannot be rotated well, and rules that could do harm, are refused with one reason."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chinese import english_in
from largelogs import ADM, CAN, NOBODY, large, listed, look, refused, rule, writer

from maintkit.documents.reasons import reason

if not CAN:
    pytest.skip("needs root and logrotate", allow_module_level=True)


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


SERVICES: dict[str, tuple[str, str | None, str]] = {
    "reloaded": ("ActiveState=active CanReload=yes MainPID=0", None, ""),
    "signalled": ("ActiveState=active CanReload=no MainPID=7", "HUP", ""),
    "not to be reloaded": ("ActiveState=active CanReload=no MainPID=7", None, "cannot be reloaded"),
    "without a main process": ("ActiveState=active CanReload=yes MainPID=0", "HUP", "has no main process"),
    "failed": ("ActiveState=failed CanReload=yes MainPID=0", None, "is failed"),
}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_could_not_be_asked_is_seen_before(
    part: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Its log would be renamed, and nobody open a new one: as of a service that an old init script starts."""
    fields, signal, said = SERVICES[name]
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\nprintf '%s\\n' {fields}\n")
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    try:
        part("rotation").demand_service("his.service", signal)
        why = ""
    except part("place").Refused as refused:
        why = str(refused)
    assert (said in why, bool(why), english_in(reason(why))) == (True, bool(said), "")


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


def test_a_writer_that_is_not_of_the_service_would_hear_no_reload(part: Callable, logs: Path) -> None:
    """It is named, and so is the service."""
    log = large(logs / "his.log")
    one = {"path": str(log), "writer": "reload", "service": "his.service"}
    with writer(log) as process, pytest.raises(part("place").Refused, match=f"process {process.pid} .*, not of his"):
        part("rotation")._demand_writers(one, log.stat())
    part("rotation")._demand_writers(one, log.stat())


RULES: dict[str, tuple[dict[str, Any], str]] = {
    "a link": ({"pattern": "link.log"}, "is a link to .*his.log"),
    "a directory": ({"pattern": "folder.log"}, "is no regular file"),
    "no size": ({"larger_than": 0}, "less than a byte"),
    "no service": ({"writer": "reload", "service": "-x"}, "is no name of a service"),
    "a service for nothing": ({"service": "his.service"}, "leave service and signal out"),
    "the system's": ({"path": "/etc"}, "the system's own"),
}


def test_what_was_rotated_is_told_while_somebody_still_writes_to_it(part: Callable, logs: Path) -> None:
    """Once it is too large itself: nobody rotates it again, and it would fill the disk unseen."""
    old = logs / "his.log-20261127-1795754251"
    large(old)
    assert look(part, rule(logs))["refused"] == []
    with writer(old):
        why = refused(part, rule(logs))
        assert re.search(r"-1795754251 was rotated, and is still written to by process \d+ \(python", why)
        assert not english_in(reason(why).replace(str(old), ""))
        assert look(part, rule(logs, larger_than=10**8))["refused"] == []
        assert look(part, rule(logs, pattern="other.log"))["refused"] == []


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


@pytest.mark.parametrize("first", ["compress", "rotate"])
def test_a_rule_that_would_do_nothing_yet_takes_no_log_from_those_behind_it(
    part: Callable, logs: Path, first: str
) -> None:
    """Neither was done, and nobody told of it: such a log would fill the disk unseen."""
    os.utime(large(logs / "his.log"), (time.time() - 40 * 86400,) * 2)
    later = rule(logs, action="delete", keep_days=365)
    both = [rule(logs, action="compress", keep_days=30), rule(logs)]
    asked = both if first == "compress" else [rule(logs, larger_than=2**40), *reversed(both)]
    (one,) = look(part, later, *asked)["files"]
    assert one["action"] == first


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
