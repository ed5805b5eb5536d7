"""Log messages counted with their varying parts replaced, so that a thousand of a kind are one line."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re

TOP = 20
LONGEST = 300
KINDS = 5000
VARYING = re.compile(
    r"0x[0-9a-f]+"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b"
    r"|\b(?:[0-9a-f]{1,4}:){2,7}:?[0-9a-f]{0,4}\b"
    r"|\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b"
    r"|\d+(?:\.\d+)*",
    re.IGNORECASE,
)


def normalise(text):
    """`text` with numbers, hexadecimal, addresses and identifiers as #."""
    return VARYING.sub("#", " ".join(text[: LONGEST * 2].split()))[:LONGEST]


class Tally(object):
    """How often each message came; bounded, whatever the log holds."""

    def __init__(self):
        self.counts = {}
        self.total = 0

    def add(self, text, source=None):
        self.total += 1
        key = (normalise(text), source)
        if key in self.counts or len(self.counts) < KINDS:
            self.counts[key] = self.counts.get(key, 0) + 1

    def top(self):
        """The most frequent messages."""
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or ""))
        return [{"text": key[0], "source": key[1], "count": count} for key, count in ranked[:TOP]]
