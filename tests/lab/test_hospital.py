"""The practice hospital on booted hosts: it runs what hospital.yml says, and can be patched, upgraded and broken."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from collected import script, unframe
from hospital import call

from lab import Host
from lab.hospital import practice
from lab.hospital.load import Load
from lab.hospital.practice import Hospital, hospital, updates
from lab.hospital.site import MAINTKIT, declared, make_site
from maintkit.contract.services import Mysql

BOOK = {"card_no": "T00000001", "department": "IM"}


@pytest.fixture(scope="module")
def his() -> Iterator[Hospital]:
    """One hospital for the tests of this file, which leave it as good as they found it."""
    with hospital() as made:
        yield made


def upgrade(host: Host, version: str) -> None:
    """As an administrator would, both packages by name and version."""
    wanted = f"his-demo={version}-1 his-demo-common={version}-1"
    host.sh(f"apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --allow-downgrades {wanted}")


@contextmanager
def drained(his: Hospital, name: str) -> Iterator[Host]:
    """One application host, out of nginx while the block runs."""
    point(his, f"server {name}:8080 down;", name)
    try:
        yield his.lab[name]
    finally:
        point(his, f"server {name}:8080 max_fails=1 fail_timeout=3s;", name)


def point(his: Hospital, line: str, name: str) -> None:
    """Write nginx's line for one application host; wait until no worker with the old one has requests in hand."""
    web = his.lab["his-web1"]
    web.sh(f"echo '{line}' >/etc/nginx/his-upstream.d/{name}.conf; nginx -q -t; systemctl reload nginx")
    web.sh("sleep 0.2; while pgrep -f 'nginx: worker process is shutting down'; do sleep 0.1; done")


def api(his: Hospital, name: str) -> str:
    """One application host, past nginx."""
    return f"http://{his.lab[name].address}:8080"


def test_every_host_runs_what_it_is_there_for(his: Hospital) -> None:
    """Services active, ports listening, no failed unit, no package from anywhere but the archive."""
    for member in his.members:
        host = his.lab[member.name]
        assert host.run("systemctl", "is-system-running").out.strip() == "running"
        assert set(host.run("systemctl", "is-active", *member.services).out.split()) == {"active"}
        listening = host.sh("ss -Hltn | awk '{ sub(/.*:/, \"\", $4); print $4 }'").split()
        assert {str(port) for port in member.ports} <= set(listening), member.name
        assert host.sh("apt-get update 2>&1 | grep -c '^Get\\|^Hit' || true").strip() != "0"
        assert host.sh("apt list --upgradable 2>/dev/null | tail -n +2") == ""


def test_patients_register_through_nginx_on_both_application_hosts(his: Hospital) -> None:
    """Three seconds of load: nothing fails, and each host had its share."""
    before = [registered(his, name) for name in ("his-app1", "his-app2")]
    with Load(his.url, cafile=str(his.cafile), rate=20) as load:
        time.sleep(3)
    result = load.result()
    assert result.failures() == []
    share = [registered(his, name) - count for name, count in zip(("his-app1", "his-app2"), before, strict=True)]
    assert sum(share) == len(result.transactions)
    assert min(share) > len(result.transactions) / 4


def registered(his: Hospital, name: str) -> int:
    """How many registrations one application host has booked."""
    metrics = call("GET", api(his, name) + "/metrics")[1]
    line = next(
        line for line in metrics.splitlines() if line.startswith('his_demo_registrations_total{result="booked"}')
    )
    return int(line.split()[-1])


def test_the_database_is_backed_up_to_the_repository_host(his: Hospital) -> None:
    """A full backup is there from the start, its WAL arrives, and the next backup can be made."""
    repository = his.lab["backup1"]
    repository.run("systemctl", "start", "pgbackrest-backup@diff.service")
    told = json.loads(repository.run("runuser", "-u", "postgres", "--", "pgbackrest", "--output=json", "info").out)
    assert told[0]["status"]["message"] == "ok"
    assert [backup["type"] for backup in told[0]["backup"]] == ["full", "diff"]


def test_the_database_of_the_pharmacy_is_inspected_as_the_site_declares_it(his: Hospital, tmp_path: Path) -> None:
    """The pharmacy's by an account that can read no row; nothing is hidden but what its server does not count."""
    member = next(one for one in his.members if one.name == "pharmacy1")
    (said,) = declared(his, member)["mysql"]
    instance = Mysql.model_validate(said).model_dump(exclude={"role"}, exclude_defaults=True)
    source = script({"only": ["mysql"], "mysql": [instance]}, tmp_path).decode()
    out = his.lab[member.name].run("python3", "-I", "-S", "-", stdin=source).out
    (told,) = unframe(out.encode())["sections"]["mysql"]["data"]["instances"]
    assert (told["name"], told["state"], told["channels"]) == ("pharmacy", "up", [])
    assert [one["name"] for one in told["databases"]] == ["pharmacy"]
    assert set(told["withheld"].values()) == {"performance_schema is off"}


def test_the_pharmacy_dispenses_and_the_report_is_shown(his: Hospital) -> None:
    """The other two modules of the hospital."""
    wish = {"prescription": f"p{time.time()}", "drug_code": "T0001", "quantity": 1}
    assert call("POST", f"http://{his.lab['pharmacy1'].address}:8081/api/dispenses", wish)[0] == 201
    report = f"http://{his.lab['report1'].address}/reports/registrations-{time.strftime('%F', time.gmtime())}.csv"
    status, text = call("GET", report)
    assert status == 200
    assert "内科" in text


def test_the_functions_of_the_hospital_are_watched(his: Hospital, tmp_path: Path) -> None:
    """Every service answers; when one application host is stopped, its function is told with the host."""
    site = make_site(his, tmp_path / "site")

    def watch() -> tuple[int, dict[str, tuple[str, list[str]]]]:
        done = subprocess.run([MAINTKIT, "watch", "run", "--json", "--site", site], capture_output=True, check=False)
        told = json.loads(done.stdout)["probes"]
        return done.returncode, {row["probe"]: (row["status"], row["hosts"]) for row in told}

    code, probes = watch()
    assert (code, {status for status, _ in probes.values()}, len(probes)) == (0, {"ok"}, 5)
    his.lab["his-app2"].run("systemctl", "stop", "his-demo")
    try:
        code, probes = watch()
        assert (code, probes["departments-his-app2"]) == (11, ("crit", ["his-app2"]))
        assert probes["his-web"] == ("ok", ["his-web1"])  # nginx asks the other one
    finally:
        his.lab["his-app2"].run("systemctl", "start", "his-demo")
    limit = time.monotonic() + 60
    while not _alive(f"{api(his, 'his-app2')}/health"):
        assert time.monotonic() < limit
        time.sleep(0.2)


def _alive(url: str) -> bool:
    try:
        return call("GET", url)[0] == 200
    except OSError:
        return False


def test_security_updates_appear_when_debian_publishes_them_and_are_real(his: Hospital) -> None:
    """The web host's nginx, libssl3 and others go from the old version to the new one, and still serve."""
    host = his.lab["his-web1"]
    his.publish_updates()
    host.run("apt-get", "update", "-qq")
    offered = host.sh("apt list --upgradable 2>/dev/null | tail -n +2").splitlines()
    assert len(offered) >= 3
    assert all("bookworm-security" in line for line in offered)
    pairs = {package: update for update in updates().known() for package in update.packages}
    names = [line.partition("/")[0] for line in offered]
    assert installed(host, names) == {name: pairs[name].old for name in names}
    host.sh("DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o Dpkg::Options::=--force-confold upgrade", timeout_s=300)
    assert installed(host, names) == {name: pairs[name].new for name in names}
    with Load(his.url, cafile=str(his.cafile), rate=10) as load:
        time.sleep(1)
    assert load.result().failures() == []


def installed(host: Host, names: list[str]) -> dict[str, str]:
    """name -> version."""
    lines = host.run("dpkg-query", "-W", "-f", "${Package} ${Version}\n", *names).out.splitlines()
    return dict(line.split(" ", 1) for line in lines)


def test_a_rolling_upgrade_to_1_1_costs_no_registration(his: Hospital) -> None:
    """Drain, upgrade, back in; migrate once; under load, with zero failed transactions and no gap of a second."""
    his.publish("1.1")
    with Load(his.url, cafile=str(his.cafile), rate=20) as load:
        for name in ("his-app1", "his-app2"):
            with drained(his, name) as host:
                upgrade(host, "1.1")
                assert call("GET", api(his, name) + "/version") == (200, {"version": "1.1"})
        assert "applied 0002-visit-type.sql" in his.lab["his-app1"].run("his-demo-migrate").out
    result = load.result()
    assert result.failures() == []
    assert len(result.transactions) > 40
    assert call("POST", api(his, "his-app2") + "/api/registrations", BOOK | {"visit_type": "follow-up"})[0] == 201


def test_1_2_is_found_out_only_by_a_real_transaction_and_goes_back(his: Hospital) -> None:
    """On a drained host: unit active, health and version right, a registration fails; patients notice nothing."""
    his.publish("1.2", keep_older=True)
    with Load(his.url, cafile=str(his.cafile), rate=20) as load, drained(his, "his-app2") as host:
        upgrade(host, "1.2")
        assert host.run("systemctl", "is-active", "his-demo").out == "active\n"
        assert call("GET", api(his, "his-app2") + "/health")[0] == 200
        assert call("GET", api(his, "his-app2") + "/version") == (200, {"version": "1.2"})
        assert call("POST", api(his, "his-app2") + "/api/registrations", BOOK)[0] == 500
        assert "ERROR" in host.run("tail", "-n", "30", "/var/log/his-demo/app.log").out
        upgrade(host, "1.1")
        assert call("POST", api(his, "his-app2") + "/api/registrations", BOOK | {"department": "EY"})[0] == 201
    assert load.result().failures() == []


def test_the_migration_of_1_3_fails_on_the_hospitals_data(his: Hospital) -> None:
    """Exit code, word, and a service that goes on."""
    his.publish("1.3", keep_older=True)
    host = his.lab["his-app2"]
    upgrade(host, "1.3")
    failed = host.run("his-demo-migrate", check=False)
    assert failed.code == 1
    assert "patient_login_phone_once" in failed.err
    assert "0003\tphone-login\tpending" in host.run("his-demo-migrate", "--status").out
    upgrade(host, "1.1")
    assert call("POST", api(his, "his-app2") + "/api/registrations", BOOK | {"department": "DE"})[0] == 201


def test_a_killed_application_host_costs_only_what_it_had_in_hand(his: Hospital) -> None:
    """Power cut of one of two: nginx goes on with the other, and what failed lies in the seconds after the cut."""
    with Load(his.url, cafile=str(his.cafile), rate=20) as load:
        time.sleep(2)
        cut = time.time()
        his.lab["his-app2"].cut_power()
        time.sleep(4)
        his.lab["his-app2"].start()
        his.lab["his-app2"].wait()
        back = time.time()
        time.sleep(2)
    result = load.result()
    assert result.failures(between=(0, cut - 0.1)) == []
    assert len(result.failures()) < 40
    assert len(result.succeeded(between=(cut, back))) > 20
    assert result.failures(between=(back + 3, back + 60)) == []


def test_every_host_comes_back_from_a_reboot_by_itself(his: Hospital) -> None:
    """Nothing of what `start` did was only in memory."""
    for name in ("his-db1", "his-app1", "his-web1", "pharmacy1"):
        his.lab[name].reboot()
    until = time.monotonic() + 20
    while call("POST", f"{api(his, 'his-app1')}/api/registrations", BOOK | {"department": "TC"})[0] != 201:
        assert time.monotonic() < until
        time.sleep(0.3)
    with Load(his.url, cafile=str(his.cafile), rate=10) as load:
        time.sleep(1)
    assert load.result().failures() == []
    assert his.lab["backup1"].sh("runuser -u postgres -- pgbackrest info | grep -c 'status: ok'").strip() == "1"


def test_an_archive_whose_hospital_is_only_being_made_is_left_alone_by_the_next() -> None:
    """Two at once: the archive is there before its lab is."""
    first = practice.archive_for("being-made")
    try:
        practice.archive_for("another").remove()
        assert first.root.is_dir()
    finally:
        first.remove()
