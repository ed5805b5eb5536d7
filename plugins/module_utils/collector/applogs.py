"""Application logs that the site named: how many lines match its pattern since the last inspection."""

from __future__ import absolute_import, division, print_function, unicode_literals

import errno
import os
import re

from .logfile import rotations, stamp_of, tail_of
from .messages import Tally
from .probe import Absent, Refused
from .program import monotonic
from .text import decode, encode

CAP, DEEP_CAP = 8 * 1024 * 1024, 32 * 1024 * 1024


def collect_applogs(probe):
    wanted = probe.parameters["logs"]
    if not wanted:
        raise Absent("no application log is named for this host")
    deadline = monotonic() + probe.parameters["section_timeout_s"] * 0.8
    return {"logs": [app_log(probe, log, deadline) for log in wanted]}


def app_log(probe, log, deadline):
    """One log's facts; a log that cannot be read says why and costs no other."""
    path, pattern = log["path"], log.get("pattern") or "ERROR|FATAL|Exception"
    fact = {"path": path, "pattern": pattern, "state": "error", "reason": None}
    try:
        # Matched on bytes: one undecodable line must not hide the others, and Chinese programs write either encoding.
        forms = sorted(set(pattern.encode(encoding) for encoding in ("utf-8", "gb18030")))
        matchers = [re.compile(form) for form in forms]
        fact.update(count_matches(probe, path, matchers, deadline))
    except (re.error, UnicodeError) as error:
        fact["reason"] = "not a regular expression: %s" % error
    except Refused as error:
        fact["reason"] = "%s" % error
    except EnvironmentError as error:
        fact["reason"] = os.strerror(error.errno or errno.EIO)
        fact["state"] = {errno.ENOENT: "missing", errno.EACCES: "denied", errno.EPERM: "denied"}.get(
            error.errno, "error"
        )
    return fact


def count_matches(probe, path, matchers, deadline):
    """Matching lines since `since_at` in the log and its rotated parts, newest first, bounded in bytes and time.

    Lines without a time stamp belong to the last one that had one (stack traces); a log without any is counted whole.
    """
    since_at, now = probe.parameters["since_at"], probe.parameters["now_at"]
    left = DEEP_CAP if probe.parameters["deep"] else CAP
    status = os.stat(encode(path))
    tally, complete, stamped, reached, read = Tally(), True, False, False, 0
    for part in rotations(path, since_at):
        tail = tail_of(part, left)
        probe.noted(part)
        current, first = None, None
        for order, line in enumerate(tail.lines):
            if order % 4096 == 0 and monotonic() > deadline:
                complete = False
                break
            current = stamp_of(line, now) or current
            first = first or current
            if (current is None or current >= since_at) and any(one.search(line) for one in matchers):
                tally.add(decode(line[:2000]))
        stamped = stamped or first is not None
        reached = reached or (first is not None and first <= since_at)
        left, read = left - tail.read, read + tail.read
        # A part that was cut but reaches back beyond since_at has lost nothing of what counts.
        complete = complete and (tail.complete or reached)
        if left <= 0 or reached or first is None:
            break
    return {
        "state": "ok",
        "size_bytes": status.st_size,
        "modified_at": status.st_mtime,
        "since_at": since_at if stamped else None,
        "read_bytes": read,
        "complete": complete,
        "errors": tally.total,
        "top": tally.top(),
    }
