"""maintkit.ops.collect: every host's facts in one trip a host (docs/one-trip.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import constants as C  # noqa: N812  # the name that every Ansible plugin uses
from ansible import context
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.exchange import Documents, Exchange, NoAnswer
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.script import Collector
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.target import Planner, Target
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.trip import ControllerGone, Result, Sink, Trip
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.variables import PlayVariables

ARGUMENTS: dict[str, dict[str, Any]] = {
    "exchange": {"type": "path"},
    "parameters": {"type": "dict", "default": {}},
    "dest": {"type": "path"},
    "return_facts": {"type": "bool"},
    "timeout": {"type": "float", "default": 120.0},
    "connect_timeout": {"type": "int"},
    "forks": {"type": "int"},
}
ANSIBLES_FORKS = 5  # what Ansible uses when nobody says how many
FORKS = 50


class Returned:
    """Keeps what later tasks of the play see, and passes everything on to the other sinks."""

    def __init__(self, *, sinks: list[Sink], with_facts: bool) -> None:
        self._sinks = sinks
        self._with_facts = with_facts
        self.hosts: dict[str, dict[str, Any]] = {}

    def started(self, target: Target, at: float) -> None:
        for sink in self._sinks:
            sink.started(target, at)

    def finished(self, result: Result) -> None:
        for sink in self._sinks:
            sink.finished(result)
        verdict = result.verdict
        self.hosts[result.target.name] = {
            "status": verdict.status,
            "reason": verdict.reason,
            "via": result.target.via,
            "took_ms": result.took_ms,
        }
        if self._with_facts:
            self.hosts[result.target.name]["facts"] = verdict.document


class ActionModule(ActionBase):
    """Runs once for the whole play; a host's failure is a status in the result, never a failure of the task."""

    BYPASS_HOST_LOOP = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _unused, arguments = self.validate_argument_spec(ARGUMENTS)
        self._refuse_misuse(arguments)
        variables = PlayVariables(task=self._task, task_vars=task_vars or {}, templar=self._templar)
        planner = Planner(
            keywords=self._keywords(),
            login_password=bool(self._play_context.password),
            become_password=bool(self._play_context.become_pass),
            connect_timeout=arguments["connect_timeout"],
        )
        targets = [planner.plan(name, variables.of(name)) for name in variables.hosts]
        return self._collect(targets, arguments, variables)

    def _collect(self, targets: list[Target], arguments: Mapping[str, Any], variables: PlayVariables) -> dict[str, Any]:
        exchange = Exchange(Path(arguments["exchange"])) if arguments["exchange"] else None
        with_facts = arguments["return_facts"] if arguments["return_facts"] is not None else exchange is None
        try:
            sinks: list[Sink] = [exchange] if exchange else []
            if arguments["dest"]:
                sinks.append(Documents(Path(arguments["dest"]).absolute()))
            returned = Returned(sinks=sinks, with_facts=with_facts)
            parameters = dict.fromkeys((target.name for target in targets), arguments["parameters"])
            owner = None
            if exchange:
                hosts, groups = variables.inventory_hosts, variables.inventory_groups
                answer = exchange.ask(targets, hosts=hosts, groups=groups)
                parameters, owner = dict(answer.parameters), answer.owner
            trip = Trip(
                collector=Collector(),
                parameters=parameters.__getitem__,
                owner=owner,
                limit_s=arguments["timeout"],
                forks=self._forks(arguments["forks"]),
                keywords=self._keywords(),
                play_context=self._play_context,
            )
            trip.collect([target for target in targets if target.name in parameters], returned)
        except (NoAnswer, ControllerGone, OSError) as error:
            raise AnsibleActionFail(f"the hosts were not all asked: {error}") from error
        return summary(returned.hosts)

    def _refuse_misuse(self, arguments: Mapping[str, Any]) -> None:
        if not self._task.run_once:
            raise AnsibleActionFail("maintkit.ops.collect visits all hosts of the play: it needs `run_once: true`")
        if arguments["exchange"] and not Path(arguments["exchange"]).is_dir():
            raise AnsibleActionFail(f"exchange {arguments['exchange']!r} is not a directory")
        if arguments["timeout"] <= 0:
            raise AnsibleActionFail(f"timeout {arguments['timeout']:g} is not more than 0 seconds")
        for name in ("forks", "connect_timeout"):
            if arguments[name] is not None and arguments[name] < 1:
                raise AnsibleActionFail(f"{name} {arguments[name]} is less than 1")

    def _keywords(self) -> dict[str, Any]:
        """The task's attributes as Ansible hands them to connection plugins (TaskExecutor does the same)."""
        keywords: dict[str, Any] = self._task.dump_attrs()
        keywords["connection"] = self._connection_keyword()
        keywords["timeout"] = self._play_context.timeout
        keywords.pop("retries", None)
        if self._play_context.password:
            keywords["password"] = self._play_context.password
        if self._play_context.become_pass:
            keywords["become_pass"] = self._play_context.become_pass
        return keywords

    def _connection_keyword(self) -> str:
        """What the play, a block or the task says for all hosts.

        Ansible 2.21 writes the connection of the host that this task runs for into the task, `local` where it is
        delegated to localhost, so the task's attribute says nothing of the other hosts.
        """
        written = (self._task.get_ds() or {}).get("connection")
        return str(self._templar.template(written) if written else self._task._parent.connection)  # noqa: SLF001

    def _forks(self, asked: int | None) -> int:
        """The task's, or the user's (-f, ANSIBLE_FORKS, ansible.cfg), or 50: a trip costs less than a fork."""
        if asked is not None:
            return asked
        _unused, origin = C.config.get_config_value_and_origin("DEFAULT_FORKS")
        forks = int(context.CLIARGS.get("forks") or C.DEFAULT_FORKS)
        return FORKS if forks == ANSIBLES_FORKS and origin == "default" else forks


def summary(hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The task's result: every host, how many of each status, and who was missed and why."""
    missed = {
        name: f"{host['status']}: {host['reason']}" for name, host in sorted(hosts.items()) if host["status"] != "ok"
    }
    counts = dict(sorted(Counter(host["status"] for host in hosts.values()).items()))
    return {"changed": False, "hosts": hosts, "counts": counts, "missed": missed}
