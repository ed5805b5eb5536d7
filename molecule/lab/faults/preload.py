"""A library that every program of a host loads first: it answers for the clock, and for files the kernel does not have.

A host shares the clock of the machine, which must never be set, and a file of /proc that the kernel lacks can have
nothing bound over it. The layer `PRELOAD` compiles the library, and has every process of the host load it. What it
answers is said in files under /run: programs that run already, systemd among them, stay with what they have.
"""

from __future__ import annotations

from lab.image import File, Layer

CLOCK = "/run/lab-clock"
SHOWN = "/run/lab-shown"  # a file here is opened in place of the one at the same path from the root
SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

/* Seconds ahead of the machine, microseconds ahead of the reference, whether synchronised. */
static long ahead, offset, synchronised = -1;

/* The path of what is shown in place of a file of /proc, in `room`; the path itself for any other. */
static const char *shown(const char *path, char room[512])
{
    if (strncmp(path, "/proc/", 6) == 0 && snprintf(room, 512, "/run/lab-shown%s", path) < 512 &&
        access(room, F_OK) == 0)
        return room;
    return path;
}

#define WITH_MODE \
    va_list more; \
    mode_t mode; \
    va_start(more, flags); \
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, int) : 0; \
    va_end(more);

int open(const char *path, int flags, ...)
{
    char room[512];
    WITH_MODE
    return syscall(SYS_openat, AT_FDCWD, shown(path, room), flags, mode);
}

int open64(const char *path, int flags, ...)
{
    char room[512];
    WITH_MODE
    return syscall(SYS_openat, AT_FDCWD, shown(path, room), flags, mode);
}

int stat(const char *path, struct stat *found)
{
    char room[512];
    return syscall(SYS_newfstatat, AT_FDCWD, shown(path, room), found, 0);
}

int stat64(const char *path, struct stat64 *found)
{
    return stat(path, (struct stat *)found);
}

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
tcc -shared -o /usr/local/lib/lab-preload.so /usr/local/src/lab-preload.c
echo /usr/local/lib/lab-preload.so >/etc/ld.so.preload
"""
PRELOAD = Layer(
    name="preload",
    packages=("tcc", "libc6-dev"),
    files=(File(path="/usr/local/src/lab-preload.c", content=SOURCE.encode()),),
    script=BUILD,
)
