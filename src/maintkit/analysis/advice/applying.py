"""How a setting that is advised becomes a plan: one file of its own, loaded, measured before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maintkit.analysis.advice.model import Advice
from maintkit.analysis.advice.pg_values import setting, text
from maintkit.evidence.server_facts import Postgresql

DEBIAN = "/etc/postgresql/"  # where postgresql.conf includes conf.d as it comes
FIRST, LAST = "zz-maintkit-", ".conf"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """Parameters of a procedure's plan (as --vars takes them), and what has to follow: "" or the restart."""

    variables: dict[str, Any]
    procedure: str = "config"
    then_zh: str = ""


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """Why no plan can be made of it (English, for the terminal, and Chinese, for the document)."""

    reason: str
    reason_zh: str


def applying(advice: Advice, one: Postgresql | None, *, os_user: str = "postgres") -> Planned | ByHand:
    """The plan of a setting or a named index of PostgreSQL; of everything else, why there is none.

    The file holds this setting alone, so that plans do not undo one another. Whether the server takes it is measured by
    the plan itself: where it does not, the host puts the old state back.
    """
    if advice.index is not None and one is not None and not one.in_recovery:
        told = {"wanted": [dict(advice.index)], "measures": _looked_up(advice.index), **_server(one, os_user)}
        return Planned(variables=told, procedure="change_indexes")
    if advice.change is None or one is None:
        return ByHand(reason="no plan: people have to look first", reason_zh="须人工核实后实施")
    found, file = setting(one, advice.change.name), text(one, "config_file")
    if found is None or not file.startswith(DEBIAN):
        reason = "no plan: the server's conf.d is not known"
        return ByHand(reason=reason, reason_zh="未能确定参数目录 conf.d，须人工修改参数文件")
    folder = f"{file.rpartition('/')[0]}/conf.d"
    dest = f"{folder}/{FIRST}{advice.change.name.replace('_', '-')}{LAST}"
    stronger = _stronger(found.source, found.sourcefile, dest)
    if stronger:
        reason = f"no plan: the setting comes from {stronger}, which a file does not override"
        return ByHand(reason=reason, reason_zh=f"该参数由 {stronger} 给出，参数文件不能覆盖，须先在该处取消")
    asked = _psql(one, os_user)
    restart = advice.rule.takes == "restart"
    value = {"name": advice.change.name, "argv": [*asked, f"SHOW {advice.change.name}"]}
    pending = f"SELECT pending_restart FROM pg_settings WHERE name = '{advice.change.name}'"  # noqa: S608  # our name
    measures = (
        [value, {"name": "pending_restart", "argv": [*asked, pending], "expect": "t"}]
        if restart
        else [{**value, "expect": advice.change.after}]
    )
    return Planned(
        variables={
            "dest": dest,
            "content": f"# {advice.rule.id}: {advice.rule.source}\n{advice.change.name} = '{advice.change.after}'\n",
            "reload": [*asked, "SELECT pg_reload_conf()"],
            "gates": [
                {
                    "kind": "command",
                    "name": f"PostgreSQL {one.name}",
                    "argv": [*asked, "SELECT 'in recovery: ' || pg_is_in_recovery() || ';'"],
                    "contains": f"in recovery: {'true' if one.in_recovery else 'false'};",
                }
            ],
            "measures": measures,
        },
        then_zh="生效须另做重启计划（maintkit plan restart）。" if restart else "",
    )


def _stronger(source: str | None, file: str | None, dest: str) -> str:
    """What stands over a file of ours; "": nothing that is known."""
    if source in ("command line", "environment variable", "database", "user", "database user"):
        return source
    name = (file or "").rpartition("/")[2]
    if name == "postgresql.auto.conf":
        return "ALTER SYSTEM"
    beside = file is not None and file.rpartition("/")[0] == dest.rpartition("/")[0]
    return file if beside and file and name > dest.rpartition("/")[2] else ""


def _looked_up(index: Mapping[str, Any]) -> list[dict[str, str]]:
    """What deleting a referenced row asks of the referencing table, with a value that the table has; of a new index."""
    if index["act"] != "create":
        return []
    names = ", ".join(_name(column) for column in index["columns"])
    table = f"ONLY {_name(index['schema'])}.{_name(index['table'])}"
    value = f"SELECT {names} FROM {table} WHERE ({names}) IS NOT NULL LIMIT 1"  # noqa: S608  # quoted
    return [
        {
            "name": f"{index['schema']}.{index['table']} 按 {', '.join(index['columns'])}",
            "database": index["database"],
            "statement": f"SELECT 1 FROM {table} WHERE ({names}) = ({value})",  # noqa: S608  # quoted
        }
    ]


def _name(word: str) -> str:
    doubled = word.replace('"', '""')
    return f'"{doubled}"'


def _server(one: Postgresql, os_user: str) -> dict[str, Any]:
    """Where the server is, as procedures of PostgreSQL take it."""
    folder = text(one, "unix_socket_directories").split(",")[0].strip()
    return {"user": os_user, "socket": folder, "port": int(text(one, "port") or 5432)}


def _psql(one: Postgresql, os_user: str) -> list[str]:
    """psql as the server's owner, by its socket."""
    folder = text(one, "unix_socket_directories").split(",")[0].strip() or "/var/run/postgresql"
    program = ["timeout", "20", "runuser", "-u", os_user, "--", "psql", "-X", "-w", "-A", "-t", "-h", folder]
    return [*program, "-p", text(one, "port") or "5432", "-d", "postgres", "-c"]
