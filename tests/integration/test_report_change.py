"""`maintkit report change` and `maintkit assess` as their users run them, on a ledger that an evening has left."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import sample_runs as runs
import sites
from evening import RUN

HOSTS = {"all": {"hosts": {"his-app1": None, "his-db1": None}}}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh site in whose ledger a restart was carried out."""
    root = sites.make_site(tmp_path_factory.mktemp("hospital") / "site", HOSTS)
    shutil.rmtree(root / "ledger")
    (root / "ledger").mkdir()
    with runs.happened("restart", str(root / "ledger")):
        pass
    return root


def maintkit(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The real command line."""
    return subprocess.run([sites.MAINTKIT, *words], capture_output=True, text=True, check=False, cwd=site)


def test_the_document_is_written_in_every_format(site: Path, tmp_path: Path) -> None:
    done = maintkit(
        site, "report", "change", RUN, "--out", str(tmp_path), "--format", "docx", "--format", "html", "--json"
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    stem = f"重启评估与实施记录-{RUN}"
    assert [Path(one).name for one in said["written"]] == [f"{stem}.docx", f"{stem}.html"]
    assert said["draft"] is True
    assert "效果评价待填写" in (tmp_path / f"{stem}.html").read_text(encoding="utf-8")


def test_a_restart_may_be_drawn_as_tuning(site: Path, tmp_path: Path) -> None:
    done = maintkit(site, "report", "change", RUN, "--tuning", "--out", str(tmp_path), "--format", "html")
    assert done.stdout.strip() == str(tmp_path / f"性能优化实施记录-{RUN}.html")


def test_a_patch_may_not(tmp_path: Path) -> None:
    """It would file a change of packages under another duty."""
    root = sites.make_site(tmp_path / "site", HOSTS)
    shutil.rmtree(root / "ledger")
    (root / "ledger").mkdir()
    with runs.happened("killed", str(root / "ledger")):
        pass
    done = maintkit(root, "report", "change", RUN, "--tuning")
    assert done.returncode == 2
    assert f"--tuning is of restart and config; {RUN} is patch" in done.stderr


def test_runs_are_listed_with_what_came_of_them(site: Path) -> None:
    line = next(line for line in maintkit(site, "report", "--list").stdout.splitlines() if f"  {RUN}  " in line)
    told = [
        "2026-11-28",
        "重启评估与实施记录",
        RUN,
        "draft",
        "done, 2 hosts",
        "tuning",
        f"maintkit report change {RUN}",
    ]
    assert line.split("  ") == told


def test_a_run_that_is_not_there_is_named(site: Path) -> None:
    for words in (("report", "change", "C1"), ("assess", "C1", "--by", "张伟", "--effect", "有效")):
        done = maintkit(site, *words)
        assert done.returncode == 7
        assert "no run 'C1' in the ledger" in done.stderr
        assert "maintkit status" in done.stderr


def test_an_assessment_says_something(site: Path) -> None:
    done = maintkit(site, "assess", RUN, "--by", "张伟", "--effect", " ")
    assert done.returncode == 2
    assert "say something" in done.stderr
