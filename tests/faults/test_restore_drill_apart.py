"""Faults 47 and 48 on a real PostgreSQL: nothing of a copy reaches production, or stays anywhere else on its host."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator

import drills
import pytest
from drills import Drilling, Source, part, source
from restores import switched

REFUSED = part("changes.place").Refused


@pytest.fixture(scope="module")
def his() -> Iterator[Source]:
    """One source for the tests of this file, which leave it and its repository as they found them."""
    with source() as made:
        yield made


@pytest.fixture
def drilling(his: Source) -> Iterator[Drilling]:
    with drills.drilling(his) as made:
        yield made


def test_a_question_that_would_reach_production_does_not(drilling: Drilling, his: Source) -> None:
    """Foreign servers and their user mappings come along with the copy: from where it is asked, no way leads there."""
    with socket.create_server(("127.0.0.1", 0)) as production:
        production.settimeout(5)
        way = f"host=127.0.0.1 port={production.getsockname()[1]} dbname=his user=x connect_timeout=1"
        reach = f"SELECT dblink_connect('{way}')"
        his.sql("CREATE EXTENSION dblink")
        drilling.smoke = ({"name": "x", "database": "postgres", "sql": reach, "contains": ""},)
        drill = drilling.drill()
        with pytest.raises(subprocess.CalledProcessError):
            his.sql(reach)
        production.accept()[0].close()  # the source itself, on this host's network, has come
        his.sql("DROP EXTENSION dblink")
        drill.bring_back()
        with pytest.raises(REFUSED, match="08001"):
            drill.examine()
        assert drill.journal.stage("promote")["network"] == ["lo"]
        with pytest.raises(TimeoutError):
            production.accept()


def test_a_copy_that_is_not_alone_is_stopped_before_it_is_asked(drilling: Drilling) -> None:
    drill = drilling.drill(alone=drilling.work)
    drill.bring_back()
    with pytest.raises(REFUSED, match="in the network of this host"):
        drill.examine()
    assert not drill.instance.runs()
    assert drill.journal.stage("smoke") is None


def test_wal_that_was_fetched_ahead_is_wiped_with_the_copy() -> None:
    """With archive-async pgBackRest lays it into its spool, which belongs to no copy, and holds patients' data."""
    with source(ahead=True) as made, drills.drilling(made) as drilling:
        mark = made.mark()
        for _segment in range(4):
            switched(made)
        drill = drilling.drill(mark=mark, settings={"fsync": "off", "recovery_prefetch": "off"})
        drill.bring_back()
        fetched = {one.name for one in drill.place.rglob("spool/archive/*/in/0*")}
        assert any(one[:24] > mark["wal"] for one in fetched)
        assert drilling.wipe(drill)["left"] == []
        assert [one for one in made.spool.rglob("in/*") if one.is_file()] == []
        assert list(drilling.scratch.iterdir()) == []
