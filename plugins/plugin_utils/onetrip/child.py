"""One process a host, in a group of its own, read without blocking and ended on time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Protocol

from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.frame import FrameReader
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.outcome import Ending
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.watchdog import Watchdog
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.words import Words

CHUNK = 1 << 16
LINGER_S = 2.0  # for a process whose document has come to end by itself
TERM_S = 0.5  # between asking a group to end and killing it
POLL_S = 0.02  # where the kernel has no pidfd


class Started(Protocol):
    """A running process that leads its own group."""

    pid: int
    output: int
    errors: int

    def poll(self) -> int | None:
        """The exit status (negative: the signal), or None while it runs; reaps it."""


class Child:
    """Reads a process until its document has come, it ends, or it says too much."""

    def __init__(self, started: Started, reader: FrameReader) -> None:
        self._started = started
        self._reader = reader
        self._words = Words()
        self._loop = asyncio.get_running_loop()
        self._answered = asyncio.Event()  # a document, too much output, or the end
        self._ended = asyncio.Event()
        self.code: int | None = None
        for descriptor, take in ((started.output, self._take_output), (started.errors, self._take_errors)):
            os.set_blocking(descriptor, False)
            self._loop.add_reader(descriptor, take)
        self._watch_exit()

    async def run(self, limit_s: float, watchdog: Watchdog) -> Ending:
        """Until the end of the conversation; the process is gone when this returns or raises."""
        watchdog.guard(self._started.pid)
        timed_out = False
        try:
            async with asyncio.timeout(limit_s):
                await self._answered.wait()
        except TimeoutError:
            timed_out = not self._answered.is_set()
        finally:
            await self._finish()
            watchdog.release(self._started.pid)
        return Ending(
            code=self.code,
            timed_out=timed_out,
            overflowed=self._reader.overflowed or self._words.overflowed,
            payload=self._reader.payload,
            received=self._reader.received + self._words.received,
            trouble=self._reader.trouble,
            stderr=self._words.text(),
        )

    async def _finish(self) -> None:
        """Wait a little for one that has answered, end the others, and close what is ours."""
        try:
            if self._reader.payload is not None:
                await self._wait_for_end(LINGER_S)
            if not self._ended.is_set():
                self._signal(signal.SIGTERM)
                await self._wait_for_end(TERM_S)
        finally:
            if not self._ended.is_set():
                self._signal(signal.SIGKILL)
                self._reap_killed()
            self._forget(self._started.output)
            self._forget(self._started.errors)

    async def _wait_for_end(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

    def _signal(self, number: signal.Signals) -> None:
        # The leader is not reaped yet, so its number cannot belong to anybody else.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._started.pid, number)

    def _reap_killed(self) -> None:
        """Collect the status of a killed leader; the kernel gives it at once unless it hangs in a system call."""
        self.code = self._started.poll()
        self._ended.set()
        if self._exit_watch is not None:
            self._forget(self._exit_watch)

    def _watch_exit(self) -> None:
        self._exit_watch: int | None = None
        # Not every kernel has a pidfd, and open files may have run out: then the process is asked again and again.
        with contextlib.suppress(AttributeError, OSError):
            self._exit_watch = os.pidfd_open(self._started.pid)
        if self._exit_watch is not None:
            self._loop.add_reader(self._exit_watch, self._note_exit)
        else:
            self._loop.call_later(POLL_S, self._poll_exit)

    def _poll_exit(self) -> None:
        if not self._ended.is_set():
            self._note_exit()
        if not self._ended.is_set():
            self._loop.call_later(POLL_S, self._poll_exit)

    def _note_exit(self) -> None:
        """Take the status and what is left to read; others (a held ssh connection) may keep the pipes open."""
        self.code = self._started.poll()
        if self.code is None:
            return
        if self._exit_watch is not None:
            self._forget(self._exit_watch)
        while not self._reader.settled and self._take_output():
            pass
        while not self._words.overflowed and self._take_errors():
            pass
        self._ended.set()
        self._answered.set()

    def _take_output(self) -> bool:
        chunk = self._read(self._started.output)
        if chunk and not self._reader.settled:
            self._reader.feed(chunk)
            if self._reader.settled:
                self._answered.set()
        return bool(chunk)

    def _take_errors(self) -> bool:
        chunk = self._read(self._started.errors)
        if chunk:
            self._words.feed(chunk)
            if self._words.overflowed:
                self._answered.set()
        return bool(chunk)

    def _read(self, descriptor: int) -> bytes:
        """What there is, or b"" for nothing now and for the end, after which the descriptor is not watched."""
        try:
            chunk = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            chunk = b""
        if not chunk:
            self._loop.remove_reader(descriptor)
        return chunk

    def _forget(self, descriptor: int) -> None:
        self._loop.remove_reader(descriptor)
        os.close(descriptor)
