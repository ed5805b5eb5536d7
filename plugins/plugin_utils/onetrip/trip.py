"""One trip a host, all hosts at once: start, read, judge, hand over."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.child import Child
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.frame import FrameReader
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.known_hosts import name_known_hosts
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.outcome import Ending, Verdict, judge
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.own_connection import fork_connection, judge_own
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.script import Collector, readable_copy
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.target import (
    OpenSSH,
    OwnConnection,
    Refused,
    Target,
)
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.watchdog import Watchdog
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.words import KEPT

DESCRIPTORS_A_HOST = 8
DESCRIPTORS_OF_ANSIBLE = 64
ORPHAN_CHECK_S = 0.5
LONGEST_PAUSE_S = 30


class ControllerGone(Exception):
    """ansible-playbook has ended; nobody waits for results any more."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """docs/exchange.md, "A result". `payload` is the document as it came, `document` the same parsed."""

    target: Target
    verdict: Verdict
    payload: bytes | None
    started_at: float
    took_ms: int
    stderr: str


class Sink(Protocol):
    """Where events and results go as they come."""

    def started(self, target: Target, at: float) -> None: ...

    def finished(self, result: Result) -> None: ...


@dataclass(kw_only=True)
class SshProcess:
    """ssh, or whatever `ansible_ssh_executable` names; satisfies child.Started."""

    process: subprocess.Popen[bytes]
    output: int
    errors: int

    @property
    def pid(self) -> int:
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.poll()


@dataclass(frozen=True, kw_only=True)
class Trip:
    """Everything that is the same for all hosts. `keywords` and `play_context` are for own connections."""

    collector: Collector
    parameters: Callable[[str], Mapping[str, Any]]
    limit_s: float
    forks: int
    keywords: Mapping[str, Any]
    play_context: Any
    owner: int | None = None  # the process that the results are for, where it is not ansible-playbook

    def collect(self, targets: Iterable[Target], sink: Sink) -> None:
        """Visit every target and give its result to the sink when it is there; raises what the sink raises."""
        with Watchdog() as watchdog:
            asyncio.run(self._collect(targets, sink, watchdog))

    async def _collect(self, targets: Iterable[Target], sink: Sink, watchdog: Watchdog) -> None:
        waiting = iter(targets)

        async def lane() -> None:
            for target in waiting:
                at = time.time()
                sink.started(target, at)
                sink.finished(await self._visit(target, at, watchdog))

        try:
            async with asyncio.TaskGroup() as group:
                guard = asyncio.get_running_loop().create_task(stop_when_orphaned(group, os.getppid(), self.owner))
                lanes = [group.create_task(lane()) for _unused in range(affordable(self.forks))]
                await asyncio.wait(lanes, return_when=asyncio.FIRST_EXCEPTION)
                guard.cancel()
        except* (OSError, ControllerGone) as errors:
            raise errors.exceptions[0] from None

    async def _visit(self, target: Target, at: float, watchdog: Watchdog) -> Result:
        before = time.monotonic()
        verdict, ending = await self._attempts(target, before + self.limit_s, watchdog)
        return Result(
            target=target,
            verdict=verdict,
            payload=ending.payload if ending is not None and verdict.status == "ok" else None,
            started_at=at,
            took_ms=round((time.monotonic() - before) * 1000),
            stderr=ending.stderr[-KEPT:] if ending is not None else "",
        )

    async def _attempts(self, target: Target, deadline: float, watchdog: Watchdog) -> tuple[Verdict, Ending | None]:
        """As many as `ansible_ssh_retries` allows, all before the deadline; only a lost connection is tried again."""
        route = target.route
        if isinstance(route, Refused):
            return Verdict(status="refused", reason=route.reason), None
        retries = route.retries if isinstance(route, OpenSSH) else 0
        for attempt in range(retries + 1):
            limit_s = max(deadline - time.monotonic(), 0.0)
            try:
                verdict, ending = await self._attempt(target, route, limit_s, watchdog)
            except OSError as error:
                return Verdict(status="refused", reason=f"cannot be started: {error}"), None
            pause = min(2**attempt - 1, LONGEST_PAUSE_S)
            if verdict.status != "unreachable" or time.monotonic() + pause >= deadline or attempt == retries:
                break
            await asyncio.sleep(pause)
        return verdict, ending

    async def _attempt(
        self, target: Target, route: OpenSSH | OwnConnection, limit_s: float, watchdog: Watchdog
    ) -> tuple[Verdict, Ending]:
        script = self.collector.script(self.parameters(target.name))
        if isinstance(route, OpenSSH):
            ending = await Child(start_ssh(route, script), FrameReader()).run(limit_s, watchdog)
            verdict = judge(ending, limit_s=self.limit_s, escalates=route.escalates, over_ssh=True)
            return name_known_hosts(verdict, route.argv), ending
        forked = fork_connection(
            route,
            script=script,
            play_context=self.play_context,
            keywords=self.keywords,
            close=(watchdog.descriptor,),
        )
        ending = await Child(forked, FrameReader()).run(limit_s, watchdog)
        return judge_own(ending, route, limit_s=self.limit_s), ending


def start_ssh(route: OpenSSH, script: str) -> SshProcess:
    """ssh with the collector as its standard input, in a session of its own: it has no terminal to ask on."""
    source = readable_copy(script)
    try:
        process = subprocess.Popen(
            route.argv, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
    finally:
        os.close(source)
    # The descriptors are read and closed by Child, so the file objects give them up.
    return SshProcess(process=process, output=detached(process.stdout), errors=detached(process.stderr))


def detached(pipe: Any) -> int:
    """A descriptor of our own for this pipe."""
    descriptor = os.dup(pipe.fileno())
    pipe.close()
    return descriptor


async def stop_when_orphaned(group: asyncio.TaskGroup, parent: int, owner: int | None) -> None:
    """A killed ansible-playbook takes no worker with it, nor does a killed maintkit: the worker has to notice."""
    while os.getppid() == parent and (owner is None or is_there(owner)):
        await asyncio.sleep(ORPHAN_CHECK_S)

    async def stop() -> None:
        raise ControllerGone("ansible-playbook has ended" if os.getppid() != parent else "maintkit has ended")

    group.create_task(stop())


def is_there(process: int) -> bool:
    """Whether a process still is, and is not a zombie that nobody has buried yet."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state != "Z"


def affordable(forks: int) -> int:
    """As many hosts at once as were asked for and as open files allow."""
    soft, _unused = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, min(forks, (soft - DESCRIPTORS_OF_ANSIBLE) // DESCRIPTORS_A_HOST))
