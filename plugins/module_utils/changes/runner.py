"""Runs one step of a change, away from whoever asked for it: `python3 -I runner.py DIRECTORY`.

It stands alone, because it is copied beside the step and outlives the module that started it. In DIRECTORY it finds
intent.json and leaves `started`, `output` (its beginning), `output.tail` and, last and whole, `outcome.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time

HEAD = 256 * 1024
TAIL = 64 * 1024


def main(directory: str) -> int:
    os.umask(0o077)
    os.chdir(directory)
    with open("intent.json") as file:
        intent = json.load(file)
    time.sleep(intent["delay_s"])
    # Made by us or not at all: whoever comes second must not run the command again.
    os.close(os.open("started", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    keep(".")
    outcome = run(intent["argv"], {**os.environ, **intent["environment"]}, intent["chdir"])
    leave("outcome.json", outcome)
    return outcome["rc"]


def run(argv, environment, chdir):
    """The command's exit status, and its output with only head and tail kept."""
    try:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=chdir or "/",
        )
    except OSError as error:
        return {"rc": 127, "bytes": 0, "sha256": hashlib.sha256(b"").hexdigest(), "error": str(error)}
    digest, size, tail = hashlib.sha256(), 0, b""
    with open("output", "wb", buffering=0) as head:
        while True:
            piece = child.stdout.read1(65536)
            if not piece:
                break
            if size < HEAD:
                head.write(piece[: HEAD - size])
            tail = (tail + piece[max(0, HEAD - size) :])[-TAIL:]
            digest.update(piece)
            size += len(piece)
    with open("output.tail", "wb") as file:
        file.write(tail)
    return {"rc": child.wait(), "bytes": size, "sha256": digest.hexdigest()}


def leave(name, document):
    with open(name + ".half", "w") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(name + ".half", name)
    keep(".")


def keep(directory):
    held = os.open(directory, os.O_RDONLY)
    os.fsync(held)
    os.close(held)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
