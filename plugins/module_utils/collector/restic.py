"""File sets by restic: its own list of snapshots, of which each was written when its backup had come to its end."""

from __future__ import absolute_import, division, print_function, unicode_literals

import json
import os
import re

from .catalogue import DAMAGED, Unclear
from .probe import folder_names, utc_time
from .program import FOLDERS, monotonic, run_program
from .text import decode, encode

RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|([+-])(\d\d):(\d\d))$")
UNREADABLE = re.compile(r"could not load snapshot ([0-9a-f]+)|Ignoring \"?([0-9a-f]+)")
# What a repository must have beside its snapshots, or no file of theirs comes back.
REPOSITORY = ("data", "index")


def read_restic(declared, deadline):
    """(snapshots, faults as (at, state, name), where they are of): raises EnvironmentError, Unclear.

    Reads only: no lock and no cache is written. restic is told the name of the host's file that holds the password.
    """
    repository = declared["path"]
    os.stat(encode(repository))
    if not os.path.exists(os.path.join(encode(repository), b"config")):
        return [], [], "here"  # no repository, or its filesystem is not mounted
    program = [path for path in (os.path.join(folder, "restic") for folder in FOLDERS) if os.access(path, os.X_OK)]
    if not program:
        raise Unclear("no program restic")
    argv = [program[0], "--repo=" + repository, "--password-file=" + declared["password_file"]]
    argv += ["--no-lock", "--no-cache", "snapshots", "--json"]
    output = run_program(argv, max(0.1, deadline - monotonic()), 16 << 20)
    said = decode(output.err).strip()
    if output.code != 0:
        why = (said.splitlines() or ["ended with %s" % output.code])[-1][:200]
        raise Unclear("restic %s" % ("did not answer in time" if output.timeout else why))
    listed = json.loads(decode(output.out)) or []
    sets = of_one_folder([one for one in listed if declared.get("tag") in [None] + (one.get("tags") or [])])
    # From 0.17 on it says the whole name, before that as much of it as people do.
    faults = [(float("inf"), DAMAGED, (found.group(1) or found.group(2))[:8]) for found in UNREADABLE.finditer(said)]
    faults += [(float("inf"), DAMAGED, name) for name in REPOSITORY if listed and not holds(repository, name)]
    own = os.uname()[1]
    away = listed and own not in [one.get("hostname") for one in listed]
    return [restic_set(one) for one in sets], faults, "away" if away else "here"


def of_one_folder(listed):
    """The snapshots, oldest first; raises Unclear where they are of several folders or hosts."""
    sources = sorted(set("%s:%s" % (one.get("hostname"), " ".join(one.get("paths") or ())) for one in listed))
    if len(sources) > 1:
        # The newest of any would hide that those of another have stopped.
        raise Unclear("snapshots of several folders or hosts: %s: name one by its `tag`" % ", ".join(sources)[:200])
    return sorted(listed, key=lambda one: restic_time(one["time"]))


def restic_set(one):
    """A snapshot names when its backup began; from 0.17 on also when it ended, and how much it held."""
    summary = one.get("summary") or {}
    began = restic_time(one["time"])
    return {
        "label": one.get("short_id") or one["id"][:8],
        "kind": "full",
        "started_at": began,
        "stopped_at": restic_time(summary["backup_end"]) if "backup_end" in summary else began,
        "size_bytes": summary.get("total_bytes_processed"),
    }


def restic_time(text):
    """Epoch seconds of `2026-11-25T19:35:18.858842864Z`; raises Unclear."""
    found = RFC3339.match(text)
    if not found:
        raise Unclear("a snapshot of the time %s" % text[:40])
    parts = found.groups()
    ahead = (int(parts[8]) * 3600 + int(parts[9]) * 60) * (-1 if parts[7] == "-" else 1) if parts[7] else 0
    return utc_time([int(part) for part in parts[:6]]) + float(parts[6] or 0) - ahead


def holds(repository, name):
    """Whether there is anything in a folder of the repository."""
    try:
        return bool(folder_names(os.path.join(repository, name)))
    except EnvironmentError:
        return False
