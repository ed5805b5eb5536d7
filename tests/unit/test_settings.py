"""maintkit.yml: defaults, what may be set, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from maintkit.errors import SiteError
from maintkit.settings import load_settings


def write(site: Path, text: str) -> Path:
    (site / "maintkit.yml").write_text(text, encoding="utf-8")
    return site


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    """Every key may be left out; paths come back absolute and inside the site."""
    settings = load_settings(write(tmp_path, "# nothing set\n"), {})
    assert settings.ledger_url == f"sqlite:///{tmp_path}/ledger/ledger.db"
    assert settings.inventory == tmp_path / "inventory"
    assert settings.signers == tmp_path / "signers" / "allowed_signers"
    assert (settings.anchors, settings.reports) == (tmp_path / "anchors", tmp_path / "reports")
    assert (settings.engineer, settings.organisation, settings.redact_patterns) == (None, None, ())
    assert settings.forks >= 1


def test_a_relative_site_gives_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that changes its directory still finds the same ledger."""
    write(tmp_path, "inventory: ../shared\n")
    monkeypatch.chdir(tmp_path)
    settings = load_settings(Path(), {})
    assert settings.root == tmp_path
    assert settings.inventory == tmp_path / "../shared"


def test_what_is_written_holds(tmp_path: Path) -> None:
    """Values of the file replace the defaults; a relative SQLite path belongs to the site."""
    text = "engineer: 张伟\nforks: 8\nledger_url: sqlite:///other/l.db\nhost_timeout_s: 9\n"
    text += "redact_patterns: ['ZY[0-9]{8}']\n"
    settings = load_settings(write(tmp_path, text), {})
    assert (settings.engineer, settings.forks, settings.host_timeout_s) == ("张伟", 8, 9)
    assert settings.ledger_url == f"sqlite:///{tmp_path}/other/l.db"
    assert settings.redact_patterns[0].fullmatch("ZY12345678")


def test_an_absolute_ledger_stays_where_it_is(tmp_path: Path) -> None:
    """SQLite's four slashes and PostgreSQL's address are taken as written."""
    assert load_settings(write(tmp_path, "ledger_url: sqlite:////var/l.db\n"), {}).ledger_url == "sqlite:////var/l.db"
    url = "postgresql+psycopg://maintkit@db/ledger"
    assert load_settings(write(tmp_path, f"ledger_url: {url}\n"), {}).ledger_url == url


def test_the_environment_overrides_the_ledger(tmp_path: Path) -> None:
    """MAINTKIT_LEDGER_URL stands over the file; set but empty, it says nothing."""
    write(tmp_path, "ledger_url: sqlite:///a.db\n")
    url = "postgresql://db/x"
    assert load_settings(tmp_path, {"MAINTKIT_LEDGER_URL": url}).ledger_url == url
    assert load_settings(tmp_path, {"MAINTKIT_LEDGER_URL": ""}).ledger_url == f"sqlite:///{tmp_path}/a.db"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("forks: 0\n", "1: `forks` is 0; allowed: a whole number from 1 to 1000"),
        ("forks: many\n", "1: `forks` is 'many'; allowed: a whole number"),
        ("host_timeout_s: -1\n", "1: `host_timeout_s` is -1; allowed: whole seconds from 1 to 3600"),
        ("connect_timeout_s: 0.5\n", "1: `connect_timeout_s` is 0.5; allowed: whole seconds"),
        ("redact_patterns: ['a(']\n", "1: `redact_patterns[0]` is 'a(': not a regular expression"),
        ("redact_patterns: ['x*']\n", "1: `redact_patterns[0]` is 'x*': matches the empty text"),
        ("ledger_url: mysql://x\n", "1: `ledger_url` is 'mysql://x'; allowed: sqlite:///FILE or postgresql"),
        ("a: 1\n\nenginer: x\n", "3: unknown key `enginer` (did you mean `engineer`?)"),
        ("engineer: ''\n", "1: `engineer` is ''; allowed: the name"),
        ("inventory: [a, b]\n", "1: `inventory` is a list of 2; allowed: a path"),
    ],
)
def test_a_bad_setting_is_refused_by_line(tmp_path: Path, text: str, problem: str) -> None:
    """Each mistake names its line and what is allowed."""
    with pytest.raises(SiteError) as caught:
        load_settings(write(tmp_path, text), {})
    assert any(line.startswith(f"{tmp_path}/maintkit.yml:{problem}") for line in str(caught.value).splitlines())


def test_a_directory_without_settings_is_no_site(tmp_path: Path) -> None:
    """Somebody in the wrong directory is told how to make or name a site."""
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SiteError, match=r"no site, because it has no maintkit\.yml") as caught:
            load_settings(place, {})
        assert "maintkit init" in caught.value.hint
