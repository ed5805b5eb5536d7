"""The package files that a change and its rollback need, brought to the host before anything is changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from . import dpkg, patching, snapshot
from .place import Refused, cache_place, private, read_json, write

ARCHIVES = Path("/var/cache/apt/archives")
RECORD = "record.json"


def record(run: str) -> dict:
    """What `fill` wrote; Refused when it has not been here, or when a file of it is not what it was."""
    place = cache_place(run)
    told = read_json(place / RECORD)
    if told is None:
        raise Refused(f"{place / RECORD} is not there: the backup phase of run {run} has not been here")
    for name, digest in told["files"].items():
        if not (place / name).exists() or sha256(place / name) != digest:
            raise Refused(f"{place / name} is gone or not what it was when it was cached: run the backup phase again")
    return told


def fill(run: str, to: Mapping[str, str]) -> dict:
    """Bring the old and the new package files of this change; the record of it.

    Refused, before anything is changed, when an old version cannot be had any more: there would be no way back.
    """
    planned = patching.transaction(to)
    place = private(cache_place(run))
    for part in ("old", "new", "new/partial"):
        private(place / part)
    old = [one for one in planned["install"] + planned["remove"] if one["from"]]
    missing = [one for one in old if not bring(place / "old", one["package"], one["from"], rebuild=True)]
    _refuse("the archive has no more", "install dpkg-repack to rebuild them from what is installed", missing, "from")
    missing = [one for one in planned["install"] if not bring(place / "new", one["package"], one["to"], rebuild=False)]
    _refuse("the archive does not have", "make a new plan", missing, "to")
    files = sorted(one for part in ("old", "new") for one in (place / part).glob("*.deb"))
    told = {
        "to": dict(to),
        "install": planned["install"],
        "remove": planned["remove"],
        "automatic": snapshot.output_of(["apt-mark", "showauto"]).split(),
        "files": {str(one.relative_to(place)): sha256(one) for one in files},
    }
    write(place / RECORD, json.dumps(told))
    return told


def _refuse(what: str, hint: str, missing: list[dict], version: str) -> None:
    if missing:
        names = ", ".join(f"{one['package']} {one[version]}" for one in missing)
        raise Refused(f"{what} {names}: {hint}")


def bring(into: Path, package: str, version: str, *, rebuild: bool) -> bool:
    """Have a package's file in the directory: from apt's own cache, from the archive, else rebuilt."""
    if _there(into, package, version):
        return True
    kept = _there(ARCHIVES, package, version)
    if kept:
        shutil.copyfile(kept, into / kept.name)
        return True
    # The directory is ours alone, so that apt's unprivileged user could not write there.
    download = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", f"{package}={version}"]
    snapshot.output_of(["env", "-C", str(into), *download], allowed=(0, 100))
    if not _there(into, package, version) and rebuild and shutil.which("dpkg-repack"):
        snapshot.output_of(["env", "-C", str(into), "dpkg-repack", package], allowed=range(256))
    return _there(into, package, version) is not None


def _there(place: Path, package: str, version: str) -> Path | None:
    names = place.glob(dpkg.file_name(package, version, "*"))
    plain = place.glob(dpkg.file_name(package, version.partition(":")[2] or version, "*"))
    return next((one for one in (*names, *plain) if _is(one, package, version)), None)


def _is(path: Path, package: str, version: str) -> bool:
    told = snapshot.output_of(["dpkg-deb", "-W", "--showformat=${Package}\\t${Version}", str(path)], allowed=range(256))
    return told == f"{package.partition(':')[0]}\t{version}"


def sha256(path: Path) -> str:
    """Of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1024 * 1024):
            digest.update(piece)
    return digest.hexdigest()
