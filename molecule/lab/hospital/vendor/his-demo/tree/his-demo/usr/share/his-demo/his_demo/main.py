"""Start the service; SIGTERM lets the requests at work finish."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from logging.handlers import WatchedFileHandler

from his_demo import VERSION
from his_demo.database import Pool
from his_demo.settings import load
from his_demo.web import Application, Server


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = load()
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        handlers=[WatchedFileHandler(settings.log, encoding="utf-8")],
    )
    pool = Pool(settings.dsn_file, settings.connections)
    with Server((settings.listen, settings.port), Application(pool)) as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            # shutdown() waits for serve_forever(), which this very thread runs.
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        logging.getLogger("his-demo").info("his-demo %s listens on %s:%d", VERSION, settings.listen, settings.port)
        tell_systemd("READY=1")
        server.serve_forever(poll_interval=0.1)


def tell_systemd(state: str) -> None:
    """Who waits for the unit's start waits until it listens (Type=notify); nothing outside systemd."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address is not None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(state.encode(), address.replace("@", "\0", 1))
