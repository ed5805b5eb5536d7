"""Anchors and exports, with real ssh-keygen, on both databases."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maintkit.clock import FixedClock
from maintkit.errors import LedgerCorrupt, LedgerError, SigningFailed
from maintkit.evidence.anchor import NAMESPACE, anchor, parse
from maintkit.evidence.chain import verify
from maintkit.evidence.export import ExportedLedger, export
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

NOW = datetime(2026, 11, 24, 2, 38, 14, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of three entries, one with an attachment."""
    url = (
        f"sqlite:///{tmp_path / 'ledger.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    with Ledger.create(url, clock=FixedClock(at=NOW), redactor=Redactor()) as made:
        fill(made)
        yield made


def fill(made: Ledger) -> None:
    """Three entries."""
    facts = made.seal(b'{"schema": "maintkit.facts/1"}')
    made.append("inspection.started", {"note": "巡检"}, run="20261124-1")
    made.append("facts.collected", {"facts": facts.sha256}, run="20261124-1", subject="h1", attachments=[facts])
    made.append("host.judged", {}, run="20261124-1", subject="h1")


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A key and the file that allows it."""

    key: Path
    allowed: Path
    anchors: Path

    def allow(self, options: str = f'namespaces="{NAMESPACE}"', key: Path | None = None) -> None:
        """Let one key sign, under these options."""
        public = (key or self.key).with_suffix(".pub").read_text(encoding="ascii")
        self.allowed.write_text(f"zhang.wei@example.org {options} {public}", encoding="ascii")


def new_key(path: Path) -> Path:
    """A real key pair without passphrase."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)], check=True)
    return path


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    """A signer whom the site allows."""
    made = Signer(key=new_key(tmp_path / "id"), allowed=tmp_path / "allowed_signers", anchors=tmp_path / "anchors")
    made.allow()
    return made


def countersign(ledger: Ledger, signer: Signer) -> Path:
    """Anchor the head as it is now."""
    made = anchor(ledger, key=signer.key, directory=signer.anchors, clock=ledger.clock)
    assert made.path is not None
    return made.path


def test_an_anchor_names_the_head_and_is_recorded(ledger: Ledger, signer: Signer) -> None:
    """Text and signature appear, the entry that records them comes after the head they name, and all verifies."""
    head = ledger.head()
    path = countersign(ledger, signer)
    assert path.name == f"3-{head.hash[:8]}.anchor"
    assert path.read_text(encoding="ascii") == (
        f"maintkit.anchor/1\nledger: {ledger.id}\nseq: 3\nhead: {head.hash}\nat: 2026-11-24T02:38:14.000000Z\n"
    )
    recorded = ledger.entry(4)
    assert recorded.kind == "ledger.anchored"
    assert {key: recorded.body[key] for key in ("seq", "head")} == {"seq": 3, "head": head.hash}
    assert recorded.body["signer"].startswith("SHA256:")
    result = verify(ledger, signer.anchors, signer.allowed)
    assert (result.intact, result.anchors_checked, result.entries) == (True, 1, 4)


def test_an_anchor_outlives_its_key(ledger: Ledger, signer: Signer) -> None:
    """A key that has expired since still vouches for what it signed while it was valid, and for nothing later."""
    signer.allow(f'namespaces="{NAMESPACE}",valid-before="20261125"')
    countersign(ledger, signer)
    assert verify(ledger, signer.anchors, signer.allowed).intact
    signer.allow(f'namespaces="{NAMESPACE}",valid-before="20261101"')
    assert [problem.what for problem in verify(ledger, signer.anchors, signer.allowed).problems] == ["anchor-unsigned"]


@pytest.mark.parametrize(
    "harm", ["text", "no-signature", "other-signer", "namespace", "revoked", "no-signers", "rubbish"]
)
def test_an_anchor_that_cannot_be_trusted_is_a_problem(
    ledger: Ledger, signer: Signer, tmp_path: Path, harm: str
) -> None:
    """Altered text, no signature, a signer or namespace that is not allowed, a revoked key, no list, no anchor."""
    path = countersign(ledger, signer)
    allowed: Path | None = signer.allowed
    revoked = None
    if harm == "text":
        path.write_text(path.read_text(encoding="ascii").replace("seq: 3", "seq: 2"), encoding="ascii")
    elif harm == "no-signature":
        path.with_name(f"{path.name}.sig").unlink()
    elif harm == "other-signer":
        signer.allow(key=new_key(tmp_path / "other"))
    elif harm == "namespace":
        signer.allow('namespaces="file"')
    elif harm == "revoked":
        revoked = tmp_path / "revoked_keys"
        subprocess.run(["ssh-keygen", "-q", "-k", "-f", revoked, signer.key.with_suffix(".pub")], check=True)
    elif harm == "no-signers":
        allowed = None
    else:
        path.write_bytes(b"\xff\xfe rubbish")
    result = verify(ledger, signer.anchors, allowed, revoked=revoked)
    expected = "anchor-unreadable" if harm == "rubbish" else "anchor-unsigned"
    assert [problem.what for problem in result.problems] == [expected]
    assert path.name in str(result.problems[0])
    assert result.anchors_checked == 0


def test_an_anchor_of_another_ledger_is_a_problem(ledger: Ledger, signer: Signer, tmp_path: Path) -> None:
    """A true anchor in the wrong directory is named, not ignored."""
    with Ledger.create(f"sqlite:///{tmp_path / 'other.db'}", clock=ledger.clock, redactor=Redactor()) as other:
        countersign(other, signer)
    assert [problem.what for problem in verify(ledger, signer.anchors, signer.allowed).problems] == ["anchor-foreign"]


def test_a_key_that_cannot_sign_leaves_no_trace(ledger: Ledger, signer: Signer, tmp_path: Path) -> None:
    """ssh-keygen's words are passed on; neither files nor an entry appear."""
    (tmp_path / "no-key").write_text("nothing", encoding="ascii")
    with pytest.raises(SigningFailed, match=r"ssh-keygen -Y sign: .*no-key"):
        anchor(ledger, key=tmp_path / "no-key", directory=signer.anchors, clock=ledger.clock)
    assert not signer.anchors.exists()
    assert ledger.head().seq == 3


def test_a_ledger_made_anew_with_the_same_facts_differs_from_the_anchor(signer: Signer, tmp_path: Path) -> None:
    """Whoever rebuilds the whole chain, with the ledger's own id, still cannot make the head that was signed."""
    clock = FixedClock(at=NOW)
    with Ledger.create(f"sqlite:///{tmp_path / 'a.db'}", clock=clock, redactor=Redactor()) as true:
        fill(true)
        countersign(true, signer)
        identity = true.id
    clock.at = NOW + timedelta(seconds=1)
    url = f"sqlite:///{tmp_path / 'b.db'}"
    with Ledger.create(url, clock=clock, redactor=Redactor(), ledger_id=uuid.UUID(identity)) as forged:
        fill(forged)
        result = verify(forged, signer.anchors, signer.allowed)
    assert [(problem.what, problem.seq) for problem in result.problems] == [("rewritten", 3)]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_an_export_verifies_elsewhere_with_its_anchors(
    ledger: Ledger, signer: Signer, tmp_path: Path, suffix: str
) -> None:
    """The file holds entries and attachments, whole, and gives the same result as the ledger."""
    countersign(ledger, signer)
    file = tmp_path / f"copy{suffix}"
    head = export(ledger, file)
    result = verify(ExportedLedger(file), signer.anchors, signer.allowed)
    assert result == verify(ledger, signer.anchors, signer.allowed)
    assert (result.intact, result.head, result.anchors_checked) == (True, head, 1)
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("harm", ["entry", "attachment", "no-attachment", "cut", "cut-gz", "line", "header"])
def test_a_damaged_export_does_not_verify(ledger: Ledger, tmp_path: Path, harm: str) -> None:
    """Whatever was altered or cut is named with the entry where it begins."""
    file = tmp_path / "copy.jsonl"
    export(ledger, file)
    lines = file.read_bytes().splitlines(keepends=True)
    if harm == "entry":
        lines[3] = lines[3].replace(b"facts", b"FACTS")
    elif harm == "attachment":
        value = json.loads(lines[2])
        value["attachment"]["size"] = 3
        lines[2] = json.dumps(value).encode() + b"\n"
    elif harm == "no-attachment":
        del lines[2]
    elif harm == "cut":
        del lines[-1]
    elif harm == "line":
        lines[4] = b"rubbish\n"
    elif harm == "header":
        lines[0] = b'{"export": {}}\n'
    file.write_bytes(b"".join(lines))
    if harm == "cut-gz":
        file = tmp_path / "copy.jsonl.gz"
        file.write_bytes(gzip.compress(b"".join(lines))[:-9])
    if harm == "header":
        with pytest.raises(LedgerCorrupt, match=r"first line does not say"):
            ExportedLedger(file)
        return
    problem = verify(ExportedLedger(file)).problems[0]
    assert (problem.what, problem.seq) == {
        "entry": ("altered", 2),
        "attachment": ("attachment-altered", 2),
        "no-attachment": ("attachment-missing", 2),
        "cut": ("unreadable", 4),
        "cut-gz": ("unreadable", 4),
        "line": ("unreadable", 3),
    }[harm]


def test_an_export_that_cannot_be_written_leaves_the_old_one(ledger: Ledger, tmp_path: Path) -> None:
    """A failure is told with the path, and no half file appears."""
    with pytest.raises(LedgerError, match=r"copy.jsonl cannot be written: No such file or directory"):
        export(ledger, tmp_path / "nowhere" / "copy.jsonl")
    assert not (tmp_path / "nowhere").exists()


def test_a_copied_anchor_directory_is_as_good(ledger: Ledger, signer: Signer, tmp_path: Path) -> None:
    """The hospital verifies with its own copy of the two files."""
    countersign(ledger, signer)
    shutil.copytree(signer.anchors, tmp_path / "hospital")
    assert verify(ledger, tmp_path / "hospital", signer.allowed).anchors_checked == 1
    assert parse(next((tmp_path / "hospital").glob("*.anchor"))).ledger == ledger.id
