"""A reminder to a program of this machine, for whatever else a hospital has."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress

from maintkit.contract.reminders import Program
from maintkit.desk.reminder import Message
from maintkit.runs.reminders.delivery import NotSent


def send(way: Program, message: Message, left_s: float) -> int:
    """Start it with the reminder as JSON on stdin; NotSent unless it ends with 0 in time. What it says is not kept."""
    told = json.dumps(message.data | {"text": message.text}, ensure_ascii=False).encode()
    try:
        process = subprocess.Popen(  # noqa: S603  # by argv, as the site's own file says
            way.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError):
        raise NotSent("the program cannot be started", again=False) from None
    try:
        process.communicate(told, timeout=left_s)
    except subprocess.TimeoutExpired:
        # With all that it started: nothing of it goes on after the reminder was given up.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise NotSent("the program did not end in time", again=False) from None
    if process.returncode != 0:
        again = process.returncode == os.EX_TEMPFAIL
        raise NotSent(f"the program ended with {process.returncode}", again=again)
    return 0
