"""pharmacy-demo: stock and dispensing (智慧药学) of a made-up hospital, over MariaDB.

GET /health and /version say that the process lives; GET /api/stock and POST /api/dispenses are transactions.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER
from pymysql.cursors import DictCursor

VERSION = "@VERSION@"
CONFIGURATION = "/etc/pharmacy-demo/pharmacy-demo.conf"
BODY_LIMIT = 16 * 1024
LOG = logging.getLogger("pharmacy-demo")
STOCK = "SELECT d.code, d.name, d.unit, s.quantity FROM drug d JOIN stock s ON s.drug_code = d.code ORDER BY d.code"
TAKE = "UPDATE stock SET quantity = quantity - %s WHERE drug_code = %s AND quantity >= %s"
RECORD = "INSERT INTO dispense (prescription, drug_code, quantity) VALUES (%s, %s, %s)"


class Refused(Exception):
    """The request is understood and cannot be met; `status` is the HTTP answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Pharmacy:
    """One connection a transaction: the account and its password come from an option file, never from argv."""

    def __init__(self, option_file: str) -> None:
        self._option_file = option_file

    @contextmanager
    def transaction(self) -> Iterator[Connection[DictCursor]]:
        """Committed at the end, rolled back on any error."""
        connection = pymysql.connect(
            read_default_file=self._option_file,
            charset="utf8mb4",
            connect_timeout=3,
            read_timeout=5,
            cursorclass=DictCursor,
        )
        with connection:
            yield connection
            connection.commit()

    def stock(self) -> list[dict[str, Any]]:
        """Every drug with the quantity at hand."""
        with self.transaction() as connection, connection.cursor() as cursor:
            cursor.execute(STOCK)
            return list(cursor.fetchall())

    def dispense(self, body: object) -> dict[str, Any]:
        """Take from the stock, once a prescription and drug; Refused leaves the stock as it was."""
        prescription, drug, quantity = wish(body)
        with self.transaction() as connection, connection.cursor() as cursor:
            if cursor.execute(TAKE, (quantity, drug, quantity)) != 1:
                raise Refused(409, "not in stock")
            try:
                cursor.execute(RECORD, (prescription, drug, quantity))
            except pymysql.err.IntegrityError as error:
                if error.args[0] == ER.DUP_ENTRY:
                    raise Refused(409, "already dispensed") from error
                raise
            return {"id": cursor.lastrowid, "prescription": prescription, "drug_code": drug, "quantity": quantity}


def wish(body: object) -> tuple[str, str, int]:
    """(prescription, drug, quantity) of a request; Refused(400) for anything else."""
    match body:
        case {"prescription": str(prescription), "drug_code": str(drug), "quantity": int(quantity)} if quantity > 0:
            return prescription, drug, quantity
    raise Refused(400, "prescription, drug_code and a quantity above 0 are needed")


class Handler(BaseHTTPRequestHandler):
    """One request a connection (HTTP/1.0)."""

    server: Server
    server_version = f"pharmacy-demo/{VERSION}"
    timeout = 10

    def do_GET(self) -> None:
        """Answer; the same for both methods."""
        length = self.headers.get("Content-Length", "")
        body = self.rfile.read(min(int(length), BODY_LIMIT)) if length.isdecimal() else b""
        try:
            status, value = self.route(body)
        except Refused as refusal:
            status, value = refusal.status, {"error": str(refusal)}
        except pymysql.MySQLError as error:
            LOG.error("%s %s: %s", self.command, self.path, error)  # noqa: TRY400
            status, value = 503, {"error": "database not available"}
        payload = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_POST = do_GET

    def route(self, body: bytes) -> tuple[int, object]:
        """(status, value) of one request."""
        match self.command, self.path:
            case "GET", "/health":
                return 200, {"status": "alive"}
            case "GET", "/version":
                return 200, {"version": VERSION}
            case "GET", "/api/stock":
                return 200, self.server.pharmacy.stock()
            case "POST", "/api/dispenses":
                try:
                    return 201, self.server.pharmacy.dispense(json.loads(body))
                except ValueError as error:
                    raise Refused(400, "the body is not JSON") from error
        return 404, {"error": "no such page"}

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Access lines go to the application log, not to stderr."""
        LOG.info("%s %s", self.client_address[0], format % args)


class Server(ThreadingHTTPServer):
    """Finishes what it has begun when it is told to stop."""

    daemon_threads = False

    def __init__(self, address: tuple[str, int], pharmacy: Pharmacy) -> None:
        super().__init__(address, Handler)
        self.pharmacy = pharmacy


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = ConfigParser()
    with Path(os.environ.get("PHARMACY_DEMO_CONF", CONFIGURATION)).open(encoding="utf-8") as stream:
        parser.read_file(stream)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        handlers=[WatchedFileHandler(parser["log"]["file"], encoding="utf-8")],
    )
    address = parser["server"]["listen"], parser.getint("server", "port")
    with Server(address, Pharmacy(parser["database"]["option_file"])) as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            # shutdown() waits for serve_forever(), which this very thread runs.
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        tell_systemd("READY=1")
        server.serve_forever(poll_interval=0.1)


def tell_systemd(state: str) -> None:
    """Who waits for the unit's start waits until it listens (Type=notify); nothing outside systemd."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address is not None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(state.encode(), address.replace("@", "\0", 1))


if __name__ == "__main__":
    main()
