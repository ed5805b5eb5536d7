"""`maintkit init` and `maintkit site`, as a user starts them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def maintkit(*argv: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, without the settings of whoever runs the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAINTKIT_", "ANSIBLE_"))}
    return subprocess.run(
        [sys.executable, "-c", "from maintkit.cli.main import main; main()", *map(str, argv)],
        cwd=cwd,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh site that no test changes."""
    site = tmp_path_factory.mktemp("init") / "site"
    done = maintkit("init", site)
    assert done.returncode == 0, done.stderr
    assert f"maintkit inspect --site {site}" in done.stdout
    return site


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A fresh site to spoil."""
    assert maintkit("init", tmp_path / "site").returncode == 0
    return tmp_path / "site"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_fresh_site_is_whole(made: Path) -> None:
    """What init makes passes the site's own check at once."""
    done = maintkit("site", "check", "--site", made, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "ok": True, "duties": 20, "systems": 6, "functions": 121, "hosts": 1, "groups": 9,
    }  # fmt: skip


def test_a_fresh_site_pleases_yamllint(made: Path) -> None:
    """The files are an example of how YAML is written: no error and no warning under the default rules."""
    done = subprocess.run(
        [sys.executable, "-m", "yamllint", "--strict", "."], cwd=made, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_fresh_inventory_is_read_by_ansible(made: Path) -> None:
    """Plain Ansible in the directory sees this machine and checks host keys."""
    ansible = [sys.executable, "-m", "ansible.cli.inventory", "--list"]
    done = subprocess.run(ansible, cwd=made, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    assert listed["_meta"]["hostvars"]["localhost"]["ansible_connection"] == "local"
    assert "host_key_checking = True" in (made / "ansible.cfg").read_text()


def test_a_fresh_site_holds_an_empty_ledger_that_only_its_owner_reads(made: Path) -> None:
    """The proof is private from its first moment."""
    assert stat.S_IMODE((made / "ledger" / "ledger.db").stat().st_mode) & 0o077 == 0
    assert {entry.name for entry in made.iterdir()} == {
        ".gitignore", "anchors", "ansible.cfg", "contract.yml", "functions.csv", "inventory", "ledger", "limits.yml",
        "maintkit.yml", "reports", "services.yml", "signers", "watch.yml",
    }  # fmt: skip


def test_an_empty_directory_becomes_a_site(tmp_path: Path) -> None:
    """Somebody who stands in a new directory makes the site around them."""
    done = maintkit("init", ".", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert maintkit("site", "check", cwd=tmp_path).returncode == 0
    assert not [entry for entry in tmp_path.iterdir() if entry.name.startswith(".maintkit")]


def test_a_directory_that_holds_something_is_refused_by_name(tmp_path: Path) -> None:
    """Nothing is overwritten, and what is in the way is named."""
    (tmp_path / "letter.txt").write_text("mine")
    done = maintkit("init", tmp_path)
    assert done.returncode == 3
    assert f"{tmp_path}: not empty, holds letter.txt" in done.stderr
    assert "hint:" in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_is_refused(tmp_path: Path) -> None:
    """A file cannot become a site, nor hold one; a link that leads nowhere is not followed."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    for target, reason in (
        (tmp_path / "file", "not a directory"),
        (tmp_path / "dangling", "not a directory"),
        (tmp_path / "file" / "site", "not a directory"),
    ):
        done = maintkit("init", target)
        assert (done.returncode, reason in done.stderr) == (3, True)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["dangling", "file"]


def test_directories_on_the_way_are_made(tmp_path: Path) -> None:
    """`maintkit init build/demo` needs no mkdir before it, and takes its directories away when it fails."""
    target = tmp_path / "a" / "b" / "site"
    assert maintkit("init", target, MAINTKIT_LEDGER_URL="sqlite:////proc/no/ledger.db").returncode == 9
    assert list(tmp_path.iterdir()) == []
    assert maintkit("init", target).returncode == 0
    assert (target / "maintkit.yml").is_file()


@pytest.mark.parametrize("there", [True, False], ids=["empty directory", "new directory"])
def test_nothing_half_made_is_left_after_a_failure(tmp_path: Path, there: bool) -> None:
    """When the last step fails (no ledger can be made at this address) the first ones are undone."""
    target = tmp_path / "site"
    if there:
        target.mkdir()
    done = maintkit("init", target, MAINTKIT_LEDGER_URL="sqlite:////proc/no/ledger.db")
    assert done.returncode == 9
    assert "Traceback" not in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == (["site"] if there else [])
    assert not there or list(target.iterdir()) == []


@pytest.mark.parametrize(("blocks", "code"), [(4, 3), (16, 9)], ids=["a file of the site", "the ledger"])
def test_a_full_disk_leaves_nothing_half_made(tmp_path: Path, blocks: int, code: int) -> None:
    """Whichever file no longer fits (the size limit of a process stands for the disk), the others go away again."""
    start = [sys.executable, "-c", "from maintkit.cli.main import main; main()", "init", str(tmp_path / "site")]
    argv = ["sh", "-c", f'ulimit -f {blocks * 2}; exec "$@"', "sh", *start]  # sh counts 512 bytes
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("there", [True, False], ids=["empty directory", "new directory"])
def test_of_two_inits_at_once_one_wins(tmp_path: Path, there: bool) -> None:
    """The others are refused, and the site that one made is whole."""
    target = tmp_path / "site"
    if there:
        target.mkdir()
    argv = [sys.executable, "-c", "from maintkit.cli.main import main; main()", "init", str(target)]
    started = [subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    told = [process.communicate(timeout=60)[1] for process in started]
    assert sorted(process.returncode for process in started) == [0, 3, 3, 3], told
    assert maintkit("site", "check", "--site", target).returncode == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["site"]


def test_a_place_that_cannot_be_written_is_refused() -> None:
    """Also root cannot make a directory in /proc; the reason is the system's."""
    done = maintkit("init", "/proc/site")
    assert done.returncode == 3
    assert "maintkit: /proc/site: " in done.stderr
    assert "Traceback" not in done.stderr


def test_all_mistakes_of_a_site_are_listed(site: Path) -> None:
    """Files, references between them and names of the inventory: one run tells everything, by file and line."""
    edit(site / "contract.yml", "title: ", "titel: ")
    edit(site / "services.yml", "groups: [his]", "groups: [hiss]")
    edit(site / "limits.yml", "hosts: {}", "hosts:\n  db9: {memory.available: {warn: 20, crit: 10, reason: 试}}")
    done = maintkit("site", "check", "--site", site, "--json")
    assert done.returncode == 3
    answer = json.loads(done.stdout)
    assert answer["ok"] is False
    told = {(Path(problem["file"]).name, problem["text"].split(";")[0]) for problem in answer["problems"]}
    assert ("contract.yml", "unknown key `titel` (did you mean `title`?)") in told
    assert ("services.yml", "the inventory has no group `hiss` (did you mean `his`?)") in told
    assert ("limits.yml", "the inventory has no host `db9`") in told
    assert all(isinstance(problem["line"], int) for problem in answer["problems"])


def test_a_host_that_stands_twice_in_the_inventory_is_refused(site: Path) -> None:
    """Ansible itself would only warn, and lose the first."""
    edit(site / "inventory" / "hosts.yml", "      hosts: {}", "      hosts: {a: {}, a: {}}")
    done = maintkit("site", "check", "--site", site)
    assert done.returncode == 3
    assert "inventory" in done.stderr
    assert "hosts.yml" in done.stderr


def test_an_inventory_that_cannot_be_read_is_refused(site: Path) -> None:
    """Broken YAML is no empty inventory."""
    (site / "inventory" / "hosts.yml").write_text("all: [\n")
    done = maintkit("site", "check", "--site", site)
    assert done.returncode == 3
    assert "inventory" in done.stderr


def test_an_empty_inventory_is_told(site: Path) -> None:
    """Without a host nothing can be inspected, and an inspection of nothing must not look well."""
    edit(site / "inventory" / "hosts.yml", "  hosts:\n    # This", "  # This")
    text = (site / "inventory" / "hosts.yml").read_text(encoding="utf-8")
    (site / "inventory" / "hosts.yml").write_text(
        "\n".join(line for line in text.splitlines() if "localhost" not in line and "      ansible_" not in line),
        encoding="utf-8",
    )
    done = maintkit("site", "check", "--site", site)
    assert (done.returncode, "the inventory holds no host" in done.stderr) == (4, True)


def test_no_site_is_told_with_the_way_to_make_one(tmp_path: Path) -> None:
    """Somebody in the wrong directory learns what to do."""
    done = maintkit("site", "check", cwd=tmp_path)
    assert done.returncode == 3
    assert "no site, because it has no maintkit.yml" in done.stderr
    assert "maintkit init" in done.stderr


def test_the_published_schemas_are_those_of_the_models(tmp_path: Path) -> None:
    """docs/schemas is made by `maintkit site schemas docs/schemas`; this fails when that was forgotten."""
    assert maintkit("site", "schemas", tmp_path).returncode == 0
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    names = ("maintkit", "contract", "services", "limits", "roles", "calendar", "watch", "reminders", "words", "layout")
    assert set(made) == {f"{name}.schema.json" for name in names}
    published = {name: (ROOT / "docs" / "schemas" / name).read_text(encoding="utf-8") for name in made}
    assert made == published
