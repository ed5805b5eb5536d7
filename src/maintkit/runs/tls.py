"""Whom a connection trusts, the same with every Python."""

from __future__ import annotations

import ssl


def context(ca: str | None) -> ssl.SSLContext:
    """Trusts the machine's authorities, or those of the PEM file `ca` alone; OSError where that is none.

    Chain, name and dates are verified. From 3.13 on Python would refuse besides what older authorities of a house leave
    out, like identifiers of keys: a certificate that every browser takes.
    """
    made = ssl.create_default_context(cafile=ca)
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return made
