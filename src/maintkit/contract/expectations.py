"""What services.yml says of one host, from all its places together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from maintkit.contract.services import Backup, Expectations, Gauge, Log, Mysql, Postgresql, Probe, Services

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class HostExpectations:
    """What must be on one host. Empty: nothing is said, and nothing may be read from that."""

    units: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    certificates: tuple[str, ...] = ()
    tls: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    logs: tuple[Log, ...] = ()
    backups: tuple[Backup, ...] = ()
    postgresql: tuple[Postgresql, ...] = ()
    mysql: tuple[Mysql, ...] = ()
    known_addresses: tuple[str, ...] = ()
    antivirus: bool = False

    def parameters(self) -> dict[str, Any]:
        """The collector's parameters that follow from it (docs/exchange.md); only keys that are not empty."""
        wanted: dict[str, list[Any]] = {
            "units": list(self.units),
            "certificates": list(self.certificates),
            "tls": list(self.tls),
            "probes": [
                p.model_dump(include={"name", "url", "contains", "timeout_s"}, exclude_none=True) for p in self.probes
            ],
            "gauges": [gauge.model_dump(include={"name", "url", "metric"}) for gauge in self.gauges],
            "logs": [log.model_dump() for log in self.logs],
            "backups": [
                b.model_dump(exclude={"every_h", "off_host_every_h", "keep"}, exclude_none=True) for b in self.backups
            ],
            "postgresql": [one.model_dump(exclude={"role"}, exclude_defaults=True) for one in self.postgresql],
            "mysql": [one.model_dump(exclude={"role"}, exclude_defaults=True) for one in self.mysql],
        }
        return {key: value for key, value in wanted.items() if value}


def expectations(services: Services, host: str, groups: Collection[str]) -> HostExpectations:
    """All of `all`, of the host's groups in the order of services.yml, and of the host itself.

    Lists add up. Of two entries with one name (probe, gauge, backup, instance) or path (log) the later place
    wins, and so does the later word on `antivirus`: the host over its groups, the groups over `all`.
    """
    places = [services.all]
    places += [said for group, said in services.groups.items() if group in groups]
    places += [services.hosts[host]] if host in services.hosts else []
    return HostExpectations(
        units=_merged(places, lambda said: said.units, _itself),
        ports=_merged(places, lambda said: said.ports, _itself),
        certificates=_merged(places, lambda said: said.certificates, _itself),
        tls=_merged(places, lambda said: said.tls, _itself),
        probes=_merged(places, lambda said: said.probes, lambda probe: probe.name),
        gauges=_merged(places, lambda said: said.gauges, lambda gauge: gauge.name),
        logs=_merged(places, lambda said: said.logs, lambda log: log.path),
        backups=_merged(places, lambda said: said.backups, lambda backup: (backup.tool, backup.name)),
        postgresql=_merged(places, lambda said: said.postgresql, lambda one: one.name),
        mysql=_merged(places, lambda said: said.mysql, lambda one: one.name),
        known_addresses=_merged(places, lambda said: said.known_addresses, _itself),
        antivirus=_last([said.antivirus for said in places]),
    )


def systems_of(services: Services, host: str, groups: Collection[str]) -> tuple[str, ...]:
    """Ids of the systems that run on the host, in the order of services.yml."""
    return tuple(
        id_
        for id_, system in services.systems.items()
        if host in system.hosts or any(group in groups for group in system.groups)
    )


def _itself(value: Hashable) -> Hashable:
    return value


def _merged(
    places: Iterable[Expectations], items: Callable[[Expectations], Iterable[T]], name: Callable[[T], Hashable]
) -> tuple[T, ...]:
    """Items in the order of their first mention, each as its last mention has it."""
    found: dict[Hashable, T] = {}
    for said in places:
        found.update({name(item): item for item in items(said)})
    return tuple(found.values())


def _last(words: Iterable[bool | None]) -> bool:
    said = [word for word in words if word is not None]
    return bool(said) and said[-1]
