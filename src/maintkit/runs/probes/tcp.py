"""TCP: a port that must take a connection."""

from __future__ import annotations

import socket

from maintkit.contract.watch import Tcp
from maintkit.runs.probes.answer import WELL, Answer, Deadline, connection_fault


def ask(question: Tcp, deadline: Deadline) -> Answer:
    """Connect and close; nothing is sent."""
    try:
        socket.create_connection((question.host.strip("[]"), question.port), timeout=deadline.left).close()
    except OSError as error:
        return connection_fault(error)
    return WELL
