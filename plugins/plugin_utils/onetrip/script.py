"""The collector for one host, on a descriptor that a process can read as its standard input."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from typing import Any

from ansible_collections.maintkit.ops.plugins.module_utils.collector.bundle import bundle

LINE = re.compile(r"^PARAMETERS, SHA256 = ", re.MULTILINE)


class Collector:
    """Bundled once; for every host only the line of parameters is exchanged."""

    def __init__(self) -> None:
        text = bundle({})
        start = LINE.search(text)
        if start is None:
            raise ValueError("the collector's bundle has no line of parameters")
        end = text.index('", "', start.end())
        self._before, self._after = text[: start.end()], text[end + 1 :]

    def script(self, parameters: Mapping[str, Any]) -> str:
        """What `bundle(parameters)` gives, without joining the parts again."""
        literal = json.dumps(json.dumps(dict(parameters), sort_keys=True))
        return f"{self._before}{literal}{self._after}"


def readable_copy(text: str) -> int:
    """A descriptor at the beginning of the text, in memory where the kernel can: a full disk stops nothing."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("collector")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    data = memoryview(text.encode())
    while data:
        data = data[os.write(descriptor, data) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
