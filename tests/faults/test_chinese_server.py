"""A server that speaks Chinese is understood: by its codes, which are the same in all languages."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from indexing import DATABASE, Server, part, server
from indexwishes import NAME, drop, work

LOCALE = "zh_CN.UTF-8"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Server]:
    """Its locale lies in a directory of the test's own; skipped where there is none to be made, or no translation."""
    if shutil.which("localedef") is None:
        pytest.skip("no localedef on this machine")
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as where:
        Path(where).chmod(0o755)
        made = subprocess.run(["localedef", "-i", "zh_CN", "-f", "UTF-8", f"{where}/{LOCALE}"], check=False)
        if made.returncode != 0:
            pytest.skip("the locale cannot be made here")
        patch.setenv("LOCPATH", where)
        with server() as his:
            his.sql(f"ALTER DATABASE {DATABASE} SET lc_messages = '{LOCALE}'")
            yield his


@pytest.fixture
def his(cluster: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A table with an index, and a session that finds out whether the server really speaks Chinese."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    cluster.sql("CREATE TABLE visit (id integer PRIMARY KEY, patient integer)")
    cluster.sql(f"CREATE INDEX {NAME} ON visit (patient)")
    if "错误" not in subprocess.run(cluster.argv("SELECT none"), capture_output=True, text=True, check=False).stderr:
        pytest.skip("this server has no Chinese words")
    return cluster


def test_a_lock_that_does_not_come_is_tried_again_whatever_the_language(
    his: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the server itself, where it comes before the watcher."""
    module, tried = part("indexes.rebuild"), []
    begin = module.Rebuild.run
    monkeypatch.setattr(module.Rebuild, "run", lambda *told: (tried.append(1), begin(*told))[1])
    monkeypatch.setattr(module, "MARGIN_S", 0)
    monkeypatch.setattr(module, "POLL_S", 60)
    monkeypatch.setattr(part("indexes.preflight"), "waits", lambda *_told: [])
    with his.holding("BEGIN; LOCK TABLE visit IN SHARE MODE"):
        told = work(his, drop(), lock_timeout_s=0.3, stall_s=0.3, tries=3).go([drop()])
    assert told["remaining"][0]["why"].endswith("由于锁超时，取消语句操作")
    assert len(tried) == 3
