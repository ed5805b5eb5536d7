"""Certificates that end soon, have ended, or do not hold yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lab.host import Host

# openssl's `ca` takes both ends of a certificate's time; `req -x509` takes no past ones.
ISSUE = """
work=$(mktemp -d)
cd $work
mkdir new
: >index.txt
cat >ca.cnf <<'END'
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = new
default_md = sha256
policy = any
rand_serial = yes
[any]
commonName = supplied
END
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out request.pem \\
    -subj /CN={subject} 2>/dev/null
start=$(date -u -d '{start_days} days' +%Y%m%d%H%M%SZ)
end=$(date -u -d '{end_days} days' +%Y%m%d%H%M%SZ)
openssl ca -batch -config ca.cnf -selfsign -keyfile key.pem -in request.pem -out cert.pem -notext \\
    -startdate $start -enddate $end 2>/dev/null
mkdir -p $(dirname {path})
install -m 644 cert.pem {path}
install -m 600 key.pem {key}
rm -r $work
"""


def key_of(path: str) -> str:
    """Where the key of a certificate `x.pem` lies: `x.key`."""
    return path.removesuffix(".pem") + ".key"


def issue(host: Host, path: str, *, end_days: int, start_days: int = -30, subject: str = "his.lab.example") -> None:
    """A self-signed certificate at `path`, whose time begins and ends so many days from now."""
    words = {"path": path, "key": key_of(path), "start_days": start_days, "end_days": end_days, "subject": subject}
    host.sh(ISSUE.format(**words))


@contextmanager
def replaced(host: Host, path: str, *, end_days: int, start_days: int = -30, unit: str = "nginx") -> Iterator[None]:
    """The certificate at `path` ends in `end_days` (negative: has ended), and `unit` has loaded it."""
    host.sh(f"cp -p {path} {path}.before; cp -p {key_of(path)} {key_of(path)}.before")
    issue(host, path, end_days=end_days, start_days=start_days)
    host.run("systemctl", "reload", unit)
    try:
        yield
    finally:
        host.sh(f"mv {path}.before {path}; mv {key_of(path)}.before {key_of(path)}; systemctl reload {unit}")
