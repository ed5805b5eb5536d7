"""Write the golden document trees anew, to be read as a diff before a commit.

`PYTHONPATH=tests python tests/golden/draw.py`
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import sample_changes as changes
import sample_configurations as configurations
import sample_desk as desk
import sample_health as health
import sample_inspections as sample
import sample_knowledge as knowledge
import sample_lists as lists
import sample_plans as plans
import sample_recovery as recovery
import sample_runs as runs
import sample_watch as watch

from maintkit.documents.model import Document, to_tree
from maintkit.documents.views import (
    Quarter,
    change_report,
    configuration_manual,
    disaster_plan,
    document_list,
    drill_report,
    emergency_plan,
    faq,
    handover_list,
    health_report,
    inspection_record,
    inspection_summary,
    knowledge_summary,
    recovery_manual,
    registers,
    upgrade_request,
    vulnerability_report,
    watch_report,
)
from maintkit.documents.views.disaster_plan import BLANKS as OF_DISASTER

HERE = Path(__file__).parent


@cache
def documents() -> Mapping[str, Document]:
    """Every golden document by the name of its file; drawn once, for nothing changes a document."""
    fleet, one, cut, hostile = sample.fleet(), sample.one_healthy_host(), sample.interrupted(), sample.hostile()
    first, header = sample.first_time(one), sample.HEADER
    handlings = {"20261024-1-002": (sample.handled("20261024-1-002"),)}
    return {
        "record-fleet": inspection_record(
            fleet, sample.against_october(fleet), handlings, header, emergencies=changes.unapproved()
        ),
        "record-one-host": inspection_record(one, first, {}, header, emergencies=()),
        "record-interrupted": inspection_record(cut, first, {}, header, emergencies=()),
        "record-hostile": inspection_record(hostile, first, {}, header, emergencies=()),
        "record-deep": inspection_record(
            health.deep(), sample.against_october(health.deep()), {}, header, emergencies=()
        ),
        "upgrade-request": upgrade_request(changes.application(), header),
        "upgrade-request-signed": upgrade_request(changes.signed(), header),
        "upgrade-request-urgent": upgrade_request(changes.urgent(), header),
        "change-patch": change_report(runs.carried_out("done"), "patch", header),
        "change-patch-rolled-back": change_report(runs.carried_out("rolled-back"), "patch", header),
        "change-patch-urgent": change_report(runs.carried_out("urgent"), "patch", header),
        "change-patch-killed": change_report(runs.carried_out("killed"), "patch", header),
        "change-patch-resumed": change_report(runs.carried_out("resumed"), "patch", header),
        "change-hostile": change_report(runs.carried_out("hostile"), "patch", header),
        "change-upgrade": change_report(runs.carried_out("upgrade-done"), "upgrade", header),
        "change-upgrade-stuck": change_report(runs.carried_out("upgrade-stuck"), "upgrade", header),
        "change-restart": change_report(runs.carried_out("restart"), "restart", header),
        "change-tuning": change_report(runs.carried_out("restart-assessed"), "tuning", header),
        "change-config": change_report(runs.carried_out("config-reverted"), "upgrade", header),
        "change-restore": change_report(runs.carried_out("restore-passed"), "upgrade", header),
        "change-restore-mariadb": change_report(runs.carried_out("restore-mariadb"), "upgrade", header),
        "change-restore-back": change_report(runs.carried_out("restore-back"), "upgrade", header),
        "drill-passed": drill_report(runs.carried_out("drill-passed"), header),
        "drill-mariadb": drill_report(runs.carried_out("drill-mariadb"), header),
        "drill-short": drill_report(runs.carried_out("drill-short"), header),
        "drill-refused": drill_report(runs.carried_out("drill-refused"), header),
        "health": health_report(health.health(), header),
        "health-finished": health_report(health.finished(), header),
        "configuration-manual": configuration_manual(configurations.manual(), header),
        "recovery-manual": recovery_manual(recovery.finished(), header),
        "recovery-manual-mariadb": recovery_manual(recovery.mariadb(), header),
        "recovery-manual-wanting": recovery_manual(recovery.wanting(), header),
        "recovery-manual-undrilled": recovery_manual(recovery.undrilled(), header),
        "watch": watch_report(watch.week(), watch.last_week(), header, over=True),
        "watch-none": watch_report(watch.unwatched(), None, header, over=True),
        "summary": inspection_summary(
            Quarter(year=2026, number=4), [fleet], handlings, header, emergencies=changes.unapproved()
        ),
        "handover-list": handover_list(lists.handed(), header),
        "document-list": document_list(lists.handed(), header),
        "emergency-plan": emergency_plan(plans.ready(), header),
        "disaster-plan": disaster_plan(plans.ready(), header),
        "disaster-plan-filled": disaster_plan(plans.filled(*OF_DISASTER), header),
        "faq": faq(knowledge.answers(), header),
        "knowledge-summary": knowledge_summary(knowledge.fourth_quarter(), header),
        "registers": registers(lists.registered(), lists.HEAD, lists.AT, header),
        "vulnerability": vulnerability_report(lists.checked(), None, header),
        "vulnerability-again": vulnerability_report(lists.checked_again(), lists.checked(), header),
        **desk.documents(),
    }


def tree_text(document: Document) -> str:
    """The tree as JSON, one value a line; a plain cell is its text, another one its text and tone."""
    return json.dumps(_short(to_tree(document)), ensure_ascii=False, indent=1) + "\n"


def _short(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_short(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if tree.get("node") == "Cell":
        return tree["text"] if tree["tone"] == "plain" else f"{tree['text']} [{tree['tone']}]"
    return {key: _short(value) for key, value in tree.items()}


if __name__ == "__main__":
    for name, document in documents().items():
        (HERE / f"{name}.json").write_text(tree_text(document))
