"""The WAL segments that a repository of pgBackRest really holds: its catalogue names the first and the last alone."""

from __future__ import absolute_import, division, print_function, unicode_literals

import json
import re
import time

from .program import monotonic
from .text import decode

LISTING_CAP = 8 * 1024 * 1024  # some 55 000 segments
ON_ITS_WAY_S = 600  # asynchronous archiving brings segments out of their order
HOLES_TOLD = 400  # the newest; one is some 60 bytes
# Whole: what is still being stored, or was cut off then, goes on with `.pgbackrest.tmp`.
WAL_SEGMENT = re.compile(r"(?:^|/)[0-9A-F]{8}([0-9A-F]{8})([0-9A-F]{8})-[0-9a-f]{40}(?:\.[a-z0-9]+)?$")
USUAL_PER_LOG = 256  # segments of 16 MiB in the 4 GiB that the middle of a name counts


def tell_segments(probe, argv, job, identity, until):
    """Put into each archive of a job how many segments it holds and which are missing between its first and last one.

    Where they could not be listed, `unlisted` says why, and nothing is known of what lies between.
    """
    for archive in job["wal"]:
        if archive["first"] is not None:
            archive.update(listed_segments(probe, argv, job, archive, identity, until))


def listed_segments(probe, argv, job, archive, identity, until):
    chosen = ["--repo=%d" % archive["repo"]] if len(job["repos"]) > 1 else []
    path = "archive/%s/%s" % (job["name"], archive["archive"])
    left = until - monotonic()
    if left < 0.2:
        return {"unlisted": "no time was left to list the archive"}
    argv = argv + chosen + ["repo-ls", "--recurse", "--output=json", path]
    output = probe.run(argv, left, LISTING_CAP, identity)
    if output.timeout or output.capped:
        return {"unlisted": "the archive is too large to be listed in %s" % ("time" if output.timeout else "whole")}
    if output.code != 0:
        why = decode(output.err or output.out).strip()[:200]
        return {"unlisted": "pgbackrest repo-ls ended with %s: %s" % (output.code, why)}
    try:
        listing = json.loads(decode(output.out))
    except ValueError:
        return {"unlisted": "pgbackrest repo-ls said no JSON"}
    return segments_told(listing, time.time() - ON_ITS_WAY_S)


def segments_told(listing, settled_at):
    """`segments`, `missing` and the `holes` by their first and last segment, without the timeline: any may have it.

    Where what follows came later than `settled_at` it is no hole yet: the segment may be on its way.
    """
    found = [(WAL_SEGMENT.search(path), about.get("time") or 0) for path, about in listing.items()]
    named = [(int(one.group(1), 16), int(one.group(2), 16), at) for one, at in found if one]
    per_log = likely_per_log(named)
    came = dict((high * per_log + low, at) for high, low, at in named)
    there = sorted(came)
    pairs = [(there[n - 1], there[n]) for n in range(1, len(there)) if there[n] > there[n - 1] + 1]
    holes = [(one + 1, after - 1) for one, after in pairs if came[after] <= settled_at]
    return {
        "per_log": per_log,
        "segments": len(there),
        "missing": sum(last - first + 1 for first, last in holes),
        "holes": [
            {"first": wal_name(first, per_log), "last": wal_name(last, per_log)} for first, last in holes[-HOLES_TOLD:]
        ],
    }


def wal_name(number, per_log):
    """The last 16 digits of a segment's name."""
    return "%08X%08X" % divmod(number, per_log)


def likely_per_log(named):
    """By the highest last part of a name: the next power of two. Of one stretch of 4 GiB any will do."""
    if len(set(one[0] for one in named)) < 2:
        return USUAL_PER_LOG
    per_log, highest = 4, max(one[1] for one in named)
    while per_log <= highest:
        per_log *= 2
    return per_log
