"""Ubuntu's OVAL: what is read of it, what of it concerns a host, and files that may do harm."""

from __future__ import annotations

import bz2
import tracemalloc
from datetime import date

import pytest
from ubuntu import BIND, OPENSSL, Leaf, Oval, sample

from maintkit.analysis import oval as reader
from maintkit.analysis.oval import ESM, oval, unpacked
from maintkit.analysis.vulnerability import binary_hits, remedies
from maintkit.errors import ImportRefused
from maintkit.evidence.advisory import Source

INSTALLED = (
    Source(name="openssl", version="3.0.2-0ubuntu1", binaries=("libssl3", "openssl")),
    Source(name="bind9", version="1:9.18.1-1ubuntu1.1", binaries=("bind9-dnsutils",)),
    Source(name="imagemagick", version="8:6.9.11.60-1", binaries=("imagemagick",)),
    Source(name="zlib", version="1:1.2.11.dfsg-2ubuntu9", binaries=("zlib1g",)),
    Source(name="linux-signed", version="5.15.0-40.43", binaries=("linux-image-5.15.0-43-generic",)),
    Source(name="adduser", version="3.118ubuntu5", binaries=("adduser",)),
)


def test_a_file_is_read_by_release_day_binaries_and_what_was_left_out() -> None:
    """Names in a variable or in the object, an epoch of 0 that dpkg does not write, a kernel that is not a package."""
    made = oval(sample().text())
    assert (made.release, made.made, made.left_out) == ("jammy", date(2026, 11, 20), 1)
    assert set(made.advisories) == {" ".join(OPENSSL), " ".join(BIND), "imagemagick", "zlib1g"}
    assert [(one.cve, one.fixed, one.urgency) for one in made.advisories[" ".join(OPENSSL)]] == [
        ("CVE-2022-1292", "3.0.2-0ubuntu1.1", "medium"),
        ("CVE-2022-1292", "3.0.2-0ubuntu1.5", "medium"),
        ("CVE-2022-1473", "3.0.2-0ubuntu1.1", "low"),
    ]


def test_what_concerns_a_host_once_a_cve_with_the_version_that_fixes_it_for_good() -> None:
    """Two binaries of one source are one hit; bind9 is fixed at its version; a kernel in an AND is not guessed at."""
    found = [(hit.source, hit.cve, hit.state, hit.fixed, hit.needs) for hit in binary_hits("h", INSTALLED, oval(
        sample().text()).advisories)]  # fmt: skip
    assert found == [
        ("imagemagick", "CVE-2099-0001", "fixable", "8:6.9.11.60-1ubuntu0.1+esm1", ESM),
        ("openssl", "CVE-2022-1292", "fixable", "3.0.2-0ubuntu1.5", ""),
        ("openssl", "CVE-2022-1473", "fixable", "3.0.2-0ubuntu1.1", ""),
        ("zlib", "CVE-2099-0002", "open", None, ""),
        ("zlib", "CVE-2099-0003", "undetermined", None, ""),
    ]


def test_a_fix_that_was_fixed_again_is_open_until_the_second_is_there() -> None:
    """And what only a subscription delivers is a remedy of its own, also beside others of its source."""
    known = oval(sample().add({"CVE-2099-0009": "low"}, Leaf(names=OPENSSL, version="3.0.2-0ubuntu1.9+esm1")).text())
    half = (Source(name="openssl", version="3.0.2-0ubuntu1.2", binaries=("libssl3",)),)
    found = tuple(binary_hits("h", half, known.advisories))
    assert [(hit.cve, hit.fixed) for hit in found] == [
        ("CVE-2022-1292", "3.0.2-0ubuntu1.5"), ("CVE-2099-0009", "3.0.2-0ubuntu1.9+esm1"),
    ]  # fmt: skip
    assert {(one.fixed, one.needs) for one in remedies(found, "fixable")} == {
        ("3.0.2-0ubuntu1.5", ""), ("3.0.2-0ubuntu1.9+esm1", ESM),
    }  # fmt: skip


def test_a_comment_alone_marks_what_ubuntu_pro_delivers() -> None:
    """Where the version does not bear it."""
    leaf = Leaf(names=("x",), version="1.0-2", comment="Available with Ubuntu Pro (Infra-only)")
    (only,) = oval(Oval().add({"CVE-2099-0001": "low"}, leaf).text()).advisories["x"]
    assert only.needs == ESM


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is no XML"),
        (b"{}", "it is no XML"),
        (b"<oval_definitions><definitions>", "it is no XML"),
        (b"<oval/>", "its definitions are of the Ubuntu releases none"),
        (sample().text().replace(b"?>\n", b"?>\n" + LAUGHS), "it has a <!DOCTYPE"),
        (b'<!ENTITY x SYSTEM "file:///etc/passwd">', "it has a <!ENTITY"),
        (sample().text().decode().encode("utf-16"), "it is not in UTF-8"),
        (sample().text().replace(b"UTF-8", b"UTF-7"), "it is not in UTF-8"),
        (sample().text().replace(b"jammy:def:2000", b"focal:def:2000"), "the Ubuntu releases focal, jammy"),
        (sample().text().replace(b"oval:com.ubuntu.jammy:def:2000", b"oval:org.debian:def:2000"), "no id of Ubuntu's"),
        (sample().text().replace(b'operation="less than"', b'operation="equals"'), "names no package or no version"),
        (Oval().add({"CVE-2099-0001": "low"}, Leaf()).text(), "it says nothing of any package"),
        (b"<a>" * 100 + b"</a>" * 100, "nest too deep"),
    ],
)
def test_what_is_none_or_may_do_harm_is_refused(content: bytes, said: str) -> None:
    """With what is wrong; nothing is guessed of a file that is half understood."""
    with pytest.raises(ImportRefused, match=said):
        oval(content)


def test_a_packed_file_is_unpacked_to_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ubuntu packs it; what would unpack to more, or ends too early, is refused."""
    content = sample().text()
    assert unpacked(content) == unpacked(bz2.compress(content)) == content
    with pytest.raises(ImportRefused, match="ends too early"):
        unpacked(bz2.compress(content)[:-20])
    with pytest.raises(ImportRefused, match="no bzip2"):
        unpacked(b"BZh9" + b"x" * 100)
    monkeypatch.setattr(reader, "LARGEST", 1 << 20)
    with pytest.raises(ImportRefused, match="unpacks to more than 1048576 bytes"):
        unpacked(bz2.compress(b" " * (1 << 21)))


def test_memory_holds_what_is_kept_and_not_the_file() -> None:
    """8 MB of descriptions cost less than half of that."""
    big = Oval().add({"CVE-2099-0001": "low"}, Leaf(names=("x",), version="1.0-2"))
    one = big.definitions[0].replace("long ", "long " * 2000)
    big.definitions = [one] * 800
    content = big.text()
    tracemalloc.start()
    made = oval(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(made.advisories["x"]) == 1
    assert len(content) > 8_000_000
    assert peak < len(content) / 2
