"""Names, private directories, locks: what keeps a run's state its own."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "-o", "a b", "a\n", "é", "x" * 64, "a@b", "%i"])
def test_names_that_could_lead_elsewhere_are_refused(part, name):
    """Fault 52; '@' and '%' mean something to systemd."""
    place = part("place")
    with pytest.raises(place.Refused, match="is no name for a run"):
        place.named("run", name)


@pytest.mark.parametrize("name", ["R-2026-0007", "by-hand-20261125T023000", "a", "x" * 63, "a..b"])
def test_names_as_people_and_plans_give_them_pass(part, name):
    assert part("place").named("run", name) == name


def test_directories_are_private_all_the_way_down(part, state):
    place = part("place")
    made = place.private(state / "runs" / "r1")
    assert [oct(one.stat().st_mode & 0o777) for one in (state, state / "runs", made)] == ["0o700"] * 3
    (state / "runs" / "open").mkdir(mode=0o755)
    (state / "runs" / "linked").symlink_to(made)
    (state / "runs" / "file").touch()
    for name in ("open", "linked", "file"):
        with pytest.raises((place.Refused, FileExistsError)):
            place.private(state / "runs" / name)


@pytest.mark.usefixtures("state")
def test_one_run_holds_a_host_and_a_late_token_can_do_nothing(part):
    lock, refused = part("lock"), part("place").Refused
    assert lock.take("r1", who="one", token=3) is True
    assert lock.take("r1", who="one", token=3) is False
    with pytest.raises(refused, match=r"run r1 holds this host \(one, token 3\)"):
        lock.take("r2", who="two", token=9)
    assert lock.take("r1", who="two", token=4) is True
    with pytest.raises(refused, match="token 3 is below 4"):
        lock.require_hold("r1", token=3)
    with pytest.raises(refused, match="may not let it go"):
        lock.release("r1", token=3)
    assert lock.release("r1", token=4) is True
    assert lock.release("r1", token=4) is False
    with pytest.raises(refused, match="token 4 is not above 4"):
        lock.take("r2", who="two", token=4)
    assert lock.take("r2", who="two", token=5) is True
    lock.require_hold("r2", token=None)
    lock.require_hold("r2", token=0)
    with pytest.raises(refused, match="run r2 holds this host"):
        lock.require_hold("r1", token=None)


@pytest.mark.usefixtures("state")
def test_without_keeping_a_lock_is_only_told(part):
    lock = part("lock")
    assert lock.take("r1", who="one", token=3, keep=False) is True
    assert lock.holder() == {"run": "", "holder": "", "token": 0}


@pytest.mark.usefixtures("state")
def test_the_mark_of_a_run_that_is_known_to_have_ended_is_taken_over_and_no_other(part):
    """A host that could not be told of the end, or whose lock was broken by signature, must not stay shut for good."""
    lock, refused = part("lock"), part("place").Refused
    lock.take("gone", who="one", token=3)
    with pytest.raises(refused, match="run gone holds this host"):
        lock.take("next", who="two", token=9, over=["another"])
    with pytest.raises(refused, match="token 3 is not above 3"):
        lock.take("next", who="two", token=3, over=["gone"])
    assert lock.take("next", who="two", token=9, over=["gone"]) is True
    assert lock.holder() == {"run": "next", "holder": "two", "token": 9}
