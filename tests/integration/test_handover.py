"""`maintkit handover` as both sides use it: packed here, verified elsewhere, altered and hostile packages refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sample_runs as runs
import sites
from click.testing import CliRunner
from evening import RUN

from maintkit.cli.main import cli
from maintkit.clock import FixedClock
from maintkit.errors import MaintkitError
from maintkit.evidence.anchor import anchor
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

HOSTS = {"all": {"hosts": {"his-app1": {"ansible_password": "hunter2hunter2"}, "his-db1": None}}}
NAMESPACES = 'namespaces="maintkit-anchor@maintkit,maintkit-handover@maintkit"'


REMINDERS = """---
hooks:
  - name: mail
    email:
      host: smtp.example
      user: robot
      password: {file: secrets/smtp}
      sender: robot@hospital.example
      to: [li@hospital.example]
"""

JUDGED = {"blank": "plan", "text": "扩容", "by": "张伟"}


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended: as the real command line would say it."""

    returncode: int
    stdout: str
    stderr: str


def maintkit(*words: object) -> Done:
    """The command in this process: starting one for each of these tests costs more than what they do."""
    result = CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)
    error = result.exception
    if isinstance(error, MaintkitError):
        return Done(returncode=error.exit_code, stdout=result.stdout, stderr=str(error))
    if error is not None:
        raise error
    return Done(returncode=int(result.return_value or 0), stdout=result.stdout, stderr=result.stderr)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a restart in its ledger, an anchor, a key, vault files, and its package as a zip and a directory."""
    here = tmp_path_factory.mktemp("handover")
    site = sites.make_site(here / "site", HOSTS)
    shutil.rmtree(site / "ledger")
    (site / "ledger").mkdir()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(here / "id")], check=True)
    public = (here / "id.pub").read_text(encoding="ascii")
    for place in (here / "hospital_signers", site / "signers" / "allowed_signers"):
        place.write_text(f"zhang.wei {NAMESPACES} {public}", encoding="ascii")
    (site / "inventory" / "group_vars").mkdir(exist_ok=True)
    (site / "inventory" / "group_vars" / "all.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n3132\n", encoding="ascii")
    (site / "inventory" / "group_vars" / "his.yml").write_text("his_port: 8080\n", encoding="ascii")
    (site / "reminders.yml").write_text(REMINDERS, encoding="utf-8")
    (site / "knowledge").mkdir()
    (site / "knowledge" / "打印机.md").write_text("# 打印机\n", encoding="utf-8")
    (site / "knowledge" / "link.md").symlink_to("/etc/passwd")
    with runs.happened("restart", str(site / "ledger")) as ledger:
        row = {
            "seq": 1,
            "system": "HIS",
            "suite_zh": "门诊",
            "category_zh": "挂号",
            "function_zh": "挂号",
            "probes": [],
        }
        started = {"functions": [row | {"manual": "看"}], "engineer": "李工", "asked": []}
        ledger.append("watch.started", started, run="W1")
        ledger.append("watch.finished", {"ended": "complete"}, run="W1")
        anchor(ledger, key=here / "id", directory=site / "anchors", clock=ledger.clock)
    for target in ("package.zip", "folder"):
        done = maintkit("handover", "pack", here / target, "--site", site, "--key", here / "id", "--format", "html")
        assert done.returncode == 0, done.stderr
    return here


@pytest.fixture
def folder(room: Path, tmp_path: Path) -> Path:
    """A copy of the package as a directory, to be spoilt."""
    return shutil.copytree(room / "folder", tmp_path / "package")


def verify(room: Path, package: Path, *more: object) -> Done:
    return maintkit("handover", "verify", package, "--signers", room / "hospital_signers", *more)


def test_the_other_side_needs_the_package_and_its_own_keys(room: Path) -> None:
    for target in ("package.zip", "folder"):
        done = verify(room, room / target)
        assert (done.returncode, done.stderr) == (0, "")
        assert "signed   by zhang.wei" in done.stdout
        assert "1 anchors" in done.stdout
        assert done.stdout.endswith("result   intact\n")
    said = json.loads(verify(room, room / "folder", "--json").stdout)
    assert said["intact"] is True
    assert said["ledger"]["entries"] == said["manifest"]["seq"]


def test_a_package_holds_the_documents_the_ledger_and_the_contract(room: Path) -> None:
    with zipfile.ZipFile(room / "package.zip") as package:
        names = set(package.namelist())
    documents = {name for name in names if name.startswith("documents/")}
    assert f"documents/重启评估与实施记录-{RUN}.html" in documents
    assert any("升级申请" in name for name in documents)
    assert any("系统功能主动监测周报" in name for name in documents)
    assert {"ledger/ledger.jsonl.gz", "signers/allowed_signers", "site/contract.yml", "knowledge/打印机.md"} <= names
    # How the functions were watched and who was told: where a password is to be found is no password.
    assert {"site/watch.yml", "site/reminders.yml"} <= names
    assert sum(name.startswith("lists/移交清单") for name in names) == 1
    assert sum(name.startswith("lists/文档提交清单") for name in names) == 1
    files = [path for path in (room / "folder").rglob("*") if path.is_file()]
    assert names == {path.relative_to(room / "folder").as_posix() for path in files}


def test_the_same_ledger_gives_the_same_bytes(room: Path, tmp_path: Path) -> None:
    """The signature too: those of Ed25519 hold no chance."""
    again = tmp_path / "again.zip"
    maintkit("handover", "pack", again, "--site", room / "site", "--key", room / "id", "--format", "html")
    assert again.read_bytes() == (room / "package.zip").read_bytes()


def test_secrets_stay_at_home(room: Path, tmp_path: Path) -> None:
    """Without being asked no inventory at all; asked, not vault files and passwords in clear; never a link."""
    plain = json.loads((room / "folder" / "manifest.json").read_text(encoding="utf-8"))
    assert not [item for item in plain["files"] if item["kind"] == "inventory"]
    assert {one["path"] for one in plain["left_out"]} == {"inventory", "knowledge/link.md"}
    asked = tmp_path / "asked"
    maintkit(
        "handover", "pack", asked, "--site", room / "site", "--key", room / "id", "--format", "html", "--inventory"
    )
    manifest = json.loads((asked / "manifest.json").read_text(encoding="utf-8"))
    taken = {item["path"] for item in manifest["files"] if item["kind"] == "inventory"}
    assert taken == {"inventory/inventory/group_vars/his.yml"}
    reasons = {one["path"]: one["reason"] for one in manifest["left_out"]}
    assert reasons["inventory/inventory/group_vars/all.yml"] == "it holds Ansible vault"
    assert reasons["inventory/inventory/hosts.yml"] == "it holds a secret in clear"
    assert not [path for path in asked.rglob("*.*") if b"hunter2" in path.read_bytes()]


def test_a_period_bounds_the_documents_and_not_the_ledger(room: Path, tmp_path: Path) -> None:
    done = maintkit("handover", "pack", tmp_path / "later", "--site", room / "site", "--key", room / "id",
                    "--format", "html", "--from", "2027-01-01", "--json")  # fmt: skip
    said = json.loads(done.stdout)
    assert said["documents"] == 0
    assert verify(room, tmp_path / "later").returncode == 0


def test_an_altered_file_is_named(room: Path, folder: Path) -> None:
    contract = folder / "site" / "contract.yml"
    contract.write_bytes(contract.read_bytes().replace(b"2026", b"2027", 1))
    done = verify(room, folder)
    assert done.returncode == 25
    assert "site/contract.yml: was altered" in done.stderr


def test_a_missing_and_an_extra_file_are_named_in_order(room: Path, folder: Path) -> None:
    (folder / "site" / "limits.yml").unlink()
    (folder / "documents" / "extra.docx").write_bytes(b"x")
    done = verify(room, folder)
    assert done.returncode == 25
    assert "documents/extra.docx: is not in the manifest" in done.stderr
    assert "site/limits.yml: is missing" in done.stdout


def test_an_altered_manifest_is_signed_by_nobody(room: Path, folder: Path) -> None:
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"title"', '"title" ', 1), encoding="utf-8")
    done = verify(room, folder)
    assert done.returncode == 23
    assert "manifest.json is not signed by anybody of" in done.stderr


def test_a_stranger_s_signature_does_not_count(room: Path, folder: Path, tmp_path: Path) -> None:
    """Nor one of the right key for another purpose."""
    other = room / "id.pub"
    for line in ("", f'zhang.wei namespaces="file" {other.read_text(encoding="ascii")}'):
        signers = tmp_path / "signers"
        signers.write_text(line, encoding="ascii")
        assert maintkit("handover", "verify", folder, "--signers", signers).returncode == 23


def test_a_revoked_key_does_not_count(room: Path, folder: Path, tmp_path: Path) -> None:
    shutil.copy(room / "hospital_signers", tmp_path / "signers")
    shutil.copy(room / "id.pub", tmp_path / "revoked_keys")
    assert maintkit("handover", "verify", folder, "--signers", tmp_path / "signers").returncode == 23


def resigned(room: Path, folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    """What an insider with the key could do: alter, and sign the manifest anew."""
    manifest = folder / "manifest.json"
    said = json.loads(manifest.read_text(encoding="utf-8"))
    change(said)
    manifest.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    (folder / "manifest.json.sig").unlink()
    subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-f", room / "id", "-n", "maintkit-handover@maintkit", manifest],
        check=True, capture_output=True,
    )  # fmt: skip


def test_a_manifest_that_names_another_end_than_the_ledger_s_is_refused(room: Path, folder: Path) -> None:
    resigned(room, folder, lambda said: said.update(head="0" * 64))
    done = verify(room, folder)
    assert done.returncode == 24
    assert "the ledger in it ends with entry" in done.stderr


def test_a_manifest_that_leads_out_of_the_package_is_refused_though_signed(room: Path, folder: Path) -> None:
    resigned(room, folder, lambda said: said["files"][0].update(path="../../etc/passwd"))  # type: ignore[index]
    assert verify(room, folder).returncode == 24


def test_the_hospital_s_own_anchor_beyond_the_end_shows_the_cut(room: Path, tmp_path: Path) -> None:
    """Packed, then more recorded and anchored: against those anchors the old package lacks its tail."""
    later = shutil.copytree(room / "site", tmp_path / "later", symlinks=True)
    clock = FixedClock(at=datetime(2026, 12, 24, tzinfo=UTC))
    with Ledger.open(f"sqlite:///{later}/ledger/ledger.db", clock=clock, redactor=Redactor()) as ledger:
        ledger.append("document.judged", JUDGED, subject="health-report 1")
        anchor(ledger, key=room / "id", directory=later / "anchors", clock=clock)
    done = verify(room, room / "folder", "--anchors", later / "anchors")
    assert done.returncode == 21
    assert "cut off" in done.stderr


def test_links_in_a_directory_are_refused(room: Path, folder: Path) -> None:
    (folder / "site" / "limits.yml").unlink()
    (folder / "site" / "limits.yml").symlink_to(room / "site" / "limits.yml")
    done = verify(room, folder)
    assert done.returncode == 24
    assert "it is a link" in done.stderr


def spoilt(room: Path, path: Path, *, name: str = "site/x", content: bytes = b"x", attr: int = 0o100644 << 16) -> Path:
    """The good package with one member more."""
    shutil.copy(room / "package.zip", path)
    with zipfile.ZipFile(path, "a") as package:
        member = zipfile.ZipInfo(name)
        member.external_attr = attr
        package.writestr(member, content, zipfile.ZIP_DEFLATED)
    return path


@pytest.mark.parametrize("name", ["../evil", "/etc/cron.d/evil", "a/../../evil", "a\\..\\evil", "C:/evil"])
def test_a_zip_whose_names_lead_out_of_it_is_refused(room: Path, tmp_path: Path, name: str) -> None:
    done = verify(room, spoilt(room, tmp_path / "x.zip", name=name))
    assert done.returncode == 24
    assert "the package is refused for" in done.stderr


def test_a_zip_with_a_link_or_a_name_twice_is_refused(room: Path, tmp_path: Path) -> None:
    link = spoilt(room, tmp_path / "link.zip", attr=(stat.S_IFLNK | 0o777) << 16)
    assert "it is a link" in verify(room, link).stderr
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = spoilt(room, tmp_path / "twice.zip", name="site/contract.yml")
    assert "it stands twice" in verify(room, twice).stderr


def test_a_bomb_is_never_unpacked(room: Path, tmp_path: Path) -> None:
    """As a file that nobody signed it is only counted; as the manifest it is refused by its length."""
    bomb = bytes(80 * 1024 * 1024)
    assert verify(room, spoilt(room, tmp_path / "extra.zip", name="documents/bomb", content=bomb)).returncode == 25
    with zipfile.ZipFile(tmp_path / "manifest.zip", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("manifest.json", bomb)
    assert (tmp_path / "manifest.zip").stat().st_size < 200_000
    done = verify(room, tmp_path / "manifest.zip")
    assert done.returncode == 24
    assert "over 67108864" in done.stderr


def test_what_is_no_package_is_said_so(room: Path, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK not really")
    assert "is no zip file" in verify(room, tmp_path / "x.zip").stderr
    (tmp_path / "empty").mkdir()
    done = verify(room, tmp_path / "empty")
    assert (done.returncode, "no manifest.json" in done.stderr) == (24, True)
    whole = (room / "package.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    assert verify(room, tmp_path / "half.zip").returncode == 24


def test_nothing_is_overwritten_and_nothing_left_behind(room: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    pack = ("handover", "pack", "--site", room / "site", "--format", "html")
    done = maintkit(*pack, tmp_path / "there", "--key", room / "id")
    assert (done.returncode, "is there already" in done.stderr) == (24, True)
    assert maintkit(*pack, tmp_path / "new", "--key", tmp_path / "nokey").returncode == 23
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_delivery_is_entered_with_the_manifest_s_hash(room: Path, tmp_path: Path) -> None:
    site, package = shutil.copytree(room / "site", tmp_path / "site", symlinks=True), tmp_path / "package.zip"
    for name in ("ledger", "anchors"):
        shutil.rmtree(site / name)
        (site / name).mkdir()
    clock = FixedClock(at=datetime(2024, 11, 24, tzinfo=UTC))
    with Ledger.create(f"sqlite:///{site}/ledger/ledger.db", clock=clock, redactor=Redactor()) as ledger:
        ledger.append("document.judged", JUDGED, subject="health-report 1")
    maintkit("handover", "pack", package, "--site", site, "--key", room / "id", "--format", "html")
    done = maintkit("handover", "deliver", package, "--site", site, "--to", "李主任", "--by", "张伟", "--json")
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)["body"]
    with zipfile.ZipFile(package) as packed:
        digest = hashlib.sha256(packed.read("manifest.json")).hexdigest()
    assert (body["receiver"], body["manifest"], body["seq"]) == ("李主任", digest, 1)


def test_the_real_command_line_verifies_anywhere(room: Path) -> None:
    """No site around it, and the exit code of what it found."""
    words = [sites.MAINTKIT, "handover", "verify", room / "package.zip", "--signers", room / "hospital_signers"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    assert (done.returncode, done.stderr) == (0, "")
