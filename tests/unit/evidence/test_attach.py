"""Attachments hold what their name says, within limits."""

from __future__ import annotations

import json
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintkit.errors import LedgerCorrupt
from maintkit.evidence.attach import compress, expand, fault, pieces, seal
from maintkit.evidence.patterns import SECRET
from maintkit.evidence.redact import Redactor

NOTHING = Redactor()


@given(st.binary(max_size=300_000))
def test_what_was_compressed_expands_to_itself(content: bytes) -> None:
    """Any bytes, also none; and the name fits."""
    sealed = seal(content, media_type="application/octet-stream", redactor=NOTHING)
    stored = compress(sealed.content)
    assert expand(stored, size=len(sealed.content)) == sealed.content
    assert fault(sealed.sha256, (len(sealed.content), stored)) is None


def test_a_blob_that_expands_beyond_its_size_is_stopped_early() -> None:
    """A forged blob of a gigabyte costs no gigabyte: reading ends at the size that was promised."""
    bomb = zlib.compress(b"\0" * 50_000_000)
    tracemalloc.start()
    with pytest.raises(LedgerCorrupt, match=r"does not hold 1000 bytes"):
        list(pieces(bomb, size=1000))
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "stored", [b"", b"not zlib", compress(b"x" * 99), compress(b"x" * 100)[:-3], compress(b"y" * 100)]
)
def test_damage_is_noticed(stored: bytes) -> None:
    """Nothing there, not compressed at all, too short, cut off, or other content."""
    sealed = seal(b"x" * 100, media_type="text/plain", redactor=NOTHING)
    assert fault(sealed.sha256, (100, stored)) == "altered"
    assert fault(sealed.sha256, None) == "missing"


def test_json_stays_json_and_unchanged_where_nothing_is_masked() -> None:
    """Spacing and escapes of the original survive; a masked document is valid JSON again."""
    plain = b'{ "a" : "\\u95e8" }'
    assert seal(plain, media_type="application/json", redactor=NOTHING).content == plain
    secret = Redactor(['quo"ted-口令'])
    sealed = seal(json.dumps({"x": 'is quo"ted-口令'}).encode(), media_type="application/json", redactor=secret)
    assert (json.loads(sealed.content), sealed.masked) == ({"x": f"is {SECRET}"}, 1)


def test_json_that_was_cut_short_is_masked_as_text() -> None:
    """Half a document is evidence too, and leaks as little."""
    sealed = seal(b'{"password": "abc", "log": "cut', media_type="application/json", redactor=NOTHING)
    assert sealed.content == b'{"password": "%s", "log": "cut' % SECRET.encode()


def test_bytes_that_are_no_utf8_survive_masking() -> None:
    """A GBK log keeps its bytes around the mask."""
    gbk = "密码错误 password=abc 用户".encode("gbk")
    for media_type in ("text/plain", "application/octet-stream"):
        sealed = seal(gbk, media_type=media_type, redactor=NOTHING)
        assert sealed.content == gbk.replace(b"abc", SECRET.encode())
