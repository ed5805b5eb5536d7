"""Every installed package by its source, which is what advisories speak of. Only in deep inspections."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re

from .host import os_release
from .packages import STATUS, STATUS_CAP
from .probe import Absent
from .text import decode


def collect_packages_installed(probe):
    if not os.path.exists(STATUS):
        raise Absent("no dpkg")
    return {
        "manager": "dpkg",
        "codename": os_release(probe).get("VERSION_CODENAME"),
        "sources": by_source(decode(probe.bytes_of(STATUS, STATUS_CAP))),
    }


collect_packages_installed.deep_only = True


def by_source(text):
    """Installed packages of dpkg's status file under their source's name and version, halfway states left out."""
    found = {}
    for block in text.split("\n\n"):
        if "\nStatus: install ok installed" not in block and "\nStatus: hold ok installed" not in block:
            continue
        fields = dict(re.findall(r"^(Package|Version|Source): *(.*)$", block, re.MULTILINE))
        source = source_of(fields)
        found.setdefault(source, set()).add(fields.get("Package", ""))
    return [
        {"name": name, "version": version, "binaries": sorted(found[(name, version)])}
        for name, version in sorted(found)
    ]


def source_of(fields):
    """(name, version) of the source; a binary built anew says the source's own version in parentheses."""
    said = re.match(r"(\S+)(?: \((\S+)\))?$", fields.get("Source", "").strip())
    name = said.group(1) if said else fields.get("Package", "")
    return name, (said and said.group(2)) or fields.get("Version", "")
