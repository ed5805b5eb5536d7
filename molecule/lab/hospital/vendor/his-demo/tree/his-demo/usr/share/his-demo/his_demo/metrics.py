"""Counters, shown as Prometheus text."""

from __future__ import annotations

import threading
from collections import Counter

from his_demo import VERSION


class Metrics:
    """Counts since the process started; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._registrations: Counter[str] = Counter({"booked": 0, "refused": 0, "failed": 0})

    def request(self, method: str, route: str, status: int) -> None:
        """One answered request; a POST that registers also counts as booked, refused or failed."""
        with self._lock:
            self._requests[method, route, status] += 1
            if (method, route) == ("POST", "registrations"):
                self._registrations["booked" if status < 400 else "refused" if status < 500 else "failed"] += 1

    def text(self, *, waiting: int) -> str:
        """The page; `waiting` is how many requests stand in the queue for a database connection."""
        with self._lock:
            requests, registrations = sorted(self._requests.items()), sorted(self._registrations.items())
        lines = ["# TYPE his_demo_build_info gauge", f'his_demo_build_info{{version="{VERSION}"}} 1']
        lines += ["# HELP his_demo_queue_depth Requests waiting for a database connection."]
        lines += ["# TYPE his_demo_queue_depth gauge", f"his_demo_queue_depth {waiting}"]
        lines += ["# TYPE his_demo_registrations_total counter"]
        lines += [f'his_demo_registrations_total{{result="{result}"}} {count}' for result, count in registrations]
        lines += ["# TYPE his_demo_requests_total counter"]
        for (method, route, status), count in requests:
            lines.append(f'his_demo_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}')
        return "\n".join(lines) + "\n"
