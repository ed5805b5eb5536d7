"""A section ends in one of five ways, and its size is bounded."""

from __future__ import annotations

import json

import pytest

CAP = {"section_cap_bytes": 2000}


def outcome(part, function, parameters=CAP):
    return json.loads(part("section").section_payload(function, parameters, None))


def test_what_a_section_raises_becomes_its_status(part):
    """absent, denied, error; the reason names it."""
    probe = part("probe")

    def absent(_):
        raise probe.Absent("no such thing")

    def denied(_):
        raise probe.Denied("needs root: /x")

    def broken(_):
        return {}["nothing"]

    assert [outcome(part, one)["status"] for one in (absent, denied, broken)] == ["absent", "denied", "error"]
    assert outcome(part, broken)["reason"] == "KeyError: 'nothing'"
    assert outcome(part, denied)["reason"] == "needs root: /x"


def test_a_section_too_large_is_cut_and_says_so(part):
    """The longest list gives way; the rest of the data stays."""
    result = outcome(part, lambda _: {"rows": [{"text": "x" * 50}] * 500, "total": 500, "few": [1, 2]})
    assert result["truncated"] is True
    assert result["data"]["total"] == 500
    assert result["data"]["few"] == [1, 2]
    assert 0 < len(result["data"]["rows"]) < 500
    assert len(json.dumps(result["data"])) <= CAP["section_cap_bytes"]


def test_how_and_withheld_come_along(part):
    """Evidence: files and commands, once each."""

    def collect(probe):
        probe.read("/proc/loadavg")
        probe.read("/proc/loadavg")
        probe.withheld["x"] = "needs root: y"
        return {}

    result = outcome(part, collect)
    assert (result["how"], result["withheld"], result["status"]) == (["/proc/loadavg"], {"x": "needs root: y"}, "ok")


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ("timeout", "timeout", "no answer within 10 s"),
        ("late", "timeout", "total limit of 60 s"),
        ("died", "error", "code -9"),
        ("unborn", "error", "no room"),
    ],
)
def test_a_section_that_never_answered_says_why(part, state, status, words):
    """Stuck, not reached, killed."""
    result = json.loads(part("section").unfinished(state, b"-9", 10.0, 60.0))
    assert result["status"] == status
    assert words in result["reason"]
    assert result["data"] is None
