"""A small file in the format of Debian's security tracker, made by hand; the CVE numbers and versions are real ones."""

from __future__ import annotations

import json
from typing import Any


def said(status: str, urgency: str, fixed: str | None = None, **more: Any) -> dict[str, Any]:
    """What one release has of one CVE."""
    known = {"status": status, "repositories": {"bookworm": "0"}, "urgency": urgency}
    return known | ({"fixed_version": fixed} if fixed is not None else {}) | more


def about(**releases: dict[str, Any]) -> dict[str, Any]:
    return {"description": "In …, a crafted file …", "scope": "remote", "debianbug": 1034567, "releases": releases}


TRACKER = {
    "openssl": {
        "CVE-2023-5363": about(
            bookworm=said("resolved", "not yet assigned", "3.0.11-1~deb12u2"),
            sid=said("resolved", "not yet assigned", "3.0.12-1"),
        ),
        "CVE-2024-5535": about(bookworm=said("resolved", "medium", "3.0.15-1~deb12u1")),
        "CVE-2010-0928": about(bookworm=said("open", "unimportant")),
        "CVE-2007-6755": about(bookworm=said("undetermined", "not yet assigned")),
    },
    "glibc": {
        "CVE-2023-4911": about(bookworm=said("resolved", "high", "2.36-9+deb12u3")),
        "CVE-2019-1010022": about(bookworm=said("open", "unimportant", nodsa="Minor issue", nodsa_reason="")),
    },
    "zlib": {"CVE-2023-45853": about(bookworm=said("open", "low"), sid=said("resolved", "low", "1:1.3.dfsg-3.1"))},
    "xz-utils": {"CVE-2024-3094": about(bookworm=said("resolved", "high", "0"))},
}


def text() -> bytes:
    return json.dumps(TRACKER).encode()
