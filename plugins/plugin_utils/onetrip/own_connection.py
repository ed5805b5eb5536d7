"""Reaches a host through its own connection plugin, in a forked process that can be ended when it hangs.

Plugins are written for Ansible's workers: they block, print and start processes as they like. A process of its own for
each keeps a hung one from holding up the rest, and gives the parent the same three things it has of an ssh: output,
standard error and an exit status.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.loader import become_loader, connection_loader
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.interpreter import (
    BECAME,
    inline_command,
    remote_command,
)
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.outcome import Ending, Verdict, judge, ssh_failure
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.target import OwnConnection
from ansible_collections.maintkit.ops.plugins.plugin_utils.onetrip.words import last_line

# What a plugin raises comes to the parent as a line on standard error.
RAISED = re.compile(r"^MAINTKIT-PLUGIN-RAISED ([a-z]+): (.*)", re.MULTILINE | re.DOTALL)
SIGNALLED = 256  # exit statuses end below
ESCALATION = re.compile(r"(Incorrect|Missing) \S+ password|privilege escalation|become password", re.IGNORECASE)


@dataclass(kw_only=True)
class ForkedConnection:
    """A forked process that talks to one host; satisfies child.Started."""

    pid: int
    output: int
    errors: int

    def poll(self) -> int | None:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None


def fork_connection(
    route: OwnConnection, *, script: str, play_context: Any, keywords: Mapping[str, Any], close: tuple[int, ...]
) -> ForkedConnection:
    """Start talking to the host; `close` are descriptors that the child must not keep open."""
    output, child_output = os.pipe()
    errors, child_errors = os.pipe()
    pid = os.fork()
    if pid == 0:
        talk_and_exit(
            route, script, play_context, keywords, streams=(child_output, child_errors), close=(output, errors, *close)
        )
    os.close(child_output)
    os.close(child_errors)
    return ForkedConnection(pid=pid, output=output, errors=errors)


def talk_and_exit(
    route: OwnConnection,
    script: str,
    play_context: Any,
    keywords: Mapping[str, Any],
    *,
    streams: tuple[int, int],
    close: tuple[int, ...],
) -> NoReturn:
    """The child: never returns into the parent's code."""
    status = 1
    try:
        os.setsid()
        for descriptor in close:
            os.close(descriptor)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        status = talk(route, script, play_context, keywords, streams=streams)
    except BaseException:  # noqa: BLE001  # what escapes here would run the parent's code twice
        with contextlib.suppress(OSError):
            write_all(streams[1], traceback.format_exc().encode("utf-8", "replace"))
    finally:
        os._exit(status)


def talk(
    route: OwnConnection, script: str, play_context: Any, keywords: Mapping[str, Any], *, streams: tuple[int, int]
) -> int:
    """Run the collector, pass on what came and return its exit status; what a plugin raises is said in one line."""
    try:
        status, output, errors = execute(route, script, play_context, keywords)
    except AnsibleAuthenticationFailure as error:
        return say_raised("auth", error, streams[1])
    except AnsibleConnectionFailure as error:
        return say_raised("unreachable", error, streams[1])
    except AnsibleError as error:
        return say_raised("broken", error, streams[1])
    write_all(streams[1], errors)
    write_all(streams[0], output)
    return status if 0 <= status < SIGNALLED else 1


def say_raised(status: str, error: Exception, stream: int) -> int:
    write_all(stream, f"\nMAINTKIT-PLUGIN-RAISED {status}: {error}\n".encode("utf-8", "replace"))
    return 1


def write_all(stream: int, data: bytes) -> None:
    """All of it, as fast as the parent reads."""
    view = memoryview(data)
    while view:
        view = view[os.write(stream, view) :]


def execute(
    route: OwnConnection, script: str, play_context: Any, keywords: Mapping[str, Any]
) -> tuple[int, bytes, bytes]:
    """Connect as Ansible would and run the collector in one command."""
    context = play_context.copy()
    context.remote_addr, context.connection = route.address, route.plugin
    connection = connection_loader.get(route.plugin, context, new_stdin=None, task_uuid="", ansible_playbook_pid="")
    become = become_loader.get(route.become) if route.become else None
    connection.set_become_plugin(become)
    keys = dict(keywords)
    connection.set_options(task_keys=keys, var_options={**route.options["connection"], "_extras": {}})
    connection._shell.set_options(task_keys=keys, var_options=route.options["shell"])  # noqa: SLF001
    if become is not None:
        become.set_options(task_keys=keys, var_options=route.options["become"])
        context.set_become_plugin(become.name)
    feeds = connection.has_pipelining and (become is None or become.pipelining)
    command = remote_command(route.commands, shell=route.shell)
    if not feeds:
        command = inline_command(route.commands, script, shell=route.shell)
    if become is not None:
        command = become.build_become_command(f"echo {BECAME} >&2; {command}", connection._shell)  # noqa: SLF001
    status, output, errors = connection.exec_command(
        command, in_data=script.encode() if feeds else None, sudoable=become is not None
    )
    return status, as_bytes(output), as_bytes(errors)


def judge_own(ending: Ending, route: OwnConnection, *, limit_s: float) -> Verdict:
    """The verdict on one own connection; a plugin's own words are read like those of ssh."""
    raised = None if ending.payload is not None or ending.timed_out else RAISED.search(ending.stderr)
    if raised is None:
        return judge(ending, limit_s=limit_s, escalates=route.become is not None, over_ssh=False)
    status, message = raised[1], raised[2].strip()
    # A plugin that waits for the other user to appear raises a plain error when that never happens.
    if ESCALATION.search(message) or (status == "broken" and route.become is not None):
        return Verdict(status="become", reason=last_line(message))
    if status == "unreachable":
        return ssh_failure(message)
    return Verdict(status=status, reason=last_line(message))


def as_bytes(output: bytes | str) -> bytes:
    """Some community plugins answer with text."""
    return output.encode("utf-8", "surrogateescape") if isinstance(output, str) else output
