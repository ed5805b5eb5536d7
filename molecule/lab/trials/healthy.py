"""A host on which every check is well or does not apply: what a trial starts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lab import network
from lab.faults import certificates, clock, disk, packages, pages, view
from lab.faults.network import card
from lab.faults.preload import PRELOAD
from lab.host import Host
from lab.image import File, Layer
from lab.lab import Lab, Spec

CERTIFICATE = "/etc/nginx/tls/his.pem"
DATA = "/srv/data"
LOG = "/var/log/his/app.log"
QUEUE, LIS, LIS_PORT = "his-queue", "his-lis", 9100
OPERATOR = "zhang"
NGINX = f"""
server {{
    listen 443 ssl;
    ssl_certificate {CERTIFICATE};
    ssl_certificate_key {certificates.key_of(CERTIFICATE)};
    location / {{ proxy_pass http://127.0.0.1:{pages.PORT}; }}
}}
"""
UNIT = "[Service]\nExecStart={}\nRestart=always\nRestartSec=50ms\n[Install]\nWantedBy=multi-user.target\n"
LISTEN = f"/usr/bin/python3 -m http.server --directory /srv/his {LIS_PORT}"
HARDENED = "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
# The kernel counts root's inotify instances (128, as it comes) once for all hosts of the machine: a manager for each
# login would use them up.
HARDENED_HOST = Layer(
    name="hardened",
    script="systemctl -q mask user@.service",
    files=(
        File(path="/etc/default/locale", content=b"LANG=C.UTF-8\n"),  # without it every login is an error of pam_env
        File(path="/etc/ssh/sshd_config.d/20-hardened.conf", content=HARDENED.encode()),
        File(path="/etc/systemd/journald.conf.d/90-kept.conf", content=b"[Journal]\nMaxRetentionSec=400day\n"),
    ),
)
HIS = Layer(
    name="his",
    packages=("nginx-light",),
    files=(
        *pages.FILES,
        File(path=f"/etc/systemd/system/{QUEUE}.service", content=UNIT.format("/bin/sleep infinity").encode()),
        File(path=f"/etc/systemd/system/{LIS}.service", content=UNIT.format(LISTEN).encode()),
        File(path=LOG, content=b"2026-01-01 00:00:00 INFO started\n"),
    ),
    script=f"""
        useradd --create-home --shell /bin/bash {OPERATOR}
        echo '{OPERATOR}:not a secret of anybody' | chpasswd
        rm /etc/nginx/sites-enabled/default
        systemctl -q enable his-app {QUEUE} {LIS}
    """,
)


def specs(count: int) -> list[Spec]:
    """Hosts his1, his2 …"""
    return [
        Spec(name=f"his{number}", layers=(PRELOAD, HARDENED_HOST, HIS), disk_mb=512) for number in range(1, count + 1)
    ]


def declared(made: Lab) -> Mapping[str, Any]:
    """What services.yml says of every host."""
    return {
        "units": ["nginx", "his-app", QUEUE],
        "ports": [443, LIS_PORT],
        "certificates": [CERTIFICATE],
        "probes": [
            {
                "name": "registration",
                "url": "https://127.0.0.1/",
                "contains": "挂号",
                "latency_ms": 5000,
                "timeout_s": 7.5,
            }
        ],
        "gauges": [
            {
                "name": "queue",
                "url": f"http://127.0.0.1:{pages.PORT}/metrics",
                "metric": "queue_depth",
                "warn": 100,
                "crit": 1000,
            }
        ],
        "logs": [{"path": LOG, "pattern": "ERROR"}],
        "known_addresses": [f"{network.gateway(made.subnet)}/32"],
    }


@contextmanager
def healthy(host: Host) -> Iterator[None]:
    """What a host of `specs` cannot have in its image: a certificate, a disk, a card; and what `settled` gives."""
    certificates.issue(host, CERTIFICATE, end_days=365)
    host.put(File(path="/etc/nginx/conf.d/his.conf", content=NGINX.encode()))
    host.run("systemctl", "restart", "nginx")
    with disk.attached(host, DATA, mb=256), card(host), settled(host):
        yield


@contextmanager
def settled(host: Host) -> Iterator[None]:
    """Lists of packages that are new, a clock that is kept, and a calm machine of its own."""
    packages.serve(host)
    with clock.seen(host, clock.Clock()), view.calm(host):
        yield
