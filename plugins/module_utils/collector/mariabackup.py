"""Sets of mariadb-backup (also mariabackup and xtrabackup): each has a folder, with a file that says what it is."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os

from .binlogs import said_binlog
from .catalogue import BASELESS, ENOUGH_SETS, UNFINISHED, WRITTEN_S, Unclear, folder_size, said_time, unclear_of
from .probe import folder_names, open_regular, read_fd
from .program import monotonic
from .text import decode, encode, number, settings

SET_INFOS = ("mariadb_backup_info", "xtrabackup_info")
SET_CHECKPOINTS = ("mariadb_backup_checkpoints", "xtrabackup_checkpoints")
SET_DATA = ("ibdata1", "ibdata1.delta", "backup-my.cnf", "ib_logfile0", "aria_log_control", "xtrabackup_logfile")
CORRUPTED = "innodb_corrupted_pages"
SET_FOLDERS = 1000


def read_mariadb_sets(path, now, deadline):
    """(finished sets, faults as (at, state, name), ""): raises EnvironmentError, Unclear."""
    told, bare, odd = [], [], []
    for folder, names in set_folders(path):
        label = os.path.relpath(folder, path) if folder != path else os.path.basename(path)
        info = [name for name in SET_INFOS if name in names]
        if info and [name for name in SET_CHECKPOINTS if name in names]:
            told.append(finished_set(folder, label, names, set_text(folder, info[0])))
        elif [name for name in names if name.startswith(tuple(one + "." for one in SET_INFOS))]:
            odd.append(folder)
        else:
            bare.append((folder, label))
    told.sort(key=lambda one: (one["stopped_at"], one["to_lsn"] or 0))
    sets, faults = with_bases(told)
    for folder in odd:
        unclear_of(folder, "its mariadb_backup_info is compressed", sets, folder_size(folder, deadline)[1])
    for folder, label in bare:
        written_at = folder_size(folder, deadline)[1]
        if now - written_at > WRITTEN_S:
            faults.append((written_at, UNFINISHED, label))
    for one in sets[-ENOUGH_SETS:]:
        weigh(one, deadline)
    return sets, faults, ""


def set_folders(path):
    """`[(folder, names in it)]` of all that are or were to become a set: the folder itself, or one or two below it."""
    found, queue, seen = [], [(path, 0)], 0
    while queue:
        folder, depth = queue.pop()
        names = folder_names(folder)
        seen += 1
        if seen > SET_FOLDERS:
            raise Unclear("%s: more than %d folders" % (path, SET_FOLDERS))
        if [name for name in names if name in SET_DATA or name.startswith(SET_INFOS)]:
            found.append((folder, names))
        elif depth < 2:
            below = [os.path.join(folder, name) for name in names]
            # A link like `latest` would show one set twice.
            below = [one for one in below if os.path.isdir(encode(one)) and not os.path.islink(encode(one))]
            queue += [(one, depth + 1) for one in below]
    return found


def set_text(folder, name):
    """Text of a file of the set; raises EnvironmentError."""
    fd = open_regular(os.path.join(folder, name))
    try:
        return decode(read_fd(fd, 65536))
    finally:
        os.close(fd)


def finished_set(folder, label, names, text):
    """The set, with what `with_bases` and `weigh` want besides; raises Unclear when it does not say its end."""
    told = parse_set_info(text)
    if told["stopped_at"] is None:
        raise Unclear("%s: its mariadb_backup_info names no end" % folder)
    small = [name for name in names if name.startswith(("xtrabackup_", "mariadb_backup_"))]
    told.update(label=label, folder=folder, has_data=len(small) < len(names))
    # Of a set whose data went elsewhere as a stream, the list of damaged pages went with them.
    told["error"] = CORRUPTED in names if told["has_data"] else None
    return told


def parse_set_info(text):
    """What `mariadb_backup_info` says; the command line, which may hold a password, is not read."""
    said = settings(text)
    plain = said.get("format") == "file" and said.get("compressed") == "N"
    return {
        "kind": "incr" if said.get("incremental") == "Y" else "partial" if said.get("partial") == "Y" else "full",
        "started_at": said_time(said.get("start_time", "")),
        "stopped_at": said_time(said.get("end_time", "")),
        "from_lsn": number(said.get("innodb_from_lsn")),
        "to_lsn": number(said.get("innodb_to_lsn")),
        "wal_start": said_binlog(said.get("binlog_pos", "")),
        "plain": plain,
    }


def with_bases(told):
    """(sets that can be restored, faults): an incremental one wants the set at which it begins, and that one's too."""
    sets, faults = [], []
    for one in told:
        if one["kind"] != "incr" or [base for base in sets if base["to_lsn"] == one["from_lsn"]]:
            sets.append(one)
        else:
            faults.append((one["stopped_at"], BASELESS, one["label"]))
    return sets, faults


def weigh(one, deadline):
    """Put the set's size in place of what only this part wants to know of it."""
    size = folder_size(one["folder"], deadline)[0] if one["has_data"] and monotonic() < deadline else None
    one["repo_bytes"] = size
    one["size_bytes"] = size if one["plain"] and one["kind"] == "full" else None
    for key in ("from_lsn", "to_lsn", "plain", "folder", "has_data"):
        del one[key]
