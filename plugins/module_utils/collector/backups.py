"""The backup tool's own catalogue, pgBackRest's or that of the sets themselves: never a file's date."""

from __future__ import absolute_import, division, print_function, unicode_literals

import json
import os
import re

from .backupsets import SET_TOOLS, set_jobs
from .filesystems import NETWORK, measure, parse_mounts
from .lanes import in_lanes
from .probe import Absent, Denied
from .program import monotonic
from .text import decode, encode, number
from .walsegments import tell_segments

PGBACKREST_CONFIGS = ("/etc/pgbackrest/pgbackrest.conf", "/etc/pgbackrest.conf")
ELSEWHERE = ("s3", "azure", "gcs", "sftp")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SECTION = re.compile(r"\s*\[([^\]:]+)(?::[^\]]*)?\]")  # [his:backup] is of his, for one command
OPTION = re.compile(r"\s*([a-z][a-z0-9-]*)\s*=\s*(\S.*?)\s*$")
DATABASE = re.compile(r"pg(\d+)-(?:host|path)$")


def collect_backups(probe):
    until = monotonic() + probe.parameters["section_timeout_s"] * 0.95
    declared = [one for one in probe.parameters["backups"] if one.get("tool") in SET_TOOLS]
    alone = len(declared) == len(probe.parameters["backups"])
    jobs = set_jobs(probe, declared, 0.6 if alone else 0.25) if declared else []
    try:
        jobs += stanzas(probe, until)
    except (Absent, Denied, EnvironmentError) as error:
        if not declared:
            raise
        if not isinstance(error, Absent):
            probe.withheld["pgbackrest"] = "%s" % error
    return {"jobs": jobs}


def stanzas(probe, until):
    """The jobs of pgBackRest, where it is declared or configured; raises Absent, Denied, EnvironmentError."""
    wanted = [one for one in probe.parameters["backups"] if one.get("tool", "pgbackrest") == "pgbackrest"]
    present = [path for path in PGBACKREST_CONFIGS if os.path.exists(path)]
    if not wanted and not present:
        raise Absent("no backup job is named for this host and pgBackRest is not configured")
    if probe.program("pgbackrest") is None:
        raise Absent("no program pgbackrest")
    questions = sorted(set((one.get("config"), one["name"]) for one in wanted), key=str) or [(None, None)]
    jobs, refusals, archives = [], [], []
    for config, stanza in questions:
        try:
            jobs += stanza_jobs(probe, config, stanza, config or (present or [None])[0], until, archives)
        except (Denied, EnvironmentError) as error:
            # One configuration that cannot be read must not hide the other stanzas.
            refusals.append(error)
            probe.withheld[stanza or "jobs"] = "%s" % error
    if not jobs and refusals:
        raise refusals[0]
    if not jobs:
        raise Absent("pgBackRest is configured without a stanza")
    # At last, and each in its share of the time: a large archive must not hide another stanza.
    for place, (argv, job, identity) in enumerate(archives):
        now = monotonic()
        tell_segments(probe, argv, job, identity, now + (until - now) / (len(archives) - place))
    return jobs


def stanza_jobs(probe, config, stanza, path, until, archives):
    """What `pgbackrest info` says of one stanza (None: of all), with what its configuration says of the target.

    What is still to be listed is added to `archives`: the command, the job, and as whom.
    """
    argv = ["pgbackrest", "--log-level-console=off", "--log-level-file=off", "--log-level-stderr=error"]
    argv += ["--config=" + config] if config else []
    text = probe.read(path) if path else None
    options = parse_pgbackrest_config(text or "")
    seconds = max(1.0, min(probe.parameters["section_timeout_s"] * 0.7, until - monotonic()))
    asked = ["--stanza=" + stanza] if stanza else []
    output = probe.run(argv + asked + ["info", "--output=json"], seconds, 16 << 20, owner_of_target(options))
    if output.timeout:
        raise OSError("pgbackrest info did not answer")
    if output.code != 0:
        # What goes wrong before it has read its options, newer ones say where they say everything else.
        why = decode(output.err or output.out).strip()[:300]
        if "denied" in why.lower():
            raise Denied("needs root or the backup user: %s" % why)
        raise OSError("pgbackrest info ended with %s: %s" % (output.code, why))
    target = target_space(options)
    mounts = probe.read("/proc/self/mounts") or ""
    jobs = [dict(job, **target) for job in parse_pgbackrest(decode(output.out))]
    for job in jobs:
        archives.append((argv + ["--stanza=" + job["name"]], job, owner_of_target(options)))
        tell_off_host(job, None if text is None else parse_pgbackrest_config(text, job["name"]), mounts)
    return jobs


def tell_off_host(job, options, mounts):
    """Which repositories lie off the host, and what they keep, by the configuration (None: it could not be read).

    And if any that is off the host holds a set.
    Of a job without any set, whether one would hold it.
    """
    here = dict(
        (one["key"], None if options is None else is_off_host(options, mounts, one["key"])) for one in job["repos"]
    )
    for one in job["repos"]:
        one["off_host"] = here[one["key"]]
        own = "repo%d-retention-full" % one["key"]
        one["keep_full"] = number((options or {}).get(own))
        one["keep_type"] = (options or {}).get(own + "-type")
    held = [here.get(one["repo"]) for one in job["backups"]] or list(here.values())
    job["off_host"] = None if options is None else any(held)


def owner_of_target(options):
    """(uid, gid) of the repository's folder: root would have other SSH keys and leave root's files behind."""
    try:
        status = os.stat(encode(options.get("repo1-path", "/var/lib/pgbackrest")))
    except OSError:
        return None
    return status.st_uid, status.st_gid


def parse_pgbackrest(text):
    """Jobs from `pgbackrest info --output=json` (2.0 and later)."""
    jobs = []
    for stanza in json.loads(text):
        status = stanza.get("status") or {}
        archives = dict((database_of(one), one.get("id", "")) for one in stanza.get("archive") or ())
        jobs.append(
            {
                "tool": "pgbackrest",
                "name": stanza["name"],
                "status_code": status.get("code", -1),
                "status": status.get("message", "unknown"),
                "backups": [
                    dict(parse_backup(backup), archive=archives.get(database_of(backup)))
                    for backup in stanza.get("backup") or ()
                ],
                "wal": [
                    {
                        "archive": archive.get("id", ""),
                        "repo": database_of(archive)[0],
                        "first": archive.get("min"),
                        "last": archive.get("max"),
                    }
                    for archive in stanza.get("archive") or ()
                ],
                "repositories": len(stanza.get("repo") or ()) or 1,
                "repos": [{"key": one.get("key", 1)} for one in stanza.get("repo") or ({},)],
            }
        )
    return jobs


def database_of(told):
    """Of which repository (before 2.33 there was one), and of which of its databases, a backup or an archive is."""
    database = told.get("database") or {}
    return database.get("repo-key", 1), database.get("id")


def parse_backup(backup):
    info = backup.get("info") or {}
    repository = info.get("repository") or {}
    archive = backup.get("archive") or {}
    return {
        "label": backup["label"],
        "kind": backup["type"],
        "repo": database_of(backup)[0],
        "started_at": backup["timestamp"]["start"],
        "stopped_at": backup["timestamp"]["stop"],
        "size_bytes": info.get("size"),
        "repo_bytes": repository.get("size", repository.get("delta")),
        "error": backup.get("error"),
        "wal_start": archive.get("start"),
        "wal_stop": archive.get("stop"),
    }


def parse_pgbackrest_config(text, stanza=None):
    """`{option: value}` of the global sections and the stanza's own (None: of all sections).

    Names of old versions are given as today's: `repo-path` as `repo1-path`, `db-host` as `pg1-host`.
    """
    options, section = {}, ""
    for line in text.splitlines():
        header = SECTION.match(line)
        section = header.group(1) if header else section
        option = OPTION.match(line)
        if option and (stanza is None or section in ("", "global", stanza)):
            name = re.sub("^repo-", "repo1-", option.group(1))
            options[re.sub(r"^db(\d*)-", lambda found: "pg%s-" % (found.group(1) or "1"), name)] = option.group(2)
    return options


def is_off_host(options, mounts, number):
    """Whether the repository of this number lies on another machine than the database.

    By host, by kind, on a network filesystem, or because this is a backup server and every database is elsewhere.
    """
    own = "repo%d-" % number
    if databases_elsewhere(options) or own + "host" in options or options.get(own + "type") in ELSEWHERE:
        return True
    path = options.get(own + "path", "/var/lib/pgbackrest")
    inside = [mount for mount in parse_mounts(mounts) if (path + "/").startswith(mount["mount"].rstrip("/") + "/")]
    return bool(inside) and max(inside, key=lambda mount: len(mount["mount"]))["fstype"] in NETWORK


def databases_elsewhere(options):
    """Whether all of a stanza's databases have a host of their own: its repository here is off theirs."""
    numbers = set(found.group(1) for found in map(DATABASE.match, options) if found)
    hosts = [options.get("pg%s-host" % number, LOOPBACK[0]) for number in numbers]
    return bool(hosts) and not any(host in LOOPBACK for host in hosts)


def target_space(options):
    """Free and total bytes at the first local repository; the call may hang on a dead server."""
    if "repo1-host" in options or options.get("repo1-type") in ELSEWHERE:
        return {}
    path = options.get("repo1-path", "/var/lib/pgbackrest")
    state, payload = in_lanes(1, lambda _task: measure(path), 1, 2.0, monotonic() + 2.0)[0]
    numbers = json.loads(payload.decode("ascii")) if state == "done" else {}
    return {"target_free_bytes": numbers.get("free_bytes"), "target_size_bytes": numbers.get("size_bytes")}
