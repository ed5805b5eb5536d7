"""Faults 44 to 48 on a real MariaDB with real sets and binary logs: a drill that must fail does, and says why.

Whatever happens, sets and logs are left as they were, and of the copy nothing is left.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from drills import Direct, part
from mariadrills import OWNER, Drilling, Source, register, source, start, stop

REFUSED = part("changes.place").Refused


@pytest.fixture(scope="module")
def his() -> Iterator[Source]:
    """One source for the tests of this file, which leave its sets and logs as they found them."""
    with source() as made:
        yield made


@pytest.fixture
def drilling(his: Source, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drilling]:
    """Drills of it; the user mysql must be able to go where the copies lie."""
    home = Path(tempfile.mkdtemp(prefix="maintkit-drill-"))
    home.chmod(0o711)
    (home / "work").mkdir()
    monkeypatch.setattr(part("changes.place"), "STATE", home / "state")
    made = Drilling(source=his, scratch=home / "scratch", work=Direct(home / "work"))
    try:
        yield made
    finally:
        made.work.end()
        shutil.rmtree(home)


def tree(place: Path) -> str:
    """All files below a place, by name and content."""
    files = sorted(one for one in place.rglob("*") if one.is_file())
    return sha256(b"".join(str(one).encode() + one.read_bytes() for one in files)).hexdigest()


def flip(file: Path, at: int) -> None:
    with file.open("r+b") as held:
        held.seek(at)
        byte = held.read(1)
        held.seek(at)
        held.write(bytes([byte[0] ^ 0xFF]))


def test_a_drill_comes_to_the_mark_and_no_step_further_and_leaves_nothing(drilling: Drilling, his: Source) -> None:
    """A full set, one that is put upon it, and the binary logs of what came later. Every stage passes."""
    drill = drilling.drill()
    his.sql("USE his;" + register(901, 902) + "DELETE FROM visit WHERE patient > 900; DELETE FROM patient WHERE n > 900")
    before = tree(his.sets)
    assert drill.bring_back()
    assert "short of the mark" in drill.journal.stage("recover")["short"]
    assert drill.place.stat().st_mode & 0o077 == 0
    assert listening(drill) == ""
    assert drill.examine()
    assert set(drill.journal.stage("control")["found"]) == {"short", "fingerprint", "checksums", "check"}
    assert drill.journal.stage("compare")["rows"] > 600
    drill.journal.perform("wipe", lambda: drilling.wipe(drill))
    told = drill.journal.stage("wipe")
    assert (told["left"], told["files"] > 100, told["bytes"] > 1 << 24) == ([], True, True)
    assert list(drilling.scratch.iterdir()) == []
    home = drilling.scratch.parent
    assert subprocess.run(["grep", "-rl", "测试患者", home], capture_output=True, text=True, check=False).stdout == ""
    assert tree(his.sets) == before
    journal = part("drill.journal")
    assert journal.shortcomings(drill.journal.told, rto_s=300, rpo_s=600) == []
    assert journal.measured(drill.journal.told)["rto_s"] > 0
    assert drill.examine() is False  # asked again when all is over, it touches nothing


def listening(drill: Any) -> str:
    """What the copy's server listens to besides its own socket."""
    pids = [one.pid for one in part("drill_mariadb.guard").servers() if one.data == drill.instance.data]
    assert len(pids) == 1
    told = subprocess.run(["ss", "-Hltunp"], capture_output=True, text=True, check=True).stdout
    return "\n".join(line for line in told.splitlines() if f"pid={pids[0]}," in line)
