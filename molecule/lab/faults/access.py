"""Who may do what on a host: accounts, passwords, keys, sudo rules, sshd's settings, jobs, ports, logins."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.faults.logs import rewound
from lab.faults.view import written
from lab.host import Host
from lab.image import File
from lab.places import LabError
from lab.process import run
from lab.seed import make_key

LISTENER = """
import socket, sys, time
server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
time.sleep(86400)
"""
SSHD = "/etc/ssh/sshd_config.d/00-lab-fault.conf"  # sshd takes the first value that it reads
AUTHORIZED = "/root/.ssh/authorized_keys"
HOST_KEY = "/etc/ssh/ssh_host_ed25519_key"


@contextmanager
def account(host: Host, name: str, *, uid: int | None = None) -> Iterator[None]:
    """One more account, without a password; with `uid` 0 it is a second root."""
    numbered = () if uid is None else ("--non-unique", f"--uid={uid}")
    host.run("useradd", "--no-create-home", "--shell=/bin/sh", *numbered, name)
    try:
        yield
    finally:
        host.run("userdel", "--force", name, check=False)
        if host.run("getent", "passwd", name, check=False).code == 0:
            raise LabError(f"the account {name} is still on {host.name}")


@contextmanager
def empty_password(host: Host, name: str) -> Iterator[None]:
    """The account lets in without a password."""
    with _shadow_kept(host):
        host.run("passwd", "--quiet", "--delete", name)
        yield


@contextmanager
def expired(host: Host, name: str, *, day: str) -> Iterator[None]:
    """The account ended on `day` (2026-01-31)."""
    with _shadow_kept(host):
        host.run("chage", "--expiredate", day, name)
        yield


@contextmanager
def key(host: Host, comment: str) -> Iterator[None]:
    """One more key that opens root's account."""
    before = host.run("cat", AUTHORIZED).out
    pair = host.place / "foreign_key"
    host.put(File(path=AUTHORIZED, content=f"{before}{make_key(pair)} {comment}\n".encode(), mode=0o600))
    try:
        yield
    finally:
        host.put(File(path=AUTHORIZED, content=before.encode(), mode=0o600))
        pair.unlink()
        Path(f"{pair}.pub").unlink()


@contextmanager
def sudo_rule(host: Host, rule: str) -> Iterator[None]:
    """One more sudo rule, like `wang ALL=(ALL) ALL`."""
    path = "/etc/sudoers.d/lab-fault"
    with written(host, File(path=path, content=f"{rule}\n".encode(), mode=0o440)):
        host.run("visudo", "--check", "--quiet", f"--file={path}")
        yield


@contextmanager
def sshd_setting(host: Host, line: str) -> Iterator[None]:
    """sshd runs with this line of configuration before all others."""
    with written(host, File(path=SSHD, content=f"{line}\n".encode())):
        host.sh("sshd -t; systemctl reload ssh")
        yield
    host.run("systemctl", "reload", "ssh")


@contextmanager
def port(host: Host, number: int) -> Iterator[None]:
    """A program that listens on one more TCP port."""
    unit = f"lab-port-{number}"
    host.run("systemd-run", "--quiet", f"--unit={unit}", "/usr/bin/python3", "-c", LISTENER, str(number))
    until = time.monotonic() + 10
    while f":{number} " not in host.run("ss", "-tln").out:
        if time.monotonic() > until:
            raise LabError(f"nothing listens on port {number} of {host.name}")
        time.sleep(0.05)
    try:
        yield
    finally:
        host.run("systemctl", "stop", unit)


@contextmanager
def cron_job(host: Host, line: str) -> Iterator[None]:
    """One more scheduled job, a line of /etc/cron.d with its user."""
    with written(host, File(path="/etc/cron.d/lab-fault", content=f"{line}\n".encode())):
        yield


@contextmanager
def enabled_unit(host: Host, name: str) -> Iterator[None]:
    """One more service that starts at boot, and does nothing."""
    content = b"[Service]\nType=oneshot\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
    with written(host, File(path=f"/etc/systemd/system/{name}.service", content=content)):
        host.run("systemctl", "--quiet", "enable", name)
        try:
            yield
        finally:
            host.run("systemctl", "--quiet", "disable", name)
    host.run("systemctl", "daemon-reload")


@contextmanager
def failed_logins(host: Host, *, times: int) -> Iterator[None]:
    """Somebody outside tries so many times to come in, as a user that there is not, with a key that opens nothing."""
    pair = host.place / "guessing_key"
    make_key(pair)
    options = ("-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null")
    with rewound(host):
        for _ in range(times):
            run("ssh", *options, "-o", "BatchMode=yes", "-i", pair, f"guest@{host.address}", "true", check=False)
        yield
    pair.unlink()
    Path(f"{pair}.pub").unlink()


@contextmanager
def login_from(host: Host, other: Host, *, user_key: Path) -> Iterator[None]:
    """Somebody has come in as root from another host, with a key that is known."""
    with rewound(host), written(other, File(path="/run/lab-key", content=user_key.read_bytes(), mode=0o600)):
        options = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes")
        other.run("ssh", *options, "-i", "/run/lab-key", f"root@{host.address}", "true")
        yield


@contextmanager
def other_host_key(host: Host) -> Iterator[None]:
    """sshd shows another host key than the one that is known."""
    host.sh(f"cp -p {HOST_KEY} {HOST_KEY}.before; cp -p {HOST_KEY}.pub {HOST_KEY}.pub.before")
    host.sh(f"rm {HOST_KEY}; ssh-keygen -q -t ed25519 -N '' -f {HOST_KEY}; systemctl restart ssh")
    try:
        yield
    finally:
        host.sh(f"mv {HOST_KEY}.before {HOST_KEY}; mv {HOST_KEY}.pub.before {HOST_KEY}.pub; systemctl restart ssh")


@contextmanager
def _shadow_kept(host: Host) -> Iterator[None]:
    before = host.run("cat", "/etc/shadow").out
    group = int(host.run("stat", "--format=%g", "/etc/shadow").out)
    try:
        yield
    finally:
        host.put(File(path="/etc/shadow", content=before.encode(), mode=0o640, owner=(0, group)))
