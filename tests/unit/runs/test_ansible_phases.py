"""What a playbook's end says of a host: its own words, never another's, and no secret of its variables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from maintkit.errors import NothingMatched, RunFailed
from maintkit.runs.ansible import Played
from maintkit.runs.ansible_phases import AnsiblePhases
from maintkit.runs.driver import HoldOrder, PhaseOrder
from maintkit.runs.phases import Phase

SAID = """\
PLAY [Hosts: hold] *************************************************************

TASK [Mark as held] ************************************************************
fatal: [h1]: UNREACHABLE! => {"changed": false, "msg": "Failed to connect to the host via ssh: \\r\\nno route", "unreachable": true}
fatal: [h2]: FAILED! => {"changed": false, "msg": "Incorrect sudo password"}
ok: [h3]

PLAY RECAP *********************************************************************
h1                         : ok=0    changed=0    unreachable=1    failed=0    skipped=0    rescued=0    ignored=0
h2                         : ok=0    changed=0    unreachable=0    failed=1    skipped=0    rescued=0    ignored=0
h3                         : ok=1    changed=0    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
"""  # noqa: E501  # as Ansible prints it
STATS = {"dark": {"h1": 1}, "failures": {"h2": 1}, "ok": {"h3": 1}}
ORDER = HoldOrder(site=Path("/"), inventory=Path("/"), run="C1", tokens={"h1": 1}, over={}, holder="somebody")


def driver(
    said: str,
    stats: Mapping[str, Mapping[str, int]],
    *,
    code: int = 2,
    leave: Callable[[Path], object] = lambda _: None,
) -> AnsiblePhases:
    """A driver whose playbooks say this, and leave something in the exchange directory."""

    def played(_playbook: str, *, variables: Mapping[str, Any], **_more: Any) -> Played:
        place = Path(variables["maintkit_exchange"])
        (place / "phases").mkdir()
        leave(place)
        return Played(status="failed" if code else "successful", code=code, stats=stats, said=said)

    return AnsiblePhases(played=played)


def test_a_host_is_told_of_in_its_own_words() -> None:
    """What Ansible counts in the end, of all hosts, is no reason of any."""
    marked = driver(SAID, STATS).hold(ORDER)
    assert (marked["h1"].outcome, marked["h1"].reason) == ("lost", "Failed to connect to the host via ssh: no route")
    assert (marked["h2"].outcome, marked["h2"].reason) == ("failed", "Incorrect sudo password")
    assert (marked["h3"].outcome, marked["h3"].reason) == ("failed", "it left no document")


@pytest.mark.parametrize("said", ["fatal: [h1]: UNREACHABLE! => {broken", "", "something else\n\nPLAY RECAP ***\nh9"])
def test_where_ansible_says_nothing_of_the_host_its_last_words_are_given_and_never_the_count(said: str) -> None:
    reason = driver(said, {"dark": {"h1": 1}}).hold(ORDER)["h1"].reason
    assert reason == said.partition("\n\nPLAY")[0].strip()


def test_an_ansible_that_could_not_begin_is_not_taken_for_hosts_that_are_not_there() -> None:
    """Fault 6: a vault password that is wrong ends it before any host."""
    broken = driver("ERROR! Decryption failed (no vault secrets were found that could decrypt)", {}, code=4)
    with pytest.raises(RunFailed, match="Decryption failed"):
        broken.hold(ORDER)
    nobody = driver("[WARNING]: Could not match supplied host pattern, ignoring: h1\nno hosts matched", {}, code=0)
    with pytest.raises(NothingMatched, match="no host of / matches 'h1'"):
        nobody.hold(ORDER)


def test_what_the_hosts_variables_have_to_hide_is_masked_from_then_on() -> None:
    """Fault 60: in the words of a phase and in its document."""

    def leave(place: Path) -> None:
        (place / "secrets.json").write_text(json.dumps(["Lerche-77"]))
        told = {"status": "ok", "reason": "", "facts": {"output": "password: Lerche-77"}}
        (place / "phases" / "h1.verify.json").write_text(json.dumps(told))

    phases = driver('fatal: [h1]: FAILED! => {"msg": "no Lerche-77"}', {"failures": {"h1": 1}}, leave=leave)
    assert "Lerche" not in phases.hold(ORDER)["h1"].reason
    order = PhaseOrder(
        site=Path("/"), inventory=Path("/"), procedure="restart", phase=Phase.VERIFY, host="h1", run="C1"
    )
    result = phases.phase(order)
    assert result.outcome == "failed"
    assert "Lerche" not in result.reason + result.text
    assert "masked" in result.text
