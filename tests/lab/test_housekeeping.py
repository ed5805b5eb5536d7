"""Old files of a booted host: planned, approved, compressed and deleted; what changed since the plan stays.

And logs that services hold open: planned, approved and rotated while they write, without a line being lost.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from office import REQUESTER, Office, office

from lab import File, Host, Spec, lab

LOGS = """
install -d -o nobody -g nogroup -m 0750 /opt/his/logs /opt/his/export
cd /opt/his/logs
for n in 1 2 3 4; do
  seq 1 200000 >his.log.$n
  chown nobody:nogroup his.log.$n
  touch -d "$((30 + n)) days ago" his.log.$n
done
seq 1 1000 | gzip >his.log.2024.gz; touch -d '400 days ago' his.log.2024.gz
seq 1 1000 | gzip >his.log.2025.gz; touch -d '300 days ago' his.log.2025.gz
echo now >his.log
seq 1 100000 >/opt/his/export/a.tmp; touch -d '9 days ago' /opt/his/export/a.tmp
"""
RULES = [
    {"path": "/opt/his/logs", "pattern": "*.log.*", "keep_days": 30, "action": "compress"},
    {"path": "/opt/his/logs", "pattern": "*.gz", "keep_days": 365, "action": "delete"},
    {"path": "/opt/his/export", "pattern": "*.tmp", "keep_days": 7, "action": "delete", "log": False},
]

# Writes numbered lines to the file that it is told, and opens it anew at HUP unless it is deaf.
WRITER = """
import os, signal, sys, time
path, deaf = sys.argv[1], len(sys.argv) > 2
def opened(*_):
    held = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    os.dup2(held, 9)
    os.close(held)
opened()
signal.signal(signal.SIGHUP, signal.SIG_IGN if deaf else opened)
for number in range(10 ** 9):
    os.write(9, b"line %d of a visit that was registered\\n" % number)
    time.sleep(0.001)
"""
UNIT = """
[Service]
ExecStart=/usr/bin/python3 /opt/his/writer.py /opt/his/live/{name}.log {deaf}
ExecReload=/bin/kill -HUP $MAINPID
User=nobody
"""
LIVE = ("his", "signalled", "deaf", "import")
ROTATE = {"path": "/opt/his/live", "action": "rotate", "larger_than": "50K"}
ROTATING = [
    {**ROTATE, "pattern": "his.log", "writer": "reload", "service": "his.service"},
    {**ROTATE, "pattern": "signalled.log", "writer": "reload", "service": "signalled.service", "signal": "HUP"},
    {**ROTATE, "pattern": "deaf.log", "writer": "reload", "service": "deaf.service"},
    {**ROTATE, "pattern": "import.log", "writer": "copytruncate"},
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with lab([Spec(name="h1")]) as made:
        made["h1"].sh(LOGS)
        yield office(made, tmp_path_factory.mktemp("housekeeping") / "site")


def test_old_files_go_as_planned_and_what_was_written_since_stays(desk: Office) -> None:
    """Three logs are compressed, an archive of last year and an export go; the log that grew stays whole."""
    host = desk.lab["h1"]
    plan = desk.approved("housekeeping", rules=RULES)
    host.sh("echo late >>/opt/his/logs/his.log.2")
    done = desk.maintkit("apply", plan)
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.run()["verdict"] == "done"
    assert "stays, written or opened since the plan: /opt/his/logs/his.log.2" in done.stdout + done.stderr
    left = host.run("ls", "/opt/his/logs", "/opt/his/export").out.split()
    assert left == ["/opt/his/export:", "/opt/his/logs:", "his.log", "his.log.1.gz", "his.log.2", "his.log.2025.gz",
                    "his.log.3.gz", "his.log.4.gz"]  # fmt: skip
    assert host.run("zcat", "/opt/his/logs/his.log.3.gz").out.split()[-1] == "200000"
    assert host.run("stat", "-c", "%U", "/opt/his/logs/his.log.3.gz").out.strip() == "nobody"
    page = desk.page("change", desk.run()["run"])
    told = ("维护记录", "压缩旧文件", "删除过期文件", "/opt/his/logs/his.log.4", "/opt/his/export/a.tmp")
    assert all(word in page for word in told)
    assert "/opt/his/logs/his.log.2<" not in page


def test_a_second_plan_finds_nothing_to_do(desk: Office) -> None:
    """What is left is young: the log that grew, and an archive that has not had its year."""
    words = (
        "--limit",
        "h1",
        "--vars",
        desk.site / "vars.yml",
        "--reason",
        "试验",
        "--requester",
        "zhang@provider.example",
    )
    told = desk.told("plan", "housekeeping", *words)
    assert told["effect"] == "none"


def test_a_rule_that_could_do_harm_is_refused_before_there_is_a_plan(desk: Office) -> None:
    """The reason of the host is told, and no plan is frozen."""
    file = desk.site / "bad.yml"
    file.write_text('{"rules": [{"path": "/etc", "pattern": "*", "keep_days": 400, "action": "delete"}]}')
    words = ("--limit", "h1", "--vars", file, "--reason", "试验", "--requester", REQUESTER)
    done = desk.maintkit("plan", "housekeeping", *words)
    assert done.returncode != 0
    assert "the system's own" in done.stdout + done.stderr


@pytest.fixture
def live(desk: Office) -> Host:
    """The host, with services that write to logs which are too large already."""
    host = desk.lab["h1"]
    host.put(
        File(path="/opt/his/writer.py", content=WRITER.encode()),
        *(File(path=f"/etc/systemd/system/{one}.service", content=_unit(one).encode()) for one in LIVE),
    )
    host.sh("install -d -o nobody -g nogroup -m 0750 /opt/his/live; systemctl daemon-reload")
    host.sh(f"systemctl restart {' '.join(LIVE)}")
    for _ in range(60):
        sizes = host.sh("stat -c %s /opt/his/live/*.log", check=False).split()
        if len(sizes) == len(LIVE) and all(int(size) > 60_000 for size in sizes):
            break
        time.sleep(1)
    return host


def _unit(name: str) -> str:
    return UNIT.format(name=name, deaf="deaf" if name == "deaf" else "")


def _numbers(host: Host, name: str) -> list[int]:
    """The lines of a log with its rotated part, by their number."""
    text = host.sh(f"cd /opt/his/live; zcat -f $(ls {name}.log-*) {name}.log")
    return [int(line.split()[1]) for line in text.splitlines() if line.count(" ") == 7]


def test_logs_are_rotated_while_services_write_to_them_and_no_line_is_lost(desk: Office, live: Host) -> None:
    """Three by reload, one of which does not hear, and one by copying; the record says what became of each."""
    plan = desk.approved("housekeeping", rules=ROTATING)
    request = desk.page("upgrade-request", plan)
    assert all(word in request for word in ("轮转日志（改名后由服务重新打开）", "其间写入的行会丢失", "deaf.log"))
    pids = live.sh(f"systemctl show --value --property=MainPID {' '.join(LIVE)}")
    done = desk.maintkit("apply", plan)
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.run()["verdict"] == "done"
    said = done.stdout + done.stderr
    assert re.search(r"deaf.log: still written to by process \d+ \(python3\): not compressed", said), said
    assert live.sh(f"systemctl show --value --property=MainPID {' '.join(LIVE)}") == pids

    names = [re.sub(r"-\d{8}-\d{10}", "-WHEN", name) for name in live.run("ls", "/opt/his/live").out.split()]
    assert names == ["deaf.log", "deaf.log-WHEN", "his.log", "his.log-WHEN.gz", "import.log", "import.log-WHEN.gz",
                     "signalled.log", "signalled.log-WHEN.gz"]  # fmt: skip
    before = live.sh("stat -c %s /opt/his/live/*.log").split()
    time.sleep(1)
    after = live.sh("stat -c %s /opt/his/live/*.log").split()
    assert [int(now) > int(then) for then, now in zip(before, after, strict=True)] == [False, True, True, True]
    assert live.sh("stat -c '%a %U %G' /opt/his/live/his.log*").split("\n")[:-1] == ["640 nobody nogroup"] * 2
    for name in ("his", "signalled"):
        numbers = _numbers(live, name)
        assert numbers == list(range(len(numbers)))
    assert len(_numbers(live, "import")) > 1000

    # What the deaf one holds is rotated by nobody: the next plan says so.
    assert re.search(r"deaf.log-\d{8}-\d{10} was rotated, and is still written to", _refusal(desk, ROTATING[2]))

    page = desk.page("change", desk.run()["run"])
    packed = live.run("ls", "/opt/his/live").out.split()[3]
    freed = re.search(rf"/opt/his/live/his.log<.*?(\d+\.\d\d) MiB.*?{packed}, (\d+\.\d\d) MiB", page, re.DOTALL)
    assert freed, page
    assert float(freed[1]) > 3 * float(freed[2])
    assert re.search(r"仍被进程 \d+（python3）写入，未压缩", page)


def test_a_service_that_is_down_is_said_before_there_is_a_plan(desk: Office, live: Host) -> None:
    """Nobody could ask it for a new log."""
    live.sh("systemctl stop his")
    assert "his.service is inactive" in _refusal(desk, ROTATING[0])


def _refusal(desk: Office, rule: dict[str, Any]) -> str:
    """What is said instead of a plan for this rule."""
    file = desk.site / "refused.yml"
    file.write_text(json.dumps({"rules": [rule]}))
    words = ("--limit", "h1", "--vars", file, "--reason", "试验", "--requester", REQUESTER)
    done = desk.maintkit("plan", "housekeeping", *words)
    assert done.returncode != 0
    return done.stdout + done.stderr
