"""Logins and failed logins, from the system's authentication log, else from the journal."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re
import time

from .journal import journal_begins_at, journal_files
from .logfile import rotations, stamp_of, tail_of
from .probe import Absent, Denied, Refused
from .text import byte_pattern, decode

AUTH_LOGS = ("/var/log/auth.log", "/var/log/secure")
AUTH_CAP = 16 * 1024 * 1024
AUTH_LINES = 50000
LISTED = 200
BURST_S = 600
# Cheap: most lines of an authentication log are none of these.
WORTH = byte_pattern(
    r"Failed |Accepted |FAILED |LOGIN ON |\(to \w|\bsu.*session opened|(?:invalid|authenticating) user "
)
FAILED = (
    re.compile(r"Failed \S+ for (?:invalid user )?(?P<user>.*?) from (?P<address>\S+)(?: port (?P<port>\d+))?"),
    re.compile(r"FAILED LOGIN.*? (?:FROM (?P<address>\S+) |ON '?\S+ )?FOR '?(?P<user>[^',]+)"),
    re.compile(r"FAILED SU \(to (?P<user>\S+)\)"),
)
# All that sshd says of a key that opens nothing: at its usual log level `Failed publickey` is not written.
ENDED = re.compile(
    r"(?:Connection (?:closed|reset) by|Disconnect(?:ed from|ing)) (?:invalid|authenticating) user"
    r" (?P<user>.*) (?P<address>\S+) port (?P<port>\d+)"
)
ACCEPTED = (
    re.compile(r"Accepted (?P<method>\S+) for (?P<user>\S+) from (?P<address>\S+)"),
    re.compile(r"LOGIN ON (?P<method>\S+) BY (?P<user>\S+)(?: FROM (?P<address>\S+))?"),
    re.compile(r"(?P<method>su)(?:-l)?(?:\[\d+\])?: \(to (?P<user>\S+)\)"),
)
REPEATED = re.compile(r"message repeated (\d+) times: \[")


def collect_logins(probe):
    since_at, now = probe.parameters["since_at"], time.time()
    path = next((path for path in AUTH_LOGS if os.path.exists(path)), None)
    if path and os.access(path, os.R_OK):
        return from_auth_log(probe, path, since_at, now)
    files, readable = journal_files()
    if readable:
        return from_login_journal(probe, files, since_at, now)
    if path or files:
        raise Denied("needs root or group adm: %s" % (path or os.path.dirname(files[0])))
    raise Absent("no /var/log/auth.log, no /var/log/secure, no journal files")


collect_logins.turn = -1


class LoginTally(object):
    """Failures and successes by user and address; times of failures for the burst."""

    def __init__(self):
        self.failed = {}
        self.accepted = {}
        self.times = []
        self.connections = set()

    def add(self, line, at):
        """Count one line (text) if it tells of a login."""
        for pattern in FAILED:
            found = pattern.search(line)
            if found:
                repeated = REPEATED.search(line)
                self.fail(found.groupdict(), at, int(repeated.group(1)) if repeated else 1)
                return
        found = ENDED.search(line)
        if found:
            # Its failures, if any were written, have been counted.
            if (found.group("address"), found.group("port")) not in self.connections:
                self.fail(found.groupdict(), at, 1)
            return
        for pattern in ACCEPTED:
            found = pattern.search(line)
            if found:
                key = (found.group("user")[:64], found.groupdict().get("address") or "local", found.group("method"))
                count, last = self.accepted.get(key, (0, at))
                self.accepted[key] = (count + 1, max(last, at))
                return

    def fail(self, said, at, times):
        """Count what a line says: user, address and port, the last two where it came over the network."""
        key = (said["user"][:64], said.get("address") or "local")
        self.failed[key] = self.failed.get(key, 0) + times
        self.times += [at] * min(times, 1000)
        self.connections.add((said.get("address"), said.get("port")))


def from_auth_log(probe, path, since_at, now):
    tally, left, complete, oldest = LoginTally(), AUTH_CAP, True, now
    for part in rotations(path, since_at):
        try:
            tail = tail_of(part, left)
        except (EnvironmentError, Refused):
            complete = False
            continue
        probe.noted(part)
        for line in tail.lines:
            if WORTH.search(line):
                at = stamp_of(line, now)
                if at is not None and at >= since_at:
                    tally.add(decode(line), at)
        if tail.lines:
            oldest = min(oldest, stamp_of(tail.lines[0], now) or now)
        left -= tail.read
        complete = complete and (tail.complete or oldest <= since_at)
        if left <= 0:
            break
    return login_data(tally, since_at, path, complete and oldest <= since_at)


def from_login_journal(probe, files, since_at, now):
    argv = [
        "journalctl",
        "-q",
        "--no-pager",
        "-a",
        "-o",
        "short-iso",
        "--since",
        "@%d" % since_at,
        "-n",
        str(AUTH_LINES),
    ]
    for name in ("sshd", "sshd-session", "login", "su"):
        argv += ["-t", name]
    output = probe.run(argv, seconds=probe.parameters["section_timeout_s"] * 0.8, cap=AUTH_CAP)
    tally, lines = LoginTally(), output.out.split(b"\n")
    for line in lines:
        at = stamp_of(line, now) if WORTH.search(line) else None
        if at is not None:
            tally.add(decode(line), at)
    begins = journal_begins_at(files)
    cut = output.timeout or output.capped or len(lines) >= AUTH_LINES
    return login_data(tally, since_at, "journald", not cut and begins is not None and begins <= since_at)


def login_data(tally, since_at, source, complete):
    failed = sorted(tally.failed.items(), key=lambda item: (-item[1], item[0]))[:LISTED]
    accepted = sorted(tally.accepted.items(), key=lambda item: (-item[1][0], item[0]))[:LISTED]
    return {
        "since_at": since_at,
        "source": source,
        "complete": bool(complete),
        "failed_total": sum(tally.failed.values()),
        "failed_burst": burst(tally.times),
        "failed": [{"user": key[0], "address": key[1], "count": count} for key, count in failed],
        "accepted": [
            {"user": key[0], "address": key[1], "method": key[2], "count": count, "last_at": last}
            for key, (count, last) in accepted
        ],
    }


def burst(times):
    """Most failures within any ten minutes."""
    ordered, most, start = sorted(times), 0, 0
    for end, at in enumerate(ordered):
        while at - ordered[start] > BURST_S:
            start += 1
        most = max(most, end - start + 1)
    return most
