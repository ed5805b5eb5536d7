"""Laws of the registry: checks are found by their files and say the truth about themselves."""

from __future__ import annotations

import re

import pytest

from maintkit.checks.facts.document import Sections
from maintkit.checks.limits import default_limits
from maintkit.checks.model import Check, Expected
from maintkit.checks.registry import all_checks, check, expected_on
from maintkit.errors import NotFound


def test_ids_are_unique_and_well_formed() -> None:
    """subject.aspect, lower-case words: they stand in the ledger for years."""
    ids = [one.id for one in all_checks()]
    assert len(ids) == len(set(ids))
    assert [one for one in ids if not re.fullmatch(r"[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*", one)] == []


@pytest.mark.parametrize("one", all_checks(), ids=lambda one: one.id)
def test_a_check_names_real_sections_and_real_limits(one: Check) -> None:
    """A misspelled section would be unknown for ever; its title is Chinese and its rule says what fires it."""
    assert set(one.needs) <= set(Sections.model_fields)
    assert set(one.limits) <= set(default_limits())
    assert re.search(r"[\u4e00-\u9fff]", one.title_zh)
    assert one.judge.__doc__


def test_every_limit_belongs_to_a_check() -> None:
    """A limit that no rule reads would let a site believe that it set something."""
    assert set(default_limits()) == {key for one in all_checks() for key in one.limits}


def test_deep_checks_are_expected_in_deep_inspections_only() -> None:
    """What a person looks at on site is no part of a remote inspection."""
    daily, deep = expected_on(Expected(), deep=False), expected_on(Expected(), deep=True)
    assert set(daily) < set(deep)
    assert {one.id for one in set(deep) - set(daily)} >= {"manual.server", "manual.room", "manual.peripherals"}


def test_checks_of_declared_things_are_expected_where_they_are_declared() -> None:
    """A host that must run a unit must have a finding about it."""
    without = {one.id for one in expected_on(Expected(), deep=False)}
    declared = {one.id for one in expected_on(Expected(units=("his.service",), ports=(8080,)), deep=False)}
    assert {"service.active", "service.flapping", "service.enabled", "port.listening"} <= declared - without


def test_a_check_is_found_by_its_id() -> None:
    """And a name of no check is refused."""
    assert check("disk.space").title_zh == "磁盘使用率"
    with pytest.raises(NotFound, match=r"no check is called 'disk\.spice'"):
        check("disk.spice")


def test_what_is_seen_only_once_says_so() -> None:
    """Where the next inspection finds nothing although nobody did anything, the event must wait for a person."""
    assert {one.id for one in all_checks() if one.change} == {
        "disk.mounts",
        "disk.read-only",
        "drift.accounts",
        "drift.cron",
        "drift.ports",
        "drift.sudoers",
        "drift.units",
        "host.uptime",
        "keys.new",
        "logins.failed-burst",
        "logins.unknown-address",
        "memory.oom",
        "network.link",
    }


@pytest.mark.parametrize("one", all_checks(), ids=lambda one: one.id)
def test_what_fires_a_check_reads_as_a_sentence(one: Check) -> None:
    """It is printed in docs/checks.md: no string literal that was broken in two shows in it."""
    said = " ".join((one.judge.__doc__ or "").split())
    assert '" "' not in said
    assert said.endswith(".")
