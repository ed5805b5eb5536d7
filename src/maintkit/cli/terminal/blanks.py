"""What only a person can write into a document: which blanks each has, and the number of the document they are in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import click

from maintkit.cli.terminal.desk_reports import covered_by
from maintkit.cli.terminal.forecasts import scarce
from maintkit.cli.terminal.readiness import plan_number
from maintkit.contract.load import Site
from maintkit.documents.parts.health.tight import DUE, blanks
from maintkit.documents.views.disaster_plan import BLANKS as OF_DISASTER
from maintkit.documents.views.disaster_plan import KIND as DISASTER
from maintkit.documents.views.emergency_plan import BLANKS as OF_EMERGENCY
from maintkit.documents.views.emergency_plan import KIND as EMERGENCY
from maintkit.documents.views.health_report import BLANKS as OF_HEALTH
from maintkit.documents.views.health_report import KIND as HEALTH
from maintkit.documents.views.recovery_manual import BLANKS as OF_RECOVERY
from maintkit.documents.views.recovery_manual import KIND as RECOVERY
from maintkit.documents.views.service_review import BLANKS as OF_REVIEW
from maintkit.documents.views.service_review import KIND as REVIEW
from maintkit.errors import NotFound
from maintkit.evidence import history
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import Inspection

BLANKS_OF: Mapping[str, Mapping[str, str]] = {
    HEALTH: OF_HEALTH,
    RECOVERY: OF_RECOVERY,
    REVIEW: OF_REVIEW,
    EMERGENCY: OF_EMERGENCY,
    DISASTER: OF_DISASTER,
}


def blanks_of(place: Site, ledger: Ledger, document: str, number: str) -> Mapping[str, str]:
    """The blanks of one document by name; a health report has those of the capacity that is short too."""
    own = BLANKS_OF[document]
    return {**own, **blanks(scarce(place, ledger, deep_inspection(ledger, number)))} if document == HEALTH else own


def numbered(place: Site, ledger: Ledger, document: str, number: str | None) -> str:
    """The number of the document that is filled in; NotFound when there is none such."""
    if document == HEALTH:
        return deep_inspection(ledger, number).run
    if document == RECOVERY:
        return newest_inspection(ledger, number).run
    if document == REVIEW:
        if number is None:
            raise click.UsageError(f"name the month or quarter of the {document}, like 2026-10 or 2026Q4")
        return str(covered_by(number, "NUMBER"))
    own = plan_number(place)
    if number not in (None, own):
        raise NotFound(f"{document} has the number {own}, not {number}", hint="leave the number out")
    return own


def require_blank(place: Site, ledger: Ledger, document: str, number: str, *, blank: str, text: str) -> None:
    """UsageError for a blank that the document does not have, and for a day that is none."""
    known = BLANKS_OF[document] if blank in BLANKS_OF[document] else blanks_of(place, ledger, document, number)
    if blank not in known:
        raise click.UsageError(f"{document} has the blanks {' and '.join(known)}, not {blank}")
    if blank.startswith(DUE):
        try:
            date.fromisoformat(text)
        except ValueError as error:
            raise click.UsageError(f"the text of {blank} is a day like 2026-12-01, not {text}") from error


def newest_inspection(ledger: Ledger, run: str | None = None) -> Inspection:
    """The inspection of this name, or the newest; raises NotFound."""
    found = history.inspection(ledger, run) if run else history.latest(ledger)
    if found is None:
        raise NotFound("the ledger holds no inspection", hint="run `maintkit inspect` first")
    return found


def deep_inspection(ledger: Ledger, run: str | None) -> Inspection:
    """The deep inspection of this name, or the newest; raises NotFound."""
    found = history.inspection(ledger, run) if run else history.latest(ledger, deep=True)
    if found is None or not found.deep:
        raise NotFound(
            f"inspection {run} is not a deep one" if found else "the ledger holds no deep inspection",
            hint="run `maintkit inspect --deep` first",
        )
    return found
