"""A reminder into a group of WeCom, by its robot."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from maintkit.contract.reminders import Wecom
from maintkit.desk.reminder import Message
from maintkit.runs.reminders.delivery import NotSent, connection, trust

MOST_BYTES = 4096  # of a markdown message, by WeCom's documentation
BUSY = (-1, 45009, 45033)  # the service is busy, too many messages a minute, too many at once
_CUT = "\n……（从略）"


def send(way: Wecom, message: Message, url: str, left_s: float) -> int:
    """POST it; NotSent unless the answer says errcode 0. The address is in no error."""
    httpx = _library()
    try:
        with httpx.Client(verify=trust(way.ca), timeout=left_s, proxy=way.proxy, trust_env=False) as client:
            answer = client.post(url.strip(), json={"msgtype": "markdown", "markdown": {"content": markdown(message)}})
    except httpx.TimeoutException:
        raise NotSent("it did not answer in time", again=True) from None
    except httpx.ProxyError as error:
        raise NotSent("the proxy did not let it through", again=str(error).startswith("5")) from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise NotSent("its address is no http:// or https:// one", again=False) from None
    except httpx.HTTPError as error:
        raise _fault(error) from None
    if answer.status_code != 200:
        again = answer.status_code >= 500 or answer.status_code == 429
        raise NotSent(f"it answered with status {answer.status_code}", again=again)
    code = _code(answer)
    if code != 0:
        raise NotSent(f"it answered with errcode {code}", again=code in BUSY)
    return 0


def markdown(message: Message) -> str:
    """The message in WeCom's Markdown, cut between lines to what it takes."""
    text = f"**{message.subject}**"
    for line in message.lines:
        longer = f"{text}\n> {line}"
        if len((longer + _CUT).encode()) > MOST_BYTES:
            return text + _CUT
        text = longer
    return text


def _code(answer: Any) -> int | None:
    """WeCom's own verdict; None when there is none, as from a proxy's page."""
    try:
        code = answer.json()["errcode"]
    except (ValueError, KeyError, TypeError):
        return None
    return code if isinstance(code, int) else None


def _fault(error: BaseException) -> NotSent:
    """httpx says little in types: what the system said is in the chain of causes."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return connection(cause)
        cause = cause.__cause__ or cause.__context__
    return NotSent("the connection broke", again=True)


def _library() -> Any:
    try:
        return import_module("httpx")
    except ImportError:
        raise NotSent("httpx is not installed: `pip install 'maintkit[watch]'`", again=False) from None
