"""What the whole way leaves: the rules, loaded and confirmed."""

from __future__ import annotations


def test_the_rules_are_loaded(host):
    """And the file holds them."""
    assert "inet molecule" in host.check_output("nft list tables")
    assert host.file("/etc/nftables.conf").contains("table inet molecule")


def test_the_change_was_confirmed_and_nothing_waits_to_take_it_back(host):
    """The timer is off, also after a reboot."""
    assert host.file("/var/lib/maintkit/deadman/molecule/confirmed").exists
    assert not host.service("maintkit-deadman-molecule.timer").is_running
    assert not host.service("maintkit-deadman-molecule.timer").is_enabled
