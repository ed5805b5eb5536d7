"""HL7 v2 over MLLP: a patient query for a test patient, which changes nothing, acknowledged with AA."""

from __future__ import annotations

import secrets
import socket
from datetime import UTC, datetime
from typing import Any

from maintkit.contract.watch import Hl7
from maintkit.runs.probes.answer import WELL, Answer, Deadline, bad, connection_fault, library

START, END = b"\x0b", b"\x1c\x0d"  # the block characters of MLLP
MOST = 1024 * 1024  # bytes of an answer that are read


def ask(question: Hl7, deadline: Deadline) -> Answer:
    """Send one QRY^A19 and read one block back."""
    hl7 = library("hl7")
    control = secrets.token_hex(8)
    try:
        where = (question.host.strip("[]"), question.port)
        with socket.create_connection(where, timeout=deadline.left) as link:
            link.sendall(START + message(question, control, datetime.now(UTC)).encode() + END)
            block = _block(link, deadline)
    except OSError as error:
        return connection_fault(error)
    if block is None:
        return bad("not-understood", "the answer is no MLLP block")
    try:
        return judge(hl7.parse(block.decode("utf-8", errors="replace")), control)
    except (hl7.HL7Exception, KeyError, IndexError):
        return bad("not-understood", "the answer has no MSA segment")


def message(question: Hl7, control: str, now: datetime) -> str:
    """The query (HL7 2.4, chapter 3.3.19): immediate, by record, at most one, for the test patient."""
    at = now.strftime("%Y%m%d%H%M%S")
    return (
        f"MSH|^~\\&|MAINTKIT|WATCH|{question.application}|{question.facility}|{at}||QRY^A19|{control}|P|2.4\r"
        f"QRD|{at}|R|I|{control}|||1^RD|{question.patient}|DEM\r"
    )


def judge(answer: Any, control: str) -> Answer:
    """AA to this very message is well; AE, AR and the acknowledgement of another message are not."""
    acknowledged = answer.segment("MSA")
    code, of = str(acknowledged[1]), str(acknowledged[2])
    if of != control:
        return bad("not-understood", "the acknowledgement is of another message")
    return WELL if code == "AA" else bad("rejected", f"acknowledged with {code[:2]}")


def _block(link: socket.socket, deadline: Deadline) -> bytes | None:
    """What stands between the block characters; None for anything else."""
    read = b""
    while not read.endswith(END):
        link.settimeout(deadline.left)
        piece = link.recv(65536)
        read += piece
        if not piece or len(read) > MOST:
            return None
    return read[1 : -len(END)] if read.startswith(START) else None
