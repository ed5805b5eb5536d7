"""The collector, run as it is on a host: over standard input, on every Python that this machine has."""

from __future__ import annotations

import os
import pwd
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from collected import run, script, unknown_fields
from pythons import VERSIONS, interpreter

from maintkit.checks.facts.document import Facts, Sections


@pytest.mark.parametrize("version", VERSIONS)
def test_every_section_comes_on_every_python(version, tmp_path):
    """The document validates, holds all sections, no field that the models do not know, and no section failed."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    document = run(python, script({"sample_s": 0.2, "units": ["sshd"], "deep": True}, tmp_path))
    facts = Facts.model_validate(document)
    assert set(document["sections"]) == set(Sections.model_fields)
    assert unknown_fields(document, facts.model_dump(mode="json", by_alias=True)) == []
    failed = {
        name: one["reason"] for name, one in document["sections"].items() if one["status"] in ("error", "timeout")
    }
    assert failed == {}
    assert facts.collector.python.startswith(version)
    assert facts.sections.memory is not None
    assert facts.sections.memory.data is not None


def test_packages_are_listed_in_deep_inspections_alone(tmp_path):
    """A daily inspection does not hold the section at all."""
    document = run(sys.executable, script({"sample_s": 0.2}, tmp_path))
    assert set(Sections.model_fields) - set(document["sections"]) == {"packages_installed"}


def test_only_what_is_asked_for_is_collected(tmp_path):
    """Other sections are not in the document at all."""
    document = run(sys.executable, script({"only": ["host", "memory"]}, tmp_path))
    assert set(document["sections"]) == {"host", "memory"}


def test_the_document_names_the_program_that_made_it(tmp_path):
    """The hash is the same whatever the parameters, and is the one that the script carries."""
    documents = [run(sys.executable, script(one, tmp_path)) for one in ({"only": ["host"]}, {"only": ["memory"]})]
    hashes = {document["collector"]["sha256"] for document in documents}
    assert len(hashes) == 1
    assert hashes.pop().encode() in script(None, tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_without_root_the_missing_privilege_is_named(tmp_path):
    """What nobody may not read is denied or withheld with a reason; the rest comes as ever."""
    nobody = pwd.getpwnam("nobody")
    python = "/usr/bin/python3"  # one that nobody may run: pyenv's lie in root's home
    if not os.access(python, os.X_OK):
        pytest.skip("no system Python")
    source = script({"sample_s": 0.2}, tmp_path)
    document = run(python, source, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    sections = document["sections"]
    assert document["collector"]["euid"] == nobody.pw_uid
    assert set(sections["accounts"]["withheld"].values()) == {"needs root: /etc/shadow"}
    assert all("password" not in account for account in sections["accounts"]["data"]["accounts"])
    assert "needs root" in sections["ports"]["withheld"]["process"]
    assert sections["memory"]["status"] == "ok"
    assert not [name for name, one in sections.items() if one["status"] == "error"]


def test_the_window_costs_no_time_of_its_own(tmp_path):
    """One second of sampling and all sections take little more than one second."""
    only = [name for name in Sections.model_fields if name not in ("packages", "certificates", "web")]
    document = run(sys.executable, script({"only": only, "sample_s": 1.0, "since_at": 0}, tmp_path))
    assert 1000 <= document["took_ms"] < 5000
    assert document["sections"]["cpu"]["data"]["sample_s"] >= 1.0


def test_vermin_agrees_that_python_2_7_and_3_5_suffice(tmp_path):
    """But for three names that are asked for at run time: hasattr stands before them, or ImportError behind."""
    path = tmp_path / "collector.py"
    path.write_bytes(script(None, tmp_path))
    guarded = ("http.client", "http.client.HTTPSConnection", "http.client.HTTPConnection", "httplib")
    guarded += ("httplib.HTTPSConnection", "httplib.HTTPConnection", "ssl.SSLContext", "ssl.SSLContext.check_hostname")
    argv = [str(Path(sys.executable).with_name("vermin")), "-t=2.7", "-t=3.5-", "--no-tips"]
    argv += [word for name in guarded for word in ("--exclude", name)]
    done = subprocess.run([*argv, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Minimum required versions: 2.7, 3." in done.stdout


def test_it_costs_a_host_little(tmp_path):
    """CPU time of the collector and all that it starts, apt left out for it depends on the state of its cache."""
    only = [name for name in Sections.model_fields if name != "packages"]
    python = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
    source = script({"only": only}, tmp_path)
    costs = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(python, source)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(costs) < 0.6  # 0.17 s measured on an idle machine; the rest is for a loaded one
