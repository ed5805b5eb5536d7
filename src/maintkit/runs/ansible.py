"""The driver that reaches hosts with Ansible: the only file that knows ansible-runner."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from threading import Event, Thread
from typing import Any

import ansible_runner

from maintkit.errors import MaintkitError, NothingMatched, RunFailed
from maintkit.runs.driver import CollectListener, CollectRequest, ExpectedHosts
from maintkit.runs.environment import environment
from maintkit.runs.exchange import Exchange, exchange_directory

PLAYBOOK = "maintkit.ops.inspect"
IDENT = "collect"
POLL_S = 0.05
NO_HOSTS = ("no hosts matched", "leaves us with no hosts", "no hosts to target", "provided hosts list is empty")
UNMATCHED = re.compile(r"Could not match supplied host\s+pattern,\s+ignoring:\s+(\S+)")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, kw_only=True)
class Played:
    """How a playbook ended: `stats` are Ansible's, by word and host; `said` is its output without colours."""

    status: str
    code: int
    stats: Mapping[str, Mapping[str, int]]
    said: str


def play(
    playbook: str, *, site: Path, inventory: Path, limit: str, variables: Mapping[str, Any], timeout_s: float
) -> Played:
    """Run a playbook of the collection on some hosts, in a private directory that is gone afterwards.

    Texts in `variables` reach the tasks as data: no template in them is ever evaluated. A play that is cut off after
    `timeout_s` has the status `timeout`; what it had begun on the hosts may go on there.
    """
    with exchange_directory() as place:
        runner = ansible_runner.run(
            private_data_dir=str(place),
            project_dir=str(site),
            ident=IDENT,
            playbook=playbook,
            inventory=str(inventory),
            limit=limit,
            extravars=inert(variables),
            envvars=environment(site),
            settings={"pexpect_timeout": 1, "job_timeout": int(timeout_s)},
            quiet=True,
            # Without one the runner takes SIGTERM and Ctrl-C for itself, and cuts the play in the middle.
            cancel_callback=lambda: False,
        )
        said = ANSI.sub("", runner.stdout.read()).strip()
        return Played(status=runner.status, code=runner.rc, stats=runner.stats or {}, said=said)


def inert(value: Any) -> Any:
    """The value with every text marked as data (Ansible takes extra variables for templates)."""
    if isinstance(value, str):
        return {"__ansible_unsafe": value}
    if isinstance(value, Mapping):
        return {key: inert(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [inert(one) for one in value]
    return value


class AnsibleDriver:
    """Runs the collection's playbooks, each in a private directory of its own that is gone afterwards."""

    def collect(self, request: CollectRequest, listener: CollectListener, *, cancelled: Callable[[], bool]) -> None:
        """See `Driver.collect`."""
        with exchange_directory() as place:
            stop = Event()
            with _room_in(place):
                work = _Work(_runner(request, place, lambda: stop.is_set() or cancelled()))
            work.start()
            exchange = Exchange(place=place / "exchange")
            followed = _Followed(place=place, inventory=request.inventory, exchange=exchange, listener=listener)
            try:
                told = followed.until_over(work, cancelled)
            finally:
                # Whatever ended the listening, nothing of the run outlives it.
                stop.set()
                work.join()
            if not cancelled():
                with _room_in(place):
                    work.raise_failure()
                if not told:
                    raise _why_nothing_began(request, work.runner)
                if work.runner.rc != 0:
                    raise _why_it_stopped(work.runner)


class _Work(Thread):
    """Waits for ansible-playbook; an error of the runner itself is kept, where a thread would print a traceback."""

    def __init__(self, runner: ansible_runner.Runner) -> None:
        super().__init__(name="ansible-runner")
        self.runner = runner
        self._failure: OSError | None = None

    def run(self) -> None:
        try:
            self.runner.run()
        except OSError as error:
            self._failure = error

    def raise_failure(self) -> None:
        """Raise what ended the runner, if anything did."""
        if self._failure is not None:
            raise self._failure


@contextmanager
def _room_in(place: Path) -> Iterator[None]:
    """Says of a file of the run that cannot be written where it was to be."""
    try:
        yield
    except OSError as error:
        raise RunFailed(
            f"the files of the run cannot be written in {place.parent}: {error.strerror}",
            hint="free space there, or name another directory in XDG_RUNTIME_DIR",
        ) from error


def _runner(request: CollectRequest, place: Path, cancelled: Callable[[], bool]) -> ansible_runner.Runner:
    exchange = place / "exchange"
    exchange.mkdir(mode=0o700)
    return ansible_runner.interface.init_runner(
        private_data_dir=str(place),
        project_dir=str(request.site),
        ident=IDENT,
        playbook=PLAYBOOK,
        inventory=str(request.inventory),
        limit=request.scope,
        forks=request.forks,
        extravars={
            "maintkit_exchange": {"__ansible_unsafe": str(exchange)},
            "maintkit_timeout": request.host_timeout_s,
            "maintkit_connect_timeout": request.connect_timeout_s,
        },
        envvars=environment(request.site),
        settings={"pexpect_timeout": 1},
        quiet=True,
        cancel_callback=cancelled,
    )


@dataclass(frozen=True, kw_only=True)
class _Followed:
    """A run while it goes on; `place` is the runner's directory."""

    place: Path
    inventory: Path
    exchange: Exchange
    listener: CollectListener

    def until_over(self, thread: Thread, cancelled: Callable[[], bool]) -> bool:
        """Pass on what happens until the run is over; whether it ever said whom it expects."""
        told = False
        while True:
            # Asked before the files are read: what comes in between is read in the next round.
            alive = thread.is_alive()
            told = told or self._tell_expected()
            self._tell_news()
            if not alive or cancelled():
                return told
            time.sleep(POLL_S)

    def _tell_expected(self) -> bool:
        expected = self.exchange.expected()
        if expected is None:
            return False
        self._refuse_unmatched(expected)
        parameters = self.listener.expected(expected)
        with _room_in(self.place):
            self.exchange.answer(parameters)
        return True

    def _refuse_unmatched(self, expected: ExpectedHosts) -> None:
        """Ansible warns of a name in the pattern that matches nothing, and goes on with the others; we do not."""
        said = (self.place / "artifacts" / IDENT / "stdout").read_text(errors="replace")
        unmatched = UNMATCHED.findall(ANSI.sub("", said))
        if unmatched:
            raise NothingMatched(
                f"{', '.join(unmatched)}: no such host or group in the inventory{_near(unmatched[0], expected)}",
                hint=_graph(self.inventory),
            )

    def _tell_news(self) -> None:
        for host in self.exchange.started():
            self.listener.started(host)
        for result in self.exchange.results():
            self.listener.received(result)


def _graph(inventory: Path) -> str:
    return f"`ansible-inventory -i {inventory} --graph` shows the hosts and groups there are"


def _near(name: str, expected: ExpectedHosts) -> str:
    found = get_close_matches(name, [*expected.inventory_hosts, *expected.inventory_groups], n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _why_nothing_began(request: CollectRequest, runner: ansible_runner.Runner) -> MaintkitError:
    said = ANSI.sub("", runner.stdout.read()).strip()
    if any(words in said.lower() for words in NO_HOSTS) or (runner.rc == 0 and not runner.stats):
        return NothingMatched(
            f"no host of {request.inventory} matches {request.scope!r}"
            if request.scope
            else f"the inventory {request.inventory} has no hosts",
            hint=_graph(request.inventory),
        )
    return _failed(runner, "before any host was asked")


def _why_it_stopped(runner: ansible_runner.Runner) -> RunFailed:
    return _failed(runner, "before all hosts were asked; the ledger says which were")


def _failed(runner: ansible_runner.Runner, when: str) -> RunFailed:
    said = ANSI.sub("", runner.stdout.read())
    last = [line for line in said.splitlines() if line.strip()][-12:]
    return RunFailed(
        f"ansible-playbook {PLAYBOOK} ended with {runner.rc} {when}:\n  " + "\n  ".join(last),
        hint="run it by hand to see more: ansible-playbook maintkit.ops.inspect -i INVENTORY -vvv",
    )
