"""The table of trials covers every check, and the page in docs/ is made of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lab.trials.page import page
from lab.trials.table import TRIALS, WITHOUT
from lab.trials.trial import Trial
from maintkit.checks.registry import all_checks

DOCS = Path(__file__).parents[3] / "docs"


def test_every_check_has_a_trial_or_a_reason_why_not() -> None:
    """A new check without a fault fails here; so does one that has both."""
    tried = {trial.check for trial in TRIALS}
    checks = {check.id for check in all_checks()}
    assert checks - tried == set(WITHOUT)
    assert tried <= checks


def test_few_checks_are_left_without_a_fault() -> None:
    """The list of exceptions must not become the easy way out."""
    assert len(WITHOUT) <= 4


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_what_a_trial_explains_are_checks(trial: Trial) -> None:
    checks = {check.id for check in all_checks()}
    assert set(trial.explains) <= checks


def test_no_two_trials_say_the_same() -> None:
    assert [words for words, count in Counter(trial.words for trial in TRIALS).items() if count > 1] == []


def test_the_page_is_current() -> None:
    """`PYTHONPATH=molecule python -m lab.trials.page > docs/faults.md` makes it."""
    assert (DOCS / "faults.md").read_text(encoding="utf-8") == page()
