"""Health gates: what must hold after a change, asked again and again over a soak."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence

from . import snapshot

BODY_CAP = 1024 * 1024
Now = "Callable[[], float]"  # not made when it is loaded: hosts have Python 3.8


def check(gate: dict, before: dict | None) -> dict:
    """One gate, once: `ok`, `said` in words, `took_ms`."""
    began = time.monotonic()
    try:
        problem = KINDS[gate["kind"]](gate, before)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"
    took_ms = round((time.monotonic() - began) * 1000)
    return {"gate": label(gate), "ok": not problem, "said": problem, "took_ms": took_ms}


def label(gate: dict) -> str:
    """What a record calls it."""
    subject = gate["unit"] or gate["url"] or (f"port {gate['port']}" if gate["port"] else " ".join(gate["argv"] or []))
    return gate["name"] or f"{gate['kind']} {subject}"


def unit(gate: dict, before: dict | None) -> str:
    """Active, and under another process than before where that is asked."""
    now = snapshot.services([gate["unit"]]).get(gate["unit"], {"active": "absent", "sub": "", "pid": 0})
    if now["active"] != "active":
        return f"{gate['unit']} is {now['active']} ({now['sub']})"
    was = (before or {}).get("services", {}).get(gate["unit"], {}).get("pid", 0)
    if gate["changed_pid"] and was and now["pid"] == was:
        return f"{gate['unit']} still runs as process {was}: it was not restarted"
    return ""


def port(gate: dict, _before: dict | None) -> str:
    """Somebody accepts connections."""
    with socket.create_connection((gate["host"], gate["port"]), timeout=gate["timeout"]):
        return ""


def http(gate: dict, _before: dict | None) -> str:
    """The expected status, and the expected words in the answer: a page that only says "ok" fools nobody."""
    body = gate["body"].encode() if gate["body"] else None
    request = urllib.request.Request(gate["url"], data=body, method=gate["method"], headers=gate["headers"] or {})  # noqa: S310
    try:
        with opener().open(request, timeout=gate["timeout"]) as answer:
            status, text = answer.status, answer.read(BODY_CAP)
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read(BODY_CAP)
    if status != gate["status"]:
        return f"{gate['url']} answers {status}, not {gate['status']}"
    return _without(text.decode(errors="replace"), gate, gate["url"])


def opener() -> urllib.request.OpenerDirector:
    """Straight to the service: no proxy of the environment, which answers for services that are down."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def command(gate: dict, _before: dict | None) -> str:
    """The expected exit status and words, of psql for example."""
    done = subprocess.run(
        gate["argv"], capture_output=True, text=True, errors="replace", timeout=gate["timeout"], check=False
    )
    if done.returncode != gate["rc"]:
        said = (done.stderr or done.stdout).strip().splitlines()
        return f"{gate['argv'][0]} ended with {done.returncode}, not {gate['rc']}: {' / '.join(said[-2:])}"
    return _without(done.stdout, gate, gate["argv"][0])


KINDS: dict[str, Callable[[dict, dict | None], str]] = {"unit": unit, "port": port, "http": http, "command": command}


def _without(text: str, gate: dict, who: str) -> str:
    return "" if gate["contains"] in text else f"{who} does not say {json.dumps(gate['contains'])}"


def round_of(gates: Sequence[dict], before: dict | None) -> dict:
    """All gates once, and with `before` also the services of the host against it."""
    results = [check(gate, before) for gate in gates]
    problems = [f"{one['gate']}: {one['said']}" for one in results if not one["ok"]]
    if before is not None:
        problems += host_problems(before)
    return {"at": round(time.time(), 1), "gates": results, "problems": problems}


def host_problems(before: dict) -> list[str]:
    """Services that ran and do not, that failed since, or that systemd keeps starting again."""
    since = snapshot.compare({**before, "packages": {}}, {**before, "packages": {}, "services": snapshot.services()})
    said = {"lost": "ran before and does not", "newly_failed": "has failed", "restarting": "had to be started again"}
    return [f"{name} {words}" for kind, words in said.items() for name in since[kind]]


def soak(gates: Sequence[dict], *, before: dict | None, checks: int, interval_s: float, settle_s: float) -> list[dict]:
    """Rounds until one is clean, at most `settle_s`; then `checks` in all, of which each must be clean.

    The last round tells how it ended: with problems, or without.
    """
    until = time.monotonic() + settle_s
    rounds = [round_of(gates, before)]
    while rounds[-1]["problems"] and time.monotonic() < until:
        time.sleep(min(1.0, interval_s))
        rounds = [*rounds[-9:], round_of(gates, before)]
    clean = 1
    while not rounds[-1]["problems"] and clean < checks:
        time.sleep(interval_s)
        rounds.append(round_of(gates, before))
        clean += 1
    return rounds
