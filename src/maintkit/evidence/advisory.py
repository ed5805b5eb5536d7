"""Known vulnerabilities as data, and what a check of installed packages against them found: the shapes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

State = Literal["fixable", "open", "undetermined"]


@dataclass(frozen=True, kw_only=True)
class Advisory:
    """What the data say of one CVE in one source package of a release.

    `fixed` None: no version that fixes it is known; "0": the release was never affected. `urgency` in the data's words.
    `needs`: what the fixed version is only to be had with, like a subscription; empty where it is for everybody.
    """

    cve: str
    fixed: str | None
    urgency: str
    undetermined: bool = False
    needs: str = ""


Vendor = Literal["debian", "ubuntu"]
Advisories = Mapping[str, Sequence[Advisory]]  # Debian's by source package, Ubuntu's by binaries joined by spaces


@dataclass(frozen=True, kw_only=True)
class Source:
    """An installed source: its version, and the binary packages of it that are there."""

    name: str
    version: str
    binaries: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One CVE that concerns one package of a host.

    fixable: an installed version is below `fixed`. open: nobody has fixed it for this release. undetermined: the
    data do not say, or a version cannot be compared.
    """

    host: str
    source: str
    version: str
    cve: str
    state: State
    fixed: str | None
    urgency: str
    needs: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is, whatever version is installed: how checks are compared."""
        return self.host, self.source, self.cve


@dataclass(frozen=True, kw_only=True)
class Data:
    """Imported advisory data of one release. `dated` is the day they were fetched, as the importer said.

    `left_out`: what they say of something else than packages, like the running kernel.
    """

    release: str
    origin: str
    dated: date
    file_sha256: str
    imported_at: datetime
    by: str
    content: str  # sha256 of the attachment that holds them
    packages: int
    advisories: int
    vendor: Vendor = "debian"
    left_out: int = 0

    def age_days(self, on: date) -> int:
        """How old they are on a day."""
        return (on - self.dated).days


@dataclass(frozen=True, kw_only=True)
class Looked:
    """One expected host of a check. With a `reason` nothing can be said of it, least of all that it is well."""

    host: str
    release: str = ""
    listed_at: datetime | None = None  # when its packages were listed
    facts: str = ""  # sha256 of the facts document
    sources: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check of all expected hosts, as it was recorded; `seq` and `hash` are those of its entry."""

    number: str
    at: datetime
    by: str
    data: tuple[Data, ...]
    hosts: tuple[Looked, ...]
    hits: tuple[Hit, ...]
    seq: int = 0
    hash: str = ""
    invented: tuple[str, ...] = ()  # the inspections that listed its packages and whose hosts are not real

    @property
    def looked_at(self) -> frozenset[str]:
        """Hosts of which something can be said."""
        return frozenset(one.host for one in self.hosts if not one.reason)
