"""What services.yml says of one host, put together from all its places."""

from __future__ import annotations

from itertools import permutations

from maintkit.contract.expectations import HostExpectations, expectations, systems_of
from maintkit.contract.services import Services


def services(**places: object) -> Services:
    systems = {
        "HIS": {"name_zh": "医院信息系统", "groups": ["his"]},
        "EMR": {"name_zh": "电子病历", "groups": ["emr"], "hosts": ["h9"]},
    }
    return Services.model_validate({"systems": systems, **places})


def probe(name: str, path: str) -> dict[str, str]:
    return {"name": name, "url": f"http://127.0.0.1/{path}"}


def test_nothing_said_is_nothing_expected() -> None:
    """A host that no place names gets empty expectations and no parameters."""
    assert expectations(services(), "h1", ["his"]) == HostExpectations()
    assert HostExpectations().parameters() == {}


def test_lists_add_up_over_all_groups_and_host() -> None:
    """A host must have what each of its places says, each thing once, in the order of its first mention."""
    said = services(
        all={"units": ["ssh.service"], "ports": [22]},
        groups={"db": {"units": ["postgresql.service"], "ports": [5432]}, "web": {"ports": [443]}},
        hosts={"h1": {"units": ["extra.service", "ssh.service"]}, "h2": {"ports": [1]}},
    )
    found = expectations(said, "h1", ["db", "other"])
    assert found.units == ("ssh.service", "postgresql.service", "extra.service")
    assert found.ports == (22, 5432)


def test_the_order_of_groups_is_that_of_the_file() -> None:
    """Ansible's order of a host's groups must not change a record."""
    said = services(groups={name: {"probes": [probe("p", name)], "ports": [n + 1]} for n, name in enumerate("dcba")})
    found = [expectations(said, "h", order) for order in permutations("abcd")]
    assert found == [found[0]] * 24
    assert found[0].ports == (1, 2, 3, 4)
    assert found[0].probes[0].url.endswith("/a")


def test_the_host_stands_over_its_groups_and_they_over_all() -> None:
    """Of two entries with one name the nearer place wins; a later false undoes a true."""
    said = services(
        all={"probes": [probe("login", "all"), probe("other", "all")], "antivirus": True},
        groups={"his": {"probes": [probe("login", "group")], "antivirus": False}},
        hosts={"h1": {"probes": [probe("login", "host")]}},
    )
    on_host = expectations(said, "h1", ["his"])
    assert [p.url.rsplit("/")[-1] for p in on_host.probes] == ["host", "all"]
    assert on_host.antivirus is False
    assert expectations(said, "h2", ["his"]).probes[0].url.endswith("/group")
    assert expectations(said, "h3", []).antivirus is True


def test_parameters_are_those_the_collector_takes() -> None:
    """Limits stay at home: the host is told only what to look at (docs/exchange.md)."""
    said = services(
        all={
            "units": ["a.service"],
            "ports": [80],
            "known_addresses": ["10.0.0.0/8"],
            "certificates": ["/c.pem"],
            "tls": ["x:1"],
            "probes": [{**probe("p", ""), "contains": "登录", "latency_ms": 5}, probe("q", "")],
            "gauges": [{**probe("g", "m"), "metric": "m", "warn": 1}],
            "logs": [{"path": "/l", "pattern": "E"}],
            "backups": [
                {"tool": "pgbackrest", "name": "s", "every_h": 24, "keep": {"copies": 2}},
                {"tool": "mysqldump", "name": "d", "every_h": 24, "path": "/b/d-*.sql"},
            ],
            "postgresql": [{"name": "i", "service": "his", "role": "primary"}],
            "mysql": [{"name": "m", "socket": "/s", "defaults_file": "/c", "role": "replica"}],
        }
    )
    assert expectations(said, "h", []).parameters() == {
        "units": ["a.service"],
        "certificates": ["/c.pem"],
        "tls": ["x:1"],
        "probes": [
            {"name": "p", "url": "http://127.0.0.1/", "contains": "登录", "timeout_s": 5},
            {"name": "q", "url": "http://127.0.0.1/", "timeout_s": 5},
        ],
        "gauges": [{"name": "g", "url": "http://127.0.0.1/m", "metric": "m"}],
        "logs": [{"path": "/l", "pattern": "E"}],
        "backups": [{"tool": "pgbackrest", "name": "s"}, {"tool": "mysqldump", "name": "d", "path": "/b/d-*.sql"}],
        "postgresql": [{"name": "i", "service": "his"}],
        "mysql": [{"name": "m", "socket": "/s", "defaults_file": "/c"}],
    }


def test_systems_of_a_host_come_from_its_groups_and_its_name() -> None:
    """A database host may serve several systems; a host of none has none."""
    assert systems_of(services(), "h1", ["emr", "his"]) == ("HIS", "EMR")
    assert systems_of(services(), "h9", []) == ("EMR",)
    assert systems_of(services(), "h1", ["db"]) == ()
