"""How far back the logs reach, and how far their rotation promises to."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re

from .journal import journal_begins_at, journal_files
from .logfile import rotations, stamp_of, tail_of
from .probe import Absent, Refused, modified_at
from .text import byte_pattern

KEPT_LOGS = "syslog messages auth.log secure kern.log cron maillog audit/audit.log".split()
AUDIT_STAMP = byte_pattern(r"msg=audit\((\d+)")
PERIOD_DAYS = {"hourly": 1 / 24.0, "daily": 1, "weekly": 7, "monthly": 30, "yearly": 365}
SPAN_DAYS = {"s": 1 / 86400.0, "m": 1 / 1440.0, "min": 1 / 1440.0, "h": 1 / 24.0, "hour": 1 / 24.0, "day": 1, "d": 1}
SPAN_DAYS.update({"": 1 / 86400.0, "week": 7, "w": 7, "month": 30.44, "M": 30.44, "year": 365.25, "y": 365.25})


def collect_log_retention(probe):
    now = probe.parameters["now_at"]
    policies = logrotate_policies(probe)
    logs = []
    for name in KEPT_LOGS:
        path = "/var/log/" + name
        if os.path.exists(path):
            days, policy = audit_policy(probe) if name.startswith("audit/") else policies.get(path, (None, None))
            logs.append(retained(path, oldest_entry(probe, path, now), now, days, policy))
    files, readable = journal_files()
    if files:
        days, policy = journald_policy(probe)
        begins = journal_begins_at(files) if readable else None
        if not readable:
            probe.withheld["journald"] = "needs root or group systemd-journal or adm"
        logs.append(retained("journald", begins, now, days, policy))
    if not logs:
        raise Absent("no system log and no journal files")
    return {"logs": logs}


def retained(name, oldest_at, now, days, policy):
    return {
        "name": name,
        "oldest_at": oldest_at,
        "kept_days": round((now - oldest_at) / 86400, 2) if oldest_at else None,
        "policy_days": days,
        "policy": policy,
    }


def oldest_entry(probe, path, now):
    """The time stamp at the start of the oldest part that is left; None when it cannot be read."""
    for part in reversed(rotations(path, 0)):
        try:
            tail = tail_of(part, 65536) if part.endswith(".gz") else None
            head = tail.lines[:1] if tail else probe.bytes_of(part, 4096).split(b"\n")[:1]
        except (EnvironmentError, Refused, ValueError):
            probe.withheld[path] = "cannot be read: %s" % part
            continue
        audit = AUDIT_STAMP.search(head[0]) if head else None
        stamp = float(audit.group(1)) if audit else stamp_of(head[0], modified_at(part) or now) if head else None
        if stamp:
            probe.noted(part)
            return stamp
    return None


def logrotate_policies(probe):
    """`{path: (days, words)}` of every log that logrotate names."""
    main = probe.read("/etc/logrotate.conf") or ""
    defaults = rotation_words(re.sub(r"\{[^}]*\}", "", main))
    policies = parse_logrotate(main, defaults)
    for name in probe.names("/etc/logrotate.d"):
        policies.update(parse_logrotate(probe.read("/etc/logrotate.d/" + name) or "", defaults))
    return policies


def rotation_words(text):
    """(period, count) of logrotate directives; None for what is not said."""
    period = re.findall(r"^\s*(hourly|daily|weekly|monthly|yearly)\b", text, re.MULTILINE)
    count = re.findall(r"^\s*rotate\s+(\d+)", text, re.MULTILINE)
    return period[-1] if period else None, int(count[-1]) if count else None


def parse_logrotate(text, defaults):
    """`{path: (days, words)}`. Rotation by size promises no number of days."""
    policies = {}
    text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    for paths, block in re.findall(r"((?:^\s*[\"']?/[^\n{]*\n?)+)\s*\{([^}]*)\}", text, re.MULTILINE):
        period, count = rotation_words(block)
        period, count = period or defaults[0] or "weekly", defaults[1] if count is None else count
        by_size = re.search(r"^\s*(?:max)?size\s+(\S+)", block, re.MULTILINE)
        days = None if by_size or count is None else round(PERIOD_DAYS[period] * count, 2)
        words = "%s, rotate %s" % ("size " + by_size.group(1) if by_size else period, count)
        for path in paths.split():
            policies[path.strip("\"'")] = (days, words)
    return policies


def journald_policy(probe):
    """MaxRetentionSec as days; without it journald keeps by size, which promises nothing."""
    text = probe.read("/etc/systemd/journald.conf") or ""
    folder = "/etc/systemd/journald.conf.d"
    text += "".join("\n" + (probe.read(folder + "/" + name) or "") for name in probe.names(folder))
    limits = dict(re.findall(r"^(MaxRetentionSec|SystemMaxUse|Storage)=(\S+)", text, re.MULTILINE))
    words = ", ".join("%s=%s" % item for item in sorted(limits.items())) or "by size (defaults)"
    return span_days(limits.get("MaxRetentionSec")), words


def span_days(text):
    """Days of a systemd time span such as `6month` or `180day`; None for none or 0."""
    parts = re.findall(r"(\d+)\s*([a-zA-Z]*)", text or "")
    days = sum(
        int(count) * SPAN_DAYS.get(unit if unit == "M" else unit.lower().rstrip("s") or unit, 0)
        for count, unit in parts
    )
    return round(days, 2) or None


def audit_policy(probe):
    """auditd keeps files by number and size, which promises no number of days."""
    text = probe.read("/etc/audit/auditd.conf") or ""
    words = dict(re.findall(r"^\s*(num_logs|max_log_file|max_log_file_action)\s*=\s*(\S+)", text, re.MULTILINE))
    keeps = words.get("max_log_file_action", "").lower() == "keep_logs"
    policy = ", ".join("%s=%s" % item for item in sorted(words.items())) or None
    return None, policy + " (never deleted)" if policy and keeps else policy
