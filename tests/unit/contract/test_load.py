"""A whole site: its files together, and their references to each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from maintkit.contract.load import check_names, load_site
from maintkit.errors import SiteError


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_template_is_a_whole_site(site: Path) -> None:
    """What init copies loads, and the systems under care are those of the contract, in its order."""
    loaded = load_site(site)
    assert loaded.root == site
    assert list(loaded.systems_under_care) == ["HIS", "EMR", "TELEMEDICINE", "PHARMACY"]
    assert len(loaded.functions) == 121
    assert loaded.settings.root == site
    assert loaded.contract.hospital.name


def test_a_system_that_services_do_not_have_is_told_in_the_contract(site: Path) -> None:
    """The line is that of the reference, not of the list that lacks it."""
    edit(site / "contract.yml", "systems: [HIS,", "systems:\n  - HSI\n  - EMR\n#")
    with pytest.raises(SiteError, match=r"contract\.yml:\d+: services\.yml has no system `HSI`.*did you mean `HIS`"):
        load_site(site)


def test_mistakes_of_all_files_are_told_at_once(site: Path) -> None:
    """One file's mistake does not hide another's."""
    edit(site / "contract.yml", "title: ", "titel: ")
    edit(site / "functions.csv", "\n5,HIS", "\nfive,HIS")
    (site / "services.yml").write_bytes((site / "services.yml").read_bytes() + b"extra: 1\n")
    with pytest.raises(SiteError) as caught:
        load_site(site)
    text = str(caught.value)
    assert "contract.yml:" in text
    assert "unknown key `titel` (did you mean `title`?)" in text
    assert "unknown key `extra`" in text
    edit(site / "services.yml", "extra: 1\n", "")
    with pytest.raises(SiteError, match=r"functions\.csv:6: seq is 'five'"):
        load_site(site)


@pytest.mark.parametrize("name", ["contract.yml", "services.yml", "functions.csv"])
def test_a_missing_file_is_named(site: Path, name: str) -> None:
    """Each file of a site must be there."""
    (site / name).unlink()
    with pytest.raises(SiteError, match=f"{name}: no such file"):
        load_site(site)


def test_no_site_is_told_as_such(tmp_path: Path) -> None:
    """An empty directory is no site at all."""
    with pytest.raises(SiteError, match="no site"):
        load_site(tmp_path)


def test_names_that_the_inventory_lacks_are_told_by_line(site: Path) -> None:
    """Groups and hosts of services.yml are held against the inventory, wherever they stand."""
    edit(site / "services.yml", "groups: [his]", "groups: [hiss]")
    edit(site / "services.yml", "hosts: {}", "hosts:\n  db9: {ports: [1]}")
    edit(site / "services.yml", "groups: {}", "groups:\n  web: {ports: [1]}")
    loaded = load_site(site)
    groups = ["his", "emr", "lis", "ris_pacs", "telemedicine", "pharmacy"]
    with pytest.raises(SiteError) as caught:
        check_names(loaded.services_file, hosts=["db1"], groups=groups)
    found = str(caught.value).splitlines()
    assert ["hiss" in found[0], "web" in found[1], "db9" in found[2]] == [True, True, True]
    assert "did you mean `his`?" in found[0]
    assert "did you mean `db1`?" in found[2]
    assert all(f"{site}/services.yml:" in line for line in found)
    check_names(loaded.services_file, hosts=["db1", "db9"], groups=[*groups, "hiss", "web"])
