"""A small service as a package, in as many versions as a test wants."""

from __future__ import annotations

from collections.abc import Sequence

from lab.archive import Deb, archive_of
from lab.host import Host

UNIT = "[Service]\nExecStart=/usr/bin/demo\n[Install]\nWantedBy=multi-user.target\n"
STARTS = "#!/bin/sh\nset -e\nsystemctl daemon-reload\nsystemctl -q enable demo\nsystemctl restart demo\n"
SERVES = "cd /usr/share/demo && exec python3 -m http.server 8080 --bind 127.0.0.1\n"


def demo(version: str, *, body: str = SERVES, postinst: str = STARTS, depends: str = "") -> Deb:
    """A service that tells its version over HTTP, at port 8080."""
    return Deb(
        name="demo",
        version=version,
        fields={"Depends": depends} if depends else {},
        files={
            "/usr/bin/demo": f"#!/bin/sh\n# {version}\n{body}",
            "/usr/share/demo/version": f"{version}\n",
            "/lib/systemd/system/demo.service": UNIT,
        },
        scripts={"postinst": postinst},
    )


def install(host: Host, *named: str) -> None:
    """Install from the archives that lie on the host, and from nowhere else."""
    host.sh(f"""
        export DEBIAN_FRONTEND=noninteractive
        rm -f /etc/apt/sources.list
        apt-get -qq update
        apt-get -qq install {" ".join(named)} >/dev/null
    """)


def furnish(host: Host, versions: Sequence[str]) -> None:
    """Put these versions on the host as an archive, and install the first."""
    host.put(*archive_of([demo(version) for version in versions]))
    install(host, f"demo={versions[0]}")
