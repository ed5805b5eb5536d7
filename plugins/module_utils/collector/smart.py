"""What disks say of themselves, through smartctl. A sleeping disk is not woken."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re

from .probe import Absent, Denied
from .program import monotonic

ATTRIBUTES = ("5", "187", "197", "198")
DEVICES = 64


def collect_smart(probe):
    if probe.program("smartctl") is None:
        raise Absent("no program smartctl")
    if not probe.root:
        raise Denied("needs root: smartctl opens the disks")
    from_scan = parse_scan(probe.run(["smartctl", "--scan"]).out.decode("ascii", "replace"))
    if not from_scan:
        raise Absent("smartctl finds no disk")
    deadline = monotonic() + probe.parameters["section_timeout_s"] * 0.7
    devices = []
    for device, kind in from_scan[:DEVICES]:
        label = device if kind in ("scsi", "ata", "sat", "nvme") else "%s -d %s" % (device, kind)
        if monotonic() > deadline:
            devices.append({"device": label, "reason": "not asked: others took too long"})
            continue
        output = probe.run(["smartctl", "-n", "standby", "-H", "-A", "-d", kind, device], how="smartctl -H -A")
        devices.append(dict(parse_smart(output.out.decode("utf-8", "replace")), device=label))
    return {"devices": devices}


def parse_scan(text):
    """(device, type) of each line `/dev/sda -d scsi # /dev/sda, SCSI device`."""
    return re.findall(r"^(/dev/[\w/.]+) -d ([\w,+]+)", text, re.MULTILINE)


def parse_smart(text):
    """Verdict and raw values, for ATA, SCSI and NVMe; `reason` where there is no verdict."""
    verdict = re.search(r"(?:self-assessment test result|SMART Health Status): *(\S+)", text)
    raw = re.findall(r"^ *(\d+) \S+ +0x[0-9a-f]+ +\d+ .*? (\d+)(?: \(.*\))?\s*$", text, re.MULTILINE)
    reason = None
    if not verdict:
        lines = [line.strip() for line in text.splitlines()[3:] if line.strip()]
        reason = lines[0] if lines else "smartctl said nothing"
    return {
        "passed": verdict.group(1) in ("PASSED", "OK") if verdict else None,
        "attributes": dict((name, int(value)) for name, value in raw if name in ATTRIBUTES),
        "reason": reason,
    }
