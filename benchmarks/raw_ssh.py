"""Raw parallel OpenSSH: one ssh a host, the collector on standard input, the answer into a file, and nothing else.

python raw_ssh.py COLLECTOR INTERPRETER OUT FORKS ADDRESS… -- SSH_OPTION…
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def main() -> int:
    at = sys.argv.index("--")
    collector, interpreter, out, forks, *addresses = sys.argv[1:at]
    options, worst = sys.argv[at + 1 :], 0
    running: dict[int, subprocess.Popen[bytes]] = {}
    for number, address in enumerate(addresses):
        if len(running) >= int(forks):
            worst = max(worst, reap(running))
        argv = ["ssh", "-T", "-o", "BatchMode=yes", *options, "--", address, f"{interpreter} -I -S -"]
        with Path(collector).open("rb") as source, (Path(out) / f"{number}.frame").open("wb") as answer:
            process = subprocess.Popen(argv, stdin=source, stdout=answer)
            running[process.pid] = process
    while running:
        worst = max(worst, reap(running))
    return worst


def reap(running: dict[int, subprocess.Popen[bytes]]) -> int:
    pid, status = os.wait()
    code = os.waitstatus_to_exitcode(status)
    process = running.pop(pid)
    process.returncode = code
    return abs(code)


if __name__ == "__main__":
    sys.exit(main())
