"""One trip a host against the other ways to the same facts, on sshd targets of this machine's loopback.

    .venv/bin/python benchmarks/onetrip.py [--targets 20 100] [--repeat 3] [--kex curve25519-sha256] [--inspect]

Ways, all in the same run, each from cold connections, with the same ssh options and the same fifteen facts:

  raw      parallel OpenSSH, the collector on standard input: the least that OpenSSH can do
  trip     ansible-playbook maintkit.ops.inspect: one action for all hosts
  module   one custom module a host that runs the same collector
  tasks    a tuned playbook of fifteen tasks (only up to --tasks-limit targets: it is slow)
  inspect  with --inspect: `maintkit inspect` end to end, all sections, with judging and ledger
  raw-all  with --inspect: raw OpenSSH with all sections, which `inspect` is held against

Measured: wall, and CPU of the controller's own processes a host (the targets are children of sshd and not counted),
medians. The targets share this machine, so wall holds their work too, and many sessions at once on few cores make each
other's work larger (every collector reads all of /proc): --forks is the same for all ways, and low. Nothing but
loopback is used; everything lies in one temporary directory and ends with it. The bars are those of
docs/decisions/0001."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / ".ansible")]
from ansible_collections.maintkit.ops.plugins.module_utils.collector.bundle import bundle  # noqa: E402
from fleet import Fleet, Node  # noqa: E402  # the tests' own fleet, found beside them
from sites import make_site  # noqa: E402

BIN = Path(sys.executable).parent
LIMIT_S = 1800
SETTLE_S = 2
INTERPRETER = "/usr/bin/python3"  # the same for every way: a shim on the PATH would cost more than a trip
FACTS = (
    *("host", "kernel", "cpu", "memory", "filesystems", "disks", "network", "tables", "ports", "systemd"),
    *("accounts", "sudo", "sshd", "logins", "clock"),
)
PARAMETERS = {"only": FACTS, "sample_s": 0.2}
HOLD = "-o ControlMaster=auto -o ControlPersist=60s"
MODULE = """
import subprocess, sys
from ansible.module_utils.basic import AnsibleModule
SCRIPT = {script!r}
def main():
    module = AnsibleModule(argument_spec={{}}, supports_check_mode=True)
    run = subprocess.Popen([sys.executable, "-I", "-S", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    answer = run.communicate(SCRIPT.encode())[0].decode()
    module.exit_json(changed=False, document=module.from_json(answer.split("\\n", 1)[1]))
main()
"""
COMMANDS = (
    *("hostnamectl --static", "uname -a", "cat /proc/loadavg /proc/stat", "cat /proc/meminfo /proc/vmstat", "df -PT"),
    *("df -Pi", "cat /proc/diskstats", "cat /proc/net/dev", "cat /proc/sys/fs/file-nr", "ss -ltn"),
    *("systemctl list-units --state=failed --plain --no-legend", "cat /etc/passwd /etc/shadow", "cat /etc/sudoers"),
    *("cat /etc/ssh/sshd_config", "last -n 50"),
)
ONE_MODULE = [{"hosts": "all", "gather_facts": False, "tasks": [{"name": "Collect", "bench_collect": {}}]}]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One fleet and everything the ways share."""

    place: Path
    fleet: Fleet
    forks: int
    ssh_args: str

    def environment(self) -> dict[str, str]:
        return self.fleet.environment(
            ANSIBLE_SSH_ARGS=self.ssh_args,
            ANSIBLE_SSH_CONTROL_PATH_DIR=str(self.place / "cp"),
            ANSIBLE_PIPELINING="true",
            ANSIBLE_FORKS=str(self.forks),
            ANSIBLE_LIBRARY=str(self.place / "library"),
            ANSIBLE_PYTHON_INTERPRETER=INTERPRETER,
        )

    def play(self, *arguments: str) -> list[str]:
        return [str(BIN / "ansible-playbook"), "-i", str(self.fleet.inventory), *arguments]


def raw(bench: Bench) -> list[str]:
    collector, out = bench.place / "collector.py", fresh(bench.place / "raw")
    collector.write_text(bundle(PARAMETERS))
    options = [*bench.ssh_args.split(), "-o", f"ControlPath={bench.place}/cp/%C", *bench.fleet.ssh_options()]
    addresses = list(bench.fleet.addresses.values())
    here = [sys.executable, str(HERE / "raw_ssh.py"), str(collector), INTERPRETER, str(out), str(bench.forks)]
    return [*here, *addresses, "--", *options]


def raw_all(bench: Bench) -> list[str]:
    """Raw OpenSSH with all sections, as `maintkit inspect` asks for them."""
    argv = raw(bench)
    (bench.place / "collector.py").write_text(bundle({}))
    return argv


def trip(bench: Bench) -> list[str]:
    variables = {"maintkit_parameters": PARAMETERS, "maintkit_dest": str(fresh(bench.place / "trip"))}
    return bench.play("maintkit.ops.inspect", "-e", json.dumps(variables))


def module(bench: Bench) -> list[str]:
    library = fresh(bench.place / "library")
    (library / "bench_collect.py").write_text(MODULE.format(script=bundle(PARAMETERS)))
    play = bench.place / "module.yml"
    play.write_text(json.dumps(ONE_MODULE))
    return bench.play(str(play))


def tasks(bench: Bench) -> list[str]:
    """The usual way, tuned: no fact gathering, commands that need no parsing, pipelining, held connections, forks."""
    steps = [{"ansible.builtin.command": command, "ignore_errors": True} for command in COMMANDS]
    play = bench.place / "tasks.yml"
    play.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": steps}]))
    return bench.play(str(play))


def inspect(bench: Bench) -> list[str]:
    site = bench.place / "site"
    if not site.exists():
        make_site(site, bench.fleet.inventory_data())
        (site / "maintkit.yml").write_text(f"forks: {bench.forks}\n")
    return [str(BIN / "maintkit"), "inspect", "--site", str(site), "--json", "--engineer", "benchmark"]


Way = Callable[[Bench], list[str]]
WAYS: dict[str, Way] = {
    "raw": raw,
    "raw-all": raw_all,
    "trip": trip,
    "module": module,
    "tasks": tasks,
    "inspect": inspect,
}
PROOF = {"raw": "*.frame", "raw-all": "*.frame", "trip": "*.json"}  # what must be there, once a host


def measure(way: str, bench: Bench) -> dict[str, float]:
    """One cold run of one way; stops the benchmark when it did not do its work."""
    fresh(bench.place / "cp").chmod(0o700)
    argv = WAYS[way](bench)
    before = machine_cpu_s()
    ran = subprocess.run(
        [sys.executable, str(HERE / "measure.py"), *argv],
        env=bench.environment(),
        capture_output=True,
        timeout=LIMIT_S,
        check=True,
        cwd=bench.place,
    )
    cost: dict[str, float] = json.loads(ran.stdout)
    cost["machine_s"] = machine_cpu_s() - before
    let_go(bench.place / "cp")
    if cost["code"] not in ((0, 10, 11) if way == "inspect" else (0,)):
        raise SystemExit(f"{way} ended with {cost['code']}: {cost['said']}")
    if way in PROOF:
        whole = [path for path in (bench.place / way.removesuffix("-all")).glob(PROOF[way]) if path.stat().st_size]
        if len(whole) != len(bench.fleet.nodes):
            raise SystemExit(f"{way} brought {len(whole)} documents of {len(bench.fleet.nodes)}")
    return cost


def let_go(sockets: Path) -> None:
    """End the held connections: their processes would stand in the next way's /proc, which collectors read."""
    for socket in sockets.iterdir():
        subprocess.run(["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "any"], capture_output=True, check=False)
    time.sleep(SETTLE_S)


def machine_cpu_s() -> float:
    """CPU time that everything on this machine has used since boot: controller and targets together."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    busy = sum(ticks[:8]) - ticks[3] - ticks[4]  # without idle and waiting
    return busy / os.sysconf("SC_CLK_TCK")


def fresh(directory: Path) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    return directory


def medians(costs: list[dict[str, float]]) -> dict[str, float]:
    return {
        name: statistics.median(cost[name] for cost in costs) for name in ("wall_s", "cpu_s", "machine_s", "peak_mib")
    }


def compare(targets: int, ways: list[str], arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """All ways against one fleet, one after the other, round by round, so that a busy minute meets all of them."""
    kex = f" -o KexAlgorithms={arguments.kex}" if arguments.kex else ""
    costs: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory(prefix="mkb") as place:
        nodes = [Node(name=f"host{number:04}") for number in range(targets)]
        with Fleet(Path(place) / "fleet", nodes, shared=True) as fleet:
            bench = Bench(place=Path(place), fleet=fleet, forks=arguments.forks, ssh_args=HOLD + kex)
            for _ in range(arguments.repeat):
                for way in ways:
                    costs[way].append(measure(way, bench))
    return {way: medians(found) for way, found in costs.items()}


def show(targets: int, found: dict[str, dict[str, float]]) -> None:
    for way, cost in found.items():
        base = found["raw-all" if way == "inspect" else "raw"]
        a_host, machine = 1000 * cost["cpu_s"] / targets, 1000 * cost["machine_s"] / targets
        against = f"{cost['wall_s'] / base['wall_s']:.2f} | {cost['cpu_s'] / base['cpu_s']:.2f}"
        figures = f"{cost['wall_s']:.2f} | {a_host:.1f} | {machine:.0f} | {cost['peak_mib']:.0f}"
        print(f"| {targets} | {way} | {figures} | {against} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", type=int, nargs="+", default=[20, 100])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--forks", type=int, default=16, help="sessions at once, for every way")
    parser.add_argument("--kex", default="", help="KexAlgorithms of every way; OpenSSH's own default if not given")
    parser.add_argument("--tasks-limit", type=int, default=20, help="most targets for the fifteen tasks")
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=["raw", "trip", "module", "tasks"])
    parser.add_argument("--inspect", action="store_true", help="also `maintkit inspect` end to end")
    arguments = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores at the start")
    print("| targets | way | wall s | CPU ms a host | all CPU ms a host | peak MiB | wall × raw | CPU × raw |")
    print("|---|---|---|---|---|---|---|---|")
    for targets in arguments.targets:
        ways = [way for way in arguments.ways if way != "tasks" or targets <= arguments.tasks_limit]
        show(targets, compare(targets, [*ways, *(["raw-all", "inspect"] if arguments.inspect else [])], arguments))


if __name__ == "__main__":
    main()
