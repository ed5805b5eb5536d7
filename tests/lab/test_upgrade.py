"""Upgrading an application on booted hosts: its gate is a real transaction, its schema has a way back or says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from procedures import demo, install, play, version, whole_list

from lab import Lab, Spec, lab
from lab.archive import Deb, archive_of

# Answers GET always; stores a patient in a directory and reads it back on POST, unless the release cannot.
APPLICATION = """\
#!/usr/bin/python3
import http.server, pathlib
VERSION, SCHEMA = "{version}", "{schema}"
DATA = pathlib.Path("/var/lib/demo")
class Answer(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words): pass
    def answer(self, status, text):
        self.send_response(status); self.end_headers(); self.wfile.write(text.encode())
    def do_GET(self):
        self.answer(200, f"ok {{VERSION}}")
    def do_POST(self):
        name = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if (DATA / "schema").read_text().strip() != SCHEMA:
            return self.answer(500, "no column blood_group")
        (DATA / "patients").open("a").write(name + "\\n")
        self.answer(201, f"registered {{name}}")
http.server.HTTPServer(("127.0.0.1", 8080), Answer).serve_forever()
"""
URL = "http://127.0.0.1:8080/"
TRANSACTION = {
    "kind": "http",
    "url": URL,
    "method": "POST",
    "body": "gate",
    "status": 201,
    "contains": "registered gate",
}
UP = ["sh", "-c", "echo 2 >/var/lib/demo/schema; echo up >>/var/lib/demo/log"]
DOWN = ["sh", "-c", "echo 1 >/var/lib/demo/schema; echo down >>/var/lib/demo/log"]
POINT = ["cp", "-a", "/var/lib/demo", "/root/point"]
RESTORE = ["sh", "-c", "rm -rf /var/lib/demo && cp -a /root/point /var/lib/demo"]


def release(number: str, *, schema: str) -> Deb:
    made = demo(number)
    return Deb(
        name="demo",
        version=number,
        files={**made.files, "/usr/bin/demo": APPLICATION.format(version=number, schema=schema)},
        scripts=made.scripts,
    )


@pytest.fixture
def one() -> Iterator[Lab]:
    """1.0 and 1.1 know schema 1; 1.2 answers, and wants a column that nobody has made; 1.3 brings schema 2."""
    releases = [("1.0", "1"), ("1.1", "1"), ("1.2", "9"), ("1.3", "2")]
    files = archive_of([release(number, schema=schema) for number, schema in releases])
    with lab([Spec(name="h1", files=files)]) as made:
        made["h1"].sh("mkdir /var/lib/demo; echo 1 >/var/lib/demo/schema")
        install(made["h1"], "demo=1.0")
        yield made


def asked(to: str, **more: Any) -> dict[str, Any]:
    gates = [TRANSACTION, {"kind": "http", "url": URL, "contains": f"ok {to}"}]
    told = {"upgrade_package": "demo", "upgrade_version": to, "upgrade_service": "demo.service", "upgrade_gates": gates}
    return {**told, "upgrade_gates_before": [TRANSACTION], **more}


def test_a_good_release_goes_in_and_one_that_only_looks_well_is_put_back(one: Lab) -> None:
    """Fault 37: 1.2 answers its status page and cannot register a patient."""
    host = one["h1"]
    good = play(one, "upgrade", **asked("1.1"))
    assert good.fine
    assert version(host) == "1.1"
    before = whole_list(host)
    fooled = play(one, "upgrade", **asked("1.2"), maintkit_run="r2")
    assert fooled.code == 2
    assert "answers 500, not 201" in fooled.phase("verify")["reason"]
    assert fooled.phase("rollback")["status"] == "ok"
    assert whole_list(host) == before
    assert host.run("curl", "-s", URL).out == "ok 1.1"


@pytest.mark.long
def test_a_schema_that_was_brought_up_goes_down_before_the_old_version_comes_back(one: Lab) -> None:
    host = one["h1"]
    hooks = {"upgrade_migrate": UP, "upgrade_migrate_down": DOWN, "upgrade_restore_point": POINT}
    went = play(one, "upgrade", **asked("1.3", **hooks))
    assert went.fine
    classes = {step["action"]: step["rollback_class"] for step in went.phase("probe")["steps"]}
    assert classes == {"restore_point": "reversible", "set package": "reversible", "migrate": "reversible"}
    back = play(one, "procedures.upgrade.rollback", **asked("1.3", **hooks))
    assert back.fine
    assert back.phase("rollback")["facts"]["schema"] == "brought down"
    assert host.run("cat", "/var/lib/demo/log").out == "up\ndown\n"
    assert version(host) == "1.0"
    assert "gate" in host.run("cat", "/var/lib/demo/patients").out


@pytest.mark.long
def test_a_schema_without_a_way_down_is_restored_only_when_somebody_has_agreed(one: Lab) -> None:
    """Fault 41 as far as it is the host's: the failed rollback says what is to be decided, and leaves all as it is."""
    host = one["h1"]
    hooks = {"upgrade_migrate": UP, "upgrade_restore_point": POINT, "upgrade_restore": RESTORE}
    gates = [{"kind": "http", "url": URL, "contains": "never"}]
    went = play(one, "upgrade", **{**asked("1.3", **hooks), "upgrade_gates": gates})
    assert went.code == 2
    assert "it is restore-only" in went.phase("rollback")["reason"]
    assert went.phase("probe")["steps"][-1]["rollback_class"] == "restore-only"
    assert version(host) == "1.3"
    agreed = {**asked("1.3", **hooks), "upgrade_restore_agreed": True, "maintkit_attempt": 2}
    back = play(one, "procedures.upgrade.rollback", **agreed)
    assert back.fine
    assert back.phase("rollback")["facts"]["schema"] == "restored"
    assert (version(host), host.run("cat", "/var/lib/demo/schema").out) == ("1.0", "1\n")


def test_a_migration_without_a_restore_point_is_refused(one: Lab) -> None:
    went = play(one, "upgrade", **asked("1.3", upgrade_migrate=UP))
    assert "upgrade_restore_point with upgrade_migrate" in went.phase("precheck")["reason"]
    assert version(one["h1"]) == "1.0"
