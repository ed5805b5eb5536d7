"""What the whole way leaves: the service, restarted once."""

from __future__ import annotations

import json


def test_the_service_runs_as_another_process_than_before(host):
    """By what was kept before the change."""
    kept = json.loads(host.file("/var/lib/maintkit/runs/molecule/before.json").content_string)
    now = int(host.check_output("systemctl show -P MainPID demo"))
    assert now != kept["services"]["demo.service"]["pid"] != 0


def test_it_was_restarted_once_for_the_run(host):
    """Both converges share one step."""
    assert host.check_output("ls /var/lib/maintkit/runs/molecule/steps") == "restart-demo.service"
