"""The packages that deep inspections have listed, held against the newest advisory data of each release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from maintkit.analysis.vulnerability import binary_hits, hits
from maintkit.checks.facts.document import Facts
from maintkit.checks.facts.security import PackagesInstalled
from maintkit.evidence import history, vulnerabilities
from maintkit.evidence.advisory import Advisories, Data, Hit, Looked, Source, Vendor
from maintkit.evidence.ledger import Ledger

NEVER_LISTED = "no deep inspection has listed its packages"
CUT = "its list of packages was cut at the output cap"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The newest list of one host's packages; `installed` None: `reason` says why there is none."""

    at: datetime
    facts: str
    installed: PackagesInstalled | None
    reason: str
    os_id: str | None = None  # ID of os-release, where the document holds it


@dataclass(frozen=True, kw_only=True)
class Found:
    """A check before it is recorded."""

    hosts: tuple[Looked, ...]
    hits: tuple[Hit, ...]
    data: tuple[Data, ...]


def releases_in_use(ledger: Ledger, vendor: Vendor) -> tuple[str, ...]:
    """The codenames of a vendor's hosts in the newest lists, by name; a host that does not say whose it is counts."""
    found = (one for one in listings(ledger).values() if one.os_id in (None, vendor))
    named = {one.installed.codename for one in found if one.installed}
    return tuple(sorted(name for name in named if name))


def look(ledger: Ledger) -> Found:
    """Every host of the newest inspection and every one ever listed: checked, or with the reason why not."""
    known = listings(ledger)
    newest = history.latest(ledger)
    names = sorted({*known, *(host.name for host in newest.hosts)} if newest else known)
    codenames = sorted({one.installed.codename for one in known.values() if one.installed and one.installed.codename})
    data = {name: vulnerabilities.newest_data(ledger, name) for name in codenames}
    held: dict[str, tuple[Data, Advisories]] = {
        name: (one, vulnerabilities.advisories(ledger, one)) for name, one in data.items() if one is not None
    }
    looked: list[Looked] = []
    found: list[Hit] = []
    for name in names:
        listing = known.get(name)
        one = _looked(name, listing, held)
        looked.append(one)
        if not one.reason and listing is not None and listing.installed is not None:
            about, advisories = held[one.release]
            match = binary_hits if about.vendor == "ubuntu" else hits
            found += match(name, _sources(listing.installed), advisories)
    used = tuple(one for one in data.values() if one is not None)
    return Found(hosts=tuple(looked), hits=tuple(found), data=used)


def listings(ledger: Ledger) -> dict[str, Listing]:
    """Of every host the newest deep inspection that reached it."""
    found: dict[str, Listing] = {}
    for started in ledger.entries(kind="inspection.started", newest_first=True):
        if not started.body["deep"] or all(host in found for host in started.body["hosts"]):
            continue
        for entry in ledger.entries(kind="facts.collected", run=started.run):
            host, digest = entry.subject or "", entry.body["facts"]
            if host not in found and digest is not None:
                found[host] = _listing(ledger, digest, entry.at)
    return found


def _listing(ledger: Ledger, digest: str, at: datetime) -> Listing:
    sections = Facts.model_validate_json(ledger.attachment(digest)).sections
    section, host = sections.packages_installed, sections.host
    if section is None or section.data is None:
        return Listing(at=at, facts=digest, installed=None, reason=(section and section.reason) or NEVER_LISTED)
    os_id = host.data.os_id if host and host.data else None
    return Listing(at=at, facts=digest, installed=section.data, reason=CUT if section.truncated else "", os_id=os_id)


def _looked(name: str, listing: Listing | None, held: dict[str, tuple[Data, Advisories]]) -> Looked:
    if listing is None or listing.installed is None:
        return Looked(host=name, reason=listing.reason if listing else NEVER_LISTED)
    release = listing.installed.codename or ""
    reason = listing.reason or ("" if release in held else f"no advisory data of its release {release or 'unknown'}")
    if not reason and listing.os_id not in (None, held[release][0].vendor):
        reason = f"the data of {release} are of {held[release][0].vendor}, and it is {listing.os_id}"
    return Looked(
        host=name,
        release=release,
        listed_at=listing.at,
        facts=listing.facts,
        sources=len(listing.installed.sources),
        reason=reason,
    )


def _sources(installed: PackagesInstalled) -> Iterator[Source]:
    for one in installed.sources:
        yield Source(name=one.name, version=one.version, binaries=one.binaries)
