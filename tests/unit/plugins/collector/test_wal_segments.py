"""Which segments of a WAL archive are missing, by what pgBackRest lists of it."""

from __future__ import annotations

from typing import Any

import pytest

SETTLED_AT = 1_795_400_000


def listing(*names: str) -> dict[str, Any]:
    files = {f"{one[:16]}/{one}-{'0' * 40}.gz": {"type": "file", "size": 9, "time": SETTLED_AT} for one in names}
    files |= {f"{names[0][:16]}/{names[0]}.00000028.backup": {"type": "file", "size": 9, "time": SETTLED_AT}}
    return {".": {"type": "path"}, names[0][:16]: {"type": "path"}, **files}


def name(number: int, *, timeline: int = 1, per_log: int = 256) -> str:
    return f"{timeline:08X}{number // per_log:08X}{number % per_log:08X}"


def told(part: Any, files: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part("walsegments").segments_told(files, SETTLED_AT)
    return found


def test_a_whole_archive_has_no_hole_where_a_name_runs_over(part):
    found = told(part, listing(*map(name, range(250, 260))))
    assert found == {"per_log": 256, "segments": 10, "missing": 0, "holes": []}


def test_holes_are_told_by_their_ends_and_counted(part):
    found = told(part, listing(*map(name, [1, 2, 5, 6, 8])))
    assert (found["segments"], found["missing"]) == (5, 3)
    assert found["holes"] == [
        {"first": "0000000000000003", "last": "0000000000000004"},
        {"first": "0000000000000007", "last": "0000000000000007"},
    ]


def test_a_segment_that_another_timeline_has_is_not_missing_and_a_partial_one_is(part):
    assert told(part, listing(name(1), name(3), name(2, timeline=2)))["missing"] == 0
    partial = {f"{name(2)}.partial-{'0' * 40}.gz": {"type": "file", "time": SETTLED_AT}}
    assert told(part, listing(name(1), name(3)) | partial)["missing"] == 1


@pytest.mark.parametrize("packed", ["", ".gz", ".lz4", ".zst", ".bz2"])
def test_what_was_cut_off_while_it_was_stored_is_no_segment(part, packed):
    """pgBackRest stores beside the name and renames: what a dead one has left is still there."""
    files = {f"{name(one)}-{'0' * 40}{packed}": {"type": "file", "time": SETTLED_AT} for one in (1, 2, 3)}
    assert told(part, files)["missing"] == 0
    files[f"{name(2)}-{'0' * 40}{packed}.pgbackrest.tmp"] = files.pop(f"{name(2)}-{'0' * 40}{packed}")
    assert told(part, files)["missing"] == 1


def test_a_segment_that_may_be_on_its_way_is_not_missing_yet(part):
    """Asynchronous archiving brings them out of their order; what came after it has just come itself."""
    files = listing(name(1), name(3), name(5))
    (late,) = (about for path, about in files.items() if name(5) in path)
    late["time"] = SETTLED_AT + 1
    assert told(part, files)["holes"] == [{"first": name(2)[8:], "last": name(2)[8:]}]


def test_of_many_holes_the_newest_are_told(part):
    found = told(part, listing(*map(name, range(1, 2001, 2))))
    assert (found["missing"], len(found["holes"])) == (999, part("walsegments").HOLES_TOLD)
    assert found["holes"][-1]["last"] == name(1998)[8:]


@pytest.mark.parametrize("per_log", [4096, 256, 64, 4])
def test_segments_of_another_size_are_no_holes(part, per_log):
    """Of 1, 16, 64 MiB and 1 GiB: nothing but the names says where they run over."""
    numbers = range(per_log - 3, 2 * per_log + 2)
    assert told(part, listing(*(name(one, per_log=per_log) for one in numbers)))["holes"] == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("echo nonsense", "pgbackrest repo-ls said no JSON"),
        ("echo 'no such stanza' >&2; exit 55", "pgbackrest repo-ls ended with 55: no such stanza"),
        ("exec sleep 30", "the archive is too large to be listed in time"),
        ("exec yes", "the archive is too large to be listed in whole"),
    ],
)
def test_an_archive_that_cannot_be_listed_says_why_and_leaves_the_job(part, tmp_path, monkeypatch, answer, why):
    program = tmp_path / "pgbackrest"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)
    monkeypatch.setattr(part("walsegments"), "LISTING_CAP", 1 << 16)
    monkeypatch.setattr(part("probe").Probe, "program", lambda _probe, _name: str(program))
    job = {"name": "his", "repos": [{"key": 1}], "wal": [{"archive": "15-1", "repo": 1, "first": "0", "last": "F"}]}
    until = part("program").monotonic() + (1 if "sleep" in answer else 20)
    part("walsegments").tell_segments(part("probe").Probe({}), ["pgbackrest"], job, None, until)
    assert [(one["unlisted"], "segments" in one) for one in job["wal"]] == [(why, False)]
