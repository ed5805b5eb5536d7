"""Signed acts taken into the ledger, and held against the signers again whenever they are relied on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from maintkit.contract.changes import Changes
from maintkit.contract.load import Site
from maintkit.errors import ApprovalRefused, SigningFailed
from maintkit.evidence import signing
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.signing import Signer, Trust, trust_at
from maintkit.plans.acts import KINDS, NAMESPACE, Act, Given, given_of
from maintkit.plans.people import People, Role, Signatory, load_people


@dataclass(frozen=True, kw_only=True)
class Authority:
    """What decides whether a change may be made: the contract's rules, its time zone, the keys and the people."""

    changes: Changes
    zone: ZoneInfo
    trust: Trust
    people: People


def authority(site: Site) -> Authority:
    """The authority of a site as its files say it now; SiteError when roles.yml is wrong."""
    signers = site.settings.signers
    return Authority(
        changes=site.contract.changes,
        zone=site.contract.zone,
        trust=trust_at(signers),
        people=load_people(signers),
    )


def sign(act: Act, *, key: Path) -> str:
    """The act's signature, made with this key."""
    return signing.sign(act.text, key=key, namespace=NAMESPACE)


def take(ledger: Ledger, act: Act, signature: str, authority: Authority, *, kind: str, subject: str) -> Given:
    """Record a signed act; ApprovalRefused unless its signature, its role and its nonce are good.

    The signature is checked as of now by the ledger's clock: the instant in the text is the signer's word only.
    """
    if act.ledger != ledger.id:
        raise ApprovalRefused(
            f"it is signed for the ledger {act.ledger}, this one is {ledger.id}", hint="sign it for this site"
        )
    person = signatory(authority.people, act.signer, act.role)
    with ledger.writing(f"record {kind}"):
        require_unused(ledger, act.nonce)
        now = ledger.clock.now()
        if act.at > now:
            raise ApprovalRefused(f"its text is dated {act.at:%F %T %z}, after now", hint="set the clock, sign anew")
        signer = _verified(act, signature, authority.trust, now)
        body = {
            "text": act.text,
            "signature": signature,
            "person": person.name,
            "key": signer.key,
            "role": act.role,
            "nonce": act.nonce,
        }
        require_exact(ledger, body)
        return given_of(ledger.append(kind, body, subject=subject))


def stands(one: Given, authority: Authority) -> Signatory:
    """The person whose act still counts: the key was valid when it was taken in and is not revoked since.

    ApprovalRefused says why it does not.
    """
    person = signatory(authority.people, one.act.signer, one.act.role)
    signer = _verified(one.act, one.signature, authority.trust, one.at)
    if signer.key != one.key:
        raise ApprovalRefused(f"{one.act.signer} signed with {signer.key}, recorded was {one.key}",
                              hint="run `maintkit ledger verify`")  # fmt: skip
    return person


def signatory(people: People, principal: str, role: Role) -> Signatory:
    """The person behind a principal who may act in this role; ApprovalRefused if nobody is or may."""
    person = people.who(principal)
    if person is None or principal not in person.principals:
        raise ApprovalRefused(f"{principal} is nobody in signers/roles.yml", hint="list the person with this principal")
    if role not in person.roles:
        raise ApprovalRefused(
            f"{person.name} ({principal}) is no {role}: {', '.join(person.roles) or 'no role'}",
            hint="signers/roles.yml says who may sign what; the hospital decides",
        )
    return person


def require_unused(ledger: Ledger, nonce: str) -> None:
    """ApprovalRefused when a text with this nonce was taken in before: a signature counts once."""
    for kind in KINDS:
        for entry in ledger.entries(kind=kind):
            if entry.body["nonce"] == nonce:
                raise ApprovalRefused(
                    f"this text was taken in before, as entry {entry.seq} of {entry.at:%F %R %z}",
                    hint="a signature counts once: sign a new text",
                )


def require_exact(ledger: Ledger, body: dict[str, str]) -> None:
    """ApprovalRefused when storing would mask a part of what is signed, which then never verified again."""
    _, masked = ledger.redactor.value(body)
    if masked:
        raise ApprovalRefused(
            f"{masked} places of it look like secrets or patient data and would be masked",
            hint="leave them out of titles and reasons; if it is the signature itself, sign once more",
        )


def _verified(act: Act, signature: str, trust: Trust, at: datetime) -> Signer:
    try:
        return signing.verify_text(act.text, signature, namespace=NAMESPACE, trust=trust, at=at, principal=act.signer)
    except SigningFailed as error:
        raise ApprovalRefused(f"the signature of {act.signer} does not count: {error}", hint=error.hint) from error
