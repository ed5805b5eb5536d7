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
    module, tried = part("index_changes.work"), []

    class Counted(module.Rebuild):  # type: ignore[misc, name-defined]  # of the collection, found when it runs
        def run(self, *told: object) -> object:
            tried.append(1)
            return super().run(*told)

    monkeypatch.setattr(module, "Rebuild", Counted)
    with (
        his.holding("BEGIN; LOCK TABLE visit IN ROW EXCLUSIVE MODE"),
        pytest.raises(part("changes.place").Refused, match=r"由于锁超时，取消语句操作$"),
    ):
        work(his, drop(), lock_timeout_s=0.3, tries=3, old_transaction_s=600).go([drop()])
    assert len(tried) == 3
