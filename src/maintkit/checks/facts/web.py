"""Facts of certificates, pages and middleware."""

from __future__ import annotations

from typing import Literal

from maintkit.checks.facts.fact import Fact, Whole


class Certificate(Fact):
    """One leaf certificate, from a file or from a live port. `error` set: it could not be read, the rest is None."""

    source: Literal["file", "port"]
    where: str
    subject: str | None = None
    issuer: str | None = None
    names: tuple[str, ...] = ()
    not_before_at: float | None = None
    not_after_at: float | None = None
    sha256: str | None = None
    self_signed: bool | None = None
    error: str | None = None


class Certificates(Fact):
    certificates: tuple[Certificate, ...]


class Probe(Fact):
    """One HTTP request made on the host. `matched` None: no content was asked for."""

    name: str
    url: str
    status: Whole | None = None
    latency_ms: float | None = None
    matched: bool | None = None
    error: str | None = None


class Gauge(Fact):
    """One number read from a page in the Prometheus text format (queue depth, JVM heap)."""

    name: str
    url: str
    metric: str
    value: float | None = None
    error: str | None = None


class Web(Fact):
    probes: tuple[Probe, ...] = ()
    gauges: tuple[Gauge, ...] = ()
