"""Whether a text for the hospital still holds an English sentence."""

from __future__ import annotations

import re

ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,} ?[a-z]", re.IGNORECASE)
# What cases let a host, its tools or a certificate say in their own words stands as it was said.
AS_SAID = re.compile(
    r"out of time|Unknown USB bridge|the chain is broken|pgbackrest info|rpm database|PID 1 is init|sshd -T"
    r"|SLAVE MONITOR|REPLICATION CLIENT|SHOW VIEW|systemctl (?:list-\S+|show)"
)


def english_in(text: str) -> str:
    """The first English words that nobody but us can have put there, or nothing."""
    found = ENGLISH.search(AS_SAID.sub("", text))
    return found[0] if found else ""
