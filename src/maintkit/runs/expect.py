"""What a site declares for a host, in the two shapes that need it: the collector's parameters and the checks' side."""

from __future__ import annotations

from typing import Any

from maintkit.checks.model import Expected, ExpectedBackup, ExpectedKeep, ExpectedMysql, ExpectedPostgresql, GaugeLimit
from maintkit.contract.expectations import HostExpectations


def for_checks(declared: HostExpectations) -> Expected:
    """What the rules hold the host to."""
    return Expected(
        units=declared.units,
        ports=declared.ports,
        known_addresses=declared.known_addresses,
        backups=tuple(
            ExpectedBackup(
                tool=job.tool,
                name=job.name,
                every_h=job.every_h,
                off_host_every_h=job.off_host_every_h,
                keep=ExpectedKeep(**job.keep.model_dump()) if job.keep else None,
            )
            for job in declared.backups
        ),
        antivirus=declared.antivirus,
        probes=tuple(probe.name for probe in declared.probes),
        latency_ms={probe.name: probe.latency_ms for probe in declared.probes if probe.latency_ms is not None},
        gauges={gauge.name: GaugeLimit(op=gauge.op, warn=gauge.warn, crit=gauge.crit) for gauge in declared.gauges},
        postgresql=tuple(ExpectedPostgresql(name=one.name, role=one.role) for one in declared.postgresql),
        mysql=tuple(ExpectedMysql(name=one.name, role=one.role) for one in declared.mysql),
    )


def for_collector(declared: HostExpectations, *, since_at: float | None, deep: bool) -> dict[str, Any]:
    """What to ask the host for; `since_at` is the host's own clock at its last collection, None: the default day."""
    since = {} if since_at is None else {"since_at": since_at}
    return {**declared.parameters(), "deep": deep, **since}
