"""Putting a handover together: documents drawn from the ledger, the ledger itself, and the site's files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from maintkit.cli.terminal.document import content_of, header, revised, written_and_refused
from maintkit.cli.terminal.keeping import kept
from maintkit.cli.terminal.records import Period, records
from maintkit.contract.load import Site
from maintkit.documents.model import Document
from maintkit.documents.own.dress import dress
from maintkit.documents.own.load import load_own
from maintkit.documents.render import Format
from maintkit.documents.views.handover_list import NOT_KEPT, Handed, Submitted, document_list, handover_list
from maintkit.errors import LedgerLocked, NotFound
from maintkit.evidence.anchor import anchor_files
from maintkit.evidence.export import export
from maintkit.evidence.handover.manifest import ANCHORS, EXPORT, Kind, LeftOut, Manifest
from maintkit.evidence.handover.pack import Staging, staged
from maintkit.evidence.handover.site_files import add_site
from maintkit.evidence.issued import Issue, all_issues
from maintkit.evidence.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for. No formats: every one that this machine can write."""

    period: Period
    formats: tuple[Format, ...]
    inventory: bool


@dataclass(frozen=True, kw_only=True)
class Packed:
    """What was packed; `refused` names the formats that could not be written and why."""

    manifest: Manifest
    documents: tuple[Submitted, ...]
    refused: dict[str, str]


def hand_over(place: Site, ledger: Ledger, wanted: Wanted, *, target: Path, key: Path) -> Packed:
    """Make the package at `target`, whole or not at all; the ledger is only read.

    NotFound for an empty ledger, LedgerLocked when somebody wrote to it meanwhile, HandoverRefused, SigningFailed.
    """
    last = next(ledger.entries(newest_first=True, limit=1), None)
    if last is None:
        raise NotFound("the ledger is empty: there is nothing to hand over", hint="run `maintkit inspect` first")
    with staged(target, at=last.at) as staging:
        writer = _Writer(place, ledger, staging, wanted.formats)
        head = export(ledger, staging.room(EXPORT))
        staging.note(EXPORT, "ledger", "维护台账（全部条目与附件）")
        _anchors(staging, place)
        left_out = tuple(add_site(staging, place.settings, ledger, inventory=wanted.inventory))
        drawn = [writer.write(drawing(), "document") for drawing in records(place, ledger, wanted.period)]
        documents = (*drawn, *writer.issued(wanted.period))
        left_out = (*left_out, *writer.lost)
        handed = Handed(
            ledger=ledger.id,
            head=head,
            at=last.at,
            since=wanted.period.since,
            until=wanted.period.until,
            documents=documents,
            items=sorted(staging.items, key=lambda item: item.path),
            left_out=left_out,
        )
        for list_ in (document_list(handed, header(place)), handover_list(handed, header(place))):
            writer.write(list_, "list")
        manifest = _manifest(place, handed, staging)
        if not (head.seq == last.seq == ledger.head().seq):
            raise LedgerLocked("somebody wrote to the ledger while it was packed", hint="pack it again")
        staging.seal(manifest, key)
    return Packed(manifest=manifest, documents=documents, refused=writer.refused)


class _Writer:
    """Writes documents into the package, in every format asked for or possible."""

    def __init__(self, place: Site, ledger: Ledger, staging: Staging, formats: tuple[Format, ...]) -> None:
        self._place, self._ledger, self._staging, self._formats = place, ledger, staging, formats
        self._own = load_own(place.root)
        self._issues = all_issues(ledger)
        self._drawn: dict[tuple[str, str], bool] = {}  # whether it is its newest issue, to the byte
        self.refused: dict[str, str] = {}
        self.lost: list[LeftOut] = []

    def write(self, document: Document, kind: Kind) -> Submitted:
        folder = "documents" if kind == "document" else "lists"
        directory = self._staging.room(f"{folder}/x").parent
        said = dress(document, self._own, header(self._place))
        had = self._issues.get((document.kind, document.number))
        same = had is not None and had[-1].content == content_of(said, self._own)
        self._drawn[document.kind, document.number] = same
        drawn = revised(self._ledger, said, self._place.contract.zone)
        written, refused = written_and_refused(drawn, self._formats, directory, self._own)
        self.refused |= refused
        for path in written:
            title = f"{document.title} {document.number}"
            self._staging.note(f"{folder}/{path.name}", kind, title, draft=document.draft)
        return Submitted(
            title=document.title,
            number=document.number,
            dated=document.dated,
            formats=tuple(path.suffix[1:] for path in written),
            draft=document.draft,
            version=had[-1].version if had and same else None,
        )

    def issued(self, period: Period) -> Iterator[Submitted]:
        """The newest issue of what now reads otherwise or is drawn no more; the files are those that were issued."""
        for (kind, number), issues in self._issues.items():
            newest, drawn = issues[-1], self._drawn.get((kind, number))
            if drawn or (drawn is None and not period.holds(newest.at)):
                continue
            formats = tuple(self._keep(newest, f"{newest.title} {number}"))
            if formats:
                yield Submitted(
                    title=newest.title, number=number, dated=newest.at, formats=formats, draft=False,
                    version=newest.version,
                )  # fmt: skip

    def _keep(self, issue: Issue, title: str) -> Iterator[str]:
        for name, path in kept(issue, self._place.settings.reports):
            if path is None:
                self.lost.append(LeftOut(path=f"documents/{name}", reason=NOT_KEPT))
            else:
                self._staging.add(
                    f"documents/{name}", path.read_bytes(), "document", f"{title} 第 {issue.version} 版（已签发）"
                )
                yield path.suffix[1:]


def _anchors(staging: Staging, place: Site) -> None:
    directory = place.settings.anchors
    for path in anchor_files(directory) if directory.is_dir() else ():
        for one in _pair(path):
            staging.add(f"{ANCHORS}{one.name}", one.read_bytes(), "anchor", "台账链首签署")


def _pair(anchor: Path) -> Iterator[Path]:
    yield anchor
    signature = anchor.with_name(f"{anchor.name}.sig")
    if signature.is_file():
        yield signature


def _manifest(place: Site, handed: Handed, staging: Staging) -> Manifest:
    contract = place.contract
    return Manifest(
        hospital=contract.hospital.name,
        provider=contract.provider.name,
        contract=contract.number,
        ledger=handed.ledger,
        seq=handed.head.seq,
        head=handed.head.hash,
        at=handed.at,
        since=handed.since,
        until=handed.until,
        left_out=tuple(LeftOut(path=one.path, reason=one.reason) for one in handed.left_out),
        files=tuple(sorted(staging.items, key=lambda item: item.path)),
    )
