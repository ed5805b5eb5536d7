"""The audit daemon, and an antivirus engine's definitions where one is installed."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os

from .probe import Absent, utc_time
from .processes import running
from .text import byte_pattern, encode

CLAMAV = "/var/lib/clamav"
CLAMAV_HEAD = byte_pattern(r"ClamAV-VDB:(\d\d) (\w{3}) (\d{4}) (\d\d)-(\d\d) ([+-])(\d\d)(\d\d):(\d+):")
# Engines seen on hospital servers: name, folder, process. How old their definitions are only ClamAV's files tell.
ENGINES = (
    ("Kaspersky Endpoint Security", "/opt/kaspersky/kesl", "kesl"),
    ("QiAnXin", "/opt/qaxsafe", "qaxsafed"),
    ("QiAnXin", "/opt/qianxin", "qaxsafed"),
    ("Sangfor EDR", "/sf/edr/agent", "edr_agent"),
    ("Trend Micro Deep Security", "/opt/ds_agent", "ds_agent"),
    ("ESET", "/opt/eset", "oaeventd"),
    ("Trellix", "/opt/McAfee/ens", "mfetpd"),
    ("Sophos", "/opt/sophos-spl", "sophos_managem"),
)


def collect_audit(probe):
    installed = bool(probe.program("auditd")) or os.path.exists("/etc/audit/auditd.conf")
    return {"installed": installed, "running": bool(running(probe, "auditd"))}


def collect_antivirus(probe):
    if probe.program("freshclam") or probe.program("clamscan") or os.path.isdir(CLAMAV):
        return clamav(probe)
    for name, folder, process in ENGINES:
        if os.path.isdir(folder):
            probe.noted(folder)
            for field in ("definitions_at", "definitions_version"):
                probe.withheld[field] = "not known how %s tells it" % name
            return {"engine": name, "running": bool(running(probe, process))}
    raise Absent("no antivirus engine that is known here")


def clamav(probe):
    heads = []
    for name in ("daily.cld", "daily.cvd"):
        try:
            with open(encode("%s/%s" % (CLAMAV, name)), "rb") as stream:
                heads.append(parse_clamav(stream.read(512)))
            probe.noted("%s/%s" % (CLAMAV, name))
        except EnvironmentError:
            continue
    if not heads:
        probe.withheld["definitions_at"] = "no daily.cvd or daily.cld in %s can be read" % CLAMAV
    newest = max([head for head in heads if head[0]] or [(None, None)])
    engine = running(probe, "clamd")
    return {
        "engine": "ClamAV",
        "definitions_at": newest[0],
        "definitions_version": newest[1],
        "running": bool(engine),
    }


def parse_clamav(head):
    """(built at, version) of `ClamAV-VDB:23 Nov 2026 10-00 +0000:27450:…`, month names always English."""
    found = CLAMAV_HEAD.match(head)
    months = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    if not found or found.group(2) not in months:
        return None, None
    day, month, year, hour, minute, sign, ahead_h, ahead_m, version = found.groups()
    stamp = utc_time((int(year), months.index(month) + 1, int(day), int(hour), int(minute), 0))
    ahead = int(ahead_h) * 3600 + int(ahead_m) * 60
    return stamp - ahead if sign == b"+" else stamp + ahead, version.decode("ascii")
