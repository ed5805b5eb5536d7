"""`maintkit inspect` from end to end: the real command, real sshd on loopback, a real ledger, real documents."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from docx import Document
from fleet import Fleet, Node
from sites import MAINTKIT, make_site

pytestmark = pytest.mark.fleet


@dataclass(frozen=True)
class Place:
    """A site whose inventory is a fleet; `run` is the command line, as a user has it."""

    site: Path
    environment: dict[str, str]

    def run(self, *argv: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [MAINTKIT, *argv, "--site", self.site],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *argv: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [MAINTKIT, *argv, "--site", self.site],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def inspect(self, *argv: str) -> dict[str, Any]:
        done = self.run("inspect", "--json", *argv)
        assert done.returncode in range(10, 14), done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def settings(self, **values: object) -> None:
        (self.site / "maintkit.yml").write_text("".join(f"{key}: {value}\n" for key, value in values.items()))


Make = Callable[..., Place]


@pytest.fixture
def site_of(tmp_path: Path) -> Iterator[Make]:
    """Makes a site for a list of nodes; everything is stopped at the end."""
    running: list[Fleet] = []

    def make(*nodes: Node, shared: bool = False) -> Place:
        fleet = Fleet(tmp_path / "fleet", nodes, shared=shared)
        running.append(fleet.__enter__())
        return Place(make_site(tmp_path / "site", fleet.inventory_data()), fleet.environment())

    yield make
    for fleet in running:
        fleet.__exit__(None, None, None)


def texts(path: Path) -> str:
    """All text of a Word file, tables too."""
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


@pytest.mark.slow
def test_a_fleet_with_one_unreachable_and_one_hanging_ends_on_time(site_of: Make) -> None:
    """20 expected, 18 inspected, 2 missed with their reasons, and the record says the same."""
    place = site_of(
        *(Node(name=f"his{number:02d}") for number in range(18)),
        Node(name="gone", kind="refused"),
        Node(name="stuck", kind="silent"),
    )
    place.settings(host_timeout_s=40, connect_timeout_s=5)
    began = time.monotonic()
    done = place.inspect()
    assert time.monotonic() - began < 60
    seen = done["coverage"]
    assert (seen["expected"], seen["inspected"]) == (20, 18)
    assert set(seen["missed"]) == {"gone", "stuck"}
    assert "refused" in seen["missed"]["gone"].lower()
    assert done["exit_code"] in (12, 13)
    made = json.loads(place.run("report", "inspection", "--format", "docx", "--json").stdout)
    record = texts(Path(made["written"][0]))
    assert "应检 20" in record
    assert "实检 18" in record
    assert "未检 2" in record
    for host in ("gone", "stuck"):
        assert host in record


def test_a_second_inspection_compares_with_the_first(site_of: Make) -> None:
    """Drift is skipped the first time, with its reason, and judged the second."""
    place = site_of(Node(name="his01"))
    first = {one["check"]: one for one in place.inspect()["findings"]}
    assert first["drift.accounts"]["status"] == "skipped"
    second = {one["check"]: one["status"] for one in place.inspect()["findings"]}
    assert second.get("drift.accounts", "ok") != "skipped"
    told = json.loads(place.run("trend", "series", "--json").stdout)
    assert ("his01", "memory", 2) in {(row["host"], row["series"], row["points"]) for row in told}, told


def test_a_changed_host_key_stops_that_host_alone(site_of: Make) -> None:
    """ansible-runner would have switched the check off; a changed key is said and nothing is sent."""
    place = site_of(Node(name="his01"), Node(name="his02", known="other"))
    missed = place.inspect()["coverage"]["missed"]
    assert set(missed) == {"his02"}
    assert "key" in missed["his02"].lower()


@pytest.mark.parametrize(
    ("inventory", "argv", "said"),
    [
        ({"all": {"hosts": {}}}, [], "has no hosts"),
        ({"all": {"hosts": {"his01": {}}}}, ["--limit", "lis*"], "matches 'lis*'"),
        ({"all": {"hosts": {"his01": {}, "his02": {}}}}, ["--limit", "his01,his03"], "his03: no such host or group"),
    ],
)
def test_no_host_is_an_error_of_its_own(site_of: Make, inventory: dict[str, Any], argv: list[str], said: str) -> None:
    """An empty inventory, a pattern that matches nothing, a name that is unknown: exit 4, nothing recorded."""
    place = site_of()
    (place.site / "inventory" / "hosts.yml").write_text(json.dumps(inventory))
    done = place.run("inspect", *argv)
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert said in done.stderr
    assert "hint:" in done.stderr
    assert json.loads(place.run("ledger", "show", "--json").stdout or "[]") == []


def test_a_host_that_stands_twice_in_the_inventory_is_refused(site_of: Make) -> None:
    """Ansible would warn and take the last one."""
    place = site_of()
    (place.site / "inventory" / "hosts.yml").write_text("all:\n  hosts:\n    his01: {}\n    his01: {}\n")
    done = place.run("inspect")
    assert done.returncode == 5, done.stdout + done.stderr
    assert "his01" in done.stderr


def test_hostile_text_from_a_host_stays_text(site_of: Make, tmp_path: Path) -> None:
    """A log that holds a template, a formula, an escape, GBK and NUL ends in the record as harmless words."""
    log = tmp_path / "app.log"
    log.write_bytes(
        b"ERROR {{ lookup('pipe','touch " + str(tmp_path / "owned").encode() + b"') }}\n"
        b'ERROR =HYPERLINK("http://x")\nERROR \x1b[31mred\x00 \xd2\xbd\xd4\xba \xff\n' * 40
    )
    place = site_of(Node(name="his01"))
    services = place.site / "services.yml"
    declared = yaml.safe_load(services.read_text())
    declared["all"] = {"logs": [{"path": str(log), "pattern": "ERROR"}]}
    services.write_text(json.dumps(declared))
    done = place.inspect()
    assert not (tmp_path / "owned").exists()
    assert any(one["check"] == "log.applications" for one in done["findings"])


def test_ctrl_c_leaves_a_truthful_ledger(site_of: Make) -> None:
    """Interrupted in the middle: exit 130, the chain verifies, and the host not reached is said to be missed."""
    place = site_of(Node(name="his01"), Node(name="stuck", kind="silent"))
    place.settings(host_timeout_s=60, connect_timeout_s=60)
    running = place.start("inspect", "--json")
    wait_for_entry(place, "host.judged")
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=30)
    assert running.returncode == 130, said
    assert place.run("ledger", "verify").returncode == 0
    assert json.loads(said[said.index("{") :])["exit_code"] == 130
    listed = json.loads(place.run("report", "--list", "--json").stdout)["documents"]
    assert [one["came"] for one in listed if one["document"] == "inspection-record"] == ["interrupted, 1/2 hosts"]
    assert "interrupted, 1/2 hosts" in place.run("report", "--list").stdout
    assert no_process_mentions(str(place.site.parent))


def test_a_killed_inspection_leaves_a_whole_chain_and_no_processes(site_of: Make) -> None:
    """SIGKILL in the middle: what was acknowledged stands, the record says it never finished, the next one works."""
    place = site_of(Node(name="his01"), Node(name="stuck", kind="silent"))
    place.settings(host_timeout_s=60, connect_timeout_s=60)
    running = place.start("inspect")
    wait_for_entry(place, "host.judged")
    running.kill()
    running.communicate(timeout=30)
    assert place.run("ledger", "verify").returncode == 0
    assert "never finished" in place.run("report", "--list").stdout
    until = time.monotonic() + 15
    while not no_process_mentions(str(place.site.parent)):
        assert time.monotonic() < until, "ssh or ansible-playbook of a killed inspection still runs"
        time.sleep(0.3)
    again = place.inspect("--limit", "his01")
    assert again["coverage"]["inspected"] == 1


def test_two_inspections_at_once(site_of: Make) -> None:
    """The second is refused with exit 20 and told who is at work; the first ends as it would have."""
    place = site_of(Node(name="his01"), Node(name="stuck", kind="silent"))
    place.settings(host_timeout_s=25, connect_timeout_s=25)
    running = place.start("inspect", "--json")
    wait_for_entry(place, "inspection.started")
    second = place.run("inspect")
    assert second.returncode == 20, second.stdout + second.stderr
    assert str(running.pid) in second.stderr
    running.communicate(timeout=60)
    assert running.returncode in (12, 13)


def test_a_handling_lands_in_the_next_rendering(site_of: Make) -> None:
    """What a person enters about an event stands in the record, and the record of this event is no longer blank."""
    place = site_of(Node(name="his01"))
    events = [one["event"] for one in place.inspect()["findings"] if one["status"] in ("warn", "crit")]
    assert events
    for event in events:
        handled = place.run(
            "finding", "handle", event, "--conclusion", "磁盘日志增长", "--handling", "已清理归档",
            "--owner", "王工", "--due", "2026-12-31", "--by", "张工", "--json",
        )  # fmt: skip
        assert handled.returncode == 0, handled.stderr
        entered = json.loads(handled.stdout)
        assert (entered["kind"], entered["subject"], entered["body"]["owner"]) == ("finding.handled", event, "王工")
    made = json.loads(place.run("report", "inspection", "--format", "docx", "--json").stdout)
    assert made["draft"] is False
    record = texts(Path(made["written"][0]))
    for words in ("磁盘日志增长", "已清理归档", "王工", "2026-12-31"):
        assert words in record
    assert "草稿" not in record


def test_a_carried_result_is_taken_in(site_of: Make, tmp_path: Path) -> None:
    """The printed collector, run by hand, gives a file that stands for the host; nobody contacts it."""
    place = site_of(Node(name="his01"), Node(name="island", kind="refused"))
    script = place.run("collector").stdout
    answer = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=True).stdout
    result = tmp_path / "island.json"
    result.write_text(answer)
    done = place.inspect("--import", f"island={result}")
    assert done["coverage"]["inspected"] == 2
    made = json.loads(place.run("report", "inspection", "--format", "docx", "--json").stdout)
    assert "人工" in texts(Path(made["written"][0]))
    refused = place.run("inspect", "--import", f"island={result}")
    assert refused.returncode == 6, refused.stderr
    assert "not newer" in refused.stderr


def test_a_carried_collector_asks_what_its_host_and_its_groups_are_to_have(site_of: Make) -> None:
    """The groups are those of the inventory; a name that is not there is told, with the nearest that is."""
    place = site_of(Node(name="his01"))
    services = yaml.safe_load((place.site / "services.yml").read_text())
    declared = {"groups": {"fleet": {"units": ["nginx.service"]}}, "hosts": {"his01": {"units": ["his.service"]}}}
    (place.site / "services.yml").write_text(json.dumps({**services, **declared}))
    done = place.run("collector", "--host", "his01")
    assert done.returncode == 0, done.stderr
    parameters = next(line for line in done.stdout.splitlines() if line.startswith("PARAMETERS, SHA256 = "))
    assert "nginx.service" in parameters
    assert "his.service" in parameters
    missed = place.run("collector", "--host", "his02")
    assert missed.returncode == 4, missed.stderr
    assert "the inventory has no host `his02` (did you mean `his01`?)" in missed.stderr
    assert missed.stdout == ""


def test_a_deep_inspection_gives_a_health_report_that_waits_for_a_persons_word(site_of: Make) -> None:
    """Blanks are filled by command; a daily inspection has no such report."""
    place = site_of(Node(name="his01"))
    daily = place.inspect()["run"]
    refused = place.run("report", "health", "--run", daily)
    assert (refused.returncode, "not a deep one" in refused.stderr) == (7, True), refused.stderr
    told = place.run("inspect", "--deep").stdout
    deep = told.split()[1].rstrip(":")
    assert f"3 rows are for a person to look at: maintkit finding look {deep} CHECK HOST …" in told
    for blank, text in (("conclusion", "总体平稳"), ("plan", "下季度扩容")):
        done = place.run("report", "fill", "health-report", deep, "--blank", blank, "--text", text, "--by", "李工")
        assert done.returncode == 0, done.stderr
    made = json.loads(place.run("report", "health", "--json").stdout)
    assert {Path(path).suffix for path in made["written"]} == {".docx", ".xlsx", ".html", ".pdf"}
    report = texts(next(Path(path) for path in made["written"] if path.endswith(".docx")))
    assert "总体平稳（李工" in report
    assert "数据不足：只有 2 个数据点" in report
    assert "系统健康检查与性能分析报告" in report
    manual = json.loads(place.run("report", "configuration", "--format", "docx", "--json").stdout)
    found = texts(Path(manual["written"][0]))
    assert "系统配置手册" in found
    assert platform.release() in found
    assert "此前没有配置记录、未作比较的主机：his01。" in found


def test_the_quarter_is_summed_up(site_of: Make) -> None:
    """季度巡检记录汇总单 lists the inspections of the quarter in every format."""
    place = site_of(Node(name="his01"))
    runs = [place.inspect()["run"], place.inspect()["run"]]
    made = json.loads(place.run("report", "inspection-summary", "--json").stdout)
    assert {Path(path).suffix for path in made["written"]} == {".docx", ".xlsx", ".html", ".pdf"}
    summary = texts(next(Path(path) for path in made["written"] if path.endswith(".docx")))
    for run in runs:
        assert run in summary


def test_a_ledger_on_a_full_disk_stops_the_inspection_with_one_clear_error(site_of: Make) -> None:
    """Nothing acknowledged is lost; the error names the ledger."""
    place = site_of(Node(name="his01"))
    small = place.environment | {"MAINTKIT_SITE": str(place.site)}
    size = (place.site / "ledger" / "ledger.db").stat().st_size
    done = subprocess.run(
        ["sh", "-c", f"ulimit -f {size // 512 + 8}; exec '{MAINTKIT}' inspect"],
        env=small,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 9, done.stdout + done.stderr
    assert "ledger" in done.stderr
    assert "Traceback" not in done.stderr
    assert place.run("ledger", "verify").returncode == 0


@pytest.mark.parametrize("free_kib", [8, 60])
def test_no_room_for_the_files_of_a_run_is_one_clear_error(site_of: Make, tmp_path: Path, free_kib: int) -> None:
    """Before anybody is asked or in the middle: exit 5, no traceback, and a ledger that says who was not looked at."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small filesystem needs root")
    place = site_of(Node(name="his01"))
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "maintkit-test", small], check=False).returncode:
        pytest.skip("cannot mount a tmpfs here")
    try:
        (small / "ballast").write_bytes(b"x" * 1024 * (300 - free_kib))
        place.environment["XDG_RUNTIME_DIR"] = str(small)
        done = place.run("inspect")
    finally:
        subprocess.run(["umount", small], check=True)
    assert done.returncode == 5, done.stdout + done.stderr
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert place.run("ledger", "verify").returncode == 0
    listed = json.loads(place.run("report", "--list", "--json").stdout)["documents"]
    assert all(", 0/" in one["came"] for one in listed if one["document"] == "inspection-record")


def wait_for_entry(place: Place, kind: str) -> None:
    """Until the ledger holds an entry of this kind; the command under test writes it."""
    until = time.monotonic() + 40
    while time.monotonic() < until:
        if json.loads(place.run("ledger", "show", "--kind", kind, "--json").stdout or "[]"):
            return
        time.sleep(0.2)
    pytest.fail(f"no {kind} in the ledger after 40 s")


def no_process_mentions(word: str) -> bool:
    """No process but sshd of the fleet has this word in its command line."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in line and "sshd" not in line and int(path.parent.name) != os.getpid():
            return False
    return True
