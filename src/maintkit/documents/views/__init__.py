"""The records, one file each: pure functions from recorded facts to a document tree."""

from maintkit.documents.views.change_report import change_report
from maintkit.documents.views.configuration_manual import configuration_manual
from maintkit.documents.views.disaster_plan import disaster_plan
from maintkit.documents.views.drill_report import drill_report
from maintkit.documents.views.emergency_plan import emergency_plan
from maintkit.documents.views.faq import faq
from maintkit.documents.views.handover_list import document_list, handover_list
from maintkit.documents.views.health_report import health_report
from maintkit.documents.views.incident_report import incident_report
from maintkit.documents.views.incident_summary import incident_summary
from maintkit.documents.views.inspection_record import inspection_record
from maintkit.documents.views.inspection_summary import Quarter, inspection_summary
from maintkit.documents.views.knowledge_summary import knowledge_summary
from maintkit.documents.views.recovery_manual import recovery_manual
from maintkit.documents.views.registers import registers
from maintkit.documents.views.security_event import security_event
from maintkit.documents.views.service_review import service_review
from maintkit.documents.views.ticket_summary import ticket_summary
from maintkit.documents.views.upgrade_request import upgrade_request
from maintkit.documents.views.vulnerability_report import vulnerability_report
from maintkit.documents.views.watch_report import watch_report

__all__ = [
    "Quarter",
    "change_report",
    "configuration_manual",
    "disaster_plan",
    "document_list",
    "drill_report",
    "emergency_plan",
    "faq",
    "handover_list",
    "health_report",
    "incident_report",
    "incident_summary",
    "inspection_record",
    "inspection_summary",
    "knowledge_summary",
    "recovery_manual",
    "registers",
    "security_event",
    "service_review",
    "ticket_summary",
    "upgrade_request",
    "vulnerability_report",
    "watch_report",
]
