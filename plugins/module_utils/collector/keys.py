"""Keys that open accounts, by fingerprint."""

from __future__ import absolute_import, division, print_function, unicode_literals

import base64
import hashlib
import os
import re

from .accounts import parse_passwd
from .sshd import CONFIG, parse_sshd_settings, with_includes

KEY = re.compile(r"(?:^|\s)((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+)\s+([A-Za-z0-9+/]{40,}={0,2})(?:\s+(.*))?$")


def collect_authorized_keys(probe):
    keys, kept = [], []
    patterns = key_files(parse_sshd_settings(with_includes(probe, probe.read(CONFIG) or "")))
    for account in parse_passwd(probe.need("/etc/passwd")):
        for path in [expand(pattern, account) for pattern in patterns] if account["login"] else ():
            if not readable_or_absent(path):
                kept.append(account["name"])
                continue
            text = probe.read(path) if os.path.exists(path) else None
            keys += parse_authorized_keys(text or "", account["name"], path)
    if kept:
        probe.withheld["keys"] = "needs root: keys of %s" % ", ".join(sorted(set(kept))[:20])
    return {"keys": keys}


def key_files(settings_found):
    """Where sshd looks, with its tokens %h and %u."""
    value = settings_found.get("authorizedkeysfile") or ".ssh/authorized_keys .ssh/authorized_keys2"
    return [pattern for pattern in value.split() if pattern != "none"]


def expand(pattern, account):
    path = pattern.replace("%h", account["home"]).replace("%u", account["name"]).replace("%%", "%")
    return os.path.join(account["home"], path)


def readable_or_absent(path):
    """False when something on the way keeps this user from knowing."""
    folder = path
    while folder != "/":
        folder = os.path.dirname(folder)
        if os.path.isdir(folder):
            return os.access(folder, os.X_OK) and (not os.path.exists(path) or os.access(path, os.R_OK))
    return True


def parse_authorized_keys(text, user, source):
    """Every key; of its options the names, and where it may come from: other values may hold secrets."""
    keys = []
    for line in text.splitlines():
        found = KEY.search(line)
        if line.lstrip().startswith("#") or not found:
            continue
        try:
            blob = base64.b64decode(found.group(2))
        except (TypeError, ValueError):
            continue
        digest = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")
        keys.append(
            {
                "user": user,
                "source": source,
                "type": found.group(1),
                "fingerprint": "SHA256:" + digest,
                "comment": (found.group(3) or "").strip()[:200] or None,
                "options": key_options(line[: found.start()]),
            }
        )
    return keys


def key_options(text):
    """`from="10.0.0.0/8",command=…,no-pty`."""
    options = re.findall(r'([\w-]+)(?:=("(?:[^"\\]|\\.)*"|[^,]*))?(?:,|$)', text.strip())
    shown = [name + ("=" + (value if name == "from" else "…") if value else "") for name, value in options]
    return ",".join(shown) or None
