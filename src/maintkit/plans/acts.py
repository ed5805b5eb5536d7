"""What people sign: a short text, one fact a line, that a person can read and plain ssh-keygen can sign and verify.

maintkit.approval/1
ledger: 6a0c3a52-…
…                          (what the act is about, see approve.py, supervise.py, standing.py and lock.py)
role: approver
signer: lizhuren@hospital.example
nonce: 9f86d081884c7d659a2feaa0c55ad015
issued-at: 2026-11-24T02:38:14.000000Z
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast, get_args

from maintkit.clock import from_text, to_text
from maintkit.errors import ApprovalRefused
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.plans.people import Role

NAMESPACE = "maintkit-approval@maintkit"
What = Literal["approval", "standing", "supervision", "lock-break"]
# The entries that carry a signed act; a nonce occurs in one of them at most.
GIVEN, STANDING, IN, OUT, BROKEN = KINDS = (
    "approval.given",
    "standing.approved",
    "supervisor.in",
    "supervisor.out",
    "lock.broken",
)

_HEAD = re.compile(r"maintkit\.(?P<what>[a-z-]+)/1")
_LINE = re.compile(r"(?P<key>[a-z][a-z0-9-]*): (?P<value>.+)")
_NONCE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class Act:
    """One act before or after it is signed. `about` are the lines that are its own, in order; keys may repeat.

    ApprovalRefused for a value that is not one line of printable text, because it could look like another line.

    `at` is when the text was made, by this machine's clock; when it was signed only the ledger can say.
    """

    what: What
    ledger: str
    about: tuple[tuple[str, str], ...]
    role: Role
    signer: str
    nonce: str
    at: datetime

    def __post_init__(self) -> None:
        if not _NONCE.fullmatch(self.nonce):
            raise ApprovalRefused("a nonce is 32 hexadecimal digits", hint=_ANEW)
        for key, value in self._lines():
            if not value.isprintable() or value != value.strip() or not value:
                raise ApprovalRefused(
                    f"`{key}` is not one line of printable text: {value!r}", hint="it would not be seen as it is signed"
                )

    @property
    def text(self) -> str:
        """The very text that is signed, in UTF-8."""
        return f"maintkit.{self.what}/1\n" + "".join(f"{key}: {value}\n" for key, value in self._lines())

    def value(self, key: str) -> str:
        """The first line of this key; ApprovalRefused if the text has none."""
        for own, value in self.about:
            if own == key:
                return value
        raise ApprovalRefused(f"the signed text has no line `{key}`", hint=_ANEW)

    def _lines(self) -> Iterator[tuple[str, str]]:
        yield "ledger", self.ledger
        yield from self.about
        yield from (
            ("role", self.role),
            ("signer", self.signer),
            ("nonce", self.nonce),
            ("issued-at", to_text(self.at)),
        )


@dataclass(frozen=True, kw_only=True)
class Given:
    """A signed act as the ledger holds it. `at` is when it was taken in; `key` the fingerprint that signed it."""

    seq: int
    at: datetime
    act: Act
    signature: str
    person: str
    key: str


def parse(text: str) -> Act:
    """The act that a text says; ApprovalRefused when it says anything in another way than maintkit writes it."""
    head, *rest = text.split("\n")
    found = [_LINE.fullmatch(line) for line in rest[:-1]]
    what = _HEAD.fullmatch(head)
    pairs = [(line["key"], line["value"]) for line in found if line]
    if what is None or what["what"] not in get_args(What) or len(pairs) != len(rest) - 1 or len(pairs) < 5:
        raise ApprovalRefused("this is not the text of an approval", hint=_ANEW)
    first, about, last = pairs[0], pairs[1:-4], dict(pairs[-4:])
    try:
        act = Act(
            what=cast(What, what["what"]),
            ledger=first[1],
            about=tuple(about),
            role=cast(Role, last["role"]),
            signer=last["signer"],
            nonce=last["nonce"],
            at=from_text(last["issued-at"]),
        )
    except (KeyError, ValueError) as error:
        raise ApprovalRefused(f"this is not the text of an approval: {error}", hint=_ANEW) from None
    if act.text != text or act.role not in get_args(Role):
        raise ApprovalRefused("this is not an approval as maintkit writes it", hint=_ANEW)
    return act


def given(ledger: Ledger, kind: str, subject: str | None = None) -> Iterator[Given]:
    """The signed acts of a kind, oldest first, as they were taken in; whether they still stand, `sign.stands` says."""
    for entry in ledger.entries(kind=kind, subject=subject):
        yield given_of(entry)


def given_of(entry: Entry) -> Given:
    """The act in an entry; everything it says is read from the signed text."""
    body: Mapping[str, Any] = entry.body
    return Given(
        seq=entry.seq,
        at=entry.at,
        act=parse(body["text"]),
        signature=body["signature"],
        person=body["person"],
        key=body["key"],
    )


_ANEW = "make a new text with `maintkit request`"
