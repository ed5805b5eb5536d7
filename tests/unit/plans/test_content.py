"""Content hashes: one changed byte anywhere is noticed, by name; what is not content is left out."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from change import plan
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maintkit.errors import PlanChanged, SiteError
from maintkit.plans import content as contents
from maintkit.plans.model import Content
from maintkit.runs import collection

FILES = {
    "ops/galaxy.yml": "name: ops\n",
    "ops/roles/patch/tasks/change.yml": "- name: x\n",
    "ops/plugins/modules/package.py": "x = 1\n",
    "ops/playbooks/procedures/patch/procedure.yml": "title: x\n",
    "site/services.yml": "systems: {}\n",
    "site/inventory/hosts.yml": "all: {}\n",
    "site/inventory/group_vars/all.yml": "x: 1\n",
    "artifacts/app-1.1.tar": "bytes",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small collection, site and artifact."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def taken(root: Path, **values: object) -> tuple[Content, ...]:
    return contents.content(
        collection=root / "ops", site=root / "site", inventory=root / "site" / "inventory",
        artifacts={"app": root / "artifacts" / "app-1.1.tar"}, values=values,
    )  # fmt: skip


def test_every_file_is_named_with_the_digest_of_its_bytes(root: Path) -> None:
    """As sha256sum prints it; in the order of the names; twice the same."""
    found = taken(root, inventory={"b": 1, "a": 2})
    assert [one.name for one in found] == [
        "artifact/app", "collection/galaxy.yml", "collection/playbooks/procedures/patch/procedure.yml",
        "collection/plugins/modules/package.py", "collection/roles/patch/tasks/change.yml",
        "inventory/group_vars/all.yml", "inventory/hosts.yml", "site/services.yml", "value/inventory",
    ]  # fmt: skip
    assert found[1].sha256 == sha256(b"name: ops\n").hexdigest()
    assert taken(root, inventory={"a": 2, "b": 1}) == found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(FILES)), data=st.data())
def test_one_changed_byte_is_told_by_its_file(root: Path, name: str, data: st.DataObject) -> None:
    """Faults 26 and 62: a role, plugin, playbook, variable, the inventory or an artifact altered after approval."""
    frozen = taken(root)
    path = root / name
    raw = path.read_bytes()
    place = data.draw(st.integers(0, len(raw) - 1))
    path.write_bytes(raw[:place] + bytes([raw[place] ^ data.draw(st.integers(1, 255))]) + raw[place + 1 :])
    try:
        told = contents.differences(frozen, taken(root))
        assert len(told) == 1
        assert told[0].startswith("changed ")
        with pytest.raises(PlanChanged, match="was made of other content: changed"):
            contents.require_same(replace(plan("x"), content=frozen), taken(root))
    finally:
        path.write_bytes(raw)
    contents.require_same(replace(plan("x"), content=frozen), taken(root))


def test_new_gone_and_executable_files_are_told(root: Path) -> None:
    """A file more, a file less, and an inventory that became a program with the same bytes."""
    frozen = taken(root)
    (root / "site" / "host_vars").mkdir()
    (root / "site" / "host_vars" / "h1.yml").write_text("x")
    (root / "ops" / "galaxy.yml").unlink()
    (root / "site" / "inventory" / "hosts.yml").chmod(0o755)
    assert set(contents.differences(frozen, taken(root))) == {
        "new site/host_vars/h1.yml", "gone collection/galaxy.yml", "gone inventory/hosts.yml",
        "new inventory/hosts.yml*",
    }  # fmt: skip


def test_bytecode_is_no_content(root: Path) -> None:
    """Python writes it by itself."""
    frozen = taken(root)
    (root / "ops" / "plugins" / "modules" / "__pycache__").mkdir()
    (root / "ops" / "plugins" / "modules" / "__pycache__" / "package.pyc").write_bytes(b"x")
    assert contents.differences(frozen, taken(root)) == ()


def test_links_count_by_what_they_lead_to(root: Path) -> None:
    """Ansible follows them, so the hash does; one that leads back to itself, or to nothing, is refused by name."""
    shared = root / "shared"
    shared.mkdir()
    (shared / "all.yml").write_text("x: 1\n")
    (root / "site" / "group_vars").symlink_to(shared)
    frozen = taken(root)
    assert "site/group_vars/all.yml" in {one.name for one in frozen}
    (shared / "all.yml").write_text("x: 2\n")
    assert contents.differences(frozen, taken(root)) == ("changed site/group_vars/all.yml",)
    (shared / "again").symlink_to(shared)
    with pytest.raises(SiteError, match="a link that leads back"):
        taken(root)
    (shared / "again").unlink()
    (shared / "dangling").symlink_to(root / "nowhere")
    with pytest.raises(SiteError, match=r"dangling: neither a file nor a directory"):
        taken(root)


def test_what_cannot_be_read_is_refused(root: Path) -> None:
    """A pipe would hang, a missing artifact would freeze nothing."""
    os.mkfifo(root / "site" / "inventory" / "pipe")
    with pytest.raises(SiteError, match="pipe: neither a file nor a directory"):
        taken(root)
    (root / "site" / "inventory" / "pipe").unlink()
    (root / "artifacts" / "app-1.1.tar").unlink()
    with pytest.raises(SiteError, match=r"app-1\.1\.tar: not there"):
        taken(root)


def test_the_real_collection_is_frozen(root: Path) -> None:
    """What the wheel brings: its roles, plugins and playbooks by name, within a second."""
    found = contents.content(collection=collection.root(), site=root / "site", inventory=root / "site" / "inventory")
    names = {one.name for one in found}
    assert {"collection/galaxy.yml", "collection/plugins/action/collect.py"} <= names
    assert not [name for name in names if ".pyc" in name]
