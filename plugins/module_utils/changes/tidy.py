"""Old files: which a rule would compress or delete, and doing just that.

Directories are opened step by step without following a link, and files are reached through them: whoever may write
into a directory of logs cannot lead what root does there to another place.
"""

from __future__ import annotations

import fnmatch
import gzip
import os
import shutil
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .place import STATE, Refused

DAY_S = 86400
COMPRESSED = (".gz", ".xz", ".zst", ".bz2", ".lz4", ".zip")
# Nothing below these is anybody's old file, and these themselves are too wide for a rule.
SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr")
TOO_WIDE = ("/", "/home", "/mnt", "/opt", "/root", "/srv", "/var", "/var/cache", "/var/lib", "/var/spool")
# A directory that holds one of these is a database's, and what is in it is no file of ours.
DATABASES = {"PG_VERSION": "PostgreSQL", "ibdata1": "MariaDB or MySQL"}


def required(rule: dict, floor_days: int) -> Path:
    """The directory of a rule; Refused for one that could touch what is no old file, or a log that must be kept."""
    said, path = rule["path"], Path(os.path.normpath(rule["path"]))
    if not path.is_absolute() or "/" in rule["pattern"] or not rule["pattern"].strip():
        raise Refused(f"{said} {rule['pattern']}: a rule has an absolute directory, and a pattern of names in it")
    if os.path.realpath(path) != str(path):
        raise Refused(f"{said} leads through a link to {os.path.realpath(path)}: name that, if it is what you mean")
    if not path.is_dir():
        raise Refused(f"{said} is no directory of this host")
    if str(path) in TOO_WIDE or any(path == Path(one) or Path(one) in path.parents for one in (*SYSTEM, str(STATE))):
        raise Refused(f"{said} is too wide or the system's own: name the directory that the old files are in")
    for above in (path, *path.parents):
        for mark, owner in DATABASES.items():
            if (above / mark).exists():
                raise Refused(f"{said} lies in a data directory of {owner}: only the server tidies there")
    least = floor_days if rule["action"] == "delete" and rule["log"] else 1
    if rule["action"] != "rotate" and rule["keep_days"] < least:
        raise Refused(f"{said} {rule['pattern']}: keep_days {rule['keep_days']} is less than {least}")
    return path


def look(rules: Iterable[dict], *, floor_days: int, now: float, most: int) -> dict:
    """Every old file that a rule names, the oldest first and `most` of them; `left` counts why others stay."""
    busy, found, left = opened(), {}, {}
    for rule in rules:
        for path, seen in all_files(required(rule, floor_days), recurse=rule["recurse"]):
            if not stat.S_ISREG(seen.st_mode) or not _meant(path.name, rule):
                continue
            why = _stays(seen, rule, now, busy)
            if why:
                left[why] = left.get(why, 0) + 1
            else:
                # The rule that comes first has it.
                found.setdefault(str(path), told(path, seen, rule["action"]))
    files = sorted(found.values(), key=lambda one: int(one["mtime_ns"]))
    if len(files) > most:
        left["more than one change takes"] = len(files) - most
    return {"files": files[:most], "left": left, "bytes": sum(one["bytes"] for one in files[:most])}


def still(only: Iterable[dict], rules: list) -> list:
    """The files of a plan; Refused for one that no rule names, so that a plan takes nothing that rules would not."""
    wanted = list(only)
    for one in wanted:
        path = Path(os.path.normpath(one["path"]))
        if not any(names(rule, path) and rule["action"] == one["action"] for rule in rules):
            raise Refused(f"{path}: no rule would {one['action']} it")
    return wanted


def names(rule: dict, path: Path) -> bool:
    """Whether a file of this path is one of the rule's."""
    directory = Path(os.path.normpath(rule["path"]))
    within = directory in path.parents if rule["recurse"] else path.parent == directory
    return within and _meant(path.name, rule)


def tidy(one: dict) -> dict:
    """Compress or delete one file, if it is still the one that was seen; `ended` is done, gone, changed or open."""
    path = Path(one["path"])
    try:
        with opened_directory(path.parent) as directory:
            return {**one, **_tidy(directory, path.name, one)}
    except FileNotFoundError:
        return {**one, "ended": "gone", "freed": 0}
    except NotADirectoryError:  # a link stands on the way now: what is behind it is not looked at
        return {**one, "ended": "changed", "freed": 0}


def _tidy(directory: int, name: str, one: dict) -> dict:
    try:
        held = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except FileNotFoundError:
        return {"ended": "gone", "freed": 0}
    except OSError:  # a link stands there now
        return {"ended": "changed", "freed": 0}
    with os.fdopen(held, "rb") as file:
        seen = os.fstat(file.fileno())
        if not stat.S_ISREG(seen.st_mode) or identity(seen) != (one["inode"], one["size"], one["mtime_ns"]):
            return {"ended": "changed", "freed": 0}
        if (seen.st_dev, seen.st_ino) in opened(but=os.getpid()):
            return {"ended": "open", "freed": 0}
        takes = _compress(directory, name, file, seen) if one["action"] == "compress" else 0
    os.unlink(name, dir_fd=directory)
    os.fsync(directory)
    return {"ended": "done", "freed": seen.st_blocks * 512 - takes}


def opened(but: int = 0) -> set:
    """Device and inode of every file that a process holds open, `but` one process's; as root, all of them."""
    found = set()
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == but:
            continue
        with suppress(OSError):  # it has ended
            for handle in (process / "fd").iterdir():
                with suppress(OSError):  # it was closed meanwhile: the others count
                    seen = handle.stat()
                    found.add((seen.st_dev, seen.st_ino))
    return found


@contextmanager
def opened_directory(path: Path) -> Iterator[int]:
    """The directory, opened from the root on; NotADirectoryError where a link stands on the way."""
    held = os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in path.parts[1:]:
            deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=held)
            os.close(held)
            held = deeper
        yield held
    finally:
        os.close(held)


def all_files(path: Path, *, recurse: bool) -> Iterator[tuple]:
    """What a directory holds besides directories and, if wanted, what those in it on the same filesystem hold."""
    device, waiting = path.stat().st_dev, [path]
    while waiting:
        at = waiting.pop()
        with opened_directory(at) as directory, os.scandir(directory) as listing:
            for one in listing:
                try:
                    seen = one.stat(follow_symlinks=False)
                except FileNotFoundError:  # it has gone since the directory was read
                    continue
                if not stat.S_ISDIR(seen.st_mode):
                    yield at / one.name, seen
                elif recurse and seen.st_dev == device:
                    waiting.append(at / one.name)


def _meant(name: str, rule: dict) -> bool:
    packed = rule["action"] != "delete" and name.endswith((*COMPRESSED, ".half"))
    return fnmatch.fnmatchcase(name, rule["pattern"]) and not packed


def _stays(seen: os.stat_result, rule: dict, now: float, busy: set) -> str:
    """Why a file stays; empty when it goes."""
    if now - seen.st_mtime < rule["keep_days"] * DAY_S:
        return "not old enough"
    if seen.st_nlink > 1:
        return "it has another name, too"
    return "a process has it open" if (seen.st_dev, seen.st_ino) in busy else ""


def told(path: Path, seen: os.stat_result, action: str) -> dict:
    """A file as it is told, and frozen in a plan."""
    inode, size, mtime_ns = identity(seen)
    return {"path": str(path), "action": action, "inode": inode, "size": size, "mtime_ns": mtime_ns,
            "bytes": seen.st_blocks * 512}  # fmt: skip


def identity(seen: os.stat_result) -> tuple:
    """Inode, size and time of the last change, by which a file is known again."""
    # As text: nanoseconds since 1970 are more than a plan's numbers hold exactly.
    return str(seen.st_ino), str(seen.st_size), str(seen.st_mtime_ns)


def _compress(directory: int, name: str, file, seen: os.stat_result) -> int:
    """Write NAME.gz beside it, whole, with its owner, mode and time; what it takes on the disk."""
    made, half = f"{name}.gz", f".{name}.gz.half"
    if _there(directory, made):
        if not _made_of(directory, made, file, seen):
            raise Refused(f"{made} is there already, beside {name}: move one of them away")
        return os.stat(made, dir_fd=directory, follow_symlinks=False).st_blocks * 512
    if _there(directory, half):
        os.unlink(half, dir_fd=directory)
    held = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=directory)
    with os.fdopen(held, "wb") as raw, _none_left(directory, half):
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
            shutil.copyfileobj(file, packed, 1024 * 1024)
        raw.flush()
        os.fchown(raw.fileno(), seen.st_uid, seen.st_gid)
        os.fchmod(raw.fileno(), stat.S_IMODE(seen.st_mode))
        os.utime(raw.fileno(), ns=(seen.st_atime_ns, seen.st_mtime_ns))
        os.fsync(raw.fileno())
        takes = os.fstat(raw.fileno()).st_blocks * 512
    os.rename(half, made, src_dir_fd=directory, dst_dir_fd=directory)
    os.fsync(directory)
    return takes


def _made_of(directory: int, made: str, file, seen: os.stat_result) -> bool:
    """Whether a call that was cut off before it deleted the old file has made this: the same time, every byte."""
    try:
        held = os.open(made, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
        with os.fdopen(held, "rb") as raw, gzip.GzipFile(fileobj=raw) as packed:
            found = os.fstat(raw.fileno())
            same = stat.S_ISREG(found.st_mode) and found.st_mtime_ns == seen.st_mtime_ns
            while same:
                part = file.read(1024 * 1024)
                same = packed.read(1024 * 1024) == part
                if not part:
                    break
    except (OSError, EOFError, zlib.error):  # another's, by whatever name
        return False
    return same


@contextmanager
def _none_left(directory: int, name: str) -> Iterator[None]:
    """What is written within goes when it cannot be written: on a full disk it would take the last room."""
    try:
        yield
    except OSError:
        os.unlink(name, dir_fd=directory)
        raise


def _there(directory: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
