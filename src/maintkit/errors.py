"""The one error tree. Each class has its own exit code; `maintkit.cli.main` alone catches it.

    MaintkitError
    ├── SiteError                 3   a site file is missing, malformed or contradicts itself
    ├── NothingMatched            4   no host of the inventory matches, or the inventory is empty
    ├── RunFailed                 5   Ansible could not be run or stopped before the hosts were asked
    ├── ImportRefused             6   a carried result is not one, or belongs to another host
    ├── NotFound                  7   an event, entry or record with this name is not in the ledger
    ├── DocumentRefused           8   a document cannot be rendered as it must look
    ├── LedgerError               9   the ledger cannot be opened, read or written
    │   ├── LedgerLocked         20   somebody else is writing
    │   ├── LedgerCorrupt        21   the chain, an attachment or an anchor does not verify
    │   └── ClockSetBack         22   this machine's clock is behind the last entry
    ├── WatchFailed              27   a function cannot be watched as things stand
    ├── ReminderFailed           28   a reminder of a duty could not be handed to everybody who is to be told
    ├── SigningFailed            23   ssh-keygen refused to sign or to verify
    ├── HandoverRefused          24   a handover package is none, may do harm, or cannot be made
    │   └── HandoverAltered      25   a file of a handover is missing, altered or too many
    ├── DeskRefused              50   an incident or a ticket cannot take this step as it stands
    └── ChangeRefused            30   a change must not be made, or a plan not frozen, as things stand
        ├── PlanChanged          31   what was approved is not what is here
        ├── ApprovalRefused      32   an approval is missing, or does not count
        ├── WindowClosed         33   no window is open, or too little of it is left
        ├── HostLocked           34   another change holds a host
        └── SupervisorAbsent     35   nobody of the hospital has checked in

Exit codes 0, 2, 10 to 14, 40 to 44 and 130 are not errors: see docs/exit-codes.md.
"""

from __future__ import annotations


class MaintkitError(Exception):
    """What went wrong, with the values (message), and what to do next (hint, one sentence)."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SiteError(MaintkitError):
    """A site file is missing, malformed or contradicts itself; the message starts with `file:line:`."""

    exit_code = 3


class NothingMatched(MaintkitError):
    """No host of the inventory matches, or the inventory is empty."""

    exit_code = 4


class RunFailed(MaintkitError):
    """Ansible could not be run, or stopped before the hosts were asked."""

    exit_code = 5


class ImportRefused(MaintkitError):
    """What was carried in by hand is not a collector's document of a host of this inventory, or no advisory data."""

    exit_code = 6


class NotFound(MaintkitError):
    """No event, entry or record of this name is in the ledger."""

    exit_code = 7


class DocumentRefused(MaintkitError):
    """A document cannot be rendered as it must look, for example without a Chinese font."""

    exit_code = 8


class WatchFailed(MaintkitError):
    """A function cannot be asked as watch.yml says, or nobody is to enter a result or a handling for it."""

    exit_code = 27


class ReminderFailed(MaintkitError):
    """At least one hook of reminders.yml did not take its reminder; the others did, and the ledger says so."""

    exit_code = 28


class LedgerError(MaintkitError):
    """The ledger cannot be opened, read or written."""

    exit_code = 9


class LedgerLocked(LedgerError):
    """Somebody else is writing to this ledger."""

    exit_code = 20


class LedgerCorrupt(LedgerError):
    """The chain, an attachment or an anchor does not verify."""

    exit_code = 21


class ClockSetBack(LedgerError):
    """This machine's clock is behind the last entry."""

    exit_code = 22


class SigningFailed(MaintkitError):
    """ssh-keygen refused to sign or to verify."""

    exit_code = 23


class HandoverRefused(MaintkitError):
    """A handover package is none, may do harm, or cannot be made."""

    exit_code = 24


class HandoverAltered(HandoverRefused):
    """A file of a handover is missing, altered or not in its manifest."""

    exit_code = 25


class DeskRefused(MaintkitError):
    """An incident or a ticket cannot take this step as it stands; nothing was entered."""

    exit_code = 50


class ChangeRefused(MaintkitError):
    """A change must not be made, or a plan not frozen, as things stand."""

    exit_code = 30


class PlanChanged(ChangeRefused):
    """What was approved is not what is here: the plan, its content or the hosts differ."""

    exit_code = 31


class ApprovalRefused(ChangeRefused):
    """An approval is missing, altered, expired, revoked, used, or not of the right people."""

    exit_code = 32


class WindowClosed(ChangeRefused):
    """No window is open now, or too little of it is left for the worst step and its rollback."""

    exit_code = 33


class HostLocked(ChangeRefused):
    """Another change holds a host."""

    exit_code = 34


class SupervisorAbsent(ChangeRefused):
    """Nobody of the hospital has checked in to watch this change."""

    exit_code = 35
