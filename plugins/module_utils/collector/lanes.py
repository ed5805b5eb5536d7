"""Run tasks in a few child processes, each task with its own limit; a stuck child is abandoned, never waited for."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import signal
import struct

from .program import monotonic, reap, wait_readable

HEADER = struct.Struct(str(">HBI"))
TASK = struct.Struct(str(">H"))
STARTED, RESULT, IDLE = 0, 1, 2


class Lane(object):
    """One child: its pipe, and the task it is at."""

    def __init__(self, pid, fd):
        self.pid = pid
        self.fd = fd
        self.buffer = b""
        self.task = None
        self.since = 0.0


def in_lanes(count, work, workers, seconds, deadline):
    """`{task: (state, payload)}` of `work(task) -> bytes` for tasks 0 to count-1, in that order.

    state: "done"; "timeout" (its own limit of `seconds`); "died" (payload: the exit code); "late" (the deadline came
    first, on the monotonic clock); "unborn" (no process could be started). The children take tasks from one shared
    pipe, so a slow task holds up only its lane.
    """
    queue_r, queue_w = os.pipe()
    os.write(queue_w, b"".join(TASK.pack(task) for task in range(count)))
    os.close(queue_w)
    results = {}
    lanes = []
    for _unused in range(min(workers, count)):
        add_lane(lanes, queue_r, work, seconds)
    unborn = not lanes
    while lanes:
        limits = [lane.since + seconds for lane in lanes if lane.task is not None] + [deadline]
        ready = wait_readable([lane.fd for lane in lanes], min(limits) - monotonic())
        now = monotonic()
        for lane in list(lanes):
            ended = lane.fd in ready and not hear(lane, results)
            stuck = lane.task is not None and now >= lane.since + seconds
            if ended or stuck or now >= deadline:
                close_lane(lane, results, "died" if ended else "timeout" if stuck else "late")
                lanes.remove(lane)
                if (ended or stuck) and now < deadline and len(results) < count and lane.buffer != b"idle":
                    add_lane(lanes, queue_r, work, seconds)
                    unborn = not lanes
    os.close(queue_r)
    for task in range(count):
        results.setdefault(task, ("unborn" if unborn else "late", b""))
    return results


def add_lane(lanes, queue, work, seconds):
    """One more child, unless the host has no room for one (its process table or memory is full)."""
    try:
        lanes.append(open_lane(queue, work, seconds))
    except OSError:
        return


def open_lane(queue, work, seconds):
    """Fork a child that takes tasks until the queue is empty."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write_end)
        return Lane(pid, read_end)
    try:
        os.setpgid(0, 0)
        # An abandoned child must not hold the connection open: nothing of the caller's stays in its hands.
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        while True:
            ticket = os.read(queue, TASK.size)
            if not ticket:
                break
            task = TASK.unpack(ticket)[0]
            send(write_end, HEADER.pack(task, STARTED, 0))
            # Should the parent be killed, nobody is left to end a child that is stuck.
            signal.alarm(int(seconds) + 3)
            payload = work(task)
            send(write_end, HEADER.pack(task, RESULT, len(payload)) + payload)
        send(write_end, HEADER.pack(0, IDLE, 0))
    finally:
        os._exit(0)


def send(fd, data):
    """Write all of it."""
    while data:
        data = data[os.write(fd, data) :]


def hear(lane, results):
    """Take what a lane says; False when it has ended."""
    chunk = os.read(lane.fd, 1 << 18)
    lane.buffer += chunk
    while len(lane.buffer) >= HEADER.size:
        task, kind, length = HEADER.unpack(lane.buffer[: HEADER.size])
        if kind == IDLE:
            lane.buffer = b"idle"
            return False
        if len(lane.buffer) < HEADER.size + length:
            break
        payload = lane.buffer[HEADER.size : HEADER.size + length]
        lane.buffer = lane.buffer[HEADER.size + length :]
        if kind == STARTED:
            lane.task, lane.since = task, monotonic()
        else:
            results[task] = ("done", payload)
            lane.task = None
    return bool(chunk)


def close_lane(lane, results, state):
    """Kill the lane's process group (its programs with it) and note the task that it leaves unfinished."""
    for end in (os.killpg, os.kill):
        try:
            end(lane.pid, signal.SIGKILL)
        except OSError:
            continue
    code = reap(lane.pid, 0.02)
    os.close(lane.fd)
    if lane.task is not None:
        results[lane.task] = (state, b"" if code is None else str(code).encode("ascii"))
