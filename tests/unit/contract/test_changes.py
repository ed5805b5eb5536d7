"""The part `changes` of contract.yml: what the template says, and every mistake by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from maintkit.contract.contract import Contract
from maintkit.contract.load import load_site
from maintkit.errors import SiteError
from maintkit.sitefile import read


def test_the_template_names_a_window_two_blackouts_and_who_must_agree(site: Path) -> None:
    """Saturday nights; not in the morning's peak nor in the holiday; two people for a high risk."""
    changes = read(site / "contract.yml", Contract).changes
    assert [one.id for one in changes.windows] == ["saturday-night"]
    assert [one.title_zh for one in changes.blackouts] == ["门诊高峰", "国庆节值班"]
    assert [changes.approvals.needed(risk) for risk in ("low", "medium", "high")] == [1, 1, 2]
    assert str(changes.emergency_lasts) == "4 h"


def test_a_contract_without_the_part_has_no_windows(site: Path) -> None:
    """An old contract.yml is still read; nothing may be changed under it."""
    path = site / "contract.yml"
    path.write_text(path.read_text().partition("\nchanges:\n")[0])
    assert load_site(site).contract.changes.windows == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("time_zone: Asia/Shanghai", "", "`time_zone` is missing"),
        ("'2026-01-03 23:30'", "'2026-01-03T23:30+08:00'", "not a local time: an offset or `Z` has no place here"),
        ("'2026-01-03 23:30'", "'2026-01-33 23:30'", "is '2026-01-33 23:30'"),
        ("'2026-01-04 05:00'", "'2026-01-03 05:00'", "ends 2026-01-03 05:00, not after its start 2026-01-03 23:30"),
        ("'2026-10-07'", "'2028-10-07'", "lasts 738 days; allowed: a year at most"),
        ("BYDAY=SA", "BYDAY=SU", "does not give the start 2026-01-03 23:30 (Saturday)"),
        ("FREQ=WEEKLY;BYDAY=SA", "FREQ=HOURLY", "FREQ is HOURLY"),
        ("FREQ=WEEKLY;BYDAY=SA", "BYDAY=SA", "FREQ is missing"),
        ("FREQ=WEEKLY;BYDAY=SA", "FREQ=WEEKLY;BYEASTER=0", "'BYEASTER=0' is no part of such a rule"),
        ("FREQ=WEEKLY;BYDAY=SA", "FREQ=WEEKLY;FREQ=DAILY", "FREQ stands twice"),
        ("FREQ=WEEKLY;BYDAY=SA", "FREQ=WEEKLY;BYDAY=XX", "is no such rule"),
        ("FREQ=WEEKLY;BYDAY=SA", "FREQ=WEEKLY;UNTIL=20261231T235900Z", "UNTIL is 20261231T235900Z"),
        ("FREQ=WEEKLY;BYDAY=SA", "FREQ=WEEKLY;COUNT=2;UNTIL=20261231", "exclude each other"),
        ("- id: national-day", "- id: outpatient-peak", "`outpatient-peak` stands twice in `blackouts`"),
        ("high: 2", "high: 0", "allowed: a whole number from 1 to 9"),
        ("emergency_lasts: 4 h", "emergency_lasts: 4 wd", "allowed: minutes or hours"),
        ("- id: saturday-night", "- systems: [HISS]\n      id: saturday-night", "(did you mean `HIS`?)"),
        (
            "standing: []",
            "standing: [{id: a, procedure: restart, systems: [HIS], windows: [sunday-night], until: 2026-12-31}]",
            "no window `sunday-night` (did you mean `saturday-night`?)",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_its_line(site: Path, old: str, new: str, told: str) -> None:
    """What is wrong and what would be right, at the line where it stands."""
    path = site / "contract.yml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(SiteError) as caught:
        load_site(site)
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")


def test_a_rule_that_never_comes_is_told_at_once(site: Path) -> None:
    """30 February ends the search instead of walking to the year 9999."""
    path = site / "contract.yml"
    path.write_text(path.read_text().replace("FREQ=WEEKLY;BYDAY=SA", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"))
    with pytest.raises(SiteError, match="does not give the start"):
        load_site(site)
