"""Certificates made by a real library, read by the collector's own few lines."""

from __future__ import annotations

import datetime as dt
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(*, subject: str, issuer: str = "院内CA", start: int, end: int, names: bool = True) -> x509.Certificate:
    """A certificate whose validity is given by years."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(
            x509.Name(
                [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, subject)]
            )
        )
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime(start, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(end, 1, 1, tzinfo=dt.UTC))
    )
    if names:
        alternatives = [x509.DNSName("his.example"), x509.IPAddress(ipaddress.ip_address("10.0.0.5"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(KEY, hashes.SHA256())


@pytest.mark.parametrize(("start", "end"), [(2020, 2021), (2026, 2027), (2040, 2060)])
def test_fields_are_those_that_the_library_reads(part, start, end):
    """Expired, near, and beyond 2050 (another encoding of time)."""
    made = certificate(subject="医院信息系统", start=start, end=end)
    read = part("der").parse_certificate(made.public_bytes(Encoding.DER))
    assert read["subject"] == "医院信息系统"
    assert read["issuer"] == "院内CA"
    assert read["names"] == ["his.example", "10.0.0.5"]
    assert read["not_before_at"] == made.not_valid_before_utc.timestamp()
    assert read["not_after_at"] == made.not_valid_after_utc.timestamp()
    assert read["sha256"] == made.fingerprint(hashes.SHA256()).hex()
    assert read["self_signed"] is False


def test_one_that_signed_itself_is_told(part):
    """Subject and issuer are the same name."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "self")])
    made = certificate(subject="x", start=2026, end=2027, names=False)
    builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=KEY.public_key(), serial_number=5)
    made = (
        builder.not_valid_before(made.not_valid_before_utc)
        .not_valid_after(made.not_valid_after_utc)
        .sign(KEY, hashes.SHA256())
    )
    read = part("der").parse_certificate(made.public_bytes(Encoding.DER))
    assert (read["self_signed"], read["names"]) == (True, [])


def test_the_first_of_a_pem_chain_is_the_leaf(part):
    """Text around it and further certificates are passed over."""
    leaf = certificate(subject="leaf", start=2026, end=2027)
    chain = (
        b"subject=leaf\r\n"
        + leaf.public_bytes(Encoding.PEM)
        + certificate(subject="ca", start=2020, end=2040).public_bytes(Encoding.PEM)
    )
    assert part("der").first_certificate(chain) == leaf.public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "raw", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", b"hello", b"\xff" * 50]
)
def test_what_holds_no_certificate_is_refused(part, raw):
    """A key file named by mistake gives an error, and nothing of its content."""
    with pytest.raises(ValueError, match="no certificate"):
        part("der").first_certificate(raw)


def test_a_damaged_certificate_is_an_error_wherever_it_is_cut(part):
    """Every prefix and every flipped length byte ends in ValueError or a reading, never in another exception."""
    der = certificate(subject="x", start=2026, end=2027).public_bytes(Encoding.DER)
    for end in range(len(der)):
        with pytest.raises(ValueError, match=r"DER|certificate|time"):
            part("der").parse_certificate(der[:end])
    for place in range(0, len(der), 3):
        damaged = der[:place] + bytes([der[place] ^ 0x5A]) + der[place + 1 :]
        try:
            read = part("der").parse_certificate(damaged)
        except ValueError:
            continue
        assert set(read) >= {"subject", "not_after_at"}
