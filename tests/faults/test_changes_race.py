"""Fault 16 and 17: two controllers at once want the same hosts, the same plan, the same signature: one wins."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from change import IN_WINDOW, Office, office

from maintkit.plans import approve, lock, record
from maintkit.plans.frozen import plan_of
from maintkit.plans.sign import sign

# What a second controller does: waits for the common moment, then tries; prints `won` or the refusal's class.
CONTROLLER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from change import IN_WINDOW, Office
from maintkit.clock import FixedClock
from maintkit.errors import MaintkitError
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.plans import approve, lock, record
from maintkit.plans.acts import parse
from maintkit.plans.frozen import plan_of

root, what, run, start = Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
clock = FixedClock(at=IN_WINDOW)
ledger = Ledger.open(f"sqlite:///{{root}}/ledger.db", clock=clock, redactor=Redactor())
office = Office(root=root, ledger=ledger, clock=clock)
plan = plan_of(ledger, "P20261126-1")
time.sleep(max(0.0, start - time.time()))
try:
    if what == "hosts":
        lock.take_all(ledger, plan.hosts, plan=plan.id, run=run)
    elif what == "plan":
        found = approve.permission(ledger, plan, office.authority)
        approve.use(ledger, found, run)
    else:
        text = (root / "text").read_text(encoding="utf-8")
        approve.approve(ledger, plan, parse(text), (root / "text.sig").read_text(), office.authority)
    print("won")
except MaintkitError as error:
    print(type(error).__name__)
"""


@pytest.fixture
def prepared(tmp_path: Path) -> Office:
    """An approved plan, and one more signature that nobody has taken in."""
    made = office(tmp_path)
    plan = made.frozen()
    made.approve(plan)
    act = made.act(plan, "wang")
    (tmp_path / "text").write_text(act.text, encoding="utf-8")
    (tmp_path / "text.sig").write_text(sign(act, key=made.key("wang")))
    made.later(IN_WINDOW)
    return made


@pytest.mark.parametrize(
    ("what", "loses"), [("hosts", "HostLocked"), ("plan", "ApprovalRefused"), ("signature", "ApprovalRefused")]
)
def test_of_several_controllers_one_wins(prepared: Office, what: str, loses: str) -> None:
    """Four processes try in the same moment; the ledger holds what one of them did."""
    start = str(time.time() + 2.5)
    script = CONTROLLER.format(tests=str(Path(__file__).parents[1]))
    argv = [sys.executable, "-c", script, str(prepared.root), what]
    four = [
        subprocess.Popen([*argv, f"R{number}", start], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    said = [process.communicate(timeout=60) for process in four]
    assert sorted(out.strip() for out, _ in said) == sorted(["won", *[loses] * 3]), said
    ledger = prepared.ledger
    held = {one.run for one in lock.held(ledger).values()}
    used = [entry.run for entry in ledger.entries(kind=record.USED)]
    given = len(list(ledger.entries(kind=record.GIVEN)))
    assert (len(held), len(used), given) == {"hosts": (1, 0, 1), "plan": (0, 1, 1), "signature": (0, 0, 2)}[what]


def test_a_run_that_goes_on_spends_nothing_twice(prepared: Office) -> None:
    """`resume` asks with its own name and leaves one entry."""
    plan = plan_of(prepared.ledger, "P20261126-1")
    for _ in range(2):
        found = approve.permission(prepared.ledger, plan, prepared.authority, run="R1")
        approve.use(prepared.ledger, found, "R1")
    assert len(list(prepared.ledger.entries(kind=record.USED))) == 1
