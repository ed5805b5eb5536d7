"""A host with rpm is told plainly that its packages are not changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.maintkit.ops.plugins.module_utils.changes import snapshot
from ansible_collections.maintkit.ops.plugins.module_utils.changes.place import Refused


def test_a_host_without_dpkg_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RHEL and the like: no traceback of a missing program, but the way that is left."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match=r"not with rpm and dnf; patch it by hand, .*`maintkit due record`"):
        snapshot.packages()
