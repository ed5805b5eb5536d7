"""Processes that write to a ledger and die: run by the tests of this folder, not by pytest.

ledger_writers.py killed URL ROUNDS    forks a writer a round and kills it at a random moment; prints what each
                                       had acknowledged, as JSON lines [seq, hash]
ledger_writers.py append URL COUNT     appends one by one, taking the lock for each
ledger_writers.py hold URL             takes the lock, says "holding", and keeps it until its input ends
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time

from maintkit.clock import SystemClock
from maintkit.evidence.entry import Draft
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor


def opened(url: str) -> Ledger:
    """The ledger as every command opens it."""
    return Ledger.open(url, clock=SystemClock(), redactor=Redactor())


def killed(url: str, rounds: str) -> None:
    """Kill a writer in the middle, again and again."""
    chance = random.Random(20261124)  # noqa: S311  # moments to die at, not secrets
    for number in range(int(rounds)):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            write_for_ever(url, number, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as acknowledged:
            first = acknowledged.readline()
            time.sleep(chance.uniform(0, 0.04))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            # Half a line is half an acknowledgement: the entry may or may not be there.
            lines = [first, *acknowledged.read().splitlines(keepends=True)]
        for line in lines:
            if line.endswith(b"\n"):
                print(line.decode().strip())


def write_for_ever(url: str, number: int, acknowledge: int) -> None:
    """Append entries with attachments, saying so only when append has returned."""
    with opened(url) as ledger, ledger.writing(f"round {number}", wait_s=10):
        count = 0
        while True:
            count += 1
            content = json.dumps({"round": number, "count": count, "filler": str(os.urandom(9))}) * 500
            facts = ledger.seal(content.encode(), media_type="text/plain")
            drafts = [
                Draft(kind="facts.collected", body={"facts": facts.sha256}, subject="h1", attachments=[facts]),
                Draft(kind="host.judged", body={"filler": "x" * 20_000}, subject="h1"),
            ]
            for entry in ledger.append_all(drafts):
                os.write(acknowledge, json.dumps([entry.seq, entry.hash]).encode() + b"\n")


def append(url: str, count: str) -> None:
    """Many short appends, against others that do the same."""
    with opened(url) as ledger:
        for number in range(int(count)):
            ledger.append("host.judged", {"pid": os.getpid(), "number": number})


def hold(url: str) -> None:
    """Be the writer until told to stop."""
    with opened(url) as ledger, ledger.writing("inspection 20261124-1"):
        print("holding", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    {"killed": killed, "append": append, "hold": hold}[sys.argv[1]](*sys.argv[2:])
