"""Checking a handover package with nothing but it and the public keys that the reader himself trusts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from maintkit.errors import HandoverAltered, HandoverRefused, SigningFailed
from maintkit.evidence.chain import Verification
from maintkit.evidence.chain import verify as walk
from maintkit.evidence.export import ExportedLedger
from maintkit.evidence.handover.bundle import Bundle, opened, pieces
from maintkit.evidence.handover.manifest import (
    ANCHORS,
    EXPORT,
    MANIFEST,
    NAMESPACE,
    SIGNATURE,
    Item,
    Manifest,
    parse,
)
from maintkit.evidence.signing import Signer, Trust, verify_bytes

MANIFEST_CAP = 64 * 1024 * 1024
SIGNATURE_CAP = 64 * 1024
_NONE = "name a directory or a zip file that `maintkit handover pack` has made"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A file that is not what the signed manifest says."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The result. The manifest's signature holds; `troubles` are in the order of their paths.

    `ledger` is None when files are bad: then the ledger was not looked at.
    """

    manifest: Manifest
    sha256: str  # of the manifest's text
    signer: Signer
    troubles: tuple[Trouble, ...]
    ledger: Verification | None

    @property
    def intact(self) -> bool:
        """Whether every file, the ledger and its anchors are as they were signed."""
        return not self.troubles and self.ledger is not None and self.ledger.intact


def check(path: Path, trust: Trust, *, anchors: Path | None = None) -> Checked:
    """Signature first, then every hash, then that nothing is extra, then the ledger's chain and its anchors.

    `anchors` are the reader's own copies, looked at instead of those in the package. Raises HandoverRefused for a
    package that may do harm or is none, SigningFailed when nobody of the trusted has signed the manifest.
    """
    with opened(path) as bundle:
        text = _small(bundle, MANIFEST, MANIFEST_CAP)
        manifest = parse(text)
        signer = _signer(text, _small(bundle, SIGNATURE, SIGNATURE_CAP), manifest, trust)
        troubles = tuple(sorted(_troubles(bundle, manifest), key=lambda one: one.path))
        ledger = None if troubles else _ledger(bundle, manifest, trust, anchors)
    return Checked(manifest=manifest, sha256=sha256(text).hexdigest(), signer=signer, troubles=troubles, ledger=ledger)


def _small(bundle: Bundle, name: str, cap: int) -> bytes:
    if name not in bundle.sizes:
        raise HandoverRefused(f"there is no {name} in it", hint=_NONE)
    if bundle.sizes[name] > cap:
        raise HandoverRefused(f"{name} says to be {bundle.sizes[name]} bytes long, over {cap}", hint=_NONE)
    return b"".join(pieces(bundle, name, most=cap))


def _signer(text: bytes, signature: bytes, manifest: Manifest, trust: Trust) -> Signer:
    try:
        return verify_bytes(text, signature, namespace=NAMESPACE, trust=trust, at=manifest.at)
    except SigningFailed as error:
        raise SigningFailed(
            f"{MANIFEST} is not signed by anybody of {trust.allowed}: {error}", hint=error.hint
        ) from error


def _troubles(bundle: Bundle, manifest: Manifest) -> Iterator[Trouble]:
    for item in manifest.files:
        what = "is missing" if item.path not in bundle.sizes else _fault(bundle, item)
        if what:
            yield Trouble(path=item.path, what=what)
    for name in bundle.sizes.keys() - {item.path for item in manifest.files} - {MANIFEST, SIGNATURE}:
        yield Trouble(path=name, what="is not in the manifest")


def _fault(bundle: Bundle, item: Item) -> str | None:
    """The header's length is looked at first: what claims another one is never unpacked."""
    if bundle.sizes[item.path] != item.size:
        return f"has {bundle.sizes[item.path]} bytes instead of {item.size}"
    digest = sha256()
    try:
        for piece in pieces(bundle, item.path, most=item.size):
            digest.update(piece)
    except HandoverAltered as error:
        return str(error).removeprefix(f"{item.path} ")
    return None if digest.hexdigest() == item.sha256 else "was altered: its hash is another one"


def _ledger(bundle: Bundle, manifest: Manifest, trust: Trust, anchors: Path | None) -> Verification:
    items = {item.path: item for item in manifest.files}
    if EXPORT not in items:
        raise HandoverRefused(f"the manifest names no {EXPORT}", hint=_NONE)
    with tempfile.TemporaryDirectory(prefix="maintkit-") as folder:
        work = Path(folder)
        (work / "anchors").mkdir()
        for path, item in items.items():
            if path == EXPORT:
                _copy(bundle, item, work / "ledger.jsonl.gz")
            elif path.startswith(ANCHORS) and "/" not in path.removeprefix(ANCHORS):
                _copy(bundle, item, work / "anchors" / path.removeprefix(ANCHORS))
        exported = ExportedLedger(work / "ledger.jsonl.gz")
        found = walk(exported, anchors or work / "anchors", trust.allowed, revoked=trust.revoked)
    said = (manifest.ledger, manifest.seq, manifest.head)
    if found.intact and (found.ledger, found.head.seq, found.head.hash) != said:
        raise HandoverRefused(
            f"the ledger in it ends with entry {found.head.seq} of {found.ledger}, the manifest signs"
            f" entry {manifest.seq} of {manifest.ledger}",
            hint="ask for the package anew",
        )
    return found


def _copy(bundle: Bundle, item: Item, to: Path) -> None:
    with to.open("wb") as file:
        for piece in pieces(bundle, item.path, most=item.size):
            file.write(piece)
