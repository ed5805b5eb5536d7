"""File sets with a manifest of hashes (sha256sum): all of its files are looked for, some of them are read again."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re
import stat

from .catalogue import (
    CHANGED,
    FILES_OF_SET,
    MISSING,
    UNFINISHED,
    WRITTEN_S,
    Unclear,
    folder_of_sets,
    said_time,
)
from .probe import folder_names, open_regular, paths_like, read_fd
from .program import monotonic
from .text import byte_pattern, decode, encode

MANIFEST = "SHA256SUMS"
MANIFEST_CAP = 64 << 20
SUM_LINE = byte_pattern(r"(\\?)([0-9a-fA-F]{64}) [ *](.+)$")
SUM_ESCAPED = byte_pattern(r"\\(.)")
COMPLETED = re.compile(r"# completed (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?: on ([A-Za-z0-9_.-]+))?$")


def read_manifests(path, now, deadline):
    """(whole sets, faults as (at, state, name), where they are of, what was looked at).

    Raises EnvironmentError, Unclear. Only the newest set's files are looked at: it is the one that would be restored.
    """
    told, faults = [], []
    for file in manifest_files(path):
        label = os.path.relpath(os.path.dirname(file), folder_of_sets(path))
        ended = COMPLETED.match(last_line(file))
        if ended and said_time(ended.group(1)) is not None:
            told.append({"at": said_time(ended.group(1)), "host": ended.group(2), "label": label, "file": file})
            continue
        written_at = os.stat(encode(file)).st_mtime
        if now - written_at > WRITTEN_S:
            faults.append((written_at, UNFINISHED, label))
    told.sort(key=lambda one: one["at"])
    looked = {}
    if told:
        state, looked = compare(told[-1]["file"], now, deadline)
        if state:
            wrong = told.pop()
            faults.append((wrong["at"], state, wrong["label"]))
    hosts = set(one["host"] for one in told)
    source = "unnamed" if None in hosts or not hosts else "here" if os.uname()[1] in hosts else "away"
    return [manifest_set(one, looked) for one in told], faults, source, looked


def manifest_files(path):
    """The manifests that a pattern names, or those called SHA256SUMS in a folder and in the folders in it."""
    if "*" in path or "?" in path:
        found = paths_like(path)
    else:
        names = folder_names(path)
        folders = [os.path.join(path, name) for name in names]
        # A link like `latest` would show one set twice.
        folders = [path] + [one for one in folders if not os.path.islink(encode(one))]
        found = [os.path.join(folder, MANIFEST) for folder in folders]
        found = [one for one in found if os.path.lexists(encode(one))]
    return [one for one in found if stat.S_ISREG(os.lstat(encode(one)).st_mode)]


def manifest_set(one, looked):
    """A set says when it ended; its size is known of the one whose files were looked at."""
    return {"label": one["label"], "kind": "full", "started_at": None, "stopped_at": one["at"],
            "size_bytes": looked.get("bytes") if one["file"] == looked.get("file") else None}  # fmt: skip


def last_line(file):
    """The last line, which tells that the manifest was written to its end."""
    fd = open_regular(file)
    try:
        os.lseek(fd, max(0, os.fstat(fd).st_size - 4096), os.SEEK_SET)
        return (decode(os.read(fd, 4096)).strip().splitlines() or [""])[-1]
    finally:
        os.close(fd)


def manifest_lines(file):
    """`[(path below the manifest's folder, hash)]`; raises Unclear for what sha256sum has not written."""
    fd = open_regular(file)
    try:
        text = read_fd(fd, MANIFEST_CAP)
    finally:
        os.close(fd)
    if len(text) == MANIFEST_CAP:
        raise Unclear("%s: a manifest of more than %d bytes" % (file, MANIFEST_CAP))
    found = []
    for line in text.splitlines():
        if not line.strip() or line.startswith(b"#"):
            continue
        parts = SUM_LINE.match(line)
        if not parts:
            raise Unclear("%s: a line that is none of sha256sum's" % file)
        # A name with a new line or a backslash in it is written with a backslash before the hash.
        name = unescaped(parts.group(3)) if parts.group(1) else parts.group(3)
        if name.startswith(b"/") or b".." in name.split(b"/"):
            raise Unclear("%s: names a file outside of its folder" % file)
        found.append((name, decode(parts.group(2)).lower()))
    if not found:
        raise Unclear("%s: names no file" % file)
    if len(found) > FILES_OF_SET:
        raise Unclear("%s: more than %d files" % (file, FILES_OF_SET))
    return found


def unescaped(name):
    """A name as it is on the disk."""
    return SUM_ESCAPED.sub(lambda found: {b"n": b"\n", b"r": b"\r"}.get(found.group(1), found.group(1)), name)


def compare(file, now, deadline):
    """(state or 0, what was looked at): whether each file is there, and whether some of them are what they were.

    Which ones are read is another choice at each inspection. Raises Unclear where the time allowed for none.
    """
    import random  # here, because loading it is dear, and few hosts have such sets

    folder, lines = os.path.dirname(encode(file)), manifest_lines(file)
    looked = {"file": file, "listed": len(lines), "missing": 0, "hashed": 0, "changed": 0, "bytes": 0}
    sizes = []
    for name, _known in lines:
        if monotonic() > deadline:
            raise Unclear("%s: too many files to look for in this time" % file)
        try:
            status = os.lstat(os.path.join(folder, name))
        except EnvironmentError:
            status = None
        there = status is not None and stat.S_ISREG(status.st_mode)
        looked["missing"] += not there
        looked["bytes"] += status.st_size if there else 0
        sizes.append(there)
    chosen = [line for line, there in zip(lines, sizes) if there]
    random.Random(int(now)).shuffle(chosen)  # noqa: S311  # a sample, not a secret
    for name, known in chosen:
        seen = hash_of(os.path.join(folder, name), deadline)
        if seen is None:
            break
        looked["hashed"] += 1
        looked["changed"] += seen != known
    if chosen and not looked["hashed"]:
        raise Unclear("%s: no file could be read whole in this time" % file)
    return CHANGED if looked["changed"] else MISSING if looked["missing"] else 0, looked


def hash_of(path, deadline):
    """The file's SHA-256, None when the time is up before its end."""
    import hashlib

    fd, digest = open_regular(path), hashlib.sha256()
    try:
        while monotonic() < deadline:
            chunk = os.read(fd, 1 << 20)
            if not chunk:
                return digest.hexdigest()
            digest.update(chunk)
        return None
    finally:
        os.close(fd)
