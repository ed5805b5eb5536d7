"""The HTTP side: which path is which transaction, and what a failure looks like from outside."""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg2

from his_demo import VERSION, booking
from his_demo.booking import Refused, Wish
from his_demo.database import Busy, Pool
from his_demo.metrics import Metrics
from his_demo.settings import HERE

BODY_LIMIT = 16 * 1024
LOG = logging.getLogger("his-demo")


@dataclass(frozen=True)
class Answer:
    """What goes back to the client."""

    status: int
    body: str
    kind: str = "application/json"


class Application:
    """Routes a request to one function; knows nothing of sockets."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.metrics = Metrics()
        self._routes: list[tuple[str, str, str, Callable[..., Answer]]] = [
            ("GET", "page", r"/", self.page),
            ("GET", "health", r"/health", lambda _: Answer(200, '{"status": "alive"}')),
            ("GET", "version", r"/version", lambda _: Answer(200, as_json({"version": VERSION}))),
            ("GET", "metrics", r"/metrics", self.show_metrics),
            ("GET", "departments", r"/api/departments", self.departments),
            ("POST", "registrations", r"/api/registrations", self.book),
            ("GET", "registration", r"/api/registrations/(\d{1,18})", self.show),
            ("DELETE", "registration", r"/api/registrations/(\d{1,18})", self.cancel),
        ]

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Always an answer: what went wrong inside is logged as ERROR and counted."""
        for verb, route, pattern, action in self._routes:
            found = re.fullmatch(pattern, path.partition("?")[0])
            if found and verb == method:
                answer = self._attempt(method, path, partial(action, body, *found.groups()))
                self.metrics.request(method, route, answer.status)
                return answer
        return Answer(404, as_json({"error": "no such page"}))

    def _attempt(self, method: str, path: str, action: Callable[[], Answer]) -> Answer:
        try:
            return action()
        except Refused as refusal:
            return Answer(refusal.status, as_json({"error": str(refusal)}))
        except (psycopg2.OperationalError, Busy) as error:
            LOG.error("%s %s: database not available: %s", method, path, first_line(error))  # noqa: TRY400
            return Answer(503, as_json({"error": "database not available"}))
        except Exception as error:
            LOG.exception("%s %s: %s", method, path, first_line(error))  # noqa: TRY401
            return Answer(500, as_json({"error": "internal error"}))

    def page(self, _: bytes) -> Answer:
        """The page a registration clerk sees."""
        with self.pool.transaction() as connection:
            rows = booking.departments(connection)
        cells = "".join(
            f"<tr><td>{html.escape(row['name'])}</td><td>{row['capacity'] - row['booked']}</td></tr>" for row in rows
        )
        template = (HERE / "page.html").read_text(encoding="utf-8")
        return Answer(200, template.replace("{{rows}}", cells).replace("{{version}}", VERSION), "text/html")

    def show_metrics(self, _: bytes) -> Answer:
        """Counters as Prometheus reads them."""
        return Answer(200, self.metrics.text(waiting=self.pool.waiting), "text/plain; version=0.0.4")

    def departments(self, _: bytes) -> Answer:
        """Capacity and bookings by department."""
        with self.pool.transaction() as connection:
            return Answer(200, as_json(booking.departments(connection)))

    def book(self, body: bytes) -> Answer:
        """201 with the registration once it is committed."""
        try:
            wish = Wish.parse(json.loads(body))
        except ValueError as error:
            raise Refused(400, "the body is not JSON") from error
        with self.pool.transaction() as connection:
            registration = booking.book(connection, wish)
        return Answer(201, as_json(registration))

    def show(self, _: bytes, registration: str) -> Answer:
        """One registration."""
        with self.pool.transaction() as connection:
            return Answer(200, as_json(booking.show(connection, int(registration))))

    def cancel(self, _: bytes, registration: str) -> Answer:
        """The registration, cancelled."""
        with self.pool.transaction() as connection:
            cancelled = booking.cancel(connection, int(registration))
        return Answer(200, as_json(cancelled))


class Handler(BaseHTTPRequestHandler):
    """One request a connection (HTTP/1.0): a stopping server waits for answers, never for idle clients."""

    server: Server
    server_version = f"his-demo/{VERSION}"
    timeout = 10

    def do_GET(self) -> None:
        """Answer; the same for every method."""
        length = self.headers.get("Content-Length", "")
        body = self.rfile.read(min(int(length), BODY_LIMIT)) if length.isdecimal() else b""
        answer = self.server.application.answer(self.command, self.path, body)
        payload = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", f"{answer.kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_POST = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Access lines go to the application log, not to stderr."""
        LOG.info("%s %s", self.client_address[0], format % args)


class Server(ThreadingHTTPServer):
    """Finishes what it has begun when it is told to stop."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], application: Application) -> None:
        super().__init__(address, Handler)
        self.application = application


def as_json(value: object) -> str:
    """Readable for a Chinese clerk, too."""
    return json.dumps(value, ensure_ascii=False)


def first_line(error: BaseException) -> str:
    """The error in one line: a log line is one event."""
    return (str(error) or type(error).__name__).splitlines()[0]
