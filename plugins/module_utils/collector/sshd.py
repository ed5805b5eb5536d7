"""Settings of the SSH server: as it would use them itself (sshd -T), else as its files write them."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os

from .probe import Absent, Denied, paths_like
from .text import decode

CONFIG = "/etc/ssh/sshd_config"


def collect_sshd(probe):
    if probe.program("sshd") is None and not os.path.exists(CONFIG):
        raise Absent("no SSH server")
    if probe.root and probe.program("sshd"):
        output = probe.run(["sshd", "-T"])
        effective = parse_sshd_settings(decode(output.out))
        if output.code == 0 and effective:
            return {"basis": "sshd -T", "settings": effective}
    text = probe.read(CONFIG)
    if text is None:
        raise Denied("needs root: %s" % CONFIG) if os.path.exists(CONFIG) else Absent("no %s" % CONFIG)
    return {"basis": "files", "settings": parse_sshd_settings(with_includes(probe, text))}


def with_includes(probe, text):
    """The configuration's text with each Include replaced by the files that it names."""
    lines = []
    for line in text.splitlines():
        words = line.split()
        if words and words[0].lower() == "include":
            for pattern in words[1:]:
                lines += [probe.read(path) or "" for path in paths_like(os.path.join("/etc/ssh", pattern))]
        else:
            lines.append(line)
    return "\n".join(lines)


def parse_sshd_settings(text):
    """`{setting: value}`, names in lower case; the first value counts, as in sshd, but for lists (several Port lines).

    What stands in a Match block holds only for some connections and is left out.
    """
    found = {}
    for line in text.splitlines():
        line = line.strip()
        name, _unused, value = line.replace("\t", " ").replace("=", " ", 1 if " " not in line else 0).partition(" ")
        name, value = name.lower(), value.strip().strip('"')
        if not name or name.startswith("#"):
            continue
        if name == "match":
            break
        if name in (
            "port",
            "listenaddress",
            "hostkey",
            "allowusers",
            "denyusers",
            "allowgroups",
            "denygroups",
            "acceptenv",
        ):
            found[name] = " ".join([found[name], value]) if name in found else value
        else:
            found.setdefault(name, value)
    return found
