"""A host's clock as its programs see it: every process that starts there asks a library first.

A host shares the clock of the machine, which must never be set. `VIEW` compiles a library and has every process of the
host load it; where /run/lab-clock says so, the time of day and adjtimex answer as it says. Programs that run already,
systemd among them, and the times of files stay with the machine's clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.host import Host
from lab.image import File, Layer

TOLD = "/run/lab-clock"
SOURCE = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

/* Seconds ahead of the machine, microseconds ahead of the reference, whether synchronised. */
static long ahead, offset, synchronised = -1;

static void ask(void)
{
    static int asked;
    FILE *told;
    if (asked)
        return;
    asked = 1;
    told = fopen("/run/lab-clock", "re");
    if (!told)
        return;
    if (fscanf(told, "%ld %ld %ld", &ahead, &offset, &synchronised) != 3)
        ahead = 0;
    fclose(told);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = syscall(SYS_clock_gettime, clock, now);
    ask();
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += ahead;
    return failed;
}

int gettimeofday(struct timeval *now, void *zone)
{
    int failed = syscall(SYS_gettimeofday, now, zone);
    ask();
    if (!failed)
        now->tv_sec += ahead;
    return failed;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int adjtimex(struct timex *asked)
{
    ask();
    if (synchronised < 0)
        return syscall(SYS_adjtimex, asked);
    memset(asked, 0, sizeof *asked);
    asked->offset = -offset;
    asked->status = synchronised ? STA_PLL : STA_UNSYNC;
    return synchronised ? TIME_OK : TIME_ERROR;
}
"""
BUILD = """
tcc -shared -o /usr/local/lib/lab-clock.so /usr/local/src/lab-clock.c
echo /usr/local/lib/lab-clock.so >/etc/ld.so.preload
"""
VIEW = Layer(
    name="clock-view",
    packages=("tcc", "libc6-dev"),
    files=(File(path="/usr/local/src/lab-clock.c", content=SOURCE.encode()),),
    script=BUILD,
)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """What a host's new processes see: seconds ahead of the machine, and what the kernel says of its time keeping."""

    ahead_s: int = 0
    offset_ms: float = 0
    synchronised: bool = True


@contextmanager
def seen(host: Host, clock: Clock) -> Iterator[None]:
    """View: this clock, on a host with the layer `VIEW`."""
    before = host.run("cat", TOLD, check=False).out
    _tell(host, f"{clock.ahead_s} {clock.offset_ms * 1000:.0f} {int(clock.synchronised)}\n")
    try:
        yield
    finally:
        _tell(host, before)


def _tell(host: Host, told: str) -> None:
    """Whole or not at all, for processes start at any time; nothing said is no file."""
    if told:
        host.put(File(path=f"{TOLD}.new", content=told.encode()))
        host.run("mv", f"{TOLD}.new", TOLD)
    else:
        host.run("rm", "-f", TOLD)
