"""documents/logo.png: a picture over the title, in every format."""

from __future__ import annotations

import struct
from pathlib import Path

from maintkit.errors import SiteError

_MOST_BYTES = 512 * 1024
_MOST_PIXELS = 4000
_WIDEST = 10  # times as wide as high: 16.8 cm of text at 1.5 cm
_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def check(path: Path, content: bytes) -> None:
    """SiteError unless it is a PNG of a size that fits a page."""
    if not content.startswith(_HEAD) or len(content) < 33:
        raise SiteError(f"{path}: no PNG picture", hint="save the logo as PNG")
    width, height = size(content)
    if len(content) > _MOST_BYTES or not (0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS):
        text = f"{path}: {width} × {height} pixels in {len(content)} bytes"
        raise SiteError(text, hint=f"at most {_MOST_PIXELS} pixels either way, and {_MOST_BYTES} bytes")
    if width > _WIDEST * height:
        raise SiteError(f"{path}: {width} × {height} pixels, too wide for a page", hint="crop it")


def size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels."""
    width, height = struct.unpack(">II", content[16:24])
    return width, height
