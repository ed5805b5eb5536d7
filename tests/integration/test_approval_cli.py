"""Plans and approvals as their users run them, and the commands of docs/plans.md as a stranger would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from change import ZONE, host, plan
from sites import make_site

from maintkit.clock import SystemClock
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.plans import lock
from maintkit.plans.frozen import freeze
from maintkit.plans.model import Plan

ROOT = Path(__file__).parents[2]
PEOPLE = {"li": "hospital", "wang": "hospital", "zhang": "provider"}
ROLES = {"li": "approver, supervisor", "wang": "approver, second-approver", "zhang": "lock-breaker"}
NAMES = {"li": "李主任", "wang": "王工", "zhang": "张伟"}


def maintkit(*arguments: object, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The real command line."""
    where = [] if site is None else ["--site", str(site)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAINTKIT_")}
    program = [sys.executable, "-c", "from maintkit.cli.main import main; main()", *map(str, arguments), *where]
    return subprocess.run(program, capture_output=True, text=True, check=False, cwd="/", env=clean)


def good(*arguments: object, site: Path) -> str:
    done = maintkit(*arguments, site=site)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(code: int, *arguments: object, site: Path) -> str:
    done = maintkit(*arguments, site=site)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site whose window `now` is open, with three people and their keys."""
    root = make_site(tmp_path / "site", {"all": {"hosts": {"his-app1": {}, "his-app2": {}}}})
    now = SystemClock().now().astimezone(ZONE)
    text = (root / "contract.yml").read_text(encoding="utf-8").partition("\nchanges:\n")[0]
    wall = [f"{now + timedelta(hours=hours):%Y-%m-%d %H:%M}" for hours in (-1, 5, 24, 30)]
    text += f"""
changes:
  windows:
    - {{id: now, title_zh: 现在, start: '{wall[0]}', end: '{wall[1]}'}}
    - {{id: tomorrow, title_zh: 明天, start: '{wall[2]}', end: '{wall[3]}'}}
"""
    (root / "contract.yml").write_text(text, encoding="utf-8")
    lines, people = [], ["people:"]
    for who, of in PEOPLE.items():
        key = tmp_path / who
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        lines.append(f'{who}@x.example namespaces="maintkit-approval@maintkit" {Path(f"{key}.pub").read_text()}')
        people.append(
            f"  - {{name: {NAMES[who]}, of: {of}, principals: ['{who}@x.example'], roles: [{ROLES[who]}]}}"
        )  # fmt: skip
    (root / "signers" / "allowed_signers").write_text("".join(lines))
    (root / "signers" / "roles.yml").write_text("\n".join(people) + "\n", encoding="utf-8")
    return root


@pytest.fixture
def ledger(site: Path) -> Iterator[Ledger]:
    """The site's ledger."""
    url = f"sqlite:///{site}/ledger/ledger.db"
    with Ledger.open(url, clock=SystemClock(), redactor=Redactor()) as opened:
        yield opened


@pytest.fixture
def frozen(ledger: Ledger) -> Plan:
    """A plan of two hosts that 张伟 asks for."""
    return freeze(ledger, plan(ledger.id, requester="zhang@x.example", created_at=SystemClock().now()))


def test_the_fixture_is_a_sound_site(site: Path) -> None:
    """`site check` reads roles.yml too, and tells its mistakes by line."""
    good("site", "check", site=site)
    roles = site / "signers" / "roles.yml"
    roles.write_text(roles.read_text().replace("[lock-breaker]", "[approver]"))
    told = refused(3, "site", "check", site=site)
    assert f"{roles}:4: 张伟 of the provider is approver; allowed: people of the hospital" in told


def test_a_plan_is_listed_shown_exported_and_compared(site: Path, ledger: Ledger, frozen: Plan, tmp_path: Path) -> None:
    """As a table and as JSON; the exported file has the hash that people sign."""
    freeze(ledger, plan(ledger.id, id="P20261126-2", requester="zhang@x.example", hosts=(host("his-app1"),),
                        batches=(("his-app1",),), created_at=frozen.created_at))  # fmt: skip
    assert [one["id"] for one in json.loads(good("plan", "list", "--json", site=site))] == ["P20261126-2", frozen.id]
    assert frozen.title_zh in good("plan", "list", site=site)
    shown = good("plan", "show", frozen.id, "--export", tmp_path / "plan.json", site=site)
    assert "may run     no: plan P20261126-1 of risk low needs 1 approvals" in shown
    assert "package   nginx 1.22.1-9 → 1.22.1-9+deb12u1" in re.sub(" +", " ", shown).replace(" package ", " package   ")
    digest = subprocess.run(["sha256sum", tmp_path / "plan.json"], capture_output=True, text=True, check=True).stdout
    assert digest.split()[0] == frozen.sha256
    told = json.loads(good("plan", "show", frozen.id, "--json", site=site))
    assert (told["sha256"], told["may_run"], told["plan"]["id"]) == (frozen.sha256, False, frozen.id)
    assert "hosts.his-app2" in good("plan", "diff", frozen.id, "P20261126-2", site=site)
    assert "do the same" in good("plan", "diff", frozen.id, frozen.id, site=site)
    assert "no plan 'P1'" in refused(7, "plan", "show", "P1", site=site)


def test_from_request_to_permission_on_one_machine(site: Path, frozen: Plan, tmp_path: Path) -> None:
    """Asked for, signed, watched; each step is in `plan show`, and nothing is signed twice by mistake."""
    assert "no window was requested" in refused(7, "approve", frozen.id, "--key", tmp_path / "li", site=site)
    assert "say when: --window" in refused(2, "request", frozen.id, site=site)
    out = tmp_path / "out"
    asked = json.loads(
        good("request", frozen.id, "--window", "now", "--out", out, "--format", "html", "--json", site=site)
    )
    assert [Path(text).name for text in asked["texts"]] == [
        f"{frozen.id}-approver-li@x.example.txt",
        f"{frozen.id}-approver-wang@x.example.txt",
    ]
    assert "尚无电子签署" in Path(asked["written"][0]).read_text()
    approved = json.loads(good("approve", frozen.id, "--key", tmp_path / "li", "--json", site=site))
    assert (approved["person"], approved["role"]) == ("李主任", "approver")
    shown = json.loads(good("plan", "show", frozen.id, "--json", site=site))
    assert shown["may_run"], shown["why"]
    assert good("supervise", "in", frozen.id, "--key", tmp_path / "li", site=site).startswith("entry ")
    assert json.loads(good("plan", "show", frozen.id, "--json", site=site))["present"] == ["李主任"]
    good("supervise", "out", frozen.id, "--key", tmp_path / "li", site=site)
    done = good("report", "upgrade-request", frozen.id, "--format", "html", "--out", out, site=site)
    page = Path(done.strip()).read_text()
    assert approved["key"] in page
    assert "尚无电子签署" not in page


def test_an_approval_made_on_a_machine_without_maintkit(site: Path, frozen: Plan, tmp_path: Path) -> None:
    """Plain ssh-keygen signs the text that `request` wrote; one byte more and it is refused."""
    asked = json.loads(good("request", frozen.id, "--window", "now", "--for", "li@x.example", "--out", tmp_path,
                            "--format", "html", "--json", site=site))  # fmt: skip
    text = Path(asked["texts"][0])
    sign = ["ssh-keygen", "-Y", "sign", "-n", "maintkit-approval@maintkit", "-f", tmp_path / "li", text]
    subprocess.run(sign, check=True, capture_output=True)
    whole = text.read_bytes()
    text.write_bytes(whole.replace(b"role: approver", b"role: second-approver"))
    assert "was not given out" in refused(32, "approve", frozen.id, "--import", f"{text}.sig", site=site)
    text.write_bytes(whole)
    assert "approved by 李主任" in good("approve", frozen.id, "--import", f"{text}.sig", site=site)
    assert "taken in before" in refused(32, "approve", frozen.id, "--import", f"{text}.sig", site=site)


def test_refusals_have_their_exit_codes(site: Path, frozen: Plan, tmp_path: Path) -> None:
    """The wrong person, an unknown key, a window that is none: one message each, with its code."""
    args = ("approve", frozen.id, "--window", "now")
    assert "is no approver" in refused(32, *args, "--key", tmp_path / "zhang", site=site)
    assert "does not count" in refused(32, *args, "--key", tmp_path / "wang", "--as", "li@x.example", site=site)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "stranger"], check=True)
    assert "names nobody for the key" in refused(23, *args, "--key", tmp_path / "stranger", site=site)
    assert "needs --key" in refused(2, *args, site=site)
    assert "no window 'night'" in refused(
        2, "approve", frozen.id, "--window", "night", "--key", tmp_path / "li", site=site
    )
    naive = "2026-11-28T23:30/2026-11-29T05:00"
    assert "needs a time zone" in refused(
        2, "approve", frozen.id, "--window", naive, "--key", tmp_path / "li", site=site
    )
    assert "name either a PLAN" in refused(2, "approve", "--key", tmp_path / "li", site=site)


def test_an_emergency_is_loud_and_stands_in_the_document(site: Path, frozen: Plan, tmp_path: Path) -> None:
    """Red on the terminal, an alert in 升级申请, and the plan may run."""
    assert "no reason" in refused(32, "emergency", frozen.id, "--by", "张伟", "--reason", "x", site=site)
    said = good("emergency", frozen.id, "--by", "张伟", "--reason", "数据库停止响应，门诊中断", site=site)
    assert f"EMERGENCY: {frozen.id} may run WITHOUT APPROVAL" in said
    assert json.loads(good("plan", "show", frozen.id, "--json", site=site))["may_run"]
    page = Path(good("report", "upgrade-request", frozen.id, "--format", "html", "--out", tmp_path, site=site).strip())
    assert "紧急变更：张伟 于" in page.read_text()


def test_windows_are_listed_with_their_blackouts(site: Path) -> None:
    """Open or not, and why; by day and by system."""
    listed = json.loads(good("window", "list", "--json", site=site))
    assert [(one["windows"], one["open"]) for one in listed] == [(["now"], True), (["tomorrow"], True)]
    path = site / "contract.yml"
    day = (SystemClock().now().astimezone(ZONE) - timedelta(days=1)).date()
    path.write_text(path.read_text() + f"""\
  blackouts:
    - {{id: assessment, title_zh: 等保测评周, systems: [HIS], start: '{day}', end: '{day + timedelta(days=7)}'}}
""")  # fmt: skip
    shown = json.loads(good("window", "list", "--system", "HIS", "--json", site=site))
    assert {(one["open"], one["why"]) for one in shown} == {(False, "assessment 等保测评周")}
    assert {one["open"] for one in json.loads(good("window", "list", "--system", "EMR", "--json", site=site))} == {True}
    assert "no: assessment 等保测评周" in good("window", "list", "--system", "HIS", site=site)
    assert "no system 'HISS'" in refused(2, "window", "list", "--system", "HISS", site=site)
    past = good("window", "list", "--from", "2020-01-01", "--to", "2020-01-31", site=site)
    assert past == "the site may not be changed: no window of the contract in this time\n"


def test_a_lock_is_listed_and_broken_by_signature(site: Path, ledger: Ledger, frozen: Plan, tmp_path: Path) -> None:
    """By whom it may be; afterwards the host is free."""
    lock.take_all(ledger, frozen.hosts, plan=frozen.id, run="R20261126-1")
    assert {one["host"] for one in json.loads(good("lock", "list", "--json", site=site))} == {"his-app1", "his-app2"}
    args = ("lock", "break", "his-app1", "--reason", "控制机已断电")
    assert "is no lock-breaker" in refused(32, *args, "--key", tmp_path / "li", site=site)
    assert "broken by 张伟" in good(*args, "--key", tmp_path / "zhang", site=site)
    assert "his-app1 is not locked" in refused(7, *args, "--key", tmp_path / "zhang", site=site)
    blank = ("lock", "break", "his-app2", "--reason", " ", "--key", tmp_path / "zhang")
    assert "not one line of printable text" in refused(32, *blank, site=site)


def test_the_commands_of_the_documentation_check_an_approval(
    site: Path, ledger: Ledger, frozen: Plan, tmp_path: Path
) -> None:
    """Three commands of a shell, with the hospital's own copy of the signers; they fail when a byte is changed."""
    good("approve", frozen.id, "--window", "now", "--key", tmp_path / "li", site=site)
    good("plan", "show", frozen.id, "--export", tmp_path / "plan.json", site=site)
    body = next(ledger.entries(kind="approval.given")).body
    (tmp_path / "approval.txt").write_text(body["text"], encoding="utf-8")
    (tmp_path / "approval.txt.sig").write_text(body["signature"], encoding="ascii")
    (tmp_path / "allowed_signers").write_text((site / "signers" / "allowed_signers").read_text())
    (script,) = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "plans.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(script.splitlines()) == 3

    def check() -> subprocess.CompletedProcess[str]:
        shell = ["sh", "-e", "-c", script]
        return subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, check=False)

    done = check()
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"plan-sha256: {frozen.sha256}\n")
    assert 'Good "maintkit-approval@maintkit" signature for li@x.example' in done.stdout
    for name in ("plan.json", "approval.txt"):
        whole = (tmp_path / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(whole.replace("安全补丁更新", "安全补丁更改"), encoding="utf-8")
        assert check().returncode != 0
        (tmp_path / name).write_text(whole, encoding="utf-8")
