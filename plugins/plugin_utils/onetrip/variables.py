"""Reads what Ansible knows of a host, with Ansible's precedence, and templates only what is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible import constants as C  # noqa: N812  # the name that every Ansible plugin uses
from ansible.errors import AnsibleError, AnsibleValueOmittedError

PLAIN = (str, int, float, bool, type(None))
MAGIC = frozenset({"groups", "hostvars", "vars", "ansible_facts", "ansible_delegated_vars", "environment"})
SECRET = re.compile(
    r"pass(wd|word|phrase)?$|password|passphrase|secret|token|api_?key|private_key$|credential", re.IGNORECASE
)
SHORTEST_SECRET = 4  # masking shorter ones would blot out ordinary text


class DoesNotTemplate(ValueError):
    """A variable that holds a template which cannot be evaluated for this host."""


class Variables:
    """One host's variables as a task of this play sees them."""

    def __init__(self, raw: Mapping[str, Any], templar: Any) -> None:
        self.raw = raw
        self._templar = templar

    def __contains__(self, name: str) -> bool:
        return self.raw.get(name) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """The value, templated if it holds a template; `default` for one that is not there or omitted."""
        value = self.raw.get(name)
        if value is None:
            return default
        if isinstance(value, PLAIN) and not self._templar.is_possibly_template(value):
            return value
        try:
            return self._templar.copy_with_new_env(available_variables=self.raw).template(value)
        except AnsibleValueOmittedError:
            return default
        except AnsibleError as error:
            raise DoesNotTemplate(f"{name} does not template: {error}") from error

    def chosen(self, names: list[str]) -> dict[str, Any]:
        """Those of the names that are set."""
        values = {name: self.get(name) for name in names if name in self.raw}
        return {name: value for name, value in values.items() if value is not None}

    def for_plugin(self, kind: str, plugin: str) -> dict[str, Any]:
        """The variables that this plugin's documentation names; its class must have been loaded."""
        return self.chosen(C.config.get_plugin_vars(kind, plugin))

    def secrets(self) -> set[str]:
        """Values of variables whose name says password, token or key, and of every vaulted one."""
        found: set[str] = set()
        for name, value in self.raw.items():
            if name not in MAGIC:
                found.update(secret_texts(value, hidden=bool(SECRET.search(name))))
        return {text for text in found if len(text) >= SHORTEST_SECRET and not self._templar.is_possibly_template(text)}


def secret_texts(value: Any, *, hidden: bool) -> Iterator[str]:
    """The secret texts inside a value: all of a hidden one, vaulted ones and those under telling keys elsewhere."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from secret_texts(inner, hidden=hidden or bool(SECRET.search(str(key))))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from secret_texts(inner, hidden=hidden)
    elif type(value).__name__ == "EncryptedString" or (hidden and isinstance(value, (str, int))):
        yield str(value)


class PlayVariables:
    """Gives the variables of every host of the play."""

    def __init__(self, *, task: Any, task_vars: Mapping[str, Any], templar: Any) -> None:
        self.hosts: list[str] = list(task_vars["ansible_play_batch"])
        self._all = list(task_vars["ansible_play_hosts_all"])
        self._hostvars = task_vars["hostvars"]
        self._groups = task_vars["groups"]
        self._task = task
        self._templar = templar

    @property
    def inventory_hosts(self) -> list[str]:
        return list(self._hostvars)

    @property
    def inventory_groups(self) -> list[str]:
        return list(self._groups)

    def of(self, name: str) -> Variables:
        """Play and task variables included, which `hostvars` leaves out; nothing is templated here.

        The lists of hosts are handed in, because the variable manager would work them out anew for each host.
        """
        manager = self._hostvars._variable_manager  # noqa: SLF001  # the same in every release that is supported
        raw = manager.get_vars(
            play=self._task.get_play(),
            host=manager._inventory.get_host(name),  # noqa: SLF001
            task=self._task,
            include_hostvars=False,
            _hosts=self.hosts,
            _hosts_all=self._all,
        )
        raw["hostvars"] = self._hostvars
        return Variables(raw, self._templar)
