"""Start a program of the host, read what it says, never wait for it longer than agreed."""

from __future__ import absolute_import, division, print_function, unicode_literals

import errno
import os
import select
import signal
import time

NOBODY = (65534, 65534)  # numbers, for some systems call it nfsnobody
FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
ENVIRONMENT = {"PATH": ":".join(FOLDERS), "LC_ALL": "C", "LANG": "C", "HOME": "/", "TERM": "dumb"}
# apt unpacks each InRelease into an anonymous temporary file: in memory, not on a disk that may be full.
ENVIRONMENT["TMPDIR"] = "/dev/shm"  # noqa: S108 a mount point, not a name that somebody could take first
monotonic = getattr(time, "monotonic", None) or (lambda: os.times()[4])


class Output(object):
    """What a program said. `code` is None when it was killed: `timeout` and `capped` say why."""

    def __init__(self, out, err, code, timeout, capped):
        self.out = out
        self.err = err
        self.code = code
        self.timeout = timeout
        self.capped = capped


def run_program(argv, seconds, cap, identity=None):
    """Run `argv` (absolute path first) with nothing on stdin; as `identity` (uid, gid) when given and allowed.

    No shell, a fixed environment. At the time limit or at `cap` bytes of output it is killed and not waited for.
    """
    out_r, out_w = os.pipe()
    err_r, err_w = os.pipe()
    pid = os.fork()
    if pid == 0:
        become_program(argv, out_w, err_w, seconds, identity)
    os.close(out_w)
    os.close(err_w)
    chunks = {out_r: [], err_r: []}
    state = drain(chunks, out_r, monotonic() + seconds, cap)
    if state:
        kill(pid)
    for fd in chunks:
        os.close(fd)
    code = None if state else reap(pid, 1.0)
    return Output(b"".join(chunks[out_r]), b"".join(chunks[err_r])[:2000], code, state == "timeout", state == "capped")


def become_program(argv, out_w, err_w, seconds, identity):
    """In the new process: descriptors, identity, alarm, exec. Does not return."""
    try:
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(out_w, 1)
        os.dup2(err_w, 2)
        for fd in range(3, 64):
            try:
                os.close(fd)
            except OSError:
                continue
        if identity is not None and os.geteuid() == 0:
            os.setgroups([])
            os.setgid(identity[1])
            os.setuid(identity[0])
        # Should everybody who watches be killed, the alarm still ends the program.
        signal.alarm(int(seconds) + 2)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.chdir("/")
        os.execve(argv[0], argv, ENVIRONMENT)
    finally:
        os._exit(127)


def drain(chunks, main, deadline, cap):
    """Read until both ends are closed: None. Otherwise why not: "timeout" or "capped"."""
    live, size = list(chunks), 0
    while live:
        left = deadline - monotonic()
        if left <= 0:
            return "timeout"
        for fd in wait_readable(live, left):
            chunk = os.read(fd, 65536)
            if not chunk:
                live.remove(fd)
            elif fd == main or sum(map(len, chunks[fd])) < 2000:
                chunks[fd].append(chunk)
            size += len(chunk)
        if size > cap:
            return "capped"
    return None


def wait_readable(fds, seconds):
    """Those of `fds` that can be read, after at most `seconds`; a signal in between counts as none."""
    try:
        return select.select(fds, [], [], max(0, seconds))[0]
    except (OSError, select.error) as error:
        if error.args[0] != errno.EINTR:
            raise
        return []


def kill(pid):
    """End a process; one that hangs in the kernel is left behind."""
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return
    reap(pid, 0.05)


def reap(pid, seconds):
    """Exit code (minus the signal's number if killed), or None when it is not gone within `seconds`."""
    deadline = monotonic() + seconds
    while True:
        try:
            done, status = os.waitpid(pid, os.WNOHANG)
        except OSError:
            return None
        if done:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        if monotonic() >= deadline:
            return None
        time.sleep(0.002)
