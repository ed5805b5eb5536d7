"""System and authentication logs of hosts without a journal (CentOS 6 and 7, Kylin with rsyslog), rotated parts too."""

from __future__ import annotations

import gzip
import os
import struct
import time
from pathlib import Path

import pytest

NOW = time.time()


def stamp(ago: float) -> str:
    """As rsyslog's traditional format writes a moment so many seconds ago."""
    return time.strftime("%b %e %H:%M:%S", time.localtime(NOW - ago))


def write(path: Path, lines: list[str], *, ago: float) -> None:
    """A log last written to so many seconds ago, packed if its name says so."""
    data = "".join(line + "\n" for line in lines).encode("gb18030")
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    os.utime(path, (NOW - ago, NOW - ago))


@pytest.fixture
def probe(part):
    parameters = {"since_at": NOW - 7200, "now_at": NOW, "section_timeout_s": 10.0, "deep": False}
    return part("probe").Probe(parameters)


def test_errors_since_the_last_inspection_from_messages(part, probe, tmp_path):
    """Lines with error words, not older than since_at, over rotated and packed parts."""
    write(
        tmp_path / "messages", [f"{stamp(60)} his kernel: sda: I/O error 12", f"{stamp(30)} his app: all fine"], ago=30
    )
    write(tmp_path / "messages-20261101", [f"{stamp(3600)} his oracle[3]: fatal 连接失败"], ago=3600)
    old = [f"{stamp(9000)} his kernel: error too old", f"{stamp(5000)} his kernel: sda: I/O error 99"]
    write(tmp_path / "messages-20261031.gz", old, ago=5000)
    write(tmp_path / "messages-20261030.gz", [f"{stamp(90000)} his kernel: error"], ago=90000)
    data = part("journal").from_file(probe, str(tmp_path / "messages"), NOW - 7200, NOW)
    counted = {(message["source"], message["text"]): message["count"] for message in data["top"]}
    assert counted == {("kernel", "sda: I/O error #"): 2, ("oracle", "fatal 连接失败"): 1}
    assert (data["errors"], data["complete"]) == (3, True)


def test_a_log_that_does_not_reach_back_is_incomplete(part, probe, tmp_path):
    """Its start lies after since_at: the count is a lower bound."""
    write(tmp_path / "messages", [f"{stamp(60)} his kernel: error"], ago=30)
    data = part("journal").from_file(probe, str(tmp_path / "messages"), NOW - 7200, NOW)
    assert (data["errors"], data["complete"]) == (1, False)


def test_failed_logins_from_secure_with_its_rotated_parts(part, probe, tmp_path):
    """CentOS's /var/log/secure."""
    line = "his sshd[9]: Failed password for invalid user {} from 10.9.9.9 port 1 ssh2"
    write(tmp_path / "secure", [f"{stamp(100)} " + line.format("a"), f"{stamp(90)} his sshd[9]: hello"], ago=90)
    write(
        tmp_path / "secure-20261101",
        [f"{stamp(8000)} " + line.format("old"), f"{stamp(7000)} " + line.format("b")],
        ago=7000,
    )
    data = part("logins").from_auth_log(probe, str(tmp_path / "secure"), NOW - 7200, NOW)
    assert (data["failed_total"], data["failed_burst"], data["complete"]) == (2, 1, True)
    assert {one["user"] for one in data["failed"]} == {"a", "b"}


def test_what_housekeeping_has_rotated_is_a_part_of_its_log(part, tmp_path):
    """Day and second in its name, packed or not; a log of a longer name is another."""
    for name in ("a.log", "a.log-20261127-1795754251", "a.log-20261127-1795754252.gz", "a.log-old", "a.log-1-2-3"):
        (tmp_path / name).write_text("x")
    found = part("logfile").rotations(str(tmp_path / "a.log"), 0)
    assert sorted(one[len(str(tmp_path)) + 1 :] for one in found) == [
        "a.log", "a.log-20261127-1795754251", "a.log-20261127-1795754252.gz"
    ]  # fmt: skip


def test_an_application_log_without_time_stamps_is_counted_whole(part, probe, tmp_path):
    """And says so: since_at is None."""
    log = tmp_path / "app.log"
    log.write_text("ERROR a\nfine\nERROR b\n", encoding="utf-8")
    fact = part("applogs").app_log(probe, {"path": str(log), "pattern": "ERROR"}, time.monotonic() + 5)
    assert (fact["errors"], fact["since_at"], fact["complete"]) == (2, None, True)


def test_lines_of_a_stack_trace_belong_to_the_line_with_the_time(part, probe, tmp_path):
    """Old traces do not count, new ones do, though their lines bear no time."""
    old = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(NOW - 90000))
    new = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(NOW - 60))
    log = tmp_path / "app.log"
    log.write_text(f"{old} ERROR x\n  SomeException: a\n{new} ERROR y\n  OtherException: b\n", encoding="utf-8")
    fact = part("applogs").app_log(probe, {"path": str(log), "pattern": "Exception"}, time.monotonic() + 5)
    assert (fact["errors"], fact["complete"]) == (1, True)
    assert fact["top"][0]["text"] == "OtherException: b"


def test_a_journals_head_tells_when_it_begins(part, tmp_path):
    """head_entry_realtime at byte 184; other files are passed over."""
    head = b"LPKSHHRH" + bytes(176) + struct.pack("<Q", 1_700_000_000_000_000)
    (tmp_path / "system.journal").write_bytes(head + bytes(500))
    (tmp_path / "other").write_bytes(b"x" * 500)
    files = [str(tmp_path / name) for name in ("system.journal", "other")]
    assert part("journal").journal_begins_at(files) == 1_700_000_000.0
    assert part("journal").journal_begins_at(files[1:]) is None
