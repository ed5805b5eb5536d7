"""Restarts on booted hosts: with a reason and figures, out of rotation meanwhile, and proved."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator

import pytest
from procedures import demo, install, play

from lab import File, Lab, Layer, Spec, lab
from lab.archive import archive_of
from lab.faults.clock import Clock, seen
from lab.faults.preload import PRELOAD

FRONT = """\
upstream demo { include /etc/nginx/maintkit/*.conf; }
server { listen 80 default_server; location / { proxy_pass http://demo; proxy_next_upstream off; } }
"""
URL = "http://127.0.0.1:8080/version"
ASKED = {"restart_units": ["demo.service"], "restart_reason": "memory grows"}


@pytest.fixture
def one() -> Iterator[Lab]:
    with lab([Spec(name="h1", layers=(PRELOAD,), files=archive_of([demo("1.0")]))]) as made:
        install(made["h1"], "demo")
        yield made


def test_a_restart_is_told_with_reason_and_figures_before_and_after(one: Lab) -> None:
    went = play(one, "restart", **ASKED, restart_gates=[{"kind": "http", "url": URL, "contains": "1.0"}])
    assert went.fine
    facts = went.phase("verify")["facts"]
    before, after = (facts["services"][when]["demo.service"] for when in ("before", "after"))
    assert facts["reason"] == "memory grows"
    assert before["pid"] != after["pid"] != 0
    assert after["restarts"] == 0
    assert facts["figures"]["after"]["uptime_s"] > facts["figures"]["before"]["uptime_s"]
    assert [len(facts["checks"]), facts["checks"][-1]["problems"]] == [2, []]
    assert went.phase("precheck")["facts"]["checks"][0]["gates"][0]["took_ms"] >= 0
    again = play(one, "procedures.restart.change", **ASKED)
    assert again.phase("change")["changed"] is False


def test_a_reboot_is_made_once_and_proved_by_the_boot_id(one: Lab) -> None:
    booted = one["h1"].boot_id()
    asked = {"restart_host": True, "restart_reason": "kernel", "restart_settle": 20}
    assert play(one, "restart", **asked).fine
    rebooted = one["h1"].boot_id()
    assert rebooted != booted
    again = play(one, "procedures.restart.change", **asked)
    assert again.fine
    assert one["h1"].boot_id() == rebooted


def test_a_host_whose_clock_is_another_is_not_changed(one: Lab) -> None:
    """Fault 20: 400 s ahead is too much, 60 s are not."""
    running = one["h1"].run("systemctl", "show", "-P", "MainPID", "demo.service").out
    with seen(one["h1"], clock=Clock(ahead_s=400)):
        refused = play(one, "restart", **ASKED)
    assert refused.code == 2
    told = re.search(
        r"the host's clock is (\d+) s from this machine's, 300 s are allowed", refused.phase("precheck")["reason"]
    )
    assert told is not None
    assert abs(int(told[1]) - 400) < 60
    assert one["h1"].run("systemctl", "show", "-P", "MainPID", "demo.service").out == running
    with seen(one["h1"], clock=Clock(ahead_s=60)):
        assert play(one, "procedures.restart.precheck", **ASKED).fine


@pytest.mark.long
def test_what_is_missing_or_does_not_come_back_fails(one: Lab) -> None:
    for asked in ({"restart_units": ["demo.service"]}, {"restart_reason": "because"}):
        assert "restart_reason says why" in play(one, "restart", **asked).phase("probe")["reason"]
    absent = play(one, "restart", restart_units=["nothing.service"], restart_reason="because", maintkit_run="r2")
    assert "nothing.service is no service of this host" in absent.phase("probe")["reason"]
    one["h1"].sh("printf '#!/bin/sh\\nsleep 0.2\\nexit 1\\n' >/usr/bin/demo")
    went = play(one, "restart", **ASKED, maintkit_run="r3", restart_settle=1)
    assert went.code == 2
    assert "demo.service is failed" in went.phase("verify")["reason"]
    assert "a restart cannot be undone" in went.said
    assert "h1.rollback" not in went.phases


def test_a_gate_finds_a_service_that_was_not_restarted(one: Lab) -> None:
    """Fault 37: it is active and answers, and runs as the process from before."""
    play(one, "procedures.restart.backup", **ASKED)
    went = play(one, "procedures.restart.verify", **ASKED, restart_settle=1)
    assert "it was not restarted" in went.phase("verify")["reason"]


@pytest.mark.long
def test_servers_behind_nginx_are_restarted_one_by_one_and_no_request_fails() -> None:
    """Each is out of rotation while it is away, and back in only when it is well."""
    serves = "cd /usr/share/demo && exec python3 -m http.server 8080\n"
    body = archive_of([demo("1.0", body=serves)])
    front = File(path="/etc/nginx/sites-enabled/default", content=FRONT.encode())
    nginx = Layer(name="nginx", packages=("nginx-light",))
    servers = [Spec(name=name, files=body, groups=("servers",)) for name in ("h1", "h2")]
    with lab([*servers, Spec(name="front", layers=(nginx,), files=(front,), groups=("fronts",))]) as made:
        for name in ("h1", "h2"):
            install(made[name], "demo")
            line = f"server {made[name].address}:8080;\n"
            made["front"].put(File(path=f"/etc/nginx/maintkit/{name}.conf", content=line.encode()))
        made["front"].run("systemctl", "restart", "nginx")
        asks = f"http://{made['front'].address}/version"
        load = subprocess.Popen(
            ["sh", "-c", f"while :; do curl -s -o /dev/null -m 5 -w '%{{http_code}}\\n' {asks}; sleep 0.05; done"],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            time.sleep(1)
            addresses = {name: host.address for name, host in made.hosts.items()}
            went = play(
                made,
                "restart",
                **ASKED,
                maintkit_hosts="servers",
                drain_with="nginx",
                drain_front="front",
                drain_file="/etc/nginx/maintkit/{{ inventory_hostname }}.conf",
                drain_server="{{ ansible_host }}:8080",
                drain_wait=1,
                restart_gates=[{"kind": "http", "url": URL, "contains": "1.0"}],
            )
        finally:
            load.terminate()
        assert went.fine
        answers = (load.stdout or "").read().split()
        assert len(answers) > 20
        assert set(answers) == {"200"}
        for name in ("h1", "h2"):
            assert (
                made["front"].run("cat", f"/etc/nginx/maintkit/{name}.conf").out == f"server {addresses[name]}:8080;\n"
            )
