"""Ports that the site declares."""

from __future__ import annotations

from collections.abc import Iterator

from maintkit.checks.model import Case, Check, Expected, Observation
from maintkit.checks.rule import cut, data_of, judged, unknown


def listening(case: Case) -> Iterator[Observation]:
    """Nothing listens on a declared port."""
    sockets = data_of(case.facts.sections.ports).listening
    for port in case.expected.ports:
        found = [socket for socket in sockets if socket.port == port]
        if not found and cut(case.facts, "ports"):
            yield unknown("the list of sockets was cut at the output cap", instance=str(port))
            continue
        yield judged(
            "ok" if found else "crit",
            instance=str(port),
            value="监听" if found else "未监听",
            conclusion_zh=f"应监听的端口 {port} 没有程序监听，对应业务无法访问。",
            remedy_zh="核对提供该端口的服务是否运行、配置是否变更；先查明服务停止的原因，再启动并验证业务。",
            excerpt=", ".join(f"{socket.protocol} {socket.address} {socket.process or ''}".strip() for socket in found),
        )


def _ports_declared(expected: Expected) -> bool:
    return bool(expected.ports)


CHECKS = (
    Check(
        id="port.listening",
        category="host",
        title_zh="业务端口监听",
        needs=("ports",),
        judge=listening,
        declared=_ports_declared,
    ),
)
