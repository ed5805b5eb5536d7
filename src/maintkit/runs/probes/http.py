"""HTTP: a page that must come, with the right status and text in it."""

from __future__ import annotations

import ssl

from maintkit.contract.watch import Http
from maintkit.errors import WatchFailed
from maintkit.runs import tls
from maintkit.runs.probes.answer import WELL, Answer, Deadline, bad, library

MOST = 2 * 1024 * 1024  # bytes of a page that are read


def ask(question: Http, deadline: Deadline) -> Answer:
    """GET the page; redirects are not followed, for a login page elsewhere is not this page."""
    httpx = library("httpx")
    context = _trust(question.ca)
    body = b""
    try:
        with (
            httpx.Client(verify=context, timeout=deadline.left, trust_env=False) as client,
            client.stream("GET", question.url, headers={"User-Agent": "maintkit-watch"}) as answer,
        ):
            for piece in answer.iter_bytes():
                body += piece
                _ = deadline.left
                if len(body) > MOST:
                    break
            status, encoding = answer.status_code, answer.encoding or "utf-8"
    except (httpx.TimeoutException, TimeoutError):
        return bad("no-answer")
    except httpx.HTTPError as error:
        return _fault(error)
    if status != question.status:
        return bad("wrong-answer", f"status {status} instead of {question.status}")
    if question.contains is not None and question.contains not in _text(body, encoding):
        return bad("wrong-answer", f"the page does not hold {question.contains!r}")
    return WELL


def _trust(ca: str | None) -> ssl.SSLContext:
    try:
        return tls.context(ca)
    except OSError as error:
        raise WatchFailed(f"{ca}: no certificates to trust ({error})", hint="correct `ca` in watch.yml") from error


def _text(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding, errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")


def _fault(error: Exception) -> Answer:
    """httpx says little in types: what the system said is in the chain of causes."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return bad("untrusted-certificate", str(cause.verify_message))
        if isinstance(cause, ConnectionRefusedError):
            return bad("connection-refused")
        if cause.__class__.__name__ == "gaierror":
            return bad("name-unknown")
        cause = cause.__cause__ or cause.__context__
    return bad("not-understood", error.__class__.__name__)
