"""Laws of the sshd rules that a case file cannot write: its settings are laid over healthy ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from maintkit.checks.facts.document import Facts
from maintkit.checks.judge import judge
from maintkit.checks.limits import default_limits
from maintkit.checks.model import Case, Expected
from maintkit.checks.registry import check

AT = 1795485600.0


def status_of(check_id: str, basis: str, **settings: str) -> str:
    """The one finding's status where sshd is set like this and in no other way."""
    document: dict[str, Any] = {
        "schema": "maintkit.facts/1",
        "collector": {"version": "1", "python": "3.11.2", "euid": 0},
        "collected_at": AT,
        "took_ms": 1,
        "sections": {"sshd": {"status": "ok", "data": {"basis": basis, "settings": settings}}},
    }
    case = Case(
        host="db1",
        now=datetime.fromtimestamp(AT, UTC),
        facts=Facts.model_validate(document),
        previous=None,
        limits=default_limits(),
        expected=Expected(),
    )
    (finding,) = judge(case, [check(check_id)], facts_sha256="0" * 64)
    return finding.status


@pytest.mark.parametrize("basis", ["sshd -T", "files"])
def test_root_login_that_is_nowhere_written_is_unknown(basis: str) -> None:
    """The default changed with OpenSSH 7.0, and the version is not known."""
    assert status_of("sshd.root-login", basis) == "unknown"


def test_password_login_that_is_not_in_the_files_is_allowed() -> None:
    """PasswordAuthentication defaults to yes in every version."""
    assert status_of("sshd.password-login", "files") == "warn"


def test_password_login_that_sshd_does_not_print_is_unknown() -> None:
    """`sshd -T` prints every setting, so one that is not there was lost."""
    assert status_of("sshd.password-login", "sshd -T") == "unknown"


def test_old_name_of_the_dialogue_counts() -> None:
    """ChallengeResponseAuthentication is what sshd before 8.7 prints for keyboard-interactive."""
    by_dialogue = {"passwordauthentication": "no", "challengeresponseauthentication": "yes", "usepam": "yes"}
    assert status_of("sshd.password-login", "sshd -T", **by_dialogue) == "warn"


def test_a_dialogue_with_a_device_is_still_one_factor() -> None:
    """`keyboard-interactive:pam` names who asks, not something besides a password."""
    settings = {"passwordauthentication": "yes", "authenticationmethods": "keyboard-interactive:pam"}
    assert status_of("sshd.password-login", "sshd -T", **settings) == "warn"
