"""Two real repositories of one cluster: each is judged, drilled and restored from by itself."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import drills
import pytest
from drills import STANZA, Drilling, Source, part, source
from restores import look, switched, without

from maintkit.checks.backup.segments import cut_off
from maintkit.checks.facts.backup import BackupJob

REFUSED = part("changes.place").Refused


@pytest.fixture(scope="module")
def his() -> Iterator[Source]:
    """A source whose second backup lies in its second repository."""
    with source(repositories=2) as made:
        made.pgbackrest("backup", "--repo=2", "--type=full")
        yield made


@pytest.fixture
def drilling(his: Source) -> Iterator[Drilling]:
    with drills.drilling(his) as made:
        yield made


def test_a_drill_of_a_set_restores_it_from_its_own_repository_with_the_wal_of_that(
    drilling: Drilling, his: Source
) -> None:
    """What the other one lacks is of no concern to it, and what it lacks the other one does not cover."""
    first, second = (one["label"] for one in drilling.repository().sets()["backups"])
    drill = drilling.drill()
    assert (drill.journal.told["set"]["label"], drill.journal.told["set"]["repo"]) == (second, 2)
    with without(his.repository, drill.journal.told["mark"]["wal"]):
        assert drill.bring_back()
        drilling.wipe(drill)
        chosen = drilling.look(run="r2", wanted_set=first)["set"]
        other = drilling.drill("r2")
        other.journal.keep(set=chosen)
        other.work.running.clear()
        with without(his.repository, other.journal.told["mark"]["wal"]), pytest.raises(REFUSED, match="short of"):
            other.bring_back()


def test_a_hole_in_one_repository_leads_a_restore_to_the_other(his: Source) -> None:
    """To a point in time, and to the end; only where both have a hole is it refused, with what the newest set lacks."""
    gone, _next = switched(his), switched(his)
    now = time.strftime("%Y-%m-%d %H:%M:%S+00", time.gmtime())
    assert look(his, "time", now)["set"]["repo"] == look(his, "end")["set"]["repo"] == 2
    with without(his.second, gone):
        assert look(his, "time", now)["set"]["repo"] == look(his, "end")["set"]["repo"] == 1
        with without(his.repository, gone), pytest.raises(REFUSED, match=f"lacks WAL .*{gone[8:]}"):
            look(his, "end")
    with without(his.repository, gone):
        assert look(his, "end")["set"]["repo"] == 2


def test_a_restore_to_the_end_is_made_from_the_repository_that_leads_farthest(his: Source) -> None:
    """The second one has the newest set, and lacks the last segment: no hole, and yet short."""
    switched(his)
    last = switched(his)
    with without(his.second, last):
        assert look(his, "end")["set"]["repo"] == 1


def test_the_inspection_sees_of_which_repository_each_set_is(his: Source) -> None:
    """So that the age of one does not hide that of the other."""
    parameters = {"backups": [{"tool": "pgbackrest", "name": STANZA, "config": str(his.config)}]}
    probe = part("collector.probe").Probe({**parameters, "section_timeout_s": 60})
    (job,) = part("collector.backups").collect_backups(probe)["jobs"]
    assert [one["repo"] for one in job["backups"]] == [1, 2]
    assert [one["repo"] for one in job["wal"]] == [1, 2]
    kept = {"off_host": False, "keep_full": 9, "keep_type": None}
    assert job["repos"] == [{"key": 1, **kept}, {"key": 2, **kept}]


def test_a_segment_that_is_gone_in_the_middle_is_named_by_the_inspection(his: Source) -> None:
    """pgBackRest itself says ok, and names the first and the last one alone."""
    gone, _next = switched(his), switched(his)
    for path in his.second.glob(f"archive/{STANZA}/*/*/*"):
        os.utime(path, (time.time() - 900, time.time() - 900))  # what has just come may have come out of its order
    with without(his.second, gone):
        his.pgbackrest("verify", "--repo=2")
        parameters = {"backups": [{"tool": "pgbackrest", "name": STANZA, "config": str(his.config)}]}
        probe = part("collector.probe").Probe({**parameters, "section_timeout_s": 60})
        (job,) = part("collector.backups").collect_backups(probe)["jobs"]
    assert (job["status_code"], [one["missing"] for one in job["wal"]]) == (0, [0, 1])
    assert job["wal"][1]["holes"] == [{"first": gone[8:], "last": gone[8:]}]
    assert [one.repo for one in cut_off(BackupJob.model_validate(job))] == [2]
