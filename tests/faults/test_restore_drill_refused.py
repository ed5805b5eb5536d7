"""Faults 46 and 47: where a drill of a real PostgreSQL is refused before anything is restored."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import drills
import pytest
from drills import STANZA, Drilling, Source, another, part, source
from postgres import OWNER, as_owner, binaries, run


@pytest.fixture(scope="module")
def his() -> Iterator[Source]:
    """One source for the tests of this file, which leave it and its repository as they found them."""
    with source() as made:
        yield made


@pytest.fixture
def drilling(his: Source) -> Iterator[Drilling]:
    with drills.drilling(his) as made:
        yield made


def test_a_stanza_without_a_backup_and_one_that_does_not_exist_are_refused(drilling: Drilling, his: Source) -> None:
    """Fault 46: nothing to restore."""
    empty = his.home / "empty.conf"
    empty.write_text(his.config.read_text().replace(str(his.repository), str(his.home / "empty")))
    argv = as_owner("pgbackrest", f"--config={empty}", f"--stanza={STANZA}", "stanza-create")
    subprocess.run(argv, check=True, cwd="/", capture_output=True)
    seen = drilling.look(repository=drilling.repository(config=str(empty)))
    assert "stanza his has no backup" in seen["refusals"][0]
    seen = drilling.look(repository=drilling.repository(stanza="nothing"))
    assert "nothing" in seen["refusals"][0]


def test_an_old_backup_is_refused(drilling: Drilling) -> None:
    """Fault 46: by pgBackRest's own catalogue, never a file's date."""
    seen = drilling.look(oldest_h=1 / 36000)
    assert "backups have stopped" in seen["refusals"][0]
    assert drilling.look(oldest_h=0)["refusals"] == []
    assert "has no backup 20200101-010101F" in drilling.look(wanted_set="20200101-010101F")["refusals"][0]


def test_the_stanza_of_another_cluster_is_refused(drilling: Drilling) -> None:
    """Not by its name: by the identity of the cluster that was backed up."""
    config = another(drilling.scratch.parent / "another")
    seen = drilling.look(repository=drilling.repository(config=str(config)))
    assert "is of another cluster" in seen["refusals"][0]


def test_a_copy_is_never_laid_where_production_lies(drilling: Drilling, his: Source) -> None:
    """Fault 47: refused by what is there, before anything is made."""
    home = drilling.scratch.parent
    (home / "link").symlink_to(his.data)
    (home / "open").mkdir()
    (home / "open").chmod(0o777)
    wrong = {
        his.data: "is the data directory of a PostgreSQL cluster",
        his.data / "base": "is the data directory of a PostgreSQL cluster",
        his.home: "is not a directory of ours",
        home / "link": "is a link",
        home / "open": "others may write in",
        home / "open" / "below": "others may write in",
        Path("/"): "is no place for a copy",
        Path("scratch"): "is no place for a copy",
    }
    before = sorted(his.data.iterdir())
    for place, why in wrong.items():
        assert why in drilling.look(scratch=place)["refusals"][0], place
    his.home.chmod(0o711)
    os.chown(his.home, 0, 0)
    try:
        assert "holds a cluster that no drill of ours" in drilling.look(scratch=his.home)["refusals"][0]
    finally:
        shutil.chown(his.home, OWNER, OWNER)
    assert sorted(his.data.iterdir()) == before


def test_the_machine_of_the_source_is_refused_unless_somebody_allows_it(drilling: Drilling) -> None:
    """Fault 47: by the machine-id."""
    assert "the source is this very machine" in drilling.look(same_host=False)["refusals"][0]


def test_a_standby_of_the_source_makes_a_host_production(drilling: Drilling, his: Source) -> None:
    """Fault 47: it may take over at any time. Its identity tells, wherever it lies and whatever it is called."""
    data = drilling.scratch.parent.with_suffix(".standby")
    run(binaries() / "pg_basebackup", "-h", his.home, "-D", data, "-c", "fast", "-X", "fetch")
    try:
        (data / "standby.signal").touch()
        shutil.chown(data / "standby.signal", OWNER)
        options = f"-k {data} -c listen_addresses= -c fsync=off -c archive_mode=off"
        run(binaries() / "pg_ctl", "-D", data, "-w", "-l", data / "own.log", "-o", options, "start")
        assert "may become, production" in drilling.look()["refusals"][0]
    finally:
        with contextlib.suppress(AssertionError):
            run(binaries() / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(data)


def test_too_little_room_is_refused_before_anything_is_restored(drilling: Drilling) -> None:
    """A real disk of 16 MiB for a database of 22."""
    drilling.scratch.mkdir(mode=0o711)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0711", "none", drilling.scratch], check=True)
    try:
        assert "bytes are needed for the copy" in drilling.look()["refusals"][0]
        assert list(drilling.scratch.iterdir()) == []
    finally:
        subprocess.run(["umount", drilling.scratch], check=True)


def test_a_locale_that_this_host_lacks_is_refused_before_anything_is_marked(drilling: Drilling, his: Source) -> None:
    """The database would not open. Those of the source itself are there, also the one that sorts by ICU."""
    his.sql("CREATE DATABASE icu TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'zh-CN' LOCALE 'C.UTF-8'")
    try:
        assert drilling.look()["refusals"] == []
        source = his.identity()
        assert source["locales"]["C.UTF-8"] == ["icu", "postgres", "template1"]
        assert source["sorted_by_libc"] == []
    finally:
        his.sql("DROP DATABASE icu")
    for name in ("zh_CN.GB18030", "no_SUCH.UTF-8"):
        source["locales"] = {"C": ["a"], "POSIX": ["b"], name: ["his"]}
        assert f"lacks locales of the source's databases: {name} (his)" in drilling.look(source=source)["refusals"][0]


def test_another_c_library_is_a_doubt_where_it_sorts(drilling: Drilling, his: Source) -> None:
    """Databases in C, and those that sort by ICU, do not care."""
    source = {**his.identity(), "libc": "2.28"}
    assert drilling.look(source=source)["doubts"] == []
    seen = drilling.look(source={**source, "sorted_by_libc": ["his"]})
    assert seen["refusals"] == []
    assert "sorted by the C library, 2.28 at the source" in seen["doubts"][0]
    here = part("drill.collation").libc()
    assert drilling.look(source={**source, "sorted_by_libc": ["his"], "libc": here})["doubts"] == []
