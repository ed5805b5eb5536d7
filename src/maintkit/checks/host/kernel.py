"""Whether what runs is what is installed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from maintkit.checks.model import Case, Check, Observation
from maintkit.checks.rule import data_of, judged, not_applicable, unknown


def newest(case: Case) -> Iterator[Observation]:
    """The running kernel is older than the newest installed one."""
    kernel = data_of(case.facts.sections.kernel)
    if kernel.newest is None:
        yield not_applicable("no kernel is installed on this host (a container)")
        return
    older = version_key(kernel.running) < version_key(kernel.newest)
    yield judged(
        "warn" if older else "ok",
        value=kernel.running,
        conclusion_zh=f"正在运行的内核 {kernel.running} 旧于已安装的 {kernel.newest}，已安装的安全修复尚未生效。",
        remedy_zh="与系统负责人商定维护窗口，确认备份和回退内核可用后重启主机，并验证业务。",
        excerpt=f"running {kernel.running}, installed {', '.join(kernel.installed)}",
    )


def reboot_required(case: Case) -> Iterator[Observation]:
    """A reboot is required: packages left word of it, or the host says so in its own way."""
    kernel = data_of(case.facts.sections.kernel)
    if kernel.reboot_required is None and kernel.newest is None:
        yield not_applicable("no kernel is installed on this host (a container), and no package asks for a reboot")
        return
    if kernel.reboot_required is None:
        yield unknown("nothing on the host says whether a reboot is required")
        return
    because = f"（{_because_zh(kernel.reboot_reason)}）" if kernel.reboot_reason else ""
    yield judged(
        "warn" if kernel.reboot_required else "ok",
        value="需要" if kernel.reboot_required else "不需要",
        conclusion_zh=f"系统更新后要求重启{because}，更新尚未完全生效。",
        remedy_zh="与系统负责人商定维护窗口，确认备份可用后重启，并验证业务；重启之前更新内容不生效，不宜长期搁置。",
        excerpt=kernel.reboot_reason or "",
    )


def _because_zh(reason: str) -> str:
    """The collector's two sentences in Chinese; a file that asks for it stands as it is."""
    asked = re.fullmatch(r"packages ask for it: (.+)", reason)
    newer = re.fullmatch(r"(\S+) is installed, (\S+) runs", reason)
    if asked:
        return f"要求重启的软件包：{asked[1].replace(', ', '、')}"
    return f"已安装 {newer[1]}，仍在运行 {newer[2]}" if newer else reason


def version_key(version: str) -> tuple[tuple[int, int | str], ...]:
    """Orders version texts by their numbers as numbers: 5.10 after 5.9, and any number after any word."""
    return tuple((1, int(part)) if part.isdigit() else (0, part) for part in re.findall(r"[0-9]+|[a-zA-Z]+", version))


CHECKS = (
    Check(id="kernel.newest", category="host", title_zh="运行内核版本", needs=("kernel",), judge=newest),
    Check(id="kernel.reboot", category="host", title_zh="待重启", needs=("kernel",), judge=reboot_required),
)
