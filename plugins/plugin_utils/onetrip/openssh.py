"""From a host's connection options to the argv of OpenSSH, as Ansible's own ssh connection plugin builds it.

The same options in the same order, so that the same connection comes out and a held one (ControlPersist) is shared.
Ours are `BatchMode=yes`, which keeps ssh from ever asking, and `-T`.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PASSWORDLESS = (
    "KbdInteractiveAuthentication=no",
    "PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey",
    "PasswordAuthentication=no",
)
ADDRESS_MARKS = frozenset("._-:%@[]+")


class UnsafeValue(ValueError):
    """A value that ssh would not take for what it is meant to be."""


def checked_address(address: str) -> str:
    """The address itself if ssh, and the shell of a ProxyCommand that gets it as %h, can only read it as an address."""
    if not address:
        raise UnsafeValue("the address is empty")
    if address.startswith("-"):
        raise UnsafeValue(f"address {address!r} begins with a dash, which ssh reads as an option")
    strange = sorted({mark for mark in address if not mark.isalnum() and mark not in ADDRESS_MARKS})
    if strange:
        raise UnsafeValue(f"address {address!r} holds {', '.join(map(repr, strange))}")
    return address


def quoted(name: str, value: str) -> str:
    """`Name="value"` for -o, refused when the value could end the quotation."""
    if '"' in value or not value.isprintable():
        raise UnsafeValue(f"{name} {value!r} holds a quotation mark or a control character")
    return f'{name}="{value}"'


def destination_argv(options: Mapping[str, Any], *, connect_timeout: int | None = None) -> list[str]:
    """`ssh … -- ADDRESS` for the options of the `ssh` connection plugin; the remote command is to be added.

    Raises UnsafeValue. Makes the directory of the control socket, as Ansible does.
    """
    argv = [options["ssh_executable"], "-T", "-o", "BatchMode=yes", *shlex.split(options["ssh_args"] or "")]
    if options["host_key_checking"] is False:
        argv += ["-o", "StrictHostKeyChecking=no"]
    if options["port"] is not None:
        argv += ["-o", f"Port={options['port']}"]
    if options["private_key_file"]:
        argv += ["-o", quoted("IdentityFile", str(Path(options["private_key_file"]).expanduser()))]
    for setting in PASSWORDLESS:
        argv += ["-o", setting]
    if options["remote_user"]:
        argv += ["-o", quoted("User", options["remote_user"])]
    argv += ["-o", f"ConnectTimeout={connect_timeout or options['timeout']}"]
    for extra in ("ssh_common_args", "ssh_extra_args"):
        argv += shlex.split(options[extra] or "")
    argv += control_path_args(argv, options)
    return [*argv, "--", checked_address(options["host"])]


def control_path_args(argv: list[str], options: Mapping[str, Any]) -> list[str]:
    """The control socket where Ansible puts it, when connections are held and nobody said where."""
    lowered = [argument.lower() for argument in argv]
    if not any("controlpersist" in argument for argument in lowered):
        return []
    if any("controlpath" in argument for argument in lowered):
        return []
    directory = Path(options["control_path_dir"]).expanduser()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    template = options["control_path"] or control_path(options["host"], options["port"], options["remote_user"])
    return ["-o", quoted("ControlPath", template % {"directory": directory})]


def control_path(host: str, port: int | None, user: str | None) -> str:
    """The name that Ansible gives the socket of this connection; sha1 is its choice and protects nothing."""
    digest = hashlib.sha1(f"{host}-{port}-{user}".encode(), usedforsecurity=False).hexdigest()
    return f"%(directory)s/{digest[:10]}"
