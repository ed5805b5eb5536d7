"""What an inspection costs the controller alone: targets answer at once with a recorded document.

    .venv/bin/python benchmarks/controller.py [--targets 100 1000] [--repeat 3]

Every target is a login to one sshd on loopback whose ForceCommand prints the document that the real collector made of
this machine a moment ago, so the hosts' share is nearly nothing. Measured from outside, median of the repeats: wall and
CPU time of `maintkit inspect` with everything it started (Ansible, ssh), the peak of their memory together (PSS), and
the same for the record. Loopback only; everything it makes lies in one temporary directory and ends with it.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from fleet import Fleet, Node  # noqa: E402  # the tests' own fleet and sites
from sites import MAINTKIT, make_site  # noqa: E402

SAMPLE_S = 0.1


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds, seconds of CPU, MiB."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    print("| targets | step | wall s | CPU s | CPU ms a host | peak MiB |")
    print("|---|---|---|---|---|---|")
    for targets in arguments.targets:
        with tempfile.TemporaryDirectory(prefix="maintkit-benchmark-") as place:
            for step, costs in measure(Path(place), targets, arguments.repeat).items():
                show(targets, step, costs)


def show(targets: int, step: str, costs: list[Cost]) -> None:
    wall, cpu, peak = (
        statistics.median(getattr(cost, name) for cost in costs) for name in ("wall_s", "cpu_s", "peak_mib")
    )
    print(f"| {targets} | {step} | {wall:.1f} | {cpu:.1f} | {1000 * cpu / targets:.1f} | {peak:.0f} |", flush=True)


def measure(place: Path, targets: int, repeat: int) -> dict[str, list[Cost]]:
    """Every step's costs, one a repeat; the ledger grows from one repeat to the next, as a site's does."""
    frame = place / "frame"
    script = subprocess.run([MAINTKIT, "collector"], check=True, capture_output=True).stdout
    frame.write_bytes(subprocess.run([sys.executable, "-"], input=script, check=True, capture_output=True).stdout)
    nodes = [Node(name=f"host{number:04d}", command=f"cat {frame}") for number in range(targets)]
    with Fleet(place / "fleet", nodes, shared=True) as fleet:
        site = make_site(place / "site", fleet.inventory_data())
        environment = fleet.environment()
        inspect = [str(MAINTKIT), "inspect", "--site", str(site), "--json", "--engineer", "benchmark"]
        report = [str(MAINTKIT), "report", "inspection", "--site", str(site), "--format"]
        return {
            "inspect": [run(inspect, environment, expected=range(14)) for _ in range(repeat)],
            "record docx": [run([*report, "docx"], environment) for _ in range(repeat)],
            "record html": [run([*report, "html"], environment) for _ in range(repeat)],
        }


def run(argv: list[str], environment: dict[str, str], *, expected: range = range(1)) -> Cost:
    """Run one command and everything it starts; raises when it did not do its work."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = Peak(process.pid)
    _, said = process.communicate(timeout=1200)
    wall, memory = time.monotonic() - began, peak.stop()
    if process.returncode not in expected:
        raise SystemExit(f"{' '.join(argv)} ended with {process.returncode}: {said.decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall_s=wall, cpu_s=cpu, peak_mib=memory)


class Peak:
    """Samples the memory of a process and its descendants, shared pages counted once (PSS)."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        self._over.set()
        self._thread.join()
        return self._peak

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_S):
            self._peak = max(self._peak, sum(pss_mib(pid) for pid in family(self._pid)))


def family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return
    for child in children:
        yield from family(child)


def pss_mib(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
