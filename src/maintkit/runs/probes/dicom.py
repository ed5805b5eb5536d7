"""DICOM: a C-ECHO (PS3.4 annex A), which asks whether a partner takes an association and answers."""

from __future__ import annotations

from maintkit.contract.watch import Dicom, Tcp
from maintkit.runs.probes.answer import WELL, Answer, Deadline, bad, library
from maintkit.runs.probes.tcp import ask as ask_tcp

VERIFICATION = "1.2.840.10008.1.1"  # PS3.6, the Verification SOP class
SUCCESS = 0x0000  # PS3.7, C.1.1
REJECTED = 0x03  # PS3.8, 9.3.4: the type of an A-ASSOCIATE-RJ


def ask(question: Dicom, deadline: Deadline) -> Answer:
    """Associate, echo, release."""
    pynetdicom = library("pynetdicom")
    there = ask_tcp(
        Tcp(host=question.host, port=question.port), deadline
    )  # pynetdicom does not tell a closed port from a silent one
    if there.status != "ok":
        return there
    entity = pynetdicom.AE(ae_title=question.calling)
    entity.add_requested_context(VERIFICATION)
    entity.connection_timeout = entity.acse_timeout = entity.network_timeout = entity.dimse_timeout = deadline.left
    # A partner that rejects and closes at once: pynetdicom may see the end of the connection before the rejection.
    received: list[int] = []
    handlers = [(pynetdicom.evt.EVT_DATA_RECV, lambda event: received.append(event.data[0]))]
    where = (question.host.strip("[]"), question.port)
    association = entity.associate(*where, ae_title=question.called, evt_handlers=handlers)
    if association.is_rejected or REJECTED in received:
        return bad("rejected", "the association was rejected")
    if not association.is_established:
        return bad("no-answer", "no association")
    try:
        said = association.send_c_echo()
    finally:
        association.release()
    status = said.get("Status") if said else None
    if status is None:
        return bad("no-answer", "no C-ECHO response")
    return WELL if status == SUCCESS else bad("rejected", f"C-ECHO status 0x{status:04X}")
