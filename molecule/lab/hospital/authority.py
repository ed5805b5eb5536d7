"""A certificate authority for one lab: every host gets a certificate in its own name."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAME = "Lab authority (practice hospital)"
DAYS = 365


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A certificate and its key, as PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Signs with a key that lives in this process's memory and, as PEM, wherever the caller keeps `pair`."""

    def __init__(self, pair: Certificate) -> None:
        self.pair = pair
        self._certificate = x509.load_pem_x509_certificate(pair.certificate)
        self._key = _load_key(pair.key)

    @classmethod
    def create(cls, *, now: datetime | None = None) -> Self:
        """A new authority, valid for ten years."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(NAME, NAME, key, now or datetime.now(UTC), days=10 * DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return cls(_pair(builder, key, key))

    def issue(
        self, name: str, *, addresses: Sequence[str] = (), now: datetime | None = None, days: float = DAYS
    ) -> Certificate:
        """A certificate for a host's name and addresses, for servers and clients.

        It ends `days` after `now`; negative days make one that has expired already.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, NAME, key, now or datetime.now(UTC), days=days)
        names = [x509.DNSName(name), *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(usage, critical=False)
        # Python asks for it from 3.13 on.
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(signer, critical=False)
        return _pair(builder, key, self._key)


def _builder(
    subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, now: datetime, *, days: float
) -> x509.CertificateBuilder:
    until = now + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Begins early enough for a host whose clock is behind, and for a certificate that has ended.
        .not_valid_before(min(now, until) - timedelta(days=1))
        .not_valid_after(until)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pair(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> Certificate:
    return Certificate(
        certificate=builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM),
        key=key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    )


def _load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"an authority signs with an elliptic curve key, not {type(key).__name__}")
    return key
