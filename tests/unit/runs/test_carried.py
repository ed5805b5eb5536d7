"""Results carried by hand: only a whole collector's output of a known host is taken in."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from maintkit.errors import ImportRefused
from maintkit.runs.carried import match, read_carried

DOCUMENT = {"schema": "maintkit.facts/1", "sections": {"host": {"status": "ok", "data": {"hostname": "db1.his.local"}}}}


def framed(document: dict[str, object], *, noise: bytes = b"") -> bytes:
    body = json.dumps(document).encode()
    return noise + b"MAINTKIT-FACTS/1 %d %s\n%s\n" % (len(body), hashlib.sha256(body).hexdigest().encode(), body)


def test_a_framed_output_is_read_past_what_the_login_printed(tmp_path: Path) -> None:
    """Whatever a shell wrote before the frame is skipped, GBK bytes too."""
    path = tmp_path / "db1.json"
    path.write_bytes(framed(DOCUMENT, noise="欢迎\n".encode("gbk")))
    assert read_carried(str(path)).document == DOCUMENT


def test_a_bare_document_is_read(tmp_path: Path) -> None:
    """The plain playbook leaves documents without a frame."""
    path = tmp_path / "db1.json"
    path.write_text(json.dumps(DOCUMENT))
    assert read_carried(str(path)).document == DOCUMENT


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (framed(DOCUMENT)[:-40], "does not match its checksum"),
        (framed(DOCUMENT).replace(b"db1", b"db2"), "does not match its checksum"),
        (b"", "not a collector's output"),
        (b"\x00\xff\xfe", "not a collector's output"),
        (b'{"schema": "other/1"}', "not a document of schema"),
        (b"[1, 2]", "not a document of schema"),
        (b"[" * 100_000, "not a collector's output"),
    ],
)
def test_anything_else_is_refused_with_the_reason(tmp_path: Path, content: bytes, said: str) -> None:
    """Cut, altered, empty, binary or foreign files never become facts."""
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(ImportRefused, match=said) as refused:
        read_carried(str(path))
    assert str(path) in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The message names the file and why."""
    with pytest.raises(ImportRefused, match="No such file"):
        read_carried(str(tmp_path / "none.json"))


def test_a_result_finds_its_host_by_name(tmp_path: Path) -> None:
    """The host's own name, short or full, points to the one inventory host it fits."""
    path = tmp_path / "a.json"
    path.write_bytes(framed(DOCUMENT))
    assert match([read_carried(str(path))], ["app1", "db1"]) == {"db1": DOCUMENT}


def test_a_result_that_fits_no_host_must_be_named(tmp_path: Path) -> None:
    """Guessing wrong would put one machine's facts under another's name."""
    path = tmp_path / "a.json"
    path.write_bytes(framed(DOCUMENT))
    with pytest.raises(ImportRefused, match="fits 0 hosts"):
        match([read_carried(str(path))], ["app1", "10.0.0.5"])
    assert match([read_carried(f"10.0.0.5={path}")], ["app1", "10.0.0.5"]) == {"10.0.0.5": DOCUMENT}


def test_a_named_host_must_be_in_the_inventory_and_come_once(tmp_path: Path) -> None:
    """Neither an unknown host nor a second result of one is taken."""
    path = tmp_path / "a.json"
    path.write_bytes(framed(DOCUMENT))
    with pytest.raises(ImportRefused, match="'db9' is not among"):
        match([read_carried(f"db9={path}")], ["db1"])
    with pytest.raises(ImportRefused, match="second result"):
        match([read_carried(str(path)), read_carried(f"db1={path}")], ["db1"])
