"""What can become of a reminder that is handed over: no address, no secret and no server's own words are in it."""

from __future__ import annotations

import ssl

from maintkit.runs import tls


class NotSent(Exception):
    """It was not taken. `again`: another attempt may help."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


def trust(ca: str | None) -> ssl.SSLContext:
    """The certificates to trust; NotSent when there are none at that path."""
    try:
        return tls.context(ca)
    except OSError:
        raise NotSent("the certificates of `ca` cannot be read", again=False) from None


def connection(error: OSError) -> NotSent:
    """A connection that was not to be had."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotSent("its certificate is not trusted", again=False)
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return NotSent("it does not speak TLS from the first byte at this port", again=False)
    if isinstance(error, TimeoutError):
        return NotSent("it did not answer in time", again=True)
    if isinstance(error, ConnectionRefusedError):
        return NotSent("the connection was refused", again=True)
    if error.__class__.__name__ == "gaierror":
        return NotSent("its name is not known", again=True)
    return NotSent("the connection broke", again=True)
