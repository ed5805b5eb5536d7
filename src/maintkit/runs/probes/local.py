"""Files and programs of the machine that runs maintkit."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from maintkit.contract.watch import Command, File
from maintkit.errors import WatchFailed
from maintkit.runs.probes.answer import WELL, Answer, Deadline, bad


def ask_file(question: File, deadline: Deadline) -> Answer:
    """The file must be there, and have been written lately."""
    del deadline
    try:
        age = (time.time() - Path(question.path).stat().st_mtime) / 60
    except FileNotFoundError:
        return bad("absent")
    except OSError as error:
        raise WatchFailed(f"{question.path}: {error.strerror}", hint="let the user who runs maintkit see it") from error
    said = f"{age:.0f} min old, at most {question.max_age_min:g}"
    return WELL if age <= question.max_age_min else bad("stale", said)


def ask_command(question: Command, deadline: Deadline) -> Answer:
    """The program must end with 0, and say what it must. Its output is judged and not kept."""
    try:
        done = subprocess.run(  # noqa: S603  # argv of watch.yml, without a shell
            question.argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=deadline.left, check=False
        )
    except subprocess.TimeoutExpired:
        return bad("no-answer")
    except OSError as error:
        raise WatchFailed(f"{question.argv[0]}: {error.strerror}", hint="correct `argv` in watch.yml") from error
    if done.returncode:
        return bad("wrong-answer", f"exit code {done.returncode}")
    if question.contains is not None and question.contains not in done.stdout.decode(errors="replace"):
        return bad("wrong-answer", f"the output does not hold {question.contains!r}")
    return WELL
