"""Telling people of what falls due: every hook by itself, claimed first, again after a while, within its time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from queue import Empty, SimpleQueue

from maintkit.contract.contract import Contract
from maintkit.contract.load import Site
from maintkit.contract.reminders import Email, Hook, Reminders, Wecom
from maintkit.desk.matter import Matter
from maintkit.desk.reminder import Message, claim, failed, message, sent, untold
from maintkit.errors import WatchFailed
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.runs.probes.ask import secret_of
from maintkit.runs.reminders import mail, program, wecom
from maintkit.runs.reminders.delivery import NotSent

FIRST_PAUSE_S = 1.0  # then twice as long each time
_GRACE_S = 1.0  # beyond its time, for a library to notice it by itself


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one hook. `failed` empty: it told, or had nothing new to tell (`matters` empty)."""

    hook: str
    matters: tuple[str, ...]
    attempts: int = 0
    refused: int = 0
    failed: str = ""


@dataclass(frozen=True, kw_only=True)
class _Errand:
    hook: Hook
    matters: tuple[Matter, ...]
    message: Message
    secret: str | None


def planned(
    ledger: Ledger, contract: Contract, reminders: Reminders, matters: Sequence[Matter], on: date
) -> Iterator[tuple[Hook, tuple[Matter, ...], Message]]:
    """What each hook would tell now, in the order of reminders.yml; those with nothing new are left out."""
    now = ledger.clock.now()
    for hook in reminders.hooks:
        wanted = [one for one in matters if one.state in reminders.states and one.about in hook.about]
        new = untold(ledger, hook.name, wanted, now)
        if new:
            yield hook, new, message(contract, new, on, ledger.redactor)


def remind(
    site: Site,
    ledger: Ledger,
    reminders: Reminders,
    matters: Sequence[Matter],
    on: date,
    *,
    first_pause_s: float = FIRST_PAUSE_S,
) -> tuple[Outcome, ...]:
    """Tell by every hook, all at once, and enter what became of it; in the order of reminders.yml.

    What is told is claimed first, while nobody else may write: of two runs at one moment one tells. A hook that fails
    stops no other, and gives its claim back. What was taken and could not be entered is told again once the claim is
    over, and so is what a run had claimed that was killed.
    """
    secrets, lost = _secrets(reminders, site.root)
    ledger.redactor = Redactor(secrets.values(), site.settings.redact_patterns)
    with ledger.writing("claim reminders"):
        errands = {
            hook.name: _Errand(hook=hook, matters=new, message=said, secret=secrets.get(hook.name))
            for hook, new, said in planned(ledger, site.contract, reminders, matters, on)
        }
        ready = {name: errand for name, errand in errands.items() if name not in lost}
        mine = {name: (errand.hook, errand.matters) for name, errand in ready.items()}
        claims = claim(ledger, mine, on, ledger.clock.now())
    done = {}
    with ThreadPoolExecutor(max_workers=max(1, len(ready))) as pool:
        for future in as_completed([pool.submit(_run, errand, first_pause_s) for errand in ready.values()]):
            outcome = future.result()
            done[outcome.hook] = outcome
            _enter(ledger, outcome, ready[outcome.hook].matters, on, claims[outcome.hook])
    return tuple(
        done.get(hook.name)
        or Outcome(hook=hook.name, matters=_ids(errands.get(hook.name)), failed=_lost(hook, errands, lost))
        for hook in reminders.hooks
    )


def _enter(ledger: Ledger, outcome: Outcome, matters: Sequence[Matter], on: date, claimed: int) -> None:
    """At once, not when the slowest is done: a claim lasts little longer than its own hook."""
    if outcome.failed:
        failed(ledger, outcome.hook, on, claim=claimed, attempts=outcome.attempts, reason=outcome.failed)
    else:
        counts = {"attempts": outcome.attempts, "refused": outcome.refused}
        sent(ledger, outcome.hook, matters, on, claim=claimed, **counts)


def _lost(hook: Hook, errands: Mapping[str, _Errand], lost: Mapping[str, str]) -> str:
    return lost[hook.name] if hook.name in errands else ""


def _ids(errand: _Errand | None) -> tuple[str, ...]:
    return tuple(one.id for one in errand.matters) if errand else ()


def _secrets(reminders: Reminders, root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The secrets by hook, and why those that cannot be had cannot."""
    secrets: dict[str, str] = {}
    lost: dict[str, str] = {}
    for hook in reminders.hooks:
        if hook.secret is not None:
            try:
                secrets[hook.name] = secret_of(hook.secret, root)
            except WatchFailed as error:
                lost[hook.name] = str(error)
    return secrets, lost


def _run(errand: _Errand, first_pause_s: float) -> Outcome:
    """One attempt after the other, until it was taken, another cannot help, or the time is over."""
    end, pause, attempts = time.monotonic() + errand.hook.within_s, first_pause_s, 0
    left, said = errand.hook.within_s, ""
    while left > 0:  # a busy machine sleeps longer than it was asked to
        attempts += 1
        try:
            refused = _attempt(errand, left)
        except NotSent as error:
            said = error.reason
            if not error.again or time.monotonic() + pause >= end:
                break
        else:
            return Outcome(hook=errand.hook.name, matters=_ids(errand), attempts=attempts, refused=refused)
        time.sleep(pause)
        pause *= 2
        left = end - time.monotonic()
    return Outcome(hook=errand.hook.name, matters=_ids(errand), attempts=attempts, failed=said)


def _attempt(errand: _Errand, left_s: float) -> int:
    """Waits in a thread apart: a server that answers byte by byte is left behind, and ends with the program."""
    came: SimpleQueue[int | NotSent] = SimpleQueue()

    def hand_over() -> None:
        try:
            came.put(_send(errand, left_s))
        except NotSent as error:
            came.put(error)
        except (OSError, ValueError, TypeError, LookupError, RuntimeError) as error:
            # A library that stumbles must not cost the other hooks theirs; its words may hold an address.
            came.put(NotSent(f"it could not be handed over ({error.__class__.__name__})", again=False))

    threading.Thread(target=hand_over, daemon=True).start()
    try:
        answer = came.get(timeout=left_s + _GRACE_S)
    except Empty:
        raise NotSent("it did not answer in time", again=False) from None
    if isinstance(answer, NotSent):
        raise answer
    return answer


def _send(errand: _Errand, left_s: float) -> int:
    match errand.hook.way:
        case Email() as way:
            return mail.send(way, errand.message, errand.secret, left_s)
        case Wecom() as way:
            return wecom.send(way, errand.message, errand.secret or "", left_s)
        case way:
            return program.send(way, errand.message, left_s)
