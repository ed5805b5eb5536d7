"""A house's own authority is trusted alike by every Python."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from partners import pages

from maintkit.contract.watch import WatchProbe
from maintkit.runs.probes.ask import ask_all


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def old_fashioned(place: Path) -> tuple[Path, Path, Path]:
    """An authority, a certificate of it for 127.0.0.1 and its key, as they were made for years: no key identifiers."""
    ours, theirs = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    start = datetime.now(UTC) - timedelta(days=1)
    made = {
        "ca": x509.CertificateBuilder()
        .subject_name(name("hospital"))
        .public_key(ours.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True),
        "his": x509.CertificateBuilder()
        .subject_name(name("his"))
        .public_key(theirs.public_key())
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        ),
    }
    for one, builder in made.items():
        dated = builder.not_valid_before(start).not_valid_after(start + timedelta(days=9))
        numbered = dated.issuer_name(name("hospital")).serial_number(x509.random_serial_number())
        signed = numbered.sign(ours, hashes.SHA256())
        (place / f"{one}.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    key = theirs.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (place / "key.pem").write_bytes(key)
    return place / "ca.pem", place / "his.pem", place / "key.pem"


def test_an_authority_without_key_identifiers_is_trusted_once_it_is_named(tmp_path: Path) -> None:
    """And still refused where nobody named it."""
    ca, certificate, key = old_fashioned(tmp_path)
    with pages(certificate, key) as port:
        told = []
        for named in (str(ca), None):
            question = {"url": f"https://127.0.0.1:{port}/login", "ca": named}
            probe = WatchProbe.model_validate({"name": "it", "covers": [1], "http": question})
            told.append(ask_all([probe], {})[0].answer.reason)
    assert told == ["as-expected", "untrusted-certificate"]
