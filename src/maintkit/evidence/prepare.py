"""From what is to be recorded to what is stored: masked, in canonical form, and hashed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from maintkit.evidence.attach import Attachment
from maintkit.evidence.canonical import canonical
from maintkit.evidence.entry import Draft, Head, Row, kind_of, line
from maintkit.evidence.redact import Redactor


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A draft that is masked and in canonical form: all that can be done before the database is locked."""

    kind: str
    run: str | None
    subject: str | None
    body: str
    attachments: tuple[Attachment, ...]
    masked: int

    def row(self, ledger_id: str, *, at: str, after: Head) -> Row:
        """The row that follows `after`, hashed."""
        row = Row(
            seq=after.seq + 1,
            at=at,
            kind=self.kind,
            run=self.run,
            subject=self.subject,
            body=self.body,
            attachments=canonical([attachment.sha256 for attachment in self.attachments]),
            prev=after.hash,
            hash="",
        )
        return replace(row, hash=row.digest(ledger_id))


def prepare(draft: Draft, redactor: Redactor) -> Prepared:
    """Mask body and subject; LedgerError when the kind is none or the body is no JSON value."""
    body, masked = redactor.value(draft.body)
    subject = None
    if draft.subject is not None:
        result = redactor.text(line(draft.subject))
        subject, masked = result.text, masked + result.count
    return Prepared(
        kind=kind_of(draft),
        run=None if draft.run is None else line(draft.run),
        subject=subject,
        body=canonical(body),
        attachments=tuple(draft.attachments),
        masked=masked + sum(attachment.masked for attachment in draft.attachments),
    )
