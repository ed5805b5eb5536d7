"""Laws of what counts as a known address."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from maintkit.checks.security.logins import _known

RANGES = ("10.0.0.0/8", "fd00::/8")


@given(st.ip_addresses())
def test_an_address_is_known_exactly_where_a_range_holds_it(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """However it is written: plain, with a zone, or as an IPv4 address over IPv6."""
    plain = getattr(address, "ipv4_mapped", None) or address
    held = plain.is_loopback or any(plain in ipaddress.ip_network(one) for one in RANGES)
    spellings = [str(address)]
    spellings += [f"{address}%eth0"] if address.version == 6 else [f"::ffff:{address}"]
    assert {_known(spelling, RANGES, None) for spelling in spellings} == {held}


@given(st.text())
def test_any_text_in_place_of_an_address_is_answered(text: str) -> None:
    """A log line may hold anything where the address should be."""
    assert _known(text, RANGES, None) in {True, False}
