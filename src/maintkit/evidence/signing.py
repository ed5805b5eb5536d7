"""Signing and verifying by OpenSSH's own ssh-keygen: what anchors, approvals and check-ins share.

Whose signature counts is said by two OpenSSH files, a list of allowed signers and, beside it, `revoked_keys`.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from maintkit.errors import SigningFailed

REVOKED = "revoked_keys"
_TIMEOUT_S = 60  # a person may have to type a passphrase or touch a key
_HINT = "check the key, and that the signers file names it for this namespace and time"
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whose signature counts: OpenSSH's allowed_signers, and a KRL or list of public keys that count no more."""

    allowed: Path
    revoked: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Who signed: the principal of the allowed signers, and the key's SHA-256 fingerprint as ssh-keygen prints it."""

    principal: str
    key: str


def trust_at(allowed: Path) -> Trust:
    """The signers file with `revoked_keys` beside it, where there is one: no option, so nobody can forget it."""
    revoked = allowed.with_name(REVOKED)
    return Trust(allowed=allowed, revoked=revoked if revoked.is_file() else None)


def sign(text: str, *, key: Path, namespace: str) -> str:
    """The armoured signature over the text's UTF-8; `key` may be a public key whose private one is in the agent."""
    return keygen("-Y", "sign", "-f", key, "-n", namespace, stdin=text)


def fingerprint(key: Path) -> str:
    """`SHA256:…` of a private or public key file."""
    return keygen("-l", "-f", key).split()[1]


def verify(
    text: str, signature: Path, *, namespace: str, trust: Trust, at: datetime, principal: str | None = None
) -> Signer:
    """Who of the allowed signers signed exactly this text; SigningFailed with ssh-keygen's words if nobody did.

    The key must be valid at the instant `at` and must not be revoked now. `principal` names who it must be; None takes
    the first one that the signers file names for the key.
    """
    if not trust.allowed.is_file():
        raise SigningFailed(
            f"there is no file of allowed signers at {trust.allowed}",
            hint=f'write a line `name namespaces="{namespace}" ssh-ed25519 …` into it',
        )
    # ssh-keygen reads this in the machine's own time zone, in every version that knows the option.
    then = f"-Overify-time={at.astimezone():%Y%m%d%H%M%S}"
    if principal is None:
        named = keygen("-Y", "find-principals", then, "-s", signature, "-f", trust.allowed)
        principal = named.splitlines()[0] if named.strip() else ""
    krl = () if trust.revoked is None else ("-r", trust.revoked)
    words = keygen(
        "-Y", "verify", then, "-f", trust.allowed, "-I", principal, "-n", namespace, "-s", signature, *krl, stdin=text
    )  # fmt: skip
    found = _FINGERPRINT.search(words)
    return Signer(principal=principal, key=found[0] if found else "")


def verify_text(text: str, signature: str, *, namespace: str, trust: Trust, at: datetime, principal: str) -> Signer:
    """The same for a signature that is held as text, not in a file."""
    with tempfile.NamedTemporaryFile("w", suffix=".sig", encoding="utf-8") as file:
        file.write(signature)
        file.flush()
        return verify(text, Path(file.name), namespace=namespace, trust=trust, at=at, principal=principal)


def verify_bytes(text: bytes, signature: bytes, *, namespace: str, trust: Trust, at: datetime) -> Signer:
    """The same for the very bytes of a file and of its signature, from whoever of the allowed signers it is."""
    try:
        said = text.decode()
    except UnicodeDecodeError as error:
        raise SigningFailed("what is signed is not UTF-8", hint=_HINT) from error
    with tempfile.NamedTemporaryFile("wb", suffix=".sig") as file:
        file.write(signature)
        file.flush()
        return verify(said, Path(file.name), namespace=namespace, trust=trust, at=at)


def keygen(*arguments: str | Path, stdin: str = "") -> str:
    """ssh-keygen's output; SigningFailed with its words when it refuses, is missing or hangs."""
    command = ["ssh-keygen", *map(str, arguments)]
    try:
        done = subprocess.run(  # noqa: S603  # an argv list of our own, no shell
            command, input=stdin, capture_output=True, text=True, encoding="utf-8", timeout=_TIMEOUT_S, check=False
        )
    except FileNotFoundError as error:
        raise SigningFailed("there is no ssh-keygen", hint="install the OpenSSH client") from error
    except subprocess.TimeoutExpired as error:
        raise SigningFailed(
            f"ssh-keygen did not answer within {_TIMEOUT_S} s", hint="load the key into an agent first: `ssh-add KEY`"
        ) from error
    if done.returncode != 0:
        words = " ".join((done.stderr.strip() or done.stdout.strip() or f"exit {done.returncode}").split())
        raise SigningFailed(f"ssh-keygen {command[1]} {command[2]}: {words}", hint=_HINT)
    return done.stdout


def principal_of(key: Path, trust: Trust) -> str:
    """The principal that the signers file names for this key; SigningFailed when it names none, or not one for sure."""
    public = _public(key)
    named = [
        fields[0]
        for line in trust.allowed.read_text(encoding="utf-8").splitlines()
        if (fields := line.split()) and not line.lstrip().startswith("#") and public in fields[1:]
    ]
    names = dict.fromkeys(name for entry in named for name in entry.split(","))
    if len(names) != 1 or any(mark in name for name in names for mark in "*?!"):
        found = ", ".join(names) or "nobody"
        raise SigningFailed(
            f"{trust.allowed} names {found} for the key {key}", hint="say who signs with `--as PRINCIPAL`"
        )
    return next(iter(names))


def _public(key: Path) -> str:
    """The key's own part of a public key line. The file beside a private key saves asking for its passphrase."""
    beside = key.with_name(f"{key.name}.pub")
    for path in (key, beside):
        if path.is_file() and path.read_bytes()[:4] in (b"ssh-", b"ecds", b"sk-s", b"sk-e"):
            return path.read_text(encoding="utf-8").split()[1]
    return keygen("-y", "-f", key).split()[1]
