"""Cron entries. A command may hold a password: its first word and a hash stand for it."""

from __future__ import absolute_import, division, print_function, unicode_literals

import hashlib
import os
import re

from .probe import Absent, Refused

ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\s*=")
SPOOLS = ("/var/spool/cron/crontabs", "/var/spool/cron")
PERIODS = ("hourly", "daily", "weekly", "monthly")


def collect_cron(probe):
    sources = ["/etc/crontab"] + ["/etc/cron.d/" + name for name in probe.names("/etc/cron.d") if name[:1] != "."]
    jobs = []
    for path in sources:
        jobs += parse_crontab(probe.read(path) or "", path, None)
    jobs += parse_anacrontab(probe.read("/etc/anacrontab") or "", "/etc/anacrontab")
    for period in PERIODS:
        jobs += scripts(probe, period)
    jobs += own_tables(probe)
    if not jobs and not any(os.path.exists(path) for path in ("/etc/crontab", "/etc/cron.d", "/var/spool/cron")):
        raise Absent("no cron on this host")
    return {"jobs": jobs}


def own_tables(probe):
    """The users' own tables. Their folder is root's."""
    spool = next((folder for folder in SPOOLS if os.path.isdir(folder)), None)
    if spool is None:
        return []
    if not os.access(spool, os.R_OK | os.X_OK):
        probe.withheld["jobs"] = "needs root: %s" % spool
        return []
    jobs = []
    for user in probe.names(spool):
        path = "%s/%s" % (spool, user)
        if os.path.isfile(path):
            jobs += parse_crontab(probe.read(path) or "", path, user)
    return jobs


def parse_crontab(text, source, user):
    """Jobs of a table; system tables (`user` None) name the user in their sixth field."""
    jobs = []
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#") or ASSIGNMENT.match(line):
            continue
        fields = 1 if line.startswith("@") else 5
        words = line.split(None, fields + (user is None))
        if len(words) == fields + 1 + (user is None):
            jobs.append(cron_job(source, user or words[fields], " ".join(words[:fields]), words[-1]))
    return jobs


def parse_anacrontab(text, source):
    """`period delay identifier command`."""
    rows = (line.split(None, 3) for line in text.splitlines() if line.strip() and not line.startswith("#"))
    rows = (row for row in rows if len(row) == 4 and not ASSIGNMENT.match(row[0]))
    return [cron_job(source, "root", "every %s days" % row[0], row[3]) for row in rows]


def cron_job(source, user, schedule, command):
    digest = hashlib.sha256(command.encode("utf-8")).hexdigest()
    return {"source": source, "user": user, "schedule": schedule, "program": program_of(command), "sha256": digest}


def program_of(command):
    """The first word that is not an assignment (`MYSQL_PWD=secret mysqldump …`)."""
    words = command.split()
    while words and ASSIGNMENT.match(words[0]):
        # A quoted value may hold spaces, and what follows the first of them may be part of a secret.
        if words[0].count("'") % 2 or words[0].count('"') % 2:
            return "(assignment)"
        words.pop(0)
    return words[0][:120] if words else "(assignment)"


def scripts(probe, period):
    """Scripts that run-parts starts; their content is what is hashed."""
    jobs = []
    folder = "/etc/cron." + period
    for name in probe.names(folder):
        path = "%s/%s" % (folder, name)
        if name.startswith(".") or not os.access(path, os.X_OK) or not os.path.isfile(path):
            continue
        try:
            digest = hashlib.sha256(probe.bytes_of(path)).hexdigest()
        except (EnvironmentError, Refused):
            continue
        job = {"source": folder, "user": "root", "schedule": "@" + period, "program": path, "sha256": digest}
        jobs.append(job)
    return jobs
