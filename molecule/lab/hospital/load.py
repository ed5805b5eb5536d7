"""Keep real registrations flowing and say exactly which ones failed, and when.

    with Load("https://10.9.0.2", workers=4, rate=20) as load:
        …                                   # the maintenance that must not be noticed
    result = load.result()
    assert result.failures(between=(begin, end)) == []

    python load.py URL --seconds 60 --workers 4 --rate 20      # prints JSON

One transaction: POST a registration with a reference of its own, GET it back and compare, now and then cancel it. Every
request has a connection of its own, and nothing is tried twice: what fails here is what a patient would have seen.
Nothing but the standard library; only loopback and private addresses; always ends by itself.
"""

from __future__ import annotations

import argparse
import http.client
import ipaddress
import json
import random
import socket
import ssl
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

LONGEST_S = 3600.0
FASTEST = 500.0
TIMEOUT_S = 8.0
DEPARTMENTS = ("IM", "SU", "PE", "OG", "EN", "EY", "DE", "TC")
PATIENTS = 2000
# What must come back as it was answered. A newer version beside this one may say more.
SAME = (
    "id",
    "number",
    "reference",
    "card_no",
    "schedule_id",
    "clinic_date",
    "session",
    "doctor",
    "department",
    "status",
)


class NotAllowed(ValueError):
    """The address is not one that load may be put on."""


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """One registration: wall-clock seconds, the first step that failed and why (both empty when all went well)."""

    started: float
    ended: float
    post_seconds: float
    step: str = ""
    reason: str = ""


class StepFailed(Exception):
    """A step of a transaction had another outcome than it must have."""


@dataclass(frozen=True)
class Result:
    """Every transaction that was begun, in the order of their ends."""

    url: str
    transactions: tuple[Transaction, ...]

    def failures(self, *, between: tuple[float, float] | None = None) -> list[Transaction]:
        """What failed; with `between` (wall-clock seconds) only what was under way at some moment of that time."""
        begin, end = between or (float("-inf"), float("inf"))
        return [one for one in self.transactions if one.reason and one.started <= end and one.ended >= begin]

    def succeeded(self, *, between: tuple[float, float] | None = None) -> list[Transaction]:
        """What was begun and finished well inside that time: zero failures mean nothing where this is empty."""
        begin, end = between or (float("-inf"), float("inf"))
        return [one for one in self.transactions if not one.reason and begin <= one.started and one.ended <= end]

    def summary(self) -> dict[str, Any]:
        """Counts, reasons, registration latency in milliseconds, and each failure with its moment."""
        failed = self.failures()
        spent = sorted(one.post_seconds * 1000 for one in self.succeeded())
        return {
            "url": self.url,
            "transactions": len(self.transactions),
            "ok": len(self.transactions) - len(failed),
            "failed": len(failed),
            "by_reason": dict(Counter(f"{one.step}: {one.reason}" for one in failed).most_common()),
            "latency_ms": {"p50": percentile(spent, 50), "p95": percentile(spent, 95)},
            "failures": [
                {"started": round(one.started, 3), "ended": round(one.ended, 3), "step": one.step, "reason": one.reason}
                for one in failed
            ],
        }


class Load:
    """Runs between `__enter__` and `__exit__`, and never longer than `seconds`; `rate` is transactions a second."""

    def __init__(
        self, url: str, *, workers: int = 4, rate: float = 20.0, seconds: float = 600.0, cafile: str | None = None
    ) -> None:
        self._service = Service(url, cafile)
        self._url = url
        self._interval = 1 / min(rate, FASTEST)
        self._seconds = min(seconds, LONGEST_S)
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._next = self._deadline = 0.0
        self._done: list[Transaction] = []

    def __enter__(self) -> Self:
        self._next = time.monotonic()
        self._deadline = self._next + self._seconds
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.wait()

    def wait(self) -> None:
        """Until the time is over and the last transaction has ended."""
        for thread in self._threads:
            thread.join()

    def result(self) -> Result:
        """What has ended so far; everything, after the `with`."""
        with self._lock:
            return Result(self._url, tuple(self._done))

    def _work(self) -> None:
        while self._pace():
            transaction = self._service.transact()
            with self._lock:
                self._done.append(transaction)

    def _pace(self) -> bool:
        """Wait for this worker's turn; False when the time is over. What could not be sent in time is not caught up."""
        with self._lock:
            turn = self._next = max(self._next, time.monotonic() - self._interval) + self._interval
        if turn >= self._deadline:
            return False
        return not self._stop.wait(max(0.0, turn - time.monotonic()))


class Service:
    """The registration service as a client sees it."""

    def __init__(self, url: str, cafile: str | None) -> None:
        self._address = urlsplit(url)
        if self._address.scheme not in ("http", "https") or self._address.hostname is None:
            raise NotAllowed(f"{url!r} is no http or https address")
        refuse_public(self._address.hostname)
        self._tls = ssl.create_default_context(cafile=cafile) if self._address.scheme == "https" else None

    def transact(self) -> Transaction:
        """One registration from beginning to end."""
        started, begun = time.time(), time.monotonic()
        posted, step, reason = begun, "POST", ""
        wish = {
            "card_no": f"T{random.randint(1, PATIENTS):08d}",  # noqa: S311
            "department": random.choice(DEPARTMENTS),  # noqa: S311
            "reference": str(uuid.uuid4()),
        }
        try:
            booked = self._call("POST", "/api/registrations", expect=201, body=wish)
            posted, step = time.monotonic(), "GET"
            path = f"/api/registrations/{booked['id']}"
            found = self._call("GET", path, expect=200)
            demand(
                "another registration came back",
                all(found[key] == booked[key] for key in SAME) and found["reference"] == wish["reference"],
            )
            if random.random() < 1 / 3:  # noqa: S311
                step = "DELETE"
                cancelled = self._call("DELETE", path, expect=200)
                demand("not cancelled", cancelled["status"] == "cancelled")
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError, StepFailed) as error:
            reason = in_words(error)
        ended = time.monotonic()
        spent = (posted if step != "POST" else ended) - begun
        return Transaction(
            started=started,
            ended=started + ended - begun,
            post_seconds=spent,
            step=step if reason else "",
            reason=reason,
        )

    def _call(self, method: str, path: str, *, expect: int, body: object = None) -> Any:
        connection = self._connect()
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(
                method, self._address.path.rstrip("/") + path, payload, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != expect:
            raise StepFailed(f"{answer.status} {error_of(text)}".strip())
        return json.loads(text)

    def _connect(self) -> http.client.HTTPConnection:
        host, port = str(self._address.hostname), self._address.port
        if self._tls is None:
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=self._tls)


def demand(otherwise: str, met: bool) -> None:  # noqa: FBT001
    """StepFailed with a reason when the condition is not met."""
    if not met:
        raise StepFailed(otherwise)


def refuse_public(host: str) -> None:
    """NotAllowed unless every address of the name is loopback or private: load on a stranger's host is an attack."""
    try:
        found = {str(item[4][0]) for item in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise NotAllowed(f"{host} has no address: {error}") from error
    for address in map(ipaddress.ip_address, found):
        if not (address.is_loopback or address.is_private) or address.is_unspecified:
            raise NotAllowed(f"{host} is {address}: load only goes to loopback and private addresses")


def error_of(text: bytes) -> str:
    """The service's own word for an error, where the answer has one."""
    try:
        return str(json.loads(text)["error"])
    except (ValueError, LookupError, TypeError):
        return ""


def in_words(error: Exception) -> str:
    """A reason that counts together: no ports, no addresses, no objects."""
    if isinstance(error, StepFailed):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "timeout"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def percentile(ordered: list[float], share: int) -> float | None:
    """The nearest-rank percentile; None of nothing."""
    if not ordered:
        return None
    return round(ordered[max(0, -(-len(ordered) * share // 100) - 1)], 1)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Register synthetic patients at a bounded rate; print what failed.")
    parser.add_argument("url", help="the registration service, e.g. https://10.9.0.2")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=20.0, help="transactions a second, all workers together")
    parser.add_argument("--cafile", help="the authority that signed the service's certificate")
    arguments = vars(parser.parse_args())
    try:
        load = Load(arguments.pop("url"), **arguments)
    except NotAllowed as error:
        parser.error(str(error))
    with load:
        load.wait()
    print(json.dumps(load.result().summary(), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
