"""services.yml: every kind of expectation, and every mistake told by line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from maintkit.contract.services import Keep, Services
from maintkit.errors import SiteError
from maintkit.sitefile import read

SYSTEMS = "systems:\n  HIS: {name_zh: 医院信息系统, groups: [his], suites: [HIS]}\n"

FULL = (
    SYSTEMS
    + """
groups:
  his:
    units: [nginx.service, app@1.service]
    ports: [443, 8080]
    certificates: [/etc/app/a.pem]
    tls: ['127.0.0.1:8443', 'his.local:443', '[::1]:443']
    probes:
      - {name: 登录页, url: 'https://127.0.0.1/login?x=1', contains: 登录, timeout_s: 3, latency_ms: 800}
    gauges:
      - {name: 积压, url: 'http://127.0.0.1/m', metric: 'q{queue="his"}', op: '>', warn: 10, crit: 100}
    logs:
      - {path: /opt/his/app.log, pattern: 'ERROR|FATAL'}
    backups:
      - {tool: pgbackrest, name: his, every_h: 24, config: /etc/pgbackrest.conf, keep: {days: 30, since: 2026-11-01}}
    known_addresses: [10.1.0.0/16, 192.168.1.5, 'fd00::/8']
    antivirus: true
"""
)


def test_every_kind_of_expectation_is_read(tmp_path: Path) -> None:
    """Each key with a real value arrives as it is written."""
    path = tmp_path / "services.yml"
    path.write_text(FULL, encoding="utf-8")
    said = read(path, Services).groups["his"]
    assert said.units == ("nginx.service", "app@1.service")
    assert said.tls == ("127.0.0.1:8443", "his.local:443", "[::1]:443")
    assert said.gauges[0].metric == 'q{queue="his"}'
    assert said.backups[0].config == "/etc/pgbackrest.conf"
    assert said.backups[0].keep == Keep(days=30, since=date(2026, 11, 1))
    assert said.known_addresses == ("10.1.0.0/16", "192.168.1.5", "fd00::/8")
    assert said.antivirus is True


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("ports: [0]", "is 0; allowed: a list of ports from 1 to 65535"),
        ("ports: [65536]", "is 65536; allowed: a list of ports"),
        ("ports: ['80']", "is '80'; allowed: a list of ports"),
        ("ports: [true]", "is true; allowed: a list of ports"),
        ("port: [80]", "unknown key `port` in `groups.his` (did you mean `ports`?)"),
        ("units: [-x]", "is '-x'; allowed: a list of systemd units"),
        ("units: ['a b']", "is 'a b'; allowed: a list of systemd units"),
        ("units: ['a; rm -rf /']", "allowed: a list of systemd units"),
        ("certificates: [a.pem]", "is 'a.pem'; allowed: a list of absolute paths"),
        ("tls: [8443]", "is 8443"),
        ("tls: ['127.0.0.1']", "no address before the port; allowed: a list of address:port"),
        ("tls: ['-oProxyCommand=x:1']", "no address before the port"),
        ("tls: ['a:0']", "no port from 1 to 65535"),
        ("tls: ['a:99999']", "no port from 1 to 65535"),
        ("known_addresses: [10.1.0.0/33]", "is '10.1.0.0/33': '10.1.0.0/33' does not appear to be an IPv4 or IPv6"),
        ("known_addresses: [10.1.0.1/16]", "has host bits set; allowed: a list of address ranges in CIDR notation"),
        ("known_addresses: [ward]", "allowed: a list of address ranges in CIDR notation, like 10.1.0.0/16"),
        ("antivirus: maybe", "is 'maybe'; allowed: true or false"),
        ("logs: [{path: /a, pattern: '('}]", "is '(': not a regular expression"),
        ("logs: [{path: a, pattern: b}]", "is 'a'; allowed: an absolute path"),
        ("logs: [{path: /a}]", "`pattern` is missing in `groups.his.logs[0]`"),
        ("logs: [{path: /a, pattern: x}, {path: /a, pattern: y}]", "`/a` stands twice in `logs`"),
        (
            "probes: [{name: a, url: 'ftp://x'}]",
            "URL scheme should be 'http' or 'https'; allowed: an http:// or https://",
        ),
        ("probes: [{name: a, url: 'http://u:p@x'}]", "is 'http://***@x': carries a user or password"),
        ("probes: [{name: a, url: 'http://x:99999'}]", "invalid port number"),
        ("probes: [{name: a, url: 'http://x/ y'}]", "holds white space or a backslash"),
        ("probes: [{name: a, url: 'http://x', timeout_s: 0}]", "is 0; allowed: seconds, above 0"),
        ("probes: [{name: a, url: 'http://x'}, {name: a, url: 'http://y'}]", "`a` stands twice in `probes`"),
        ("gauges: [{name: a, url: 'http://x', metric: '1x'}]", "is '1x'; allowed: a metric like"),
        ("gauges: [{name: a, url: 'http://x', metric: m, op: '=>'}]", "is '=>' (did you mean `>`?); allowed: >, >=, <"),
        (
            "gauges: [{name: a, url: 'http://x', metric: m, warn: 9, crit: 5}]",
            "crit 5 is below warn 9 although worse is",
        ),
        ("gauges: [{name: a, url: 'http://x', metric: m, op: <, warn: 5, crit: 9}]", "crit 9 is above warn 5"),
        (
            "backups: [{tool: barman, name: a, every_h: 24}]",
            "is 'barman'; allowed: pgbackrest, mariadb-backup, mysqldump, restic, manifest",
        ),
        (
            "backups: [{tool: mysqldump, name: a, every_h: 24}]",
            "mysqldump without a `path`; allowed: `path`, where its sets",
        ),
        ("backups: [{tool: mysqldump, name: a, every_h: 24, path: x}]", "is 'x'; allowed: an absolute path"),
        (
            "backups: [{tool: mysqldump, name: a, every_h: 1, path: /b, config: /c}]",
            "mysqldump has no `config`; allowed: `path`",
        ),
        (
            "backups: [{tool: pgbackrest, name: a, every_h: 24, path: /b}]",
            "pgbackrest has no `path`; allowed: `config`",
        ),
        (
            "backups: [{tool: restic, name: a, every_h: 24, path: /b}]",
            "restic without a `password_file`; allowed: `password_file`, a file on the host",
        ),
        (
            "backups: [{tool: manifest, name: a, every_h: 24, path: /b, tag: x}]",
            "manifest has no `tag`; allowed: restic only",
        ),
        (
            "backups: [{tool: mysqldump, name: a, every_h: 24, path: /b, binlogs: /c}]",
            "mysqldump has no `binlogs`; allowed: mariadb-backup only",
        ),
        (
            "backups: [{tool: restic, name: a, every_h: 24, off_host_every_h: 24, path: /b, password_file: /c}]",
            "restic has no `off_host_every_h`; allowed: pgbackrest only",
        ),
        ("backups: [{tool: pgbackrest, name: '../a', every_h: 24}]", "is '../a'; allowed: the stanza's name"),
        (
            "backups: [{tool: pgbackrest, name: a, every_h: 24, keep: {since: 2026-11-01}}]",
            "`keep` says nothing; allowed: `copies`, `days` or both",
        ),
        (
            "backups: [{tool: pgbackrest, name: a, every_h: 24, keep: {copies: 0}}]",
            "is 0; allowed: full sets, at least 1",
        ),
        ("backups: [{tool: pgbackrest, name: a, every_h: 0}]", "is 0; allowed: hours, above 0"),
        ("postgresql: [{name: a, password: x}]", "`password`"),
        ("mysql: [{name: a, password: x}]", "`password`"),
        ("mysql: [{name: a, role: standby}]", "is 'standby'; allowed: primary, replica"),
        ("mysql: [{name: a}, {name: a, socket: /s}]", "`a` stands twice in `mysql`"),
        ("mysql: [{name: a, socket: /s, host: db}]", "both `socket` and `host` are given"),
        ("mysql: [{name: a, host: '--x'}]", "allowed: an address"),
        ("postgresql: [{name: a}, {name: a, port: 5433}]", "`a` stands twice in `postgresql`"),
        ("postgresql: [{name: a, role: master}]", "is 'master'; allowed: primary, standby"),
        ("postgresql: [{name: a, host: \"x' options='-c\"}]", "allowed: a socket's folder or an address"),
    ],
)
def test_a_mistake_is_told_by_line(tmp_path: Path, said: str, problem: str) -> None:
    """Each expectation has its own bad values; the line is that of the value."""
    path = tmp_path / "services.yml"
    path.write_text(f"{SYSTEMS}groups:\n  his:\n    {said}\n", encoding="utf-8")
    with pytest.raises(SiteError) as caught:
        read(path, Services)
    found = str(caught.value).splitlines()
    assert len(found) == 1
    assert found[0].startswith(f"{path}:5: ")
    assert problem in found[0]


def test_a_suite_belongs_to_one_system(tmp_path: Path) -> None:
    """Otherwise a function would be counted for two systems."""
    path = tmp_path / "services.yml"
    path.write_text(f"{SYSTEMS}  EMR:\n    name_zh: 电子病历\n    suites:\n      - HIS\n", encoding="utf-8")
    with pytest.raises(SiteError, match=r"services\.yml:6: suite `HIS` belongs to system `HIS` already"):
        read(path, Services)
