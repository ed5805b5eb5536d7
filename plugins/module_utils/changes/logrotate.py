"""The host's own logrotate, for just one log at a time: with a configuration and a state of ours, never with its own.

It renames and makes the new file, or copies and truncates. It compresses nothing and deletes nothing: the one comes
when nobody has the old file open any more, the other by age and by rules of its own.
"""

from __future__ import annotations

import fnmatch
import glob
import grp
import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from . import place
from .place import Refused

PROGRAMS = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
HOSTS_OWN = (Path("/etc/logrotate.conf"), Path("/etc/logrotate.d"))
# What logrotate's include leaves out, as far as packages and editors leave it behind.
NOT_INCLUDED = (".bak", ".disabled", ".dpkg-dist", ".dpkg-new", ".dpkg-old", ".rpmnew", ".rpmorig", ".rpmsave", "~")
# A path is a pattern for logrotate, between quotes that nothing escapes.
UNTOLD = re.compile(r"[\x00-\x1f\x7f\"'\\*?\[\]{}\ud800-\udfff]")
# More than it will ever count: it deletes what is more. `-1` says so only to newer ones.
ALL = 1000000
NAMELESS = re.compile(r"^\d+:|:\d+$|\s")
GENERATION = re.compile(r"-\d{8}-(\d{9,11})$")  # what `dateformat` below gives


def program() -> str:
    """Where logrotate is; Refused where it is not."""
    found = shutil.which("logrotate", path=PROGRAMS)
    if not found:
        raise Refused("logrotate is not on this host: install it, or leave the rules out that rotate")
    return found


def rotated_at(name: str, log: str) -> int:
    """When a file was rotated away from this log, in seconds since 1970; 0 for one that was not, or not by us."""
    found = GENERATION.fullmatch(name[len(log) :]) if name.startswith(log) else None
    return int(found.group(1)) if found else 0


def log_of(path: Path) -> Path:
    """The log that a file was rotated from; any other file itself."""
    return path.with_name(GENERATION.sub("", path.name) or path.name)


def configuration(path: str, *, truncate: bool, su: str) -> str:
    """For one log; names by second never meet, and are found again by their pattern."""
    said = [f"rotate {ALL}", "nocompress", "ifempty", "nomissingok", "nomail", "noolddir", "dateext"]
    said += ["dateformat -%Y%m%d-%s", "copytruncate" if truncate else "create", *([f"su {su}"] if su else [])]
    return "\n".join([f'"{path}" {{', *(f"    {one}" for one in said), "}", ""])


def rotate(path: str, *, truncate: bool, su: str) -> None:
    """Rotate one log now, however young it is; Refused with logrotate's own words when it did not."""
    own = place.private(place.STATE / "logrotate")
    place.write(own / "conf", configuration(path, truncate=truncate, su=su))
    argv = [program(), "--force", "--state", str(own / "status"), str(own / "conf")]
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": PROGRAMS, "LC_ALL": "C"},
        check=False,
    )
    said = " ".join(done.stdout.decode(errors="replace").split())
    if done.returncode or "error:" in said:
        raise Refused(f"{path}: logrotate ended with {done.returncode}: {said[-600:] or 'no word'}")


def acting_as(path: Path, log: os.stat_result) -> str:
    """`user group` that logrotate is to act as, empty for root: where others may write, root could be led elsewhere.

    Refused where nobody could make the new file as the old one is: logrotate would make it another's, and say nothing.
    """
    parent = path.parent.stat()
    # In a sticky directory on the way, nobody replaces what is root's.
    led = [one for one in path.parent.parents if not one.stat().st_mode & stat.S_ISVTX]
    if not any(map(_others_write, [path.parent, *led])):
        return ""
    user = parent.st_uid or log.st_uid
    if not user:
        raise Refused(f"{path} is root's, in a directory that others may write: take that right away first")
    # Its owner writes by being it, anybody else by the directory's group, where that may write.
    by_group = log.st_gid == parent.st_gid and parent.st_mode & stat.S_IWGRP
    if log.st_uid != user or not (parent.st_uid or by_group):
        raise Refused(
            f"{path} belongs to {_ids(log)}, its directory to {_ids(parent)}, and others may write on the way: "
            "give both to one user and group first"
        )
    if NAMELESS.search(_ids(log)):
        raise Refused(f"{path} belongs to {_ids(log)}: logrotate knows users and groups by a name without blanks alone")
    return _ids(log).replace(":", " ")


def _others_write(directory: Path) -> bool:
    seen = directory.stat()
    by_group = seen.st_mode & stat.S_IWGRP and (seen.st_gid or _has_acl(directory))
    return bool(seen.st_uid or by_group or seen.st_mode & stat.S_IWOTH)


def _has_acl(directory: Path) -> bool:
    """Whether the group's rights are the most that anybody named beside it has, and not root's group's alone."""
    try:
        return bool(os.getxattr(directory, "system.posix_acl_access"))
    except OSError:  # none, or a filesystem that knows none
        return False


def _ids(seen: os.stat_result) -> str:
    """`user:group`, by number where they have no name."""
    user, group = str(seen.st_uid), str(seen.st_gid)
    with suppress(KeyError):
        user = pwd.getpwuid(seen.st_uid).pw_name
    with suppress(KeyError):
        group = grp.getgrgid(seen.st_gid).gr_name
    return f"{user}:{group}"


def other_master(path: str) -> str:
    """The file of the host's own configuration that rotates this log, too; empty when none does."""
    for file in _configurations():
        if any(_names(pattern, path) for pattern in patterns(file.read_text(errors="surrogateescape"))):
            return str(file)
    return ""


def _names(pattern: str, path: str) -> bool:
    """As glob does, of which a star stays in its directory; a link may lead to that."""
    (folders, name), (folder, own) = os.path.split(pattern), os.path.split(path)
    if not fnmatch.fnmatchcase(own, name):
        return False
    parts = (folders.split("/"), folder.split("/"))
    if len(parts[0]) == len(parts[1]) and all(map(fnmatch.fnmatchcase, parts[1], parts[0])):
        return True
    return any(os.path.realpath(one) == folder for one in glob.glob(folders))  # noqa: PTH207  # Path takes no empty one


def _configurations() -> Iterator[Path]:
    for one in HOSTS_OWN:
        if one.is_file():
            yield one
        elif one.is_dir():
            yield from sorted(
                file
                for file in one.iterdir()
                if file.is_file() and not file.name.startswith(".") and not file.name.endswith(NOT_INCLUDED)
            )


def patterns(text: str) -> list[str]:
    """The paths and patterns before each block of a configuration; a word of a script may be among them."""
    plain = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    return [word for before in re.findall(r"([^{}]*)\{", plain) for word in _words(before) if word.startswith("/")]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote without its end: of a script, before a brace of its own
        return text.split()
