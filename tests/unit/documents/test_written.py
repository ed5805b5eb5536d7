"""What people wrote, into a blank or a register, and what a fault is linked with: 证据 names its entries."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import sample_desk as desk
import sample_health as health
import sample_plans as plans
import sample_recovery as recovery
from sample_desk import Autumn
from sample_inspections import HEADER

from maintkit.cli.terminal import desk_documents
from maintkit.desk.incident import OPENED
from maintkit.documents.model import Document, EvidenceList
from maintkit.documents.views import disaster_plan, emergency_plan, health_report, recovery_manual
from maintkit.documents.views.disaster_plan import BLANKS as OF_DISASTER
from maintkit.documents.views.emergency_plan import BLANKS as OF_EMERGENCY
from maintkit.evidence.judgements import JUDGED, Judgement, judge
from maintkit.evidence.registers import ADDED

DISASTER, EMERGENCY = plans.filled(*OF_DISASTER), plans.filled(*OF_EMERGENCY)
WRITTEN = {
    "health": (health_report(health.finished(), HEADER), health.finished().judged),
    "recovery": (recovery_manual(recovery.finished(), HEADER), recovery.finished().judged),
    "disaster": (disaster_plan(DISASTER, HEADER), DISASTER.judged),
    "emergency": (emergency_plan(EMERGENCY, HEADER), EMERGENCY.judged),
}


def evidence(document: Document) -> dict[str, str]:
    """What the document says that it rests on."""
    return {item.label: item.value for one in document.blocks if isinstance(one, EvidenceList) for item in one.items}


@pytest.mark.parametrize(("document", "judged"), WRITTEN.values(), ids=WRITTEN)
def test_each_text_that_a_person_wrote_stands_by_its_number_and_hash(
    document: Document, judged: Mapping[str, Judgement]
) -> None:
    """Every blank of it, owners and days of capacity that is short among them."""
    told = [value for label, value in evidence(document).items() if label.startswith("填写 ")]
    assert sorted(told) == sorted(f"台账 #{one.seq} {one.hash}" for one in judged.values())


def test_a_blank_that_nobody_has_filled_has_no_evidence() -> None:
    """Nor has a contact of the contract; one of the register has."""
    told = evidence(emergency_plan(plans.ready(), HEADER))
    assert [label for label in told if label.startswith("填写 ")] == []
    assert [label for label in told if label.startswith("登记 ")] == ["登记 manager-1"]


def test_the_review_rests_on_its_meetings_and_on_what_was_written() -> None:
    """By the ledger's own entries; of two texts for one blank the newer one."""
    with desk.told() as (place, ledger):
        for text in ("平稳", "时限总体受控"):
            judge(ledger, "service-review", "2026-10", blank="evaluation", text=text, by="王经理")
        *_, newer = ledger.entries(kind=JUDGED)
        (meeting,) = ledger.entries(kind=ADDED)
        told = evidence(desk_documents.review(place, ledger, desk.OCTOBER))
    assert told["填写 服务评价"] == f"台账 #{newer.seq} {newer.hash}"
    assert told["登记 meeting-1"] == f"台账 #{meeting.seq} {meeting.hash}"


def test_the_report_of_a_fault_rests_on_the_inspections_and_faults_that_it_names() -> None:
    """An inspection by its end, a duplicate by its opening and by the word that it is one."""
    with desk.told() as (place, ledger):
        told = evidence(desk_documents.fault_report(place, ledger, "I20261008-1"))
        (looked,) = ledger.entries(kind="inspection.finished", run="20261007-1")
        (opened,) = ledger.entries(kind=OPENED, subject="I20261008-2")
        (related,) = ledger.entries(kind="incident.related", subject="I20261008-2")
    assert told["20261007-1"] == f"台账 #{looked.seq} {looked.hash}"
    assert told["I20261008-2 报告"] == f"台账 #{opened.seq} {opened.hash}"
    assert told["I20261008-2 关联"] == f"台账 #{related.seq} {related.hash}"


def test_the_report_of_a_fault_rests_on_changes_and_watches_by_their_ends() -> None:
    """Also when something was entered of the run after it; another fault at the time is cited by its opening alone."""
    with desk.told() as (place, ledger):
        autumn = Autumn(ledger, ledger.clock)  # type: ignore[arg-type]
        autumn.watched("11-06 08:00", "warn")
        run = autumn.changed("11-06 08:30", "patch", "安装安全更新", "done")
        first, other = (autumn.fault(f"11-06 09:{n}0", "挂号停", ("HIS",), hosts=("his-app1",)) for n in (0, 1))
        ledger.append("change.assessed", {}, run=run)
        autumn.step(other, "resolved", "11-06 10:00", "好了")
        told = evidence(desk_documents.fault_report(place, ledger, first))
        ends = [*ledger.entries(kind="change.finished", run=run), *ledger.entries(run="W20261106-1")]
        (opened,) = ledger.entries(kind=OPENED, subject=other)
    assert told[run] == f"台账 #{ends[0].seq} {ends[0].hash}"
    assert told["W20261106-1"] == f"台账 #{ends[-1].seq} {ends[-1].hash}"
    assert told[f"{other} 报告"] == f"台账 #{opened.seq} {opened.hash}"
