"""Where reminders go in tests: a mail server with STARTTLS or TLS, a webhook that answers as WeCom's, a proxy."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from partners import closed_port

HOST = "127.0.0.1"
PASSWORD = "Xk7-qq9-Lm2-secret"  # noqa: S105  # of a server that lives for one test


def certificate(place: Path) -> tuple[Path, Path]:
    """A certificate of its own for 127.0.0.1, and its key."""
    made, key = place / "server.pem", place / "server.key"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=mail.test", "-addext", f"subjectAltName=IP:{HOST}", "-keyout", key, "-out", made,
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


@dataclass
class Postbox:
    """A mail server: what it took, and what it answers to the next mails (`250` when nothing is left)."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    refuses: tuple[str, ...] = ()
    taken: list[Envelope] = field(default_factory=list)
    tries: int = 0

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address in self.refuses:
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # the same
        del server, session
        self.tries += 1
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("2"):
            self.taken.append(envelope)
        return answer

    def mails(self) -> list[Any]:
        """What was taken, parsed."""
        return [message_from_bytes(bytes(one.content or b""), policy=policy.default) for one in self.taken]


@contextmanager
def postbox(place: Path | None = None, *, implicit: bool = False, **how: Any) -> Iterator[Postbox]:
    """A mail server; with a place for its certificate it demands STARTTLS and the password.

    `implicit`: TLS from the first byte instead, as at port 465.
    """
    box = Postbox(**how)
    more: dict[str, Any] = {}
    if place is not None:
        context = _context(place)
        safe = {"authenticator": _known, "auth_required": True}
        # Inside TLS the library does not know that it is: the password would not be asked for.
        wrapped = {"ssl_context": context, "auth_require_tls": False}
        more = safe | (wrapped if implicit else {"tls_context": context, "require_starttls": True})
    controller = Controller(box, hostname=HOST, port=closed_port(), **more)
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


def _context(place: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(place))
    return context


def _known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    del server, session, envelope, mechanism
    known = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
    return AuthResult(success=known, handled=known)


@dataclass
class Robot:
    """A webhook: what was posted to it, and what it answers: a status and a body, the last one for good."""

    answers: list[tuple[int, bytes]]
    url: str = ""
    posted: list[Any] = field(default_factory=list)


@contextmanager
def robot(*answers: tuple[int, bytes], place: Path | None = None) -> Iterator[Robot]:
    """An HTTP server at a secret address; HTTPS with a place for its certificate."""
    made = Robot(answers=list(answers or ((200, b'{"errcode":0,"errmsg":"ok"}'),)))

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server's name
            made.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status, body = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Webhook)
    if place is not None:
        server.socket = _context(place).wrap_socket(server.socket, server_side=True)
    made.url = f"{'https' if place else 'http'}://{HOST}:{server.server_port}/cgi-bin/webhook/send?key=8f1d-very-secret"
    with _serving(server):
        yield made


@dataclass
class Proxy:
    """A proxy: its address, where it was asked to connect to, and every byte that it saw of who asked."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    saw: bytearray = field(default_factory=bytearray)


@contextmanager
def proxy(status: int = 200) -> Iterator[Proxy]:
    """An HTTP proxy that tunnels by CONNECT (RFC 9110, 9.3.6), or refuses with another status."""
    made = Proxy()

    class Tunnel(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:  # http.server's name
            made.asked.append(self.path)
            made.saw += str(self.headers).encode()
            self.send_response(status)
            self.end_headers()
            if status != 200:
                return
            host, _, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port)), timeout=10) as far:
                back = Thread(target=_pour, args=(far, self.connection, bytearray()), daemon=True)
                back.start()
                _pour(self.connection, far, made.saw)
                back.join(timeout=10)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Tunnel)
    made.url = f"http://{HOST}:{server.server_port}"
    with _serving(server):
        yield made


def _pour(source: socket.socket, target: socket.socket, saw: bytearray) -> None:
    """Everything from one to the other, until one of them is done."""
    with suppress(OSError):
        while chunk := source.recv(65536):
            saw += chunk
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def _serving(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
