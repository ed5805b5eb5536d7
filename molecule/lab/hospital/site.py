"""A maintkit site for the running hospital: what `maintkit init` makes, with its hosts, services and signers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

from lab.hospital.practice import Hospital
from lab.hospital.topology import Member
from lab.network import gateway
from lab.places import LabError
from lab.seed import make_key

MAINTKIT = Path(sys.executable).with_name("maintkit")
NAMESPACES = "maintkit-anchor@maintkit,maintkit-approval@maintkit"
SHANGHAI = timezone(timedelta(hours=8))
# Who signs: (principal, name, of, roles). Their keys lie in the site's `keys/`, which no real site would have.
PEOPLE = (
    ("li@hospital.example", "李主任", "hospital", ["approver", "supervisor"]),
    ("chen@hospital.example", "陈工", "hospital", ["approver", "second-approver", "supervisor"]),
    ("zhang@provider.example", "张伟", "provider", ["lock-breaker"]),
)
HIS_LOG = {"path": "/var/log/his-demo/app.log", "pattern": "ERROR"}
HIS_PAGES = [
    {"name": "挂号首页", "url": "http://127.0.0.1:8080/", "contains": "挂号"},
    {"name": "挂号服务存活", "url": "http://127.0.0.1:8080/health"},
]


def make_site(made: Hospital, place: Path, *, window_h: int = 4) -> Path:
    """The site in `place`, with a window that is open now; LabError with maintkit's words when it refuses."""
    if not (place / "maintkit.yml").exists():
        _maintkit("init", place)
    (place / "inventory" / "hosts.yml").write_text(json.dumps(_inventory(made, place), ensure_ascii=False, indent=1))
    _replace(place / "services.yml", {"groups": {}, "hosts": {one.name: declared(made, one) for one in made.members}})
    _replace(place / "watch.yml", watched(made))
    open_window(place / "contract.yml", timedelta(hours=window_h))
    appoint(place)
    _maintkit("site", "check", "--site", place)
    return place


def key(place: Path, principal: str) -> Path:
    """The private key of one of PEOPLE."""
    return place / "keys" / principal.partition("@")[0]


def _inventory(made: Hospital, place: Path) -> dict[str, Any]:
    """The lab's inventory, with the groups that services.yml names and the way to drain each application host."""
    told: dict[str, Any] = json.loads(made.lab.inventory.read_text())
    systems = yaml.safe_load((place / "services.yml").read_text())["systems"]
    for group in [name for system in systems.values() for name in system.get("groups", [])]:
        told["all"]["children"].setdefault(group, {"hosts": {}})
    for member in made.members:
        if "his_app" in member.groups:
            told["all"]["hosts"][member.name] |= {
                "drain_with": "nginx",
                "drain_front": "his-web1",
                "drain_file": f"/etc/nginx/his-upstream.d/{member.name}.conf",
                "drain_server": f"{member.name}:8080",
            }
    return told


def declared(made: Hospital, member: Member) -> dict[str, Any]:
    """What services.yml says of one host."""
    said: dict[str, Any] = {
        "units": list(member.services),
        "ports": list(member.ports),
        "known_addresses": [f"{gateway(made.lab.subnet)}/32"],
    }
    if "his_app" in member.groups:
        said |= {"probes": HIS_PAGES, "logs": [HIS_LOG]}
    if 443 in member.ports:
        said["tls"] = ["127.0.0.1:443"]
    if "repository" in member.groups:
        said["backups"] = [{"tool": "pgbackrest", "name": "his", "every_h": 24}]
    if "postgresql" in member.groups:
        said["postgresql"] = [{"name": "his", "databases": ["his"], "role": "primary"}]
    if "mariadb" in member.groups:
        account = {"socket": "/run/mysqld/mysqld.sock", "defaults_file": "/etc/maintkit-my.cnf"}
        said["mysql"] = [{"name": "pharmacy", **account, "role": "primary"}]
    return said


def watched(made: Hospital) -> dict[str, Any]:
    """What watch.yml says of the hosts that are there: each service is asked for what only it can answer."""

    def probe(name: str, covers: list[int], host: str, url: str, **more: str) -> dict[str, Any]:
        return {"name": name, "covers": covers, "hosts": [host], "latency_ms": 2000, "http": {"url": url, **more}}

    probes = []
    for name in sorted(member.name for member in made.members):
        at = f"http://{made.lab[name].address}"
        if name == "his-web1":
            probes.append(probe("his-web", [1, 2], name, f"{made.url}/", contains="挂号", ca=str(made.cafile)))
        elif name in ("his-app1", "his-app2"):
            probes.append(probe(f"departments-{name}", [2], name, f"{at}:8080/api/departments", contains="IM"))
        elif name == "pharmacy1":
            probes.append(probe("pharmacy-stock", [7], name, f"{at}:8081/api/stock", contains="T0001"))
        elif name == "report1":
            probes.append(probe("reports", [17], name, f"{at}/reports/", contains="registrations-"))
    person = {"covers": [3], "how": "在收费窗口为测试病人划价一次，核对金额后作废"}
    return {"probes": probes, "manual": [person]}


def _replace(path: Path, parts: dict[str, Any]) -> None:
    """Put these top-level keys into a file whose comments stay."""
    text = path.read_text()
    for name, value in parts.items():
        new = yaml.safe_dump({name: value}, allow_unicode=True, sort_keys=False)
        found = re.search(rf"^{name}:.*\n(?:[ -].*\n)*", text, flags=re.MULTILINE)
        text = text[: found.start()] + new + text[found.end() :] if found else text + new
    path.write_text(text)


def open_window(path: Path, lasts: timedelta) -> None:
    """A window from an hour ago on, and no blackout: practising is not bound to Saturday nights."""
    now = datetime.now(SHANGHAI)
    period = {
        "id": "practice",
        "title_zh": "演练窗口",
        "start": f"{now - timedelta(hours=1):%Y-%m-%d %H:%M}",
        "end": f"{now + lasts:%Y-%m-%d %H:%M}",
    }
    text = path.read_text()
    head, _, rest = text.partition("\nchanges:\n")
    told = yaml.safe_load(f"changes:\n{rest}")["changes"]
    told |= {"windows": [period], "blackouts": []}
    path.write_text(f"{head}\n{yaml.safe_dump({'changes': told}, allow_unicode=True, sort_keys=False)}")


def appoint(place: Path) -> None:
    """Keys for PEOPLE, and the files that say whose signature counts for what."""
    (place / "keys").mkdir(mode=0o700, exist_ok=True)
    allowed, people = [], []
    for principal, name, of, roles in PEOPLE:
        allowed.append(f'{principal} namespaces="{NAMESPACES}" {make_key(key(place, principal))}\n')
        people.append({"name": name, "of": of, "principals": [principal], "roles": roles})
    (place / "signers" / "allowed_signers").write_text("".join(allowed))
    text = yaml.safe_dump({"people": people}, allow_unicode=True, sort_keys=False)
    (place / "signers" / "roles.yml").write_text(text)


def _maintkit(*words: object) -> None:
    done = subprocess.run([MAINTKIT, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"maintkit {' '.join(map(str, words))}: {done.stderr.strip()}")
