"""Web pages that fail, are late, or say something else: faults of the application behind the web server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.host import Host
from lab.image import File

PROGRAM = "/usr/local/lib/his-app.py"
FOLDER = "/srv/his"
PORT = 8080
# Small, and real: it answers what its files say when it is asked.
SERVER = f'''
import http.server, pathlib, time

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        said = pathlib.Path("{FOLDER}")
        if self.path == "/metrics":
            file = said / "metrics"
        else:
            time.sleep(float((said / "delay_s").read_text()))
            file = said / "page"
        body = file.read_bytes() if file.exists() else b""
        self.send_response(200 if file.exists() else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", {PORT}), Page).serve_forever()
'''
UNIT = f"""
[Service]
ExecStart=/usr/bin/python3 {PROGRAM}
[Install]
WantedBy=multi-user.target
"""
FILES = (
    File(path=PROGRAM, content=SERVER.encode()),
    File(path="/etc/systemd/system/his-app.service", content=UNIT.encode()),
    File(path=f"{FOLDER}/page", content="<h1>挂号服务</h1>\n".encode()),
    File(path=f"{FOLDER}/metrics", content=b"queue_depth 3\n"),
    File(path=f"{FOLDER}/delay_s", content=b"0\n"),
)


@contextmanager
def failing(host: Host) -> Iterator[None]:
    """The application answers with status 500."""
    host.run("mv", f"{FOLDER}/page", f"{FOLDER}/page.before")
    try:
        yield
    finally:
        host.run("mv", f"{FOLDER}/page.before", f"{FOLDER}/page")


@contextmanager
def late(host: Host, *, seconds: float) -> Iterator[None]:
    """The application takes so long to answer."""
    with _said(host, "delay_s", f"{seconds}\n"):
        yield


@contextmanager
def other_page(host: Host, page: str) -> Iterator[None]:
    """The application answers with another page."""
    with _said(host, "page", page):
        yield


@contextmanager
def queue(host: Host, depth: int) -> Iterator[None]:
    """The application's metrics say that so many messages wait."""
    with _said(host, "metrics", f"queue_depth {depth}\n"):
        yield


@contextmanager
def _said(host: Host, name: str, content: str) -> Iterator[None]:
    path = f"{FOLDER}/{name}"
    before = host.run("cat", path).out
    host.put(File(path=path, content=content.encode()))
    try:
        yield
    finally:
        host.put(File(path=path, content=before.encode()))
