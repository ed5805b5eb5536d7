"""Names the known_hosts files, which ssh itself says only when a key has changed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.outcome import Verdict

SETTING = re.compile(r"^userknownhostsfile (.+)$", re.MULTILINE | re.IGNORECASE)
LIMIT_S = 5.0


def name_known_hosts(verdict: Verdict, argv: Sequence[str]) -> Verdict:
    """The same verdict; a host-key failure with the files that ssh looked into, as `ssh -G` tells them."""
    if verdict.status != "host-key" or "known hosts:" in verdict.reason:
        return verdict
    try:
        told = subprocess.run(
            [argv[0], "-G", *argv[1:-1]], capture_output=True, text=True, timeout=LIMIT_S, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return verdict
    files = SETTING.search(told)
    return replace(verdict, reason=f"{verdict.reason} (known hosts: {files[1]})") if files else verdict
