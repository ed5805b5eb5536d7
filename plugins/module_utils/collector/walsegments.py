"""The WAL segments that a repository of pgBackRest really holds: its catalogue names the first and the last alone."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re

from .program import monotonic
from .text import decode

LISTING_CAP = 8 * 1024 * 1024  # some 90 000 segments
HOLES_TOLD = 400  # the newest; one is some 60 bytes
WAL_SEGMENT = re.compile(r"(?:^|/)[0-9A-F]{8}([0-9A-F]{8})([0-9A-F]{8})-[0-9a-f]{40}", re.MULTILINE)
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
    output = probe.run(argv + chosen + ["repo-ls", "--recurse", path], left, LISTING_CAP, identity)
    if output.timeout or output.capped:
        return {"unlisted": "the archive is too large to be listed in %s" % ("time" if output.timeout else "whole")}
    if output.code != 0:
        why = decode(output.err or output.out).strip()[:200]
        return {"unlisted": "pgbackrest repo-ls ended with %s: %s" % (output.code, why)}
    return segments_told(decode(output.out), archive.get("per_log"))


def segments_told(listing, per_log):
    """`segments`, `missing` and the `holes` by their first and last segment, without the timeline: any may have it."""
    named = [(int(high, 16), int(low, 16)) for high, low in WAL_SEGMENT.findall(listing)]
    per_log = per_log or likely_per_log(named)
    there = sorted(set(high * per_log + low for high, low in named))
    holes = [(there[n - 1] + 1, there[n] - 1) for n in range(1, len(there)) if there[n] > there[n - 1] + 1]
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
    """By the highest number in a name: the next power of two; within one stretch of 4 GiB it makes no difference."""
    if len(set(high for high, _low in named)) < 2:
        return USUAL_PER_LOG
    per_log, highest = 4, max(low for _high, low in named)
    while per_log <= highest:
        per_log *= 2
    return per_log


def told_per_log(backups):
    """Segments in 4 GiB by a backup that names a position and the segment that holds it; None where none does."""
    for backup in backups:
        for end in ("start", "stop"):
            position = ((backup.get("lsn") or {}).get(end) or "").partition("/")[2]
            low = int(((backup.get("archive") or {}).get(end) or "0" * 24)[16:24], 16)
            for bits in range(20, 31):  # segments of 1 MiB to 1 GiB
                if position and low and int(position, 16) >> bits == low:
                    return 1 << (32 - bits)
    return None
