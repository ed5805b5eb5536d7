"""Old files of a booted host: planned, approved, compressed and deleted; what changed since the plan stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from office import REQUESTER, Office, office

from lab import Spec, lab

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
