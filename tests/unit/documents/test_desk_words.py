"""Every word of the desk and of the contract has its Chinese one in the documents."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from maintkit.contract.due import State as DutyState
from maintkit.contract.duties import Rhythm
from maintkit.contract.sla import FaultKind, Scope, Severity
from maintkit.desk.clocks import ENDS
from maintkit.desk.clocks import State as ClockState
from maintkit.desk.incident import State, Verb
from maintkit.desk.proofs import PROOFS
from maintkit.desk.ticket import State as DueState
from maintkit.documents.parts import duties, tickets
from maintkit.documents.parts import faults as words


def test_every_word_of_the_contract_and_of_the_desk_has_a_chinese_one() -> None:
    """No scope, kind, severity, state, step or clock of theirs is drawn as its id."""
    pairs = (
        (Scope, words.SCOPE), (FaultKind, words.KIND), (Severity, words.SEVERITY), (State, words.STATE),
        (Verb, words.VERB), (ClockState, words.CLOCK_STATE), (DutyState, duties.STATE), (Rhythm, duties.RHYTHM),
        (DueState, tickets.DUE_STATE),
    )  # fmt: skip
    for closed, table in pairs:
        assert set(get_args(closed)) == set(table)
    assert set(ENDS) == set(words.CLOCK)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("20261125-1 does not count: saw no logins, no sudo", "巡检 20261125-1 不计入：未取得应有的检查结果"),
        ("20261125-1 does not count: critical findings of which nobody has said a word (`maintkit finding handle`): a",
         "巡检 20261125-1 不计入：严重异常尚无处理意见"),
        ("to be looked at again after 2026-03-22, engine: upgrade C20260321-1", "2026-03-22 完成升级，须复审"),
    ],
)  # fmt: skip
def test_why_an_inspection_does_not_count_and_what_must_follow_a_change_is_said_in_chinese(
    reason: str, said: str
) -> None:
    """As `maintkit due` says it, without the words for the terminal."""
    assert duties.reason_zh(reason) == said


def test_every_proof_of_a_duty_and_every_note_of_it_has_chinese_words() -> None:
    """A new row of the table of proofs brings its words along (`parts/duties.py`)."""
    for proof in PROOFS:
        assert re.search("[一-鿿]", duties.done_zh(proof.what)), proof.what
        assert not proof.note or re.search("[一-鿿]", duties.reason_zh(proof.note)), proof.note
