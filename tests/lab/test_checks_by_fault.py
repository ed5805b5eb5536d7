"""Every check of hosts, security and web pages, proved by its fault: from a booted host to the finding."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from trialling import Ward, said, wrong

from lab import lab
from lab.trials.healthy import declared, healthy, specs
from lab.trials.table import ON_HIS
from lab.trials.trial import Trial

HOSTS = 6
ROUNDS = [ON_HIS[start : start + HOSTS] for start in range(0, len(ON_HIS), HOSTS)]


pytestmark = pytest.mark.slow


def names(trials: tuple[Trial, ...]) -> str:
    return "+".join(dict.fromkeys(trial.check for trial in trials))


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """Healthy hosts, inspected twice: the first time there is nothing to compare with."""
    with lab(specs(HOSTS)) as made, ExitStack() as given, ThreadPoolExecutor() as pool:
        list(pool.map(lambda host: given.enter_context(healthy(host)), made.hosts.values()))
        one = Ward(made=made, place=tmp_path_factory.mktemp("ward"), declared={"all": declared(made)})
        one.observe()
        one.observe()
        yield one


def test_nothing_is_wrong_with_an_untouched_host(ward: Ward) -> None:
    """No warning, nothing critical, nothing unknown and no error, on any of them."""
    seen = ward.look()
    assert seen.coverage["inspected"] == HOSTS
    assert said(one for host in ward.made.hosts for one in seen.of(host)) == ""


@pytest.mark.parametrize("trials", ROUNDS, ids=names)
def test_a_fault_leads_to_its_finding_and_to_no_other(ward: Ward, trials: tuple[Trial, ...]) -> None:
    """One fault a host; undone, it leaves nothing to be found."""
    given = dict(zip(ward.made.hosts, trials, strict=False))
    under, after = ward.try_out(given)
    assert "\n".join(line for host, trial in given.items() for line in wrong(trial, host, under, after)) == ""
