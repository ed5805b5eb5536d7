"""The months and quarters that the reviews of a site are of: the same for what is listed and what is handed over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from maintkit.contract.load import Site
from maintkit.documents.views.month import Covered, Month
from maintkit.documents.views.quarter import Quarter


def periods(place: Site, months: Sequence[Month], title: str, numbers: Iterable[str]) -> tuple[Covered, ...]:
    """The quarters of `months`, or the months where a monthly duty names the document; then those of `numbers`.

    `numbers` are the periods of which one was filled in or issued, whatever the contract's rhythm.
    """
    zone = place.contract.zone
    monthly = any(title in duty.documents and duty.rhythm == "monthly" for duty in place.contract.duties)
    quarters = dict.fromkeys(Quarter.of(month.start(zone), zone) for month in months)
    known: dict[str, Covered] = {str(one): one for one in (months if monthly else quarters)}
    for number in numbers:
        known.setdefault(number, Quarter.parse(number) if "Q" in number else Month.parse(number))
    return tuple(known.values())


def words_of(document: str, covered: Covered) -> tuple[str, ...]:
    """The words after `maintkit` that draw the document of a period."""
    return ("report", document, "--quarter" if isinstance(covered, Quarter) else "--month", str(covered))
