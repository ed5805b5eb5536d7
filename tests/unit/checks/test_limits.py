"""Laws of limits: the default holds, a site may depart from it with a reason, and a mistake is told by its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from maintkit.checks.limits import LimitsFile, default_limits, load_limits, resolve
from maintkit.checks.model import Limit
from maintkit.errors import SiteError

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "limits.yml"
        path.write_text(text, "utf-8")
        return path

    return written


def refused(path: Path) -> str:
    with pytest.raises(SiteError) as caught:
        load_limits(path)
    return str(caught.value).replace(str(path), "limits.yml")


def drawn(limit: Limit) -> tuple[float | None, float | None, str, str]:
    return limit.warn, limit.crit, limit.profile, limit.source


def test_without_a_file_the_defaults_hold() -> None:
    """With their sources, as CHECKS.md draws them."""
    limits = resolve(LimitsFile(), "db1", [])
    assert limits == default_limits()
    assert drawn(limits["memory.available"]) == (25, 10, "default", "PM")
    assert drawn(limits["disk.free"]) == (5, 3, "default", "NM")


@pytest.mark.parametrize("limit", default_limits().values(), ids=lambda limit: limit.key)
def test_a_default_does_not_contradict_itself(limit: Limit) -> None:
    """crit is never reached before warn, and there is a bound and a source."""
    assert limit.source
    assert limit.warn is not None or limit.crit is not None
    if limit.warn is not None and limit.crit is not None:
        assert (limit.crit >= limit.warn) if limit.op in {">", ">="} else (limit.crit <= limit.warn)


def test_the_closest_layer_wins_and_names_itself(write: Write) -> None:
    """Default profile, then assigned profiles in order, then the host's own; an unwritten bound keeps its value."""
    file = load_limits(
        write("""\
profiles:
  default:
    memory.available: {warn: 20, reason: 全院统一}
    cpu.load1: {warn: 2, reason: 全院统一}
  database:
    memory.available: {warn: 12, crit: 5, reason: 数据库占满内存属正常}
  large:
    disk.used: {warn: 90, crit: 95, reason: 影像存储容量大}
assign:
  - {groups: [db], profile: database}
  - {hosts: [pacs1], profile: large}
hosts:
  db1:
    memory.available: {crit: 3, reason: 已评估}
""")
    )
    db1, db2, pacs1 = resolve(file, "db1", ["db"]), resolve(file, "db2", ["db"]), resolve(file, "pacs1", [])
    assert drawn(db1["memory.available"]) == (12, 3, "host db1", "已评估")
    assert drawn(db2["memory.available"]) == (12, 5, "database", "数据库占满内存属正常")
    assert drawn(pacs1["memory.available"]) == (20, 10, "default", "全院统一")
    assert drawn(pacs1["disk.used"]) == (90, 95, "large", "影像存储容量大")
    assert drawn(db1["disk.used"]) == (80, 90, "default", "ZL")


def test_null_switches_a_bound_off(write: Write) -> None:
    """Left out is kept, null is off."""
    file = load_limits(write("hosts: {db1: {disk.used: {crit: null, reason: 只需提醒}}}\n"))
    assert drawn(resolve(file, "db1", [])["disk.used"]) == (80, None, "host db1", "只需提醒")


def test_an_unknown_key_is_told_with_a_suggestion(write: Write) -> None:
    """file:line, what is wrong, what was meant."""
    text = refused(write("profiles:\n  default:\n    disk.usde: {warn: 85, reason: x}\n"))
    assert text.startswith("limits.yml:3: no limit is called `disk.usde` (did you mean `disk.used`?)")


def test_crit_before_warn_is_refused(write: Write) -> None:
    """Below warn for `>`, above it for `<`, and also against a bound that is inherited."""
    text = refused(
        write("""\
hosts:
  db1:
    disk.used: {warn: 90, crit: 85, reason: x}
    memory.available: {warn: 10, crit: 20, reason: x}
    disk.inodes-free: {warn: 5, reason: x}
""")
    )
    above, below = "allowed: crit at or above warn, or null", "allowed: crit at or below warn, or null"
    assert text.splitlines() == [
        f"limits.yml:3: `disk.used` turns crit at 85, below its warn of 90; {above}",
        f"limits.yml:4: `memory.available` turns crit at 20, above its warn of 10; {below}",
        f"limits.yml:5: `disk.inodes-free` turns crit at 10, above its warn of 5 (crit is inherited); {below}",
    ]


def test_layers_that_contradict_each_other_are_refused_at_their_line(write: Write) -> None:
    """Each layer is sound against the default; together on one host they are not."""
    file = load_limits(
        write("""\
profiles:
  default:
    disk.used: {warn: 50, crit: 60, reason: x}
hosts:
  db1:
    disk.used: {warn: 85, reason: x}
""")
    )
    assert resolve(file, "db2", [])["disk.used"].crit == 60
    with pytest.raises(SiteError, match=r"limits.yml:6: `disk.used` turns crit at 60, below its warn of 85"):
        resolve(file, "db1", [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "assign:\n  - {groups: [db], profile: databse}\nprofiles: {database: {}}\n",
            "2: no profile `databse` (did you",
        ),
        ("assign:\n  - {profile: database}\nprofiles: {database: {}}\n", "2: assigned to nobody"),
        ("hosts:\n  db1:\n    disk.used: {warn: much, reason: x}\n", "3: `hosts.db1.disk.used.warn` is 'much'"),
        ("hosts:\n  db1:\n    disk.used: {warn: 70}\n", "3: `reason` is missing in `hosts.db1.disk.used`"),
        ("hosts:\n  db1:\n    disk.used: {wran: 70, reason: x}\n", "3: unknown key `wran`"),
        ("hosts:\n  db1: {}\n  db1: {}\n", "3: key `db1` stands twice"),
    ],
)
def test_a_mistake_is_told_by_its_line(write: Write, text: str, said: str) -> None:
    """Unknown profile, nobody assigned, wrong type, no reason, unknown word, duplicate key."""
    assert f"limits.yml:{said}" in refused(write(text))
