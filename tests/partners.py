"""Partners that a watch asks, really listening: pages (also with TLS), MLLP, silence, and storescp of dcmtk."""

from __future__ import annotations

import socket
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST = "127.0.0.1"
PAGE = "<h1>用户登录</h1>"


class Pages(BaseHTTPRequestHandler):
    """/login answers well, /slow after a while, /drip a byte now and then and never to its end."""

    def do_GET(self) -> None:  # the name that http.server wants
        if self.path == "/slow":
            time.sleep(0.4)
        self.send_response(503 if self.path == "/broken" else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        try:
            if self.path == "/drip":
                for _ in range(200):
                    self.wfile.write(b".")
                    self.wfile.flush()
                    time.sleep(0.1)
            self.wfile.write(PAGE.encode())
        except OSError:
            return  # the one who asked has gone

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name that http.server gives
        del format, args


@contextmanager
def pages(certificate: Path | None = None, key: Path | None = None) -> Iterator[int]:
    """The port of a web server, with TLS where a certificate is given."""
    server = ThreadingHTTPServer((HOST, 0), Pages)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    yield from _served(server)


@contextmanager
def mllp(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """Port of an HL7 engine written from the standard alone: reads a block, and says in pieces what `answer` says.

    An answer without the end of a block is followed by the end of the connection.
    """

    class Engine(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            block = b""
            while not block.endswith(b"\x1c\r"):
                piece = self.request.recv(4096)
                if not piece:
                    return
                block += piece
            said = answer(block[1:-2])
            for at in range(0, len(said), 7):
                self.request.sendall(said[at : at + 7])

    yield from _served(socketserver.ThreadingTCPServer((HOST, 0), Engine))


def acknowledge(code: str) -> Callable[[bytes], bytes]:
    """An engine that acknowledges patient queries with this code, and refuses everything else with AR."""

    def answer(asked: bytes) -> bytes:
        segments = [segment.split("|") for segment in asked.decode().split("\r") if segment]
        # MSH-1 is the separator itself: MSH-n stands at n - 1.
        _msh, characters, application, facility, to, at, *_, event, control = segments[0][:10]
        known = event == "QRY^A19" and any(segment[0] == "QRD" for segment in segments)
        said = code if known else "AR"
        head = f"MSH|{characters}|{to}|{at}|{application}|{facility}|20260101120000||ACK^A19^ACK|E{control}|P|2.4"
        return f"\x0b{head}\rMSA|{said}|{control}|Patient unknown|||207\rQAK||NF\r\x1c\r".encode()

    return answer


@contextmanager
def silent() -> Iterator[int]:
    """The port of something that takes connections and never says a word."""
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def storescp(*options: str) -> Iterator[int]:
    """The port of dcmtk's storescp, once it listens."""
    port = closed_port()
    with subprocess.Popen(
        ["storescp", *options, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _await(port)
            yield port
        finally:
            server.kill()


def _await(port: int) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((HOST, port), timeout=5).close()
        except OSError:
            assert time.monotonic() < end, f"nobody listens on port {port}"
            time.sleep(0.05)
        else:
            return


def _served(server: socketserver.BaseServer) -> Iterator[int]:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server.server_address[1]  # type: ignore[index,misc]
    finally:
        server.shutdown()
        server.server_close()
