"""One trip a host, over real sshd: what users of Ansible rely on holds."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet import Fleet, Node
from play import ANSIBLE_PLAYBOOK, LIMIT_S, collect

pytestmark = pytest.mark.fleet
QUICK = {"parameters": {"only": ["host"], "sample_s": 0.1}}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two healthy hosts."""
    with Fleet(tmp_path_factory.mktemp("pair"), [Node(name="web1"), Node(name="web2")]) as fleet:
        yield fleet


def test_a_fleet_of_twenty_with_one_refused_and_one_hanging_ends_on_time(tmp_path: Path) -> None:
    """18 are collected, two are missed with their reasons, and nobody waits for the hanging one beyond its limit."""
    nodes = [Node(name=f"h{number:02}") for number in range(18)]
    nodes += [Node(name="refused", kind="refused"), Node(name="hanging", command="sleep 600")]
    with Fleet(tmp_path / "fleet", nodes) as fleet:
        before = time.monotonic()
        played = collect(fleet, task={**QUICK, "timeout": 12}, environment={"ANSIBLE_FORKS": "20"})
        took = time.monotonic() - before
    assert played.collected["counts"] == {"ok": 18, "timeout": 1, "unreachable": 1}
    assert played.host("hanging")["reason"] == "no whole answer within 12 s"
    assert "Connection refused" in played.host("refused")["reason"]
    assert took < 25
    assert played.code == 0


def test_a_host_that_accepts_and_never_speaks_is_unreachable_after_the_connect_timeout(tmp_path: Path) -> None:
    """Its limit is that of connecting, not that of collecting."""
    with Fleet(tmp_path / "fleet", [Node(name="silent", kind="silent"), Node(name="web1")]) as fleet:
        played = collect(fleet, task={**QUICK, "connect_timeout": 2})
    assert played.status("silent") == "unreachable"
    assert "timed out" in played.host("silent")["reason"]
    assert 1900 < played.host("silent")["took_ms"] < 5000
    assert played.status("web1") == "ok"


def test_facts_are_there_for_later_tasks_of_every_host(pair: Fleet) -> None:
    """`collected.hosts[inventory_hostname].facts` works on every host of the play."""
    task = {
        "name": "Use",
        "ansible.builtin.debug": {
            "msg": "{{ inventory_hostname }} is {{ collected.hosts[inventory_hostname].facts.schema }}"
        },
    }
    played = collect(pair, task=QUICK, after=[task])
    assert "web1 is maintkit.facts/1" in played.said
    assert "web2 is maintkit.facts/1" in played.said


def test_either_way_brings_the_same_document(tmp_path: Path) -> None:
    """The host's own connection plugin is the oracle of the fast way: only times and sockets may differ."""
    nodes = [Node(name="fast"), Node(name="own", variables={"ansible_connection": "local"})]
    with Fleet(tmp_path / "fleet", nodes) as fleet:
        played = collect(fleet, task={"parameters": {"only": ["kernel", "sshd", "sudo"], "sample_s": 0.1}})
    fast, own = played.host("fast"), played.host("own")
    assert (fast["via"], own["via"]) == ("openssh", "local")
    for document in (fast["facts"], own["facts"]):
        assert set(document["sections"]) == {"kernel", "sshd", "sudo"}
    for name, section in fast["facts"]["sections"].items():
        assert section["data"] == own["facts"]["sections"][name]["data"], name
    assert fast["facts"]["collector"]["sha256"] == own["facts"]["collector"]["sha256"]


def test_a_login_password_goes_through_the_hosts_own_plugin(tmp_path: Path) -> None:
    """ssh alone would have to ask; with the key there, the plugin's login succeeds without using the password."""
    nodes = [Node(name="web1", variables={"ansible_password": "not-asked-for"})]
    with Fleet(tmp_path / "fleet", nodes) as fleet:
        played = collect(fleet, task=QUICK)
    assert played.host("web1")["via"] == "ssh"
    assert played.status("web1") == "ok"
    assert "not-asked-for" not in played.said


def test_command_line_and_keywords_are_honoured(pair: Fleet) -> None:
    """A user who does not exist, named by -e, by a play variable or by the keyword, is refused by the host."""
    by_extra = collect(pair, "-e", "ansible_user=nobody-here", task=QUICK)
    by_play = collect(pair, task=QUICK, play={"vars": {"ansible_user": "nobody-here"}})
    assert by_extra.collected["counts"] == {"auth": 2}
    assert by_play.collected["counts"] == {"auth": 2}
    assert "nobody-here" in by_play.host("web1")["reason"]


def test_templated_connection_variables_are_those_of_each_host(tmp_path: Path) -> None:
    """A template in ansible_host is evaluated for its own host, one that fails costs only its host."""
    nodes = [
        Node(name="broken", variables={"ansible_host": "{{ nowhere_defined }}"}),
        Node(name="web1", variables={"ansible_host": "{{ real_address }}"}),
    ]
    with Fleet(tmp_path / "fleet", nodes) as fleet:
        data = fleet.inventory_data()
        data["fleet"]["hosts"]["web1"]["real_address"] = fleet.addresses["web1"]
        fleet.inventory.write_text(json.dumps(data))
        played = collect(fleet, task=QUICK)
    assert played.status("web1") == "ok"
    assert played.status("broken") == "refused"
    assert "ansible_host does not template" in played.host("broken")["reason"]


def test_passwordless_sudo_becomes_the_user_that_was_asked_for(tmp_path: Path) -> None:
    """The document says as whom the collector ran; a sudo that refuses is `become`, not `broken`."""
    sudo = tmp_path / "sudo"
    sudo.write_text('#!/bin/sh\nwhile [ "$1" != -u ]; do shift; done; shift 2\nexec "$@"\n')
    sudo.chmod(0o755)
    refusing = tmp_path / "refusing"
    refusing.write_text("#!/bin/sh\necho 'sudo: a password is required' >&2; exit 1\n")
    refusing.chmod(0o755)
    nodes = [
        Node(name="may", variables={"ansible_become": True, "ansible_become_exe": str(sudo)}),
        Node(name="may-not", variables={"ansible_become": True, "ansible_become_exe": str(refusing)}),
    ]
    with Fleet(tmp_path / "fleet", nodes) as fleet:
        played = collect(fleet, task=QUICK)
    assert played.status("may") == "ok"
    assert played.host("may")["via"] == "openssh"
    assert played.status("may-not") == "become"
    assert played.host("may-not")["reason"] == "sudo: a password is required"


def test_an_interpreter_that_is_named_is_the_one_that_runs(tmp_path: Path) -> None:
    """And one that is not there is `no-python`, with its path in the reason."""
    real = subprocess.run(["/bin/sh", "-c", "command -v python3"], capture_output=True, text=True, check=True).stdout
    named = tmp_path / "my python"
    marker = tmp_path / "ran"
    named.write_text(f'#!/bin/sh\n[ "$1" = -I ] && touch {marker}\nexec {real.strip()} "$@"\n')
    named.chmod(0o755)
    nodes = [
        Node(name="named", variables={"ansible_python_interpreter": f"'{named}'"}),
        Node(name="missing", variables={"ansible_python_interpreter": "/opt/no/python9"}),
    ]
    with Fleet(tmp_path / "fleet", nodes) as fleet:
        played = collect(fleet, task=QUICK)
    assert played.status("named") == "ok"
    assert marker.exists()
    assert played.status("missing") == "no-python"


def test_a_held_connection_is_used_again(pair: Fleet) -> None:
    """ControlPersist leaves a socket where Ansible puts it, and the second trip comes through it."""
    with tempfile.TemporaryDirectory(prefix="cp") as directory:  # short: a socket's path has at most 108 bytes
        held = {
            "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=20s",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": directory,
        }
        first = collect(pair, task=QUICK, environment=held)
        sockets = list(Path(directory).iterdir())
        second = collect(pair, task=QUICK, environment=held)
        for socket in sockets:
            subprocess.run(
                ["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "any"], capture_output=True, check=False
            )
    assert first.collected["counts"] == second.collected["counts"] == {"ok": 2}
    assert len(sockets) == 2


def test_dest_gets_one_document_a_host_and_loses_the_one_of_a_host_that_is_gone(tmp_path: Path) -> None:
    """An old document is never taken for news; names with slashes and dots stay in the directory."""
    nodes = [Node(name="../up/web1"), Node(name="gone", kind="refused")]
    with Fleet(tmp_path / "fleet", nodes) as fleet:
        facts = tmp_path / "facts"
        facts.mkdir()
        (facts / "gone.json").write_text("{}")
        played = collect(fleet, task={**QUICK, "dest": str(facts), "return_facts": False})
        names = [path.name for path in facts.iterdir()]
    assert played.status("../up/web1") == "ok"
    assert "facts" not in played.host("../up/web1")
    assert names == ["%2E.%2Fup%2Fweb1.json"]
    assert json.loads((facts / names[0]).read_text())["schema"] == "maintkit.facts/1"


def test_the_playbook_alone_fails_the_missed_hosts_only(tmp_path: Path) -> None:
    """`ansible-playbook maintkit.ops.inspect` writes the documents, says who was missed, and exits with 2."""
    nodes = [Node(name="web1"), Node(name="gone", kind="refused")]
    with Fleet(tmp_path / "fleet", nodes) as fleet:
        ran = subprocess.run(
            [ANSIBLE_PLAYBOOK, "-i", str(fleet.inventory), "maintkit.ops.inspect"],
            env=fleet.environment(),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
            cwd=tmp_path,
        )
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert [path.name for path in (tmp_path / "maintkit-facts").iterdir()] == ["web1.json"]
    recap = {line.split()[0]: line for line in ran.stdout.splitlines() if "unreachable=0" in line}
    assert "failed=1" in recap["gone"]
    assert "failed=0" in recap["web1"]


def test_the_exchange_is_a_handshake_and_results_come_as_hosts_finish(pair: Fleet) -> None:
    """Expected hosts first, then parameters, then events and one result a host, as docs/exchange.md says."""
    place = pair.directory / "exchange"
    place.mkdir(mode=0o700)
    argv = [ANSIBLE_PLAYBOOK, "-i", str(pair.inventory), "maintkit.ops.inspect"]
    argv += ["-e", f"maintkit_exchange={place}", "-e", "db_password=geheim-4711"]
    process = subprocess.Popen(argv, env=pair.environment(), stdout=subprocess.PIPE, text=True, cwd=pair.directory)
    expected = json.loads(wait_for(place / "expected.json").read_text())
    assert not (place / "events.jsonl").exists()
    answer = {"owner": os.getpid(), "hosts": dict.fromkeys(expected["hosts"], QUICK["parameters"])}
    (place / "parameters.part").write_text(json.dumps(answer))
    (place / "parameters.part").rename(place / "parameters.json")
    said, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, said
    assert expected["schema"] == "maintkit.exchange/1"
    assert expected["inventory"]["hosts"] == ["web1", "web2"]
    assert set(expected["inventory"]["groups"]) == {"all", "fleet", "ungrouped"}
    assert expected["secrets"] == ["geheim-4711"]
    assert expected["hosts"]["web1"] == {"groups": ["fleet"], "address": pair.addresses["web1"], "connection": "ssh"}
    events = [json.loads(line) for line in (place / "events.jsonl").read_text().splitlines()]
    assert {(event["host"], event["event"]) for event in events} == {("web1", "started"), ("web2", "started")}
    results = [json.loads(path.read_text()) for path in sorted((place / "results").glob("*.json"))]
    assert {result["host"]: result["status"] for result in results} == {"web1": "ok", "web2": "ok"}
    assert all(result["document"]["schema"] == "maintkit.facts/1" for result in results)
    assert "sections" not in said


def test_misuse_is_said_before_anybody_is_contacted(pair: Fleet) -> None:
    """A wrong type, a nonsensical limit and a missing directory are errors of the task."""
    for task, words in (
        ({"timeout": -1}, "is not more than 0 seconds"),
        ({"forks": 0}, "less than 1"),
        ({"exchange": "/nowhere/at/all"}, "is not a directory"),
        ({"time_out": 3}, "Unsupported parameters"),
    ):
        played = collect(pair, task=task)
        assert played.code == 2
        assert words in played.said


def wait_for(path: Path) -> Path:
    until = time.monotonic() + 30
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return path
