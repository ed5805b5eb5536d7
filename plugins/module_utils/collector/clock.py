"""Time keeping: what the kernel says (adjtimex, read only), and what chrony or ntpd say."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re
import time

from .processes import running
from .text import decimal

UNSYNCHRONISED, NANOSECONDS = 0x40, 0x2000  # STA_UNSYNC, STA_NANO of <sys/timex.h>


def collect_clock(probe):
    synchronised, offset = kernel_clock(probe)
    source = "kernel" if synchronised else None
    if running(probe, "chronyd"):
        source, offset = "chrony", ask(probe, ["chronyc", "-n", "tracking"], parse_chrony)
    elif running(probe, "ntpd"):
        source, offset = "ntpd", ask(probe, ["ntpq", "-n", "-c", "rv 0 offset"], parse_ntpq)
    elif running(probe, "systemd-timesyncd"):
        source = "timesyncd"
    if not synchronised and source != "chrony":
        offset = None
    return {"synchronised": synchronised, "offset_s": offset, "source": source, "now_at": time.time()}


def ask(probe, argv, parse):
    """What a time daemon's own program says, or None."""
    if probe.program(argv[0]) is None:
        return None
    output = probe.run(argv, seconds=3.0)
    return parse(output.out.decode("ascii", "replace"))


def kernel_clock(probe):
    """(synchronised, seconds host minus reference) from adjtimex with modes=0, which changes nothing."""
    import ctypes  # here, because only this section pays for it

    timex = (ctypes.c_long * 64)()  # struct timex: int and long members each fill one long here
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        state = -1
    if state < 0:
        probe.withheld["synchronised"] = "adjtimex is refused here"
        return None, None
    probe.noted("adjtimex")
    status = ctypes.c_int.from_buffer(timex, 5 * ctypes.sizeof(ctypes.c_long)).value
    unit = 1e9 if status & NANOSECONDS else 1e6
    # The kernel's offset is what it still has to add to the clock.
    return not status & UNSYNCHRONISED and state != 5, -timex[1] / unit


def parse_chrony(text):
    """`System time : 0.000006523 seconds slow of NTP time`: slow is negative."""
    found = re.search(r"System time\s*:\s*([\d.]+) seconds (slow|fast)", text)
    reference = re.search(r"Leap status\s*:\s*Not synchronised", text)
    if not found or reference:
        return None
    return float(found.group(1)) * (-1 if found.group(2) == "slow" else 1)


def parse_ntpq(text):
    """`offset=-0.123` in milliseconds, reference minus host."""
    found = re.search(r"offset=(-?[\d.]+)", text)
    return -decimal(found.group(1)) / 1000.0 if found else None
