"""The frame is found in any noise, cut anywhere, and never believed without its hash."""

from __future__ import annotations

import pytest
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip import frame as frames
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.frame import FrameReader
from fleet import frame
from hypothesis import given
from hypothesis import strategies as st

WHOLE = frame({"schema": "maintkit.facts/1", "text": "中文"})
PAYLOAD = WHOLE.split(b"\n", 1)[1].rstrip(b"\n")


def read(*chunks: bytes) -> FrameReader:
    reader = FrameReader()
    for chunk in chunks:
        reader.feed(chunk)
    return reader


@given(noise=st.binary(max_size=300), cut=st.integers(min_value=1, max_value=80))
def test_a_frame_is_found_behind_any_noise_however_it_is_cut(noise: bytes, cut: int) -> None:
    """What a login shell prints first, and where the network cuts, does not matter."""
    stream = noise + WHOLE
    reader = read(*(stream[at : at + cut] for at in range(0, len(stream), cut)))
    assert reader.payload == PAYLOAD
    assert reader.settled


def test_gbk_before_the_frame_is_skipped() -> None:
    """An old login banner in GBK is noise like any other."""
    assert read("欢迎使用医院信息系统".encode("gbk"), WHOLE).payload == PAYLOAD


def test_noise_that_quotes_a_header_does_not_hide_the_frame() -> None:
    """A header with a wrong hash is passed over, and the real frame behind it is found."""
    false = b"MAINTKIT-FACTS/1 10 " + b"0" * 64 + b"\n"
    assert read(false, WHOLE).payload == PAYLOAD


def test_a_truncated_frame_is_no_document_and_says_how_much_is_missing() -> None:
    """A connection that drops half-way leaves a reason with both numbers."""
    reader = read(WHOLE[:-12])
    assert reader.payload is None
    assert "cut off after" in reader.trouble
    assert f"of {len(PAYLOAD)} bytes" in reader.trouble


def test_a_document_that_does_not_match_its_hash_is_no_document() -> None:
    """One changed byte is enough."""
    reader = read(WHOLE.replace(b"text", b"test"))
    assert reader.payload is None
    assert "does not match its sha256" in reader.trouble


def test_endless_output_settles_at_the_cap_and_holds_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chatty host is given up, and what it said is not kept."""
    monkeypatch.setattr(frames, "OUTPUT_CAP", 1 << 20)
    reader = FrameReader()
    chunks = 0
    while not reader.settled:
        reader.feed(b"x" * 65536)
        chunks += 1
        assert len(reader._buffer) <= frames.HEADER_ROOM
    assert reader.overflowed
    assert chunks <= 17


def test_a_length_beyond_the_cap_is_not_waited_for() -> None:
    """A header cannot make the controller hold more than a document may have."""
    reader = read(b"MAINTKIT-FACTS/1 999999999 " + b"0" * 64 + b"\n", WHOLE)
    assert reader.payload == PAYLOAD
