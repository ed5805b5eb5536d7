"""Rules of sudoers, with the files that it includes."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re

from .probe import Absent, Denied

INCLUDE = re.compile(r"[#@](include|includedir)\s+(.+)")
NOT_RULES = re.compile(r"(Defaults|(User|Host|Runas|Cmnd|Cmd)_Alias)\b")


def collect_sudo(probe):
    if not os.path.exists("/etc/sudoers"):
        raise Absent("no /etc/sudoers")
    if not os.access("/etc/sudoers", os.R_OK):
        raise Denied("needs root: /etc/sudoers")
    rules, waiting, seen = [], ["/etc/sudoers"], set()
    while waiting:
        path = waiting.pop(0)
        if path in seen or len(seen) > 200:
            continue
        seen.add(path)
        text = probe.read(path)
        if text is None:
            probe.withheld["rules"] = "cannot be read: %s" % path
            continue
        found, includes = parse_sudoers(text, path)
        rules += found
        for kind, target in includes:
            waiting += included(probe, kind, os.path.join(os.path.dirname(path), target))
    return {"rules": rules}


def included(probe, kind, target):
    """Files of an include; in a folder sudo skips names with a dot in them or a ~ at the end."""
    if kind == "include":
        return [target]
    return ["%s/%s" % (target, name) for name in probe.names(target) if "." not in name and not name.endswith("~")]


def parse_sudoers(text, source):
    """(rules, includes). Lines that go on with a backslash are joined; aliases and defaults left out."""
    rules, includes = [], []
    for line in text.replace("\\\n", " ").splitlines():
        line = " ".join(line.split())
        found = INCLUDE.match(line)
        if found:
            includes.append((found.group(1), found.group(2).strip('"')))
            continue
        # `#1000` at the start of a rule is a user's number, not a comment.
        line = re.sub(r"(^|\s)#(?!\d).*", "", line).strip()
        if line and "=" in line and not NOT_RULES.match(line):
            rules.append({"source": source, "text": line, "nopasswd": "NOPASSWD" in line})
    return rules, includes
