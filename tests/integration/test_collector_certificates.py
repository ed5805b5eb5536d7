"""Certificates as a host shows them: in files of every kind, and on a live TLS port."""

from __future__ import annotations

import datetime as dt
import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from socket import create_server

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

BUNDLE = Path(__file__).parents[2] / "plugins" / "module_utils" / "collector" / "bundle.py"
YEAR = dt.timedelta(days=365)
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def make(folder: Path, *, until: dt.datetime) -> x509.Certificate:
    """A self-signed certificate and its key in `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "挂号系统")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, until - YEAR, until)
    made = builder.sign(key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "cert.der").write_bytes(made.public_bytes(Encoding.DER))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "garbage.pem").write_bytes(b"\x00\xffgarbage")
    return made


@pytest.fixture
def tls_port(tmp_path: Path) -> Iterator[int]:
    """A TLS server with an expired certificate."""
    make(tmp_path, until=NOW - YEAR)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with create_server(("127.0.0.1", 0)) as plain, context.wrap_socket(plain, server_side=True) as server:
        thread = threading.Thread(target=server.accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]


def collect(parameters: dict[str, object], folder: Path) -> list[dict[str, object]]:
    path = folder / "parameters.json"
    path.write_text(json.dumps({"only": ["certificates"], **parameters}), encoding="utf-8")
    source = subprocess.run(
        [sys.executable, str(BUNDLE), "--parameters", str(path)], check=True, capture_output=True
    ).stdout
    done = subprocess.run([sys.executable, "-I", "-S", "-"], input=source, capture_output=True, timeout=60, check=True)
    return json.loads(done.stdout.partition(b"\n")[2])["sections"]["certificates"]["data"]["certificates"]


def test_files_of_every_kind(tmp_path):
    """PEM, DER, what is none, and a key named by mistake, of which nothing is shown."""
    made = make(tmp_path, until=NOW + YEAR)
    names = ["cert.pem", "cert.der", "garbage.pem", "key.pem", "none.pem"]
    found = collect({"certificates": [str(tmp_path / name) for name in names]}, tmp_path)
    by_name = {Path(str(one["where"])).name: one for one in found if str(one["where"]).startswith(str(tmp_path))}
    assert sorted(by_name) == sorted(names)
    for name in ("cert.pem", "cert.der"):
        assert by_name[name]["subject"] == "挂号系统"
        assert by_name[name]["self_signed"] is True
        assert by_name[name]["not_after_at"] == made.not_valid_after_utc.timestamp()
    assert by_name["garbage.pem"]["error"] == by_name["key.pem"]["error"] == "no certificate in the file"
    assert by_name["none.pem"]["error"] == "No such file or directory"
    key = (tmp_path / "key.pem").read_text().splitlines()[1]
    assert key not in json.dumps(found)


def test_a_live_port_shows_its_certificate_though_it_has_expired(tls_port, tmp_path):
    """A handshake that a browser would refuse is what an inspection looks for."""
    found = collect({"tls": [f"127.0.0.1:{tls_port}"]}, tmp_path)
    (live,) = [one for one in found if one["where"] == f"127.0.0.1:{tls_port}"]
    assert (live["source"], live["subject"]) == ("port", "挂号系统")
    assert live["not_after_at"] == (NOW - YEAR).timestamp()
