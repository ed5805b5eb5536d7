"""Which set and which WAL of a real repository a restore is made from, and that it really leads there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drills import Source, part, source
from restores import bring, gone_back, look, restoring, switched, without

REFUSED = part("changes.place").Refused


@pytest.fixture(scope="module")
def his() -> Iterator[Source]:
    """A source that was restored to before much of its WAL, and wrote a little since."""
    with source() as made:
        made.sql("SELECT pg_create_restore_point('early')")
        for _segment in range(6):
            switched(made)
        made.pgbackrest("backup", "--type=incr")
        gone_back(made, "early")
        made.sql("INSERT INTO patient VALUES (0, '恢复之后')")
        switched(made)
        yield made


def test_an_archive_of_larger_segments_is_counted_by_their_size() -> None:
    """A name's last part goes to 3F with 64 MiB: behind it the next 4 GiB begin."""
    with source(segment_mb=64) as made:
        names = [switched(made) for _segment in range(3)]
        assert (names[0][8:16], names[-1][8:16]) == ("00000000", "00000001")
        found = look(made, "end")
        assert found["archive"]["per_log"] == 64
        with restoring(made, found, "end") as restore:
            assert bring(restore)["reason"] == "no recovery target specified"
        with without(made.repository, names[-2]), pytest.raises(REFUSED, match=f"lacks WAL .*{names[-2][8:]}"):
            look(made, "end")


def test_after_an_earlier_restore_the_end_is_that_of_the_timeline_that_lives(his: Source) -> None:
    """The abandoned WAL goes farther, and a newer backup of it leads nowhere."""
    found = look(his, "end")
    assert found["set"]["kind"] == "full"
    with restoring(his, found, "end") as restore:
        bring(restore)
        with restore.instance.session("postgres") as session:
            assert session.value("SELECT name FROM public.patient WHERE n = 0") == "恢复之后"


def test_abandoned_wal_fills_no_hole_of_the_timeline_that_lives(his: Source) -> None:
    gone, _last = switched(his), switched(his)
    with without(his.repository, gone), pytest.raises(REFUSED, match=f"lacks WAL .*{gone[8:]}"):
        look(his, "end")


def test_what_was_abandoned_is_reached_by_its_own_timeline(his: Source) -> None:
    """The newest backup lies on it."""
    found = look(his, "end", timeline="1")
    assert (found["set"]["kind"], found["archive"]["last"]) == ("incr", number(found["set"]["wal_stop"]))
    with pytest.raises(REFUSED, match=f"{found['set']['label']} does not lead to timeline latest"):
        look(his, "end", wanted_set=found["set"]["label"])
    with pytest.raises(REFUSED, match="no history of timeline 9; it has those of 2"):
        look(his, "end", timeline="9")


def test_a_restore_point_is_restored_from_the_newest_backup_before_it(his: Source) -> None:
    """The newest backup of all is younger: recovery from it would run past the point to the end, and fail."""
    his.sql("INSERT INTO patient VALUES (-1, '升级之前')")
    his.sql("SELECT pg_create_restore_point('升级 before 1.2')")
    his.sql("DELETE FROM patient WHERE n = -1")
    # Where it still lies in a segment that is not archived, it will be when the server is stopped.
    assert look(his, "name", "升级 before 1.2")["set"]["kind"] == "full"
    switched(his)
    his.pgbackrest("backup", "--type=diff")
    switched(his)
    found = look(his, "name", "升级 before 1.2")
    assert found["set"]["kind"] == "full"
    with restoring(his, found, "name", "升级 before 1.2") as restore:
        bring(restore)
        with restore.instance.session("postgres") as session:
            assert session.value("SELECT name FROM public.patient WHERE n = -1") == "升级之前"
    his.sql("SELECT pg_create_restore_point('later')")
    assert look(his, "name", "later")["set"]["kind"] == "diff"


def test_a_restore_point_that_no_backup_leads_to_is_refused_before_anything_is_stopped(his: Source) -> None:
    newest = look(his, "end")["set"]["label"]
    with pytest.raises(REFUSED, match=f"no WAL since backup {newest} holds a restore point 'early'"):
        look(his, "name", "early", wanted_set=newest)
    with pytest.raises(REFUSED, match="holds a restore point 'never'"):
        look(his, "name", "never")
    with pytest.raises(REFUSED, match="the repository has no backup F9"):
        look(his, "name", "early", wanted_set="F9")


def test_where_a_restore_point_cannot_be_looked_for_the_backup_must_be_named(
    his: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unseen(*_arguments: object) -> None:
        raise part("recovery.point").Unseen("it took too long")

    monkeypatch.setattr(part("recovery.point").Search, "find", unseen)
    with pytest.raises(REFUSED, match=r"is not known \(it took too long\): name the last backup .*restore_set"):
        look(his, "name", "early")
    newest = look(his, "end")["set"]["label"]
    assert look(his, "name", "early", wanted_set=newest)["unseen"] == ["it took too long"]


def number(wal: str) -> int:
    found: int = part("recovery.archive").number_of(wal, per_log=256)
    return found
