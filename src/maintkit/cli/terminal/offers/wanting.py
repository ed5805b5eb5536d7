"""Documents that the contract asks for and that nothing can be drawn of yet: what each needs first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from maintkit.contract.contract import Contract
from maintkit.documents.views.change_report import TITLES as CHANGES
from maintkit.documents.views.drill_report import TITLE as DRILL
from maintkit.documents.views.incident_report import TITLE as ANALYSIS
from maintkit.documents.views.incident_summary import TITLE as FAULTS
from maintkit.documents.views.inspection_record import TITLES as INSPECTIONS
from maintkit.documents.views.security_event import TITLE as SECURITY
from maintkit.documents.views.service_review import TITLE as REVIEW
from maintkit.documents.views.ticket_summary import TITLE as TICKETS
from maintkit.documents.views.upgrade_request import TITLE as REQUEST
from maintkit.documents.views.watch_report import TITLE as WATCH

_INSPECTION = "an inspection: `maintkit inspect`"
_DEEP = "a deep inspection: `maintkit inspect --deep`"
_ENTRY = "a first entry in the ledger"
_ARTICLE = "an article: `maintkit knowledge add`"
_HANDOVER = "a handover: `maintkit handover pack`"
NEEDS = {
    INSPECTIONS[False]: _INSPECTION,
    INSPECTIONS[True]: _DEEP,
    "季度巡检记录汇总单": _INSPECTION,
    "系统健康检查与性能分析报告": _DEEP,
    "系统配置手册": _INSPECTION,
    "数据恢复操作手册": _INSPECTION,
    SECURITY: "an inspection that found something of access: `maintkit inspect`",
    WATCH: "a watch: `maintkit watch run`",
    "漏洞检查报告": "a check of packages: `maintkit vulnerability check`",
    REQUEST: "a plan: `maintkit plan`",
    CHANGES["tuning"]: "a run of reindex, change_indexes or rebuild_tables, or one of restart or config "
    "issued with --tuning",
    CHANGES["patch"]: "a run of patch: `maintkit plan patch`",
    CHANGES["restart"]: "a run of restart: `maintkit plan restart`",
    CHANGES["housekeeping"]: "a run of housekeeping or vacuum: `maintkit plan housekeeping`",
    CHANGES["upgrade"]: "a run of an upgrade: `maintkit plan`",
    DRILL: "a run of restore_drill: `maintkit plan restore-drill`",
    FAULTS: _ENTRY,
    TICKETS: _ENTRY,
    REVIEW: _ENTRY,
    ANALYSIS: "a fault of which the contract asks for it: `maintkit incident open`",
    "知识库更新摘要": _ARTICLE,
    "常见问题解答": _ARTICLE,
    "文档提交清单": _HANDOVER,
    "移交清单": _HANDOVER,
    "项目登记簿": "an item of a register: `maintkit register add`",
}
UNKNOWN = "another way: no command of maintkit draws a document of this name"
_ALWAYS = (REQUEST, CHANGES["upgrade"], TICKETS, "项目登记簿")  # asked for by no duty, but by the contract's clauses


@dataclass(frozen=True, kw_only=True)
class Wanting:
    """A document by its title, the duties of contract.yml that name it, and what it needs."""

    title: str
    needs: str
    duties: tuple[str, ...]


def wanting(contract: Contract, there: Iterable[str]) -> Iterator[Wanting]:
    """Every document that the contract asks for and of which none is in `there`, titles, in the contract's order."""
    duties: dict[str, list[str]] = {}
    for duty in contract.duties:
        for title in (*duty.documents, *duty.documents_if_found):
            duties.setdefault(title, []).append(duty.id)
    duties.setdefault(contract.faults.report.document, []).append("faults")
    for title in _ALWAYS:
        duties.setdefault(title, [])
    known = frozenset(there)
    for title, own in duties.items():
        if title not in known:
            yield Wanting(title=title, needs=NEEDS.get(title, UNKNOWN), duties=tuple(own))
