"""A host that was cut off takes the change back by itself; a change that is confirmed stays. On booted hosts."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from procedures import module, play

from lab import File, Lab, Spec, lab

OPEN = (
    "#!/usr/sbin/nft -f\nflush ruleset\ntable inet lab {\n chain input {\n  type filter hook input priority 0;\n }\n}\n"
)
SHUT = OPEN.replace("priority 0;", "priority 0; policy drop;")
NETWORK = "/etc/systemd/network/10-host0.network"
RULES = {
    "config_dest": "/etc/nftables.conf",
    "config_validate": ["nft", "-c", "-f", "%s"],
    "config_reload": ["nft", "-f", "/etc/nftables.conf"],
}


@pytest.fixture
def one() -> Iterator[Lab]:
    with lab([Spec(name="h1", files=(File(path="/etc/nftables.conf", content=OPEN.encode(), mode=0o755),))]) as made:
        yield made


def content(made: Lab, path: str = "/etc/nftables.conf") -> str:
    return made["h1"].run("cat", path).out


def test_rules_that_shut_everybody_out_are_taken_back_by_the_host(one: Lab) -> None:
    """The way to the host is really cut, and comes back without anybody's doing."""
    went = play(one, "config", **RULES, config_content=SHUT, config_deadline=12)
    assert went.code == 2
    assert "the host has taken it back by itself" in went.phase("verify")["reason"]
    dead = went.phase("rollback")["facts"]["deadman"]
    assert (dead["state"], dead["by"], dead["rehearsed_rc"], dead["reverted_rc"]) == ("reverted", "host", 0, 0)
    assert content(one) == OPEN
    assert "policy drop" not in one["h1"].run("nft", "list", "ruleset").out
    assert one["h1"].run("stat", "-c", "%a", "/etc/nftables.conf").out == "755\n"


@pytest.mark.long
def test_a_change_that_is_confirmed_stays_and_can_still_be_rolled_back(one: Lab) -> None:
    new = OPEN.replace("inet lab", "inet lab2")
    went = play(one, "config", **RULES, config_content=new, config_deadline=90)
    assert went.fine
    assert went.phase("verify")["facts"]["deadman"]["by"] == "confirmation"
    timer = one["h1"].run("systemctl", "is-active", "maintkit-deadman-r1.timer", check=False)
    assert timer.out == "inactive\n"
    one["h1"].run("systemctl", "start", "maintkit-deadman-r1.service")  # as the timer would have, had it been late
    assert content(one) == new
    assert "lab2" in one["h1"].run("nft", "list", "ruleset").out
    again = play(one, "config", **RULES, config_content=new, maintkit_run="r2")
    assert again.phase("probe")["status"] == "nothing-to-do"
    back = play(one, "procedures.config.rollback", **RULES, config_content=new)
    assert back.fine
    assert back.phase("rollback")["facts"]["deadman"]["by"] == "controller"
    assert content(one) == OPEN


def test_a_change_that_the_host_has_taken_back_is_not_begun_anew(one: Lab) -> None:
    """Its controller died after arming; taken up again, nobody would take it back any more."""
    play(one, "procedures.config.backup", **RULES, config_content=SHUT)
    module(one, "deadman", {"run": "r1", "state": "armed", "seconds": 1, "revert": [["true"]]})
    until = time.monotonic() + 60
    while one["h1"].run("test", "-e", "/var/lib/maintkit/deadman/r1/reverted", check=False).code != 0:
        assert time.monotonic() < until
        time.sleep(0.2)
    went = play(one, "procedures.config.change", **RULES, config_content=SHUT)
    assert (went.code, "already taken back" in went.phase("change")["reason"]) == (2, True)
    assert content(one) == OPEN


@pytest.mark.long
def test_content_that_is_not_valid_and_files_that_are_links_are_refused_before_anything(one: Lab) -> None:
    went = play(one, "config", **RULES, config_content="nonsense\n")
    assert (went.code, went.phase("precheck")["status"]) == (2, "failed")
    one["h1"].sh("ln -s /etc/nftables.conf /etc/link.conf; ls /tmp/maintkit-* 2>/dev/null && exit 1 || true")
    linked = play(one, "config", config_dest="/etc/link.conf", config_content=SHUT)
    assert "is a link or no plain file" in linked.phase("precheck")["reason"]
    up = play(one, "config", config_dest="/etc/../root/x", config_content=SHUT)
    assert "without '..'" in up.phase("precheck")["reason"]
    assert content(one) == OPEN


@pytest.mark.long
def test_an_address_that_is_wrong_is_taken_back_also_over_a_reboot(one: Lab) -> None:
    """The host goes down before the deadline, comes up with the wrong address, and still takes it back."""
    host = one["h1"]
    before = content(one, NETWORK)
    host.sh(f"cp -a {NETWORK} /root/before.network")
    armed = module(
        one,
        "deadman",
        {
            "run": "address",
            "state": "armed",
            "seconds": 8,
            "revert": [["cp", "-a", "/root/before.network", NETWORK], ["systemctl", "restart", "systemd-networkd"]],
        },
    )
    assert armed["deadman"]["rehearsed_rc"] == 0
    wrong = before.replace(f"Address={host.address}/24", "Address=192.0.2.77/24")
    assert wrong != before
    host.put(File(path=NETWORK, content=wrong.encode()))
    booted = host.boot_id()
    host.reboot()  # returns when sshd answers at the address that the lab knows
    assert host.boot_id() != booted
    assert content(one, NETWORK) == before
    one.remove_held()
    told = module(one, "deadman", {"run": "address", "state": "reverted"})
    assert (told["changed"], told["deadman"]["by"], told["deadman"]["reverted_rc"]) == (False, "host", 0)


def test_only_a_connection_that_is_newer_than_the_change_confirms_it(one: Lab) -> None:
    revert = [["true"]]
    module(one, "deadman", {"run": "old", "state": "armed", "seconds": 60, "revert": revert})
    # Ansible holds the connection over which it was armed, and uses it again.
    same = module(one, "deadman", {"run": "old", "state": "confirmed"})
    assert "this connection is older than the change" in same["msg"]
    one.remove_held()
    assert module(one, "deadman", {"run": "old", "state": "confirmed"})["deadman"]["state"] == "confirmed"


def test_a_revert_that_does_not_work_is_found_before_the_change(one: Lab) -> None:
    told = module(one, "deadman", {"run": "broken", "state": "armed", "revert": [["cp", "/nowhere", "/root/x"]]})
    assert told["failed"] is True
    assert "the revert does not work, so nothing is changed: cp: cannot stat '/nowhere'" in told["msg"]
    assert told["deadman"]["state"] == "absent"
    assert one["h1"].sh("ls /etc/systemd/system | grep deadman || true") == ""


@pytest.mark.long
def test_host_and_controller_never_both_take_a_change_back(one: Lab) -> None:
    """Fault 42: the controller comes just as the deadline is over; whoever wins, the revert runs once."""
    for number in range(3):
        run, marks = f"race{number}", f"/root/race{number}"
        revert = [["sh", "-c", f"echo reverted >>{marks}; sleep 0.3"]]
        module(one, "deadman", {"run": run, "state": "armed", "seconds": 1 + number, "revert": revert})
        time.sleep(0.2 * number)
        told = module(one, "deadman", {"run": run, "state": "reverted", "timeout": 20})
        assert told["deadman"]["state"] == "reverted"
        late = module(one, "deadman", {"run": run, "state": "confirmed"})
        assert "cannot be confirmed: it is reverted" in late["msg"]
        time.sleep(1.5)
        assert content(one, marks) == "reverted\nreverted\n"  # the rehearsal, and the one that counts
