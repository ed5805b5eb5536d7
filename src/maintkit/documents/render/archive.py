"""Office files are zip archives: written again with one fixed time, so that the same tree gives the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

_FIRST_DOS_YEAR = 1980
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def repacked(
    archive: bytes, *, at: datetime, changes: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType({})
) -> bytes:
    """The same members in the same order, each dated `at`, with `at` as the time of modification.

    `changes` names members whose content is put through a function on the way.
    """
    local = at.astimezone(UTC)
    stamp = (max(local.year, _FIRST_DOS_YEAR), local.month, local.day, local.hour, local.minute, local.second)
    written = local.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(target, "w") as packed:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + written + rb"\g<2>", content)
            if name in changes:
                content = changes[name](content)
            packed.writestr(zipfile.ZipInfo(name, stamp), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()
