"""What jobs of backup sets have in common: when a set says that it ended, and what cannot be told of one."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re

from .probe import local_time
from .program import monotonic
from .text import encode

# States of a job, beside 0: all is well.
UNFINISHED, BASELESS, DAMAGED, MISSING, CHANGED = 1, 2, 3, 4, 5
ENOUGH_SETS = 12  # the newest, which say what is usual
WRITTEN_S = 900  # what changed within this time may still be at work
FILES_OF_SET = 200000
SAID_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d) +(\d\d?):(\d\d):(\d\d)$")


class Unclear(Exception):
    """Something in the folder may be a set, and what it says of itself cannot be read."""


def reach_of(sets):
    """How many whole sets there are and when the oldest of them ended: of the sets themselves the newest are told."""
    whole = [one["stopped_at"] for one in sets if one["kind"] == "full" and not one.get("error")]
    return {"kept": len(whole), "oldest_at": min(whole) if whole else None}


def folder_of_sets(path):
    """The folder itself, or the one above all that a pattern names."""
    while "*" in path or "?" in path:
        path = os.path.dirname(path)
    return path


def said_time(text):
    """Epoch seconds of `2026-11-25 17:03:14` on the host's own clock, or None."""
    found = SAID_TIME.match(text.strip())
    return local_time(*[int(part) for part in found.groups()]) if found else None


def unclear_of(path, unclear, sets, written_at):
    """Raise `unclear` unless the newest finished set ended after `path` was last written: then it is an older one."""
    if not sets or written_at > max(one["stopped_at"] for one in sets):
        raise Unclear("%s: %s" % (path, unclear))


def folder_size(path, deadline):
    """(bytes of all files or None when they are too many or slow to count, when one was last written)."""
    total, count, newest = 0, 0, os.lstat(encode(path)).st_mtime
    for folder, _folders, files in os.walk(encode(path)):
        for name in files:
            try:
                status = os.lstat(os.path.join(folder, name))
            except OSError:
                continue  # a file that a running backup has renamed meanwhile
            total += status.st_size
            newest = max(newest, status.st_mtime)
            count += 1
        if count > FILES_OF_SET or monotonic() > deadline:
            return None, newest
    return total, newest
