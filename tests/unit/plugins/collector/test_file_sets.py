"""File sets with a manifest of hashes, binary logs kept with sets, and what restic lists: real files and text."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

NOW = time.mktime((2026, 11, 26, 0, 0, 0, 0, 0, -1))
END = time.mktime((2026, 11, 25, 17, 3, 18, 0, 0, -1))
FAR = float("inf")
LAST = "# completed 2026-11-25 17:03:18 on his-app1\n"


def file_set(folder: Path, *, last: str = LAST, files: int = 5) -> Path:
    """A set with its manifest, as `sha256sum` and one more line write it; the manifest."""
    folder.mkdir(parents=True)
    lines = []
    for number in range(files):
        raw = f"image {number}".encode()
        (folder / f"{number}.dcm").write_bytes(raw)
        lines.append(f"{hashlib.sha256(raw).hexdigest()}  ./{number}.dcm\n")
    manifest = folder / "SHA256SUMS"
    manifest.write_text("".join(lines) + last)
    os.utime(manifest, (END, END))
    return manifest


def told(part, path: Path | str, *, deadline: float = FAR) -> dict:
    """What the collector tells of the job: `job`, `why` or neither."""
    return part("backupsets").told_job(
        {"tool": "manifest", "name": "pacs", "path": str(path)}, NOW, deadline, "/dev/sda1 / ext4 rw\n"
    )


def test_a_set_is_as_old_as_the_last_line_of_its_manifest_says(part, tmp_path):
    """Not as its date; all its files are looked for and as many read as the time allows."""
    manifest = file_set(tmp_path / "25")
    os.utime(manifest, (NOW, NOW))
    job = told(part, tmp_path)["job"]
    assert [(one["label"], one["stopped_at"], one["size_bytes"]) for one in job["backups"]] == [("25", END, 35)]
    assert [job[f"files_{key}"] for key in ("listed", "missing", "hashed", "changed")] == [5, 0, 5, 0]
    assert (job["status_code"], job["status"], job["off_host"]) == (0, "ok", True)


@pytest.mark.parametrize(
    ("last", "off_host"), [(LAST.replace("his-app1", os.uname().nodename), False), (LAST[:31] + "\n", None)]
)
def test_where_a_set_comes_from_its_manifest_says_or_nobody_knows(part, tmp_path, last, off_host):
    file_set(tmp_path / "25", last=last)
    assert told(part, tmp_path)["job"]["off_host"] is off_host


def test_a_file_that_is_gone_or_changed_makes_the_set_no_backup(part, tmp_path):
    """The one before it is the last good one; what has changed weighs more than what is gone."""
    file_set(tmp_path / "24", last=LAST.replace("-25 ", "-24 "))
    file_set(tmp_path / "25")
    (tmp_path / "25" / "3.dcm").unlink()
    job = told(part, tmp_path)["job"]
    assert [(job["status_code"], job["status"]), [one["label"] for one in job["backups"]]] == [(4, "25"), ["24"]]
    assert (job["files_missing"], job["files_hashed"]) == (1, 4)
    (tmp_path / "25" / "1.dcm").write_bytes(b"image X")
    job = told(part, tmp_path)["job"]
    assert (job["status_code"], job["files_changed"]) == (5, 1)


def test_a_link_or_a_folder_in_the_place_of_a_file_is_a_missing_file(part, tmp_path):
    file_set(tmp_path / "25")
    (tmp_path / "25" / "1.dcm").rename(tmp_path / "elsewhere")
    (tmp_path / "25" / "1.dcm").symlink_to(tmp_path / "elsewhere")
    assert told(part, tmp_path)["job"]["files_missing"] == 1


def test_a_manifest_without_its_last_line_did_not_finish_unless_it_is_at_work(part, tmp_path):
    manifest = file_set(tmp_path / "25", last="")
    for written, code in ((NOW - 3600, 1), (NOW - 60, 0)):
        os.utime(manifest, (written, written))
        assert told(part, tmp_path)["job"]["status_code"] == code
    assert told(part, tmp_path)["job"]["backups"] == []


def test_a_pattern_names_manifests_of_other_names_and_a_link_is_no_second_set(part, tmp_path):
    file_set(tmp_path / "25").rename(tmp_path / "25" / "all.sha256")
    (tmp_path / "latest").symlink_to(tmp_path / "25")
    assert [one["label"] for one in told(part, f"{tmp_path}/2?/*.sha256")["job"]["backups"]] == ["25"]
    assert told(part, tmp_path)["job"]["backups"] == []
    assert told(part, tmp_path / "gone") == {}


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("x.dcm\n", "none of sha256sum's"),
        (f"{'0' * 64}  ../../etc/shadow\n", "outside of its folder"),
        (f"{'0' * 64}  /etc/shadow\n", "outside of its folder"),
    ],
)
def test_what_sha256sum_has_not_written_there_is_not_read(part, tmp_path, line, word):
    manifest = file_set(tmp_path / "25")
    manifest.write_text(line + LAST)
    assert word in told(part, tmp_path)["why"]


def test_odd_names_are_found_as_sha256sum_writes_them(part, tmp_path):
    """A new line or a backslash in a name is escaped, and so told at the beginning of the line."""
    manifest = file_set(tmp_path / "25", files=0)
    for name in ("a\nb", "c\\d", "影像 1"):
        (tmp_path / "25" / name).write_bytes(b"")
    empty = hashlib.sha256().hexdigest()
    manifest.write_text(f"\\{empty}  a\\nb\n\\{empty}  c\\\\d\n{empty} *影像 1\n{LAST}", encoding="utf-8")
    job = told(part, tmp_path)["job"]
    assert (job["files_missing"], job["files_hashed"], job["status_code"]) == (0, 3, 0)


def test_without_time_to_read_a_single_file_nothing_is_said_of_the_set(part, tmp_path, monkeypatch):
    """Looking for the files came through; the first that is to be read does not."""
    file_set(tmp_path / "25")
    monkeypatch.setattr(part("manifests"), "hash_of", lambda _path, _deadline: None)
    assert "no file could be read whole" in told(part, tmp_path)["why"]
    assert "too many files" in told(part, tmp_path, deadline=0)["why"]


def test_only_a_sample_is_read_where_the_time_ends_and_it_is_another_each_time(part, tmp_path, monkeypatch):
    manifests, read = part("manifests"), []
    file_set(tmp_path / "25", files=50)

    def some(path: bytes, _deadline: float) -> str | None:
        read.append(path)
        return hashlib.sha256(Path(os.fsdecode(path)).read_bytes()).hexdigest() if len(read) % 4 else None

    monkeypatch.setattr(manifests, "hash_of", some)
    for now in (NOW, NOW + 86400):
        state, looked = manifests.compare(str(tmp_path / "25" / "SHA256SUMS"), now, FAR)
        assert (state, looked["listed"], looked["hashed"]) == (0, 50, 3)
    assert set(read[:4]) != set(read[4:])


def sets(*starts: str | None) -> list[dict]:
    return [{"label": str(number), "wal_start": start} for number, start in enumerate(starts)]


def test_binary_logs_without_a_gap_lead_from_every_set_to_the_last_file(part, tmp_path):
    """Packed ones count; what else lies there does not. A set whose first files retention has taken names none."""
    for name in ("b.000003", "b.000004.gz", "b.000005", "b.index", "other.000009"):
        (tmp_path / name).touch()
    told = sets("b.000001", "b.000003", "b.000005")
    assert part("binlogs").join_binlogs(told, str(tmp_path)) == [
        {"archive": "b", "first": "b.000003", "last": "b.000005"}
    ]
    assert [one["wal_stop"] for one in told] == [None, "b.000005", "b.000005"]
    (tmp_path / "b.000004.gz").unlink()
    assert [one["last"] for one in part("binlogs").join_binlogs(told, str(tmp_path))] == ["b.000003", "b.000005"]


def test_the_newest_set_names_its_files_although_they_are_gone_or_were_never_copied(part, tmp_path):
    (tmp_path / "b.000008").touch()
    told = sets("b.000007")
    assert part("binlogs").join_binlogs(told, str(tmp_path)) == [
        {"archive": "b", "first": "b.000008", "last": "b.000008"}
    ]
    assert (told[0]["wal_start"], told[0]["wal_stop"]) == ("b.000007", "b.000008")
    told = sets("b.000009")
    part("binlogs").join_binlogs(told, str(tmp_path / "gone"))
    assert told[0]["wal_stop"] == "b.000009"
    assert part("binlogs").join_binlogs(sets(None), str(tmp_path)) == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-25T19:35:18.5Z", 1795635318.5),
        ("2026-11-26T03:35:18+08:00", 1795635318),
        ("2026-11-25T14:05:18.000000001-05:30", 1795635318),
    ],
)
def test_times_of_restic_are_read_with_their_zone(part, text, seconds):
    assert part("restic").restic_time(text) == pytest.approx(seconds)


def test_a_snapshot_of_a_newer_restic_says_its_end_and_its_size(part):
    """As 0.17 writes it; an older one says when it began alone."""
    one = {"time": "2026-11-25T19:35:18Z", "id": "02a01cac4b80", "short_id": "02a01cac"}
    summary = {"backup_end": "2026-11-25T19:36:18Z", "total_bytes_processed": 77}
    newer = part("restic").restic_set({**one, "summary": summary})
    assert (newer["stopped_at"] - newer["started_at"], newer["size_bytes"]) == (60, 77)
    assert part("restic").restic_set(one)["stopped_at"] == newer["started_at"]
