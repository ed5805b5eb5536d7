"""System messages of priority err and worse: from the journal, else from the system's log file."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re
import struct
import time

from .logfile import rotations, stamp_of, tail_of
from .messages import Tally
from .probe import Absent, Denied, Refused
from .text import byte_pattern, decode, encode

JOURNALS = ("/var/log/journal", "/run/log/journal")
JOURNAL_LINES = 20000
LOG_CAP = 8 * 1024 * 1024
LINE = re.compile(r"\w{3} [ \d]\d [\d:]{8} \S+ ([^\s:\[]+)(?:\[\d+\])?: (.*)")
SERIOUS = byte_pattern(
    r"\b(?:error|err|fail(?:ed|ure)?|crit(?:ical)?|panic|segfault|oom-kill|fatal|emerg)\b", re.IGNORECASE
)


def collect_journal(probe):
    since_at, now = probe.parameters["since_at"], time.time()
    files, readable = journal_files()
    if readable:
        return from_journal(probe, since_at, now, files)
    for path in ("/var/log/messages", "/var/log/syslog"):
        if os.access(path, os.R_OK):
            return from_file(probe, path, since_at, now)
        if os.path.exists(path):
            raise Denied("needs root or group adm: %s" % path)
    if files:
        raise Denied("needs root or group systemd-journal or adm: %s" % os.path.dirname(files[0]))
    raise Absent("no journal files, no /var/log/messages, no /var/log/syslog")


collect_journal.turn = -1


def journal_files():
    """The system journal's files that hold anything, and whether this user may read them all."""
    found = []
    for folder in JOURNALS:
        for machine in os.listdir(folder) if os.access(folder, os.R_OK | os.X_OK) else ():
            inner = os.path.join(folder, machine)
            names = os.listdir(inner) if os.access(inner, os.R_OK | os.X_OK) else ()
            found += [os.path.join(inner, name) for name in names if name.startswith("system")]
    return found, bool(found) and all(os.access(path, os.R_OK) for path in found)


def journal_begins_at(files):
    """Epoch seconds of the oldest entry, from the head of each file (head_entry_realtime, byte 184); None: unknown."""
    begins = []
    for path in files:
        with open(encode(path), "rb") as stream:
            head = stream.read(192)
        if head[:8] == b"LPKSHHRH" and len(head) == 192:
            begins.append(struct.unpack(str("<Q"), head[184:])[0] / 1e6)
    return min([begin for begin in begins if begin > 0] or [None])


def from_journal(probe, since_at, now, files):
    argv = ["journalctl", "-q", "--no-pager", "-a", "-o", "short", "-p", "3", "--since", "@%d" % since_at]
    seconds = probe.parameters["section_timeout_s"] * 0.8
    output = probe.run(argv + ["-n", str(JOURNAL_LINES)], seconds=seconds, cap=LOG_CAP)
    tally = Tally()
    for source, text in parse_short(decode(output.out)):
        tally.add(text, source)
    begins = journal_begins_at(files)
    cut = output.timeout or output.capped or tally.total >= JOURNAL_LINES
    if output.code and output.err and not output.out:
        raise OSError("journalctl ended with %d: %s" % (output.code, decode(output.err)[:200]))
    return journal_data(since_at, now, "journald", tally, not cut and begins is not None and begins <= since_at)


def parse_short(text):
    """(identifier, message) of `journalctl -o short`; further lines of a message are indented and left out."""
    return [found.groups() for found in map(LINE.match, text.splitlines()) if found]


def from_file(probe, path, since_at, now):
    """Log files name no priority: lines with an error word in them are counted."""
    tally, complete, left, oldest = Tally(), True, LOG_CAP, now
    for part in rotations(path, since_at):
        try:
            tail = tail_of(part, left)
        except (EnvironmentError, Refused):
            complete = False
            continue
        probe.noted("%s: lines with error words" % part)
        for line in tail.lines:
            at = stamp_of(line, now)
            oldest = min(oldest, at or now)
            if at is not None and at >= since_at and SERIOUS.search(line):
                found = LINE.match(decode(line))
                tally.add(*(found.group(2), found.group(1)) if found else (decode(line), None))
        left -= tail.read
        complete = complete and tail.complete
        if left <= 0:
            break
    return journal_data(since_at, now, path, tally, complete and oldest <= since_at)


def journal_data(since_at, now, source, tally, complete):
    return {
        "since_at": since_at,
        "until_at": now,
        "source": source,
        "errors": tally.total,
        "complete": bool(complete),
        "top": tally.top(),
    }
