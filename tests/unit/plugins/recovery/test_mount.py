"""What is mounted is told by the kernel's own list: a directory of the same file system has the same device."""

from __future__ import annotations

from pathlib import Path

import pytest
from drills import part


def test_a_mount_of_the_same_file_system_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also under a name with a blank, which the list writes as a number."""
    keeping = part("recovery.keeping")
    data = tmp_path / "my data"
    data.mkdir()
    assert not keeping.is_mount(data)
    line = f"36 35 98:0 /x {str(data).replace(' ', chr(92) + '040')} rw,noatime master:1 - ext4 /dev/sda rw\n"
    (tmp_path / "mountinfo").write_text(line)
    monkeypatch.setattr(keeping, "MOUNTS", tmp_path / "mountinfo")
    assert keeping.is_mount(data)
    assert not keeping.is_mount(tmp_path)
