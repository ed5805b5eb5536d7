"""Backup jobs that have no catalogue but what each set says of itself, by the folder where the sets lie."""

from __future__ import absolute_import, division, print_function, unicode_literals

import errno
import json
import os

from .binlogs import join_binlogs
from .catalogue import ENOUGH_SETS, Unclear, folder_of_sets, reach_of
from .dumps import read_dumps
from .filesystems import NETWORK, measure, parse_mounts
from .lanes import in_lanes
from .manifests import read_manifests
from .mariabackup import read_mariadb_sets
from .probe import Refused, folder_names
from .program import FOLDERS, monotonic
from .restic import read_restic
from .text import decode, encode

SET_TOOLS = ("mariadb-backup", "mysqldump", "restic", "manifest")
SET_LANES = 2
LOOKED = ("listed", "missing", "hashed", "changed")
DATABASE_SERVERS = ("mariadbd", "mysqld")


def set_jobs(probe, declared, share):
    """The jobs that could be told in this share of the section's time; of the others `probe.withheld` says why.

    A folder that is not there has no job. Each is read in a process of its own: a dead network filesystem costs only
    its job.
    """
    seconds = probe.parameters["section_timeout_s"] * share
    until, now = monotonic() + seconds, probe.parameters["now_at"]
    mounts = probe.read("/proc/self/mounts") or ""

    def work(task):
        return json.dumps(told_job(declared[task], now, until - seconds * 0.2, mounts)).encode("ascii")

    jobs = []
    for task, (state, payload) in sorted(in_lanes(len(declared), work, SET_LANES, seconds, until).items()):
        one = declared[task]
        probe.noted("what the %s sets in %s say of themselves" % (one["tool"], one["path"]))
        told = json.loads(payload.decode("ascii")) if state == "done" else {"why": "its sets did not answer in time"}
        jobs += [told["job"]] if "job" in told else []
        if "why" in told:
            probe.withheld[one["name"]] = told["why"]
        elif "job" in told and told["job"]["off_host"] is None:
            probe.withheld["off_host"] = "the sets of %s name no host, or one that may be this one" % one["name"]
    return jobs


def told_job(declared, now, deadline, mounts):
    """`{"job": …}`, `{"why": …}`, or `{}` where the folder is not there."""
    try:
        return {"job": set_job(declared, now, deadline, mounts)}
    except (Unclear, Refused) as error:
        return {"why": "%s" % error}
    except EnvironmentError as error:
        if error.errno == errno.ENOENT and not os.path.exists(encode(folder_of_sets(declared["path"]))):
            return {}
        if error.errno == errno.ENOENT:
            # Retention was at work: what came instead of the set that is gone, the next inspection sees.
            return {"why": "%s: changed while it was read" % declared["path"]}
        if error.errno in (errno.EACCES, errno.EPERM):
            return {"why": "needs root or the backup user: %s" % decode(encode(error.filename or declared["path"]))}
        return {"why": "cannot be read: %s" % os.strerror(error.errno or errno.EIO)}


def set_job(declared, now, deadline, mounts):
    """The job with its finished sets, oldest first; raises EnvironmentError, or Unclear if a newer one may be there."""
    path = declared["path"]
    folder = folder_of_sets(path)
    sets, faults, source, more = read_sets(declared, now, deadline)
    sets.sort(key=lambda one: one["stopped_at"])
    last = sets[-1]["stopped_at"] if sets else 0
    # What failed before the last good set is history, which retention takes away.
    _at, code, label = max([fault for fault in faults if fault[0] > last] or [(0, 0, "ok")])
    numbers = json.loads(measure(folder).decode("ascii"))
    job = {
        "tool": declared["tool"],
        "name": declared["name"],
        "status_code": code,
        "status": label,
        "backups": sets[-ENOUGH_SETS:],
        "repositories": 1,
        "off_host": sets_off_host(folder, mounts, source),
        "target_free_bytes": numbers.get("free_bytes"),
        "target_size_bytes": numbers.get("size_bytes"),
    }
    job.update(reach_of(sets))
    job.update(more)
    return job


def read_sets(declared, now, deadline):
    """(finished sets, faults as (at, state, name), where they are of, what else is told of the job)."""
    tool, path = declared["tool"], declared["path"]
    if tool == "restic":
        return read_restic(declared, deadline) + ({},)
    if tool == "manifest":
        sets, faults, source, looked = read_manifests(path, now, deadline)
        return sets, faults, source, dict(("files_" + key, looked.get(key)) for key in LOOKED)
    if tool == "mysqldump":
        return read_dumps(path, now, deadline)
    sets, faults, source = read_mariadb_sets(path, now, deadline)
    if not declared.get("binlogs"):
        for one in sets:
            del one["wal_start"]
        return sets, faults, source, {}
    return sets, faults, source, {"wal": join_binlogs(sets, declared["binlogs"]), "binlogs": True}


def sets_off_host(folder, mounts, source):
    """Whether the sets lie on another machine than what they are of; None when their host may be this one.

    On a network filesystem, of a host elsewhere by the sets' own word, or on a host that has no such server.
    """
    real = os.path.realpath(folder) + "/"
    above = [one for one in parse_mounts(mounts) if real.startswith(one["mount"].rstrip("/") + "/")]
    if source == "away" or (above and max(above, key=lambda one: len(one["mount"]))["fstype"] in NETWORK):
        return True
    if source == "here":
        return False
    if source == "unnamed":
        return None
    if not has_database_server():
        return True
    return None if source == "maybe" else False


def has_database_server():
    """Whether a MariaDB or MySQL is installed here, or runs here in whatever container."""
    if [name for name in DATABASE_SERVERS for place in FOLDERS if os.path.exists(os.path.join(place, name))]:
        return True
    return bool([pid for pid in folder_names("/proc") if pid.isdigit() and process_name(pid) in DATABASE_SERVERS])


def process_name(pid):
    """The short name of a process, "" when it has gone."""
    try:
        with open("/proc/%s/comm" % pid, "rb") as comm:
            return decode(comm.read(64)).strip()
    except EnvironmentError:
        return ""
