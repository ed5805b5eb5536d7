"""The site's working days: the published ones, and calendar.yml where a person of the hospital has signed it."""

from __future__ import annotations

from datetime import datetime

from maintkit.contract.load import Site
from maintkit.contract.workdays import FILE, NAMESPACE, Calendar, Overlay
from maintkit.errors import SigningFailed
from maintkit.evidence.signing import trust_at, verify
from maintkit.plans.people import load_people
from maintkit.sitefile import read


def calendar_of(place: Site, now: datetime) -> Calendar:
    """The calendar in force; a file that is not signed by the hospital adds nothing, and the calendar says why.

    SiteError when the file is malformed or contradicts the published days.
    """
    path = place.root / FILE
    if not path.is_file():
        return Calendar()
    years = read(path, Overlay).years
    signature = path.with_name(f"{FILE}.sig")
    if not signature.is_file():
        return Calendar(reason=f"{FILE} is not signed: `ssh-keygen -Y sign -n {NAMESPACE} -f KEY {FILE}`")
    try:
        text = path.read_text(encoding="utf-8")
        signer = verify(text, signature, namespace=NAMESPACE, trust=trust_at(place.settings.signers), at=now)
    except SigningFailed as error:
        return Calendar(reason=f"the signature of {FILE} does not count: {error}")
    person = load_people(place.settings.signers).who(signer.principal)
    if person is None or person.of != "hospital":
        return Calendar(reason=f"{FILE} is signed by {signer.principal}, who is nobody of the hospital")
    return Calendar(years=years)
