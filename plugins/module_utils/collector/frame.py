"""The flow: take the parameters, ask every section, write one frame to standard output and nothing else."""

from __future__ import absolute_import, division, print_function, unicode_literals

import hashlib
import json
import os
import sys
import time

from .lanes import in_lanes, send
from .program import ENVIRONMENT, monotonic
from .section import section_payload, unfinished

FORMAT = "maintkit.facts/1"
VERSION = "0.1.0"
LANES = 4
QUICK = {"sample_s": 1.0, "section_timeout_s": 10.0, "total_timeout_s": 60.0}
DEEP = {"sample_s": 10.0, "section_timeout_s": 30.0, "total_timeout_s": 180.0}
LISTS = ("units", "certificates", "tls", "probes", "gauges", "logs", "backups", "postgresql", "mysql")


def collect(given, sha256, functions):
    """Gather all sections of `functions` (a namespace) and write the frame."""
    began, now = monotonic(), time.time()
    parameters = complete(given, now)
    prepare()
    collectors = in_turn(functions, parameters["only"], parameters["deep"])
    starts = dict(
        (name, functions["sample_" + name]()) for name, _unused in collectors if "sample_" + name in functions
    )

    def work(task):
        name, function = collectors[task]
        return section_payload(function, parameters, starts.get(name))

    limit, total = parameters["section_timeout_s"], parameters["total_timeout_s"]
    results = in_lanes(len(collectors), work, LANES, limit, began + total)
    texts = {}
    for task, (name, _unused) in enumerate(collectors):
        state, payload = results[task]
        texts[name] = payload if state == "done" else unfinished(state, payload, limit, total)
    write_frame(document(texts, sha256, parameters, now, monotonic() - began))


def complete(given, now):
    """The parameters with every default filled in (docs/exchange.md)."""
    parameters = dict(DEEP if given.get("deep") else QUICK, since_at=now - 86400, section_cap_bytes=262144, only=None)
    parameters.update(dict((key, []) for key in LISTS))
    parameters.update(dict((key, value) for key, value in given.items() if value is not None))
    parameters["deep"] = bool(given.get("deep"))
    parameters["now_at"] = now
    return parameters


def prepare():
    """Be a quiet guest: write no bytecode, give way to the host's own work, expect no locale."""
    sys.dont_write_bytecode = True
    os.environ.update(ENVIRONMENT)
    # Logs are stamped in the host's own zone, not in that of whoever logged in.
    os.environ.pop("TZ", None)
    time.tzset()
    os.umask(0o077)
    os.chdir("/")
    try:
        os.nice(10)
    except OSError:
        return


def in_turn(functions, only, deep):
    """`(name, function)` of every `collect_<name>` that is wanted, slow ones first, samples last."""
    named = [(name[8:], function) for name, function in functions.items() if name.startswith("collect_")]
    if only is None:
        wanted = [item for item in named if deep or not getattr(item[1], "deep_only", False)]
    else:
        wanted = [item for item in named if item[0] in only]
    return sorted(wanted, key=lambda item: (getattr(item[1], "turn", 0), item[0]))


def document(texts, sha256, parameters, now, took):
    """The whole document, in bytes; the sections come as JSON already."""
    head = {
        "schema": FORMAT,
        "collected_at": now,
        "took_ms": int(took * 1000),
        "collector": {
            "version": VERSION,
            "sha256": sha256,
            "python": "%d.%d.%d" % sys.version_info[:3],
            "euid": os.geteuid(),
            "user": user_name(os.geteuid()),
            "deep": parameters["deep"],
        },
    }
    sections = b", ".join(b'"' + name.encode("ascii") + b'": ' + texts[name] for name in sorted(texts))
    return json.dumps(head, sort_keys=True).encode("ascii")[:-1] + b', "sections": {' + sections + b"}}"


def user_name(uid):
    """The name behind a uid in /etc/passwd, or None."""
    try:
        with open("/etc/passwd", "rb") as passwd:
            rows = [line.split(b":") for line in passwd]
    except EnvironmentError:
        return None
    names = [row[0] for row in rows if len(row) > 2 and row[2] == str(uid).encode("ascii")]
    return names[0].decode("utf-8", "replace") if names else None


def write_frame(body):
    """Header, body, newline, straight to descriptor 1; a reader that has gone is no reason for a traceback."""
    digest = hashlib.sha256(body).hexdigest()
    header = "MAINTKIT-FACTS/1 %d %s\n" % (len(body), digest)
    try:
        send(1, header.encode("ascii") + body + b"\n")
    except OSError:
        os._exit(1)
