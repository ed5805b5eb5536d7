"""Decides, before anybody is contacted, how each host is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible import constants as C  # noqa: N812  # the name that every Ansible plugin uses
from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.loader import become_loader, connection_loader
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.interpreter import (
    Sudo,
    interpreters,
    remote_command,
)
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.openssh import UnsafeValue, destination_argv
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.variables import DoesNotTemplate, Variables

OPENSSH = frozenset({"ssh", "smart", "ansible.builtin.ssh", "ansible.legacy.ssh"})
SUDO = frozenset({"sudo", "ansible.builtin.sudo", "ansible.legacy.sudo"})
POSIX_SHELLS = frozenset({"sh", "ansible.builtin.sh"})


@dataclass(frozen=True, kw_only=True)
class OpenSSH:
    """Straight through ssh: the whole argv, the collector goes to standard input."""

    argv: tuple[str, ...]
    escalates: bool
    retries: int


@dataclass(frozen=True, kw_only=True)
class OwnConnection:
    """Through the connection plugin that the host's variables name, with the options they give it."""

    plugin: str
    become: str | None
    commands: tuple[tuple[str, ...], ...]  # interpreters to try
    shell: str
    address: str
    options: Mapping[str, Mapping[str, Any]]  # plugin type -> variable -> value


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Not to be contacted, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """One host of the play. `connection` and `address` are as Ansible names them."""

    name: str
    groups: tuple[str, ...]
    address: str
    connection: str
    route: OpenSSH | OwnConnection | Refused
    secrets: frozenset[str] = field(default_factory=frozenset)

    @property
    def via(self) -> str:
        return "openssh" if isinstance(self.route, OpenSSH) else self.connection


class Planner:
    """Knows what the play and the command line say, and plans one host after the other.

    `keywords` are the task's attributes as Ansible hands them to plugins; the passwords are those of -k and -K.
    """

    def __init__(
        self, *, keywords: Mapping[str, Any], login_password: bool, become_password: bool, connect_timeout: int | None
    ) -> None:
        self._keywords = keywords
        self._login_password = login_password
        self._become_password = become_password
        self._connect_timeout = connect_timeout
        connection_loader.get("ssh", class_only=True)  # reads the option definitions
        become_loader.get("sudo", class_only=True)

    def plan(self, name: str, variables: Variables) -> Target:
        """How this host is reached; never raises for what its variables hold."""
        connection, address = str(self._keywords.get("connection") or "ssh"), name
        route: OpenSSH | OwnConnection | Refused
        try:
            connection = str(variables.get("ansible_connection", connection))
            address = str(variables.get("ansible_host", variables.get("ansible_ssh_host", name)))
            route = self._route(connection, address, variables)
        except (DoesNotTemplate, UnsafeValue, AnsibleError, ValueError, OSError) as error:
            route = Refused(reason=" ".join(str(error).split()))
        return Target(
            name=name,
            groups=tuple(variables.raw.get("group_names", ())),
            address=address,
            connection="ssh" if connection in OPENSSH else connection,
            route=route,
            secrets=frozenset(variables.secrets()),
        )

    def _route(self, connection: str, address: str, variables: Variables) -> OpenSSH | OwnConnection:
        become = self._become_method(variables)
        commands = interpreters(self._interpreter(variables))
        shell = str(variables.get("ansible_shell_executable", "/bin/sh"))
        if connection in OPENSSH:
            route = self._openssh(become, commands, shell, variables)
            if route is not None:
                return route
            connection = "ssh"
        return self._own_connection(connection, become, commands, shell, address, variables)

    def _openssh(
        self, become: str | None, commands: tuple[tuple[str, ...], ...], shell: str, variables: Variables
    ) -> OpenSSH | None:
        """The fast way, or None for what it does not do: passwords, smart cards, agents and other shells."""
        options = self._options("connection", "ssh", variables)
        other_login = options["password"] or options["pkcs11_provider"] or options["private_key"]
        if other_login or self._login_password or variables.get("ansible_shell_type", "sh") not in POSIX_SHELLS:
            return None
        sudo = self._sudo(variables) if become in SUDO else None
        if become is not None and sudo is None:
            return None
        argv = destination_argv(options, connect_timeout=self._connect_timeout)
        argv.append(remote_command(commands, shell=shell, sudo=sudo))
        return OpenSSH(argv=tuple(argv), escalates=sudo is not None, retries=int(options["reconnection_retries"]))

    def _sudo(self, variables: Variables) -> Sudo | None:
        options = self._options("become", "sudo", variables)
        if options["become_pass"] or self._become_password or options["sudo_chdir"]:
            return None
        exe, flags = options["become_exe"] or "sudo", options["become_flags"] or ""
        return Sudo(exe=exe, flags=flags, user=options["become_user"] or "root")

    def _own_connection(
        self,
        connection: str,
        become: str | None,
        commands: tuple[tuple[str, ...], ...],
        shell: str,
        address: str,
        variables: Variables,
    ) -> OwnConnection:
        if connection_loader.get(connection, class_only=True) is None:
            raise UnsafeValue(f"the connection plugin {connection!r} was not found")
        options = {"connection": variables.for_plugin("connection", connection)}
        options["shell"] = variables.for_plugin("shell", str(variables.get("ansible_shell_type", "sh")))
        if become is not None:
            if become_loader.get(become, class_only=True) is None:
                raise UnsafeValue(f"the become plugin {become!r} was not found")
            options["become"] = variables.for_plugin("become", become)
        return OwnConnection(
            plugin=connection, become=become, commands=commands, shell=shell, address=address, options=options
        )

    def _become_method(self, variables: Variables) -> str | None:
        if not boolean(variables.get("ansible_become", self._keywords.get("become") or False)):
            return None
        return str(variables.get("ansible_become_method", self._keywords.get("become_method") or "sudo"))

    def _interpreter(self, variables: Variables) -> str:
        chosen = variables.chosen(["ansible_python_interpreter"])
        return str(C.config.get_config_value("INTERPRETER_PYTHON", variables=chosen) or "auto")

    def _options(self, kind: str, plugin: str, variables: Variables) -> dict[str, Any]:
        """The plugin's options with Ansible's precedence: variables, keywords, command line, environment, files."""
        values = variables.for_plugin(kind, plugin)
        options: dict[str, Any] = C.config.get_plugin_options(kind, plugin, keys=self._keywords, variables=values)
        return options
