"""What apt-get says it would do, as facts: pure functions over its output."""

from __future__ import annotations

import re

INSTALL = re.compile(
    r"^Inst (?P<package>\S+)(?: \[(?P<from>[^\]]+)\])? \((?P<to>\S+) ?(?P<rest>.*?)\[(?P<arch>[^\]]+)\]\)"
)
REMOVE = re.compile(r"^Remv (?P<package>\S+)(?: \[(?P<from>[^\]]+)\])?")
URI = re.compile(r"^'(?P<uri>[^']+)' (?P<file>\S+) (?P<size>\d+)")
KEPT_BACK = re.compile(r"^The following packages have been kept back:\n((?:^ .*\n?)+)", re.MULTILINE)


def parse_simulation(text: str) -> dict:
    """`apt-get -s`: what would be installed (with from, to, origins) and what would be removed.

    A version counts as a security update when an archive that offers it says so in its label or its suite.
    """
    install, remove = [], []
    for line in text.splitlines():
        found = INSTALL.match(line)
        if found:
            install.append(_installed(found))
        found = REMOVE.match(line)
        if found:
            remove.append({"package": found["package"], "from": found["from"] or ""})
    return {"install": install, "remove": remove, "kept_back": kept_back(text)}


def _installed(found: re.Match) -> dict:
    origins = [origin.strip() for origin in found["rest"].split(",") if origin.strip()]
    return {
        "package": found["package"],
        "arch": found["arch"],
        "from": found["from"] or "",
        "to": found["to"],
        "origins": origins,
        "security": any(is_security(origin) for origin in origins),
    }


def is_security(origin: str) -> bool:
    """Whether `Label:version/suite` names a security archive, Debian's or Ubuntu's way."""
    label, _colon, release = origin.partition(":")
    return label.lower().endswith("-security") or release.lower().endswith("-security")


def kept_back(text: str) -> list[str]:
    """Packages that have an update which apt does not take: on hold, or it would need others to go."""
    found = KEPT_BACK.search(text)
    return found[1].split() if found else []


def parse_uris(text: str) -> int:
    """`apt-get --print-uris`: bytes of all package files that would be downloaded."""
    found = (URI.match(line) for line in text.splitlines())
    return sum(int(one["size"]) for one in found if one)


def parse_sizes(text: str) -> dict[str, int]:
    """`apt-cache show`: bytes on disk of each package=version, which Debian gives in KiB."""
    sizes = {}
    for block in text.split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Installed-Size): *(.*)$", block, re.MULTILINE))
        if {"Package", "Version"} <= set(fields):
            sizes[f"{fields['Package']}={fields['Version']}"] = int(fields.get("Installed-Size", 0)) * 1024
    return sizes


def chosen(simulation: dict, *, packages: list[str], holds: list[str], security_only: bool) -> dict[str, str]:
    """Names and versions to ask for, out of everything that could be upgraded."""
    return {
        one["package"]: one["to"]
        for one in simulation["install"]
        if one["from"]
        and one["package"] not in holds
        and (not packages or one["package"] in packages)
        and (not security_only or one["security"])
    }
