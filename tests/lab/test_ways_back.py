"""Changes with a way back, by `maintkit plan`, `approve` and `apply` on a booted host: what comes back, and by whom."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from office import REQUESTER, Office, office

from lab import File, Spec, lab
from lab.archive import archive_of
from lab.demo import demo, install

OPEN = (
    "#!/usr/sbin/nft -f\nflush ruleset\ntable inet lab {\n chain input {\n  type filter hook input priority 0;\n }\n}\n"
)
SHUT = OPEN.replace("priority 0;", "priority 0; policy drop;")
RULES = {
    "dest": "/etc/nftables.conf",
    "validate": ["nft", "-c", "-f", "%s"],
    "reload": ["nft", "-f", "/etc/nftables.conf"],
}
POOL = "# 连接池\npool = 20\ndb_password = Tiger-9-lives\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One host and its site for the tests of this file, in their order."""
    files = (
        File(path="/etc/nftables.conf", content=OPEN.encode(), mode=0o755),
        File(path="/etc/pool.conf", content=POOL.encode(), mode=0o640),
        *archive_of([demo("1.0"), demo("1.1"), demo("1.2")]),
    )
    with lab([Spec(name="h1", files=files)]) as made:
        install(made["h1"], "demo=1.0")
        yield office(made, tmp_path_factory.mktemp("ways-back") / "site")


@pytest.mark.long
def test_rules_that_cut_the_network_are_taken_back_by_the_host_and_the_documents_say_so(desk: Office) -> None:
    plan = desk.approved("config", **RULES, content=SHUT, deadline=8)
    assert "+  type filter hook input priority 0; policy drop;" in desk.maintkit("plan", "show", plan).stdout
    done = desk.maintkit("apply", plan)
    assert done.returncode == 40, done.stdout + done.stderr
    assert "the host has taken it back by itself" in done.stderr
    run = desk.run()
    assert (run["verdict"], run["hosts"]) == ("rolled-back", {"h1": "rolled-back"})
    host = desk.lab["h1"]
    assert host.run("cat", "/etc/nftables.conf").out == OPEN
    assert "policy drop" not in host.run("nft", "list", "ruleset").out
    page = desk.page("change", run["run"])
    assert "主机自行恢复" in page
    assert "policy drop" in page
    assert desk.maintkit("lock", "list").stdout == "no host is locked\n"


@pytest.mark.long
def test_a_good_change_is_confirmed_over_a_new_connection_and_shows_no_secret(desk: Office) -> None:
    template = desk.site / "pool.conf.j2"
    template.write_text(POOL.replace("20", "60").replace("Tiger-9-lives", "Tiger-8-lives"))
    template_of = {"dest": "/etc/pool.conf", "template": str(template), "mode": "0640"}
    plan = desk.approved("config", **template_of)
    shown = desk.maintkit("plan", "show", plan).stdout
    assert "-pool = 20" in shown
    assert "+pool = 60" in shown
    pages = [shown, desk.page("upgrade-request", plan)]
    good = template.read_text()
    template.write_text(good + "#")
    refused = desk.maintkit("apply", plan)
    assert (refused.returncode, "changed artifact/template" in refused.stderr) == (31, True), refused.stderr
    template.write_text(good)
    done = desk.maintkit("apply", plan)
    assert done.returncode == 0, done.stdout + done.stderr
    run = desk.run()["run"]
    host = desk.lab["h1"]
    assert host.run("cat", "/etc/pool.conf").out == good
    assert host.run("ls", f"/var/lib/maintkit/deadman/{run}/confirmed").code == 0
    pages.append(desk.page("change", run))
    assert all("pool = 60" in page and "-lives" not in page and "masked:secret" in page for page in pages)


@pytest.mark.long
def test_a_patch_that_is_not_wanted_any_more_is_undone_once_and_the_host_compared_whole(desk: Office) -> None:
    host = desk.lab["h1"]
    before = host.run("dpkg-query", "-W").out
    done = desk.maintkit("apply", desk.urgent("patch", to={"demo": "1.1"}))
    assert done.returncode == 0, done.stderr
    run = desk.run()["run"]
    asked = ("plan", "rollback", run, "--reason", "厂商要求退回", "--requester", REQUESTER)
    install(host, "demo=1.2")
    drifted = desk.maintkit(*asked)
    assert (drifted.returncode, "left it: demo 1.2 -> 1.1" in drifted.stderr) == (30, True), drifted.stderr
    install(host, "--allow-downgrades", "demo=1.1")
    kept = f"/var/cache/maintkit/{run}/old/demo_1.0_all.deb"
    host.sh(f"mv {kept} /root/kept.deb")
    gone = desk.maintkit(*asked)
    assert (gone.returncode, f"{kept} is gone" in gone.stderr) == (30, True), gone.stderr
    host.sh(f"mv /root/kept.deb {kept}")
    plan = str(desk.told(*asked)["plan"])
    assert desk.maintkit("rollback", run).returncode == 32
    desk.approve(plan)
    undone = desk.maintkit("rollback", run)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert host.run("dpkg-query", "-W").out == before
    assert host.run("curl", "-s", "127.0.0.1:8080/version").out == "1.0\n"
    last = desk.run()
    assert (last["plan"], last["verdict"]) == (plan, "done")
    again = desk.maintkit(*asked)
    assert (again.returncode, f"was undone by {last['run']}" in again.stderr) == (30, True), again.stderr
    assert f"回退实施 {run}" in desk.page("change", last["run"])
    assert last["run"] in desk.page("change", run)


@pytest.mark.long
def test_a_rollback_that_fails_is_a_p1_keeps_the_lock_and_says_what_to_do_by_hand(desk: Office) -> None:
    """Fault 41: loading the new content takes the copy away, by which the host would have gone back."""
    kept = "/var/lib/maintkit/runs/*/config/before"
    trap = ["sh", "-c", f"grep -q 'pool = 60' /etc/pool.conf || {{ rm -f {kept}; false; }}"]
    now = desk.lab["h1"].run("cat", "/etc/pool.conf").out
    plan = desk.urgent("config", dest="/etc/pool.conf", content=now.replace("60", "90").replace("Tiger-8-lives", ""),
                       reload=trap)  # fmt: skip
    done = desk.maintkit("apply", plan)
    assert done.returncode == 41, done.stdout + done.stderr
    run = desk.run()["run"]
    copy = f"/var/lib/maintkit/runs/{run}/config/before"
    said, back = desk.maintkit("status", run).stdout, f"cp --archive -- {copy} /etc/pool.conf"
    assert "P1 h1: " in said
    assert "P1 h1: " in done.stdout
    assert said.index(f"file {copy}") < said.index(back) < said.index("sha256sum")
    page = desk.page("change", run)
    assert back in page
    assert "P1 故障" in page
    assert "h1" in desk.maintkit("lock", "list").stdout
