"""Where reminders go in tests: a real mail server with STARTTLS, and an HTTP server that answers as WeCom's robots."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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
def postbox(place: Path | None = None, **how: Any) -> Iterator[Postbox]:
    """A mail server; with a place for its certificate it demands STARTTLS and the password."""
    box = Postbox(**how)
    more: dict[str, Any] = {}
    if place is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate(place))
        more = {"tls_context": context, "require_starttls": True, "authenticator": _known, "auth_required": True}
    controller = Controller(box, hostname=HOST, port=closed_port(), **more)
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


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
def robot(*answers: tuple[int, bytes]) -> Iterator[Robot]:
    """An HTTP server at a secret address."""
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
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    made.url = f"http://{HOST}:{server.server_port}/cgi-bin/webhook/send?key=8f1d-very-secret"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
