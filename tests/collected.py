"""The collector, printed and run as on a host: over standard input, its frame and hash checked."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

BUNDLE = Path(__file__).parents[1] / "plugins" / "module_utils" / "collector" / "bundle.py"


def script(parameters: dict[str, Any] | None, folder: Path) -> bytes:
    """The script, printed by the program as `maintkit collector` prints it."""
    argv = [sys.executable, str(BUNDLE)]
    if parameters is not None:
        path = folder / "parameters.json"
        path.write_text(json.dumps(parameters), encoding="utf-8")
        argv += ["--parameters", str(path)]
    return subprocess.run(argv, check=True, capture_output=True).stdout


def isolated(python: str) -> list[str]:
    """The interpreter as the action plugin starts it."""
    version = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info[0])"], capture_output=True, text=True, check=True
    )
    return [python, "-E", "-s", "-S", "-"] if version.stdout.strip() == "2" else [python, "-I", "-S", "-"]


def run(python: str, source: bytes, **options: Any) -> dict[str, Any]:
    """The document of one run, with frame and hash checked and nothing on stderr."""
    done = subprocess.run(isolated(python), input=source, capture_output=True, timeout=90, check=False, **options)
    assert (done.returncode, done.stderr) == (0, b"")
    return unframe(done.stdout)


def unframe(output: bytes) -> dict[str, Any]:
    header, _, rest = output.partition(b"\n")
    mark, length, digest = header.decode().split(" ")
    body = rest[:-1]
    assert (mark, int(length), digest) == ("MAINTKIT-FACTS/1", len(body), hashlib.sha256(body).hexdigest())
    assert rest == body + b"\n"
    assert body.isascii()
    return json.loads(body)


def unknown_fields(raw: Any, known: Any, where: str = "") -> list[str]:
    """Paths of what the document holds and the models do not know."""
    if isinstance(raw, dict):
        extra = [f"{where}.{key}" for key in raw if key not in known]
        return extra + [
            path for key in raw if key in known for path in unknown_fields(raw[key], known[key], f"{where}.{key}")
        ]
    if isinstance(raw, list):
        return [
            path for one, other in zip(raw, known, strict=True) for path in unknown_fields(one, other, f"{where}[]")
        ]
    return []
