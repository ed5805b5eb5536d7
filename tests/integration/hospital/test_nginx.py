"""The way in, as the hospital's nginx has it: patients are never registered twice, and a drained host gets nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hospital import FILES, READY_S, Site, free_port, running

from lab.hospital.authority import Authority
from lab.hospital.load import Load

NGINX = Path("/usr/sbin/nginx")


class Swallower:
    """An application host that dies with every request in its hands: reads it, counts it, closes."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.seen.append(connection.recv(65536).split(b" ", 1)[0].decode())

    def close(self) -> None:
        self._listener.close()


class Front:
    """nginx with the lab's own configuration, on loopback, in front of two ports."""

    def __init__(self, directory: Path, ports: dict[str, int]) -> None:
        self.directory = directory
        self.port = free_port()
        self.pairs = ports
        authority = Authority.create()
        pair = authority.issue("his-web1", addresses=["127.0.0.1"])
        (directory / "upstream").mkdir()
        for name, data in (
            ("ca.crt", authority.pair.certificate),
            ("host.crt", pair.certificate),
            ("host.key", pair.key),
        ):
            (directory / name).write_bytes(data)
        text = (FILES / "nginx-his.conf").read_text()
        text = text.replace("/etc/nginx/his-upstream.d", f"{directory}/upstream").replace(
            "/etc/ssl/lab", str(directory)
        )
        text = text.replace("listen 80 ", f"listen 127.0.0.1:{free_port()} ")
        text = text.replace("listen 443 ", f"listen 127.0.0.1:{self.port} ")
        paths = "".join(
            f"{kind}_temp_path {directory}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (directory / "nginx.conf").write_text(
            f"daemon off; pid {directory}/pid; error_log {directory}/error.log; events {{}}\n"
            f"http {{ access_log off; {paths}\n{text}\n}}\n"
        )
        for name in ports:
            self.point(name)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def point(self, name: str, *, down: bool = False) -> None:
        """The file of one application host, from the lab's own, drained or not."""
        line = (FILES / f"{name}.conf").read_text().replace(f"{name}:8080", f"127.0.0.1:{self.pairs[name]}")
        (self.directory / f"upstream/{name}.conf").write_text(line.replace(";", " down;") if down else line)

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        """From the first answer to the end of the block."""
        command = [NGINX, "-p", self.directory, "-c", self.directory / "nginx.conf", "-e", self.directory / "error.log"]
        process = subprocess.Popen(command)
        try:
            until = time.monotonic() + READY_S
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                        break
                assert time.monotonic() < until, (self.directory / "error.log").read_text()
                time.sleep(0.02)
            yield process
        finally:
            process.terminate()
            process.wait(timeout=READY_S)

    def load(self, **more: float) -> Load:
        return Load(self.url, cafile=str(self.directory / "ca.crt"), **more)


@pytest.fixture
def swallower() -> Iterator[Swallower]:
    """A broken application host."""
    one = Swallower()
    yield one
    one.close()


@pytest.fixture
def front(swallower: Swallower, site: Site, tmp_path: Path) -> Front:
    """his-app1 is the service, his-app2 swallows what it gets."""
    if not NGINX.exists():
        pytest.skip("nginx is not installed")
    if os.geteuid() == 0:
        # nginx's workers are not root, and the directories of a test are.
        for parent in [tmp_path, *list(tmp_path.parents)[:2]]:
            parent.chmod(0o711)
    (tmp_path / "nginx").mkdir(mode=0o755)
    return Front(tmp_path / "nginx", {"his-app1": site.port, "his-app2": swallower.port})


def test_a_registration_that_was_sent_is_never_sent_again(
    front: Front, versions, site: Site, swallower, database
) -> None:
    """A POST that died with one host is an error to the patient, not a second attempt on the other; GETs go on."""
    broken = front.directory / "upstream/his-app2.conf"
    # Never given up: every second request meets it first.
    broken.write_text(broken.read_text().replace("max_fails=1", "max_fails=0"))
    with running(versions["1.0"], site), front.serving(), front.load(rate=20) as load:
        time.sleep(3)
    result = load.result()
    reasons = {f"{one.step} {one.reason}" for one in result.failures()}
    posts = swallower.seen.count("POST")
    assert posts > 5
    assert "GET" in swallower.seen
    assert reasons == {"POST 502"}
    assert len(result.failures()) == posts
    assert database.one("SELECT count(*) FROM registration") == len(result.succeeded())


def test_a_drained_host_gets_nothing_and_a_reload_fails_nobody(front: Front, versions, site: Site, swallower) -> None:
    """`down` and a reload, again and again, under load."""
    front.point("his-app2", down=True)
    with running(versions["1.0"], site), front.serving() as nginx, front.load(rate=30) as load:
        for _ in range(5):
            time.sleep(0.4)
            nginx.send_signal(1)  # SIGHUP: reload
    result = load.result()
    assert swallower.seen == []
    assert result.failures() == []
    assert len(result.transactions) > 20


def test_a_host_that_does_not_listen_costs_no_registration(front: Front, versions, site: Site, swallower) -> None:
    """What could not be sent goes to the other host, POST or not."""
    swallower.close()
    front.pairs["his-app2"] = free_port()
    front.point("his-app2")
    with running(versions["1.0"], site), front.serving(), front.load(rate=20) as load:
        time.sleep(4)
    assert load.result().failures() == []


def test_the_certificate_is_checked(front: Front, versions, site: Site) -> None:
    """Without the lab's authority nothing is sent."""
    with running(versions["1.0"], site), front.serving(), Load(front.url, rate=20, workers=1) as load:
        time.sleep(0.5)
    assert {one.reason for one in load.result().failures()} == {"certificate: unable to get local issuer certificate"}
    assert load.result().succeeded() == []


def test_an_expired_certificate_can_be_issued_to_practise_with() -> None:
    """Negative days: what a forgotten renewal looks like."""
    authority = Authority.create()
    for days, ends in ((-2, 1), (3, 0)):
        pair = authority.issue("his-web1", days=days)
        command = ["openssl", "x509", "-noout", "-checkend", "0"]
        assert subprocess.run(command, input=pair.certificate, capture_output=True, check=False).returncode == ends
