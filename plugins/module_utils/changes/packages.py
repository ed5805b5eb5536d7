"""Setting packages to exact versions from the cache, forwards or back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import cache, patching, snapshot
from .place import Refused, cache_place
from .step import DONE, RUNNING, Step, running_steps

# needrestart would restart services out of turn; which ones, and when, is the procedure's business.
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1", "LC_ALL": "C.UTF-8"}
KEEP_CONFIGURATION = ("--force-confdef", "--force-confold")


@dataclass(frozen=True)
class Did:
    """Whether this call began something, and what was said."""

    changed: bool
    output: str


@dataclass(frozen=True)
class Work:
    """A run's change of packages on this host."""

    run: str
    step: str
    token: int | None
    lock_wait_s: int

    def wanted(self, state: str) -> dict[str, str]:
        """Version by package that must be there in the end; empty where the package must not be installed."""
        told = cache.record(self.run)
        side, install = ("to", told["install"]) if state == "planned" else ("from", told["install"])
        gone = {one["package"]: "" if state == "planned" else one["from"] for one in told["remove"]}
        return {**{one["package"]: one[side] for one in install}, **gone}

    def moved(self, state: str) -> list[dict]:
        """The same as moves from one version to the other."""
        back, there = self.wanted("restored"), self.wanted("planned")
        start, end = (back, there) if state == "planned" else (there, back)
        return [{"package": name, "from": start[name], "to": end[name]} for name in sorted(end)]

    def kept(self) -> dict:
        """The package files that were cached, and where."""
        return {"files": cache.record(self.run)["files"], "place": str(cache_place(self.run))}

    def do(self, state: str, *, timeout_s: float) -> Did:
        """Do what is not done yet; Refused when a step of it fails, is lost, or is still running at the end."""
        for other in running_steps(self.run):
            if not other.step.startswith(self.step):  # a rollback lets the change end first
                other.wait(timeout_s)
        did = [self._step(name, argv, timeout_s) for name, argv in self._steps(state)]
        self._mark()
        return Did(any(one.changed for one in did), "".join(one.output for one in did))

    def _steps(self, state: str) -> list[tuple[str, list[str]]]:
        told, place = cache.record(self.run), cache_place(self.run)
        if state == "planned":
            new = str(place / "new")
            return [(self.step, patching.install_argv(told["to"], lock_wait_s=self.lock_wait_s, cache=new))]
        # dpkg itself, because apt refuses to work on what a failed change has left half-configured.
        old = sorted(str(place / name) for name in told["files"] if name.startswith("old/"))
        added = sorted(one["package"] for one in told["install"] if not one["from"])
        steps = []
        if old:
            steps.append((f"{self.step}-install", ["dpkg", *KEEP_CONFIGURATION, "--install", *old]))
        if added:
            steps.append((f"{self.step}-remove", ["dpkg", "--remove", *added]))
        return steps

    def _step(self, name: str, argv: list[str], timeout_s: float) -> Did:
        step = Step(self.run, name)
        if step.state() == "absent":
            patching.wait_for_locks(self.lock_wait_s)
        began = step.start(argv, environment=QUIET, chdir="/", token=self.token)
        state = step.wait(timeout_s)
        outcome = step.outcome()
        if state == RUNNING:
            raise Refused(f"{step.unit} still runs after {timeout_s:.0f} s: call again to attach to it")
        if state != DONE:
            raise Refused(f"{step.unit} was cut off in the middle: look with `dpkg --audit` what it has left")
        if outcome["rc"] != 0:
            raise Refused(f"{argv[0]} ended with {outcome['rc']}: {last_words(outcome['output'])}")
        return Did(began, outcome["output"])

    def _mark(self) -> None:
        """Packages that came only as dependencies stay so: naming one with its version calls it wanted by hand."""
        was = cache.record(self.run)["automatic"]
        now = snapshot.output_of(["apt-mark", "showauto"]).split()
        lost = sorted(set(was) - set(now))
        present = {name.partition(":")[0] for name in snapshot.packages()}
        again = [name for name in lost if name.partition(":")[0] in present]
        if again:
            snapshot.output_of(["apt-mark", "auto", *again])


def differing(installed: Mapping[str, Mapping], wanted: Mapping[str, str]) -> list[dict]:
    """Packages that are not whole at the wanted version, as moves to it."""
    moves = []
    for name, version in sorted(wanted.items()):
        # dpkg tells some libraries apart by architecture where apt does not.
        found = installed.get(name) or next(
            (one for full, one in installed.items() if full.startswith(f"{name}:")), None
        )
        is_there = (
            f"{found['version']}" + ("" if found["state"] in ("ii", "hi") else f" ({found['state']})") if found else ""
        )
        if is_there != version:
            moves.append({"package": name, "from": is_there, "to": version})
    return moves


def last_words(output: str, *, lines: int = 6) -> str:
    """The end of what a program said, on one line."""
    said: Sequence[str] = [line.strip() for line in output.splitlines() if line.strip()]
    return " / ".join(said[-lines:])
