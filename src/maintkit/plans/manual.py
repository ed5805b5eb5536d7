"""What a person does on a host that could not be put back, by what was kept there: steps in order, with their commands.

Terminal and documents say the same steps, each in its own language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from shlex import join, quote
from typing import Literal

from maintkit.evidence.change_record import HostRecord
from maintkit.evidence.drill_record import PROCEDURE
from maintkit.evidence.phase_document import Link, PhaseDocument
from maintkit.plans.model import Plan

What = Literal[
    "inform", "look", "nothing-kept", "stop", "restore", "check-files", "mend", "install", "remove", "versions",
    "copy", "absent", "check-file", "link", "snapshot", "reload", "restart", "wipe", "kept-data", "unlock",
]  # fmt: skip


RESTORE = "restore"
SCRATCH = "/var/lib/maintkit-drill"  # as procedure.yml of the drill has it
NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


@dataclass(frozen=True, kw_only=True)
class ManualStep:
    """One step. `command` is run on the host as root; empty: a person has to act. `told` is what to look for."""

    what: What
    command: str = ""
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the run has left on the host for the way back, by kind; `where` is a path, or what a hook has printed."""

    kind: Literal["packages", "file", "release", "snapshot", "restore-point", "state"]
    where: str
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Manual:
    """The manual procedure of one host."""

    host: str
    address: str
    machine_id: str
    kept: tuple[Kept, ...]
    steps: tuple[ManualStep, ...] = field(default=())


def manual(plan: Plan, host: HostRecord) -> Manual:
    """The procedure for this host of the plan, by what its phases have told."""
    planned, backup = plan.host(host.name), host.document("backup")
    return Manual(
        host=host.name,
        address=planned.address,
        machine_id=planned.machine_id,
        kept=(*(_kept(backup) if backup else ()), *_snapped(host)),
        steps=tuple(_steps(plan, host, backup)),
    )


def _kept(backup: PhaseDocument) -> Iterator[Kept]:
    if backup.files:
        yield Kept(kind="packages", where=backup.text("cache"))
    if backup.text("copy"):
        yield Kept(kind="file", where=backup.text("copy"), sha256=backup.text("sha256"))
    if backup.link and backup.link.target:
        yield Kept(kind="release", where=backup.link.target, sha256=backup.link.tree)
    if backup.text("restore_point"):
        yield Kept(kind="restore-point", where=backup.text("restore_point"))
    if backup.state:
        yield Kept(kind="state", where=backup.state.file, sha256=backup.state.sha256)


def _steps(plan: Plan, host: HostRecord, backup: PhaseDocument | None) -> Iterator[ManualStep]:
    yield ManualStep(what="inform")
    yield ManualStep(
        what="look", command="cat /etc/machine-id; systemctl --failed", told=plan.host(host.name).machine_id
    )
    if plan.procedure == PROCEDURE:
        yield _wipe(plan, host)
        yield ManualStep(what="unlock", command=f"maintkit lock break {host.name}")
        return
    if plan.procedure == RESTORE:
        yield _kept_data(host)
        yield ManualStep(what="unlock", command=f"maintkit lock break {host.name}")
        return
    if backup is None:
        yield ManualStep(what="nothing-kept")
        return
    yield from _schema(plan, host, backup.text("restore_point"))
    yield from _data(host)
    yield from _packages(plan, host, backup)
    if backup.link:
        yield _link(backup.link)
    if plan.procedure == "config":
        yield from _file(plan, backup)
    restarts = plan.host(host.name).restarts
    yield ManualStep(what="restart", command=join(["systemctl", "restart", *restarts]) if restarts else "")
    yield ManualStep(what="unlock", command=f"maintkit lock break {host.name}")


def _wipe(plan: Plan, host: HostRecord) -> ManualStep:
    """Of a drill there is nothing to bring back: its copy holds patients' data, and must go."""
    told = [one.document.facts.get("drill") for one in host.phases if one.document]
    runs = [one["run"] for one in told if isinstance(one, dict) and NAMED.fullmatch(str(one.get("run")))]
    scratch = str(plan.parameters.get("scratch") or SCRATCH)
    if not runs:
        return ManualStep(what="wipe", told=scratch)
    place = f"{scratch}/{runs[-1]}"
    kill = join(["systemctl", "kill", "--signal=KILL", f"maintkit-{runs[-1]}-*.service"])
    command = f"{kill}; {join(['rm', '-r', '--one-file-system', '--', place])}; {join(['ls', '-d', place])}"
    return ManualStep(what="wipe", command=command, told=place)


def _kept_data(host: HostRecord) -> ManualStep:
    """Of a restore the present state was renamed: it is renamed back, and what was restored aside."""
    told = [one.document.facts.get("restore") for one in host.phases if one.document]
    known = [one for one in told if isinstance(one, dict) and isinstance(one.get("identity"), dict)]
    if not known or not NAMED.fullmatch(str(known[-1].get("run"))):
        return ManualStep(what="nothing-kept")
    run, identity = known[-1]["run"], known[-1]["identity"]
    data, unit = str(identity.get("data_directory")), str(identity.get("unit"))
    kept, failed = f"{data}.maintkit-{run}-kept", f"{data}.maintkit-{run}-failed"
    moves = (["mv", "-T", "--", data, failed], ["mv", "-T", "--", kept, data])
    opened = (["systemctl", "unmask", unit], ["systemctl", "start", unit])
    stopped = f"{join(['systemctl', 'stop', unit])}; {join(['systemctl', 'kill', f'maintkit-{run}-instance.service'])}"
    back = " && ".join(map(join, (["test", "-d", kept], *moves, *opened)))
    return ManualStep(what="kept-data", command=f"{stopped}; {back}", told=kept)


def _schema(plan: Plan, host: HostRecord, point: str) -> Iterator[ManualStep]:
    """An old version must not meet the new schema: the database comes first."""
    if any(step.action == "migrate" for one in host.of("change") if one.document for step in one.document.steps):
        service = plan.parameters.get("service")
        yield ManualStep(what="stop", command=join(["systemctl", "stop", str(service)]) if service else "")
    if point:
        restore = plan.parameters.get("restore")
        command = join(map(str, restore)) if isinstance(restore, list) and restore else ""
        yield ManualStep(what="restore", command=command, told=point)


def _snapped(host: HostRecord) -> Iterator[Kept]:
    change = host.document("change")
    if change is not None and change.snapshot is not None:
        yield Kept(kind="snapshot", where=f"{change.snapshot.path} ({change.snapshot.id} {change.snapshot.uuid})")


def _data(host: HostRecord) -> Iterator[ManualStep]:
    """What the change has left is moved aside, never thrown away."""
    change = host.document("change")
    if change is None or change.snapshot is None:
        return
    kept = change.snapshot
    aside = join(["mv", "-T", "--", kept.of, f"{kept.path}-failed"])
    back = join(["btrfs", "subvolume", "snapshot", kept.path, kept.of])
    told = f"{kept.id} {kept.uuid}"
    yield ManualStep(
        what="snapshot", command=f"btrfs subvolume show {quote(kept.path)} && {aside} && {back}", told=told
    )


def _packages(plan: Plan, host: HostRecord, backup: PhaseDocument) -> Iterator[ManualStep]:
    if not backup.files:
        return
    if not backup.text("cache"):
        yield ManualStep(what="nothing-kept")  # a file by a guessed path could be anybody's
        return
    old = f"{quote(backup.text('cache'))}/old"
    planned = plan.host(host.name).packages
    # A plan that undoes a run names them the other way round; what was kept is the same.
    before = {one.name: (one.after if plan.undoes else one.before) for one in planned}
    yield ManualStep(what="check-files", command=f"sha256sum {old}/*.deb")
    yield ManualStep(what="mend", command="dpkg --configure -a; dpkg --audit")
    if any(name.startswith("old/") for name in backup.files):
        yield ManualStep(what="install", command=f"dpkg --install {old}/*.deb")
    new = [name for name, version in before.items() if version is None]
    if new:
        yield ManualStep(what="remove", command=join(["dpkg", "--purge", *new]))
    named = [name for name, version in before.items() if version]
    if named:
        wanted = ", ".join(f"{name} {before[name]}" for name in named)
        yield ManualStep(what="versions", command=join(["dpkg-query", "-W", *named]), told=wanted)


def _link(link: Link) -> ManualStep:
    """At one instant, as the change itself does it; away where there was none."""
    if not link.target:
        return ManualStep(what="link", command=join(["rm", "-f", "--", link.path]))
    half = f"{link.path}.back"
    switch = (["ln", "-sfn", "--", link.target, half], ["mv", "-T", "--", half, link.path])
    return ManualStep(what="link", command=" && ".join(map(join, switch)))


def _file(plan: Plan, backup: PhaseDocument) -> Iterator[ManualStep]:
    path, copy = str(plan.parameters.get("dest", "")), backup.text("copy")
    if copy:
        yield ManualStep(what="copy", command=join(["cp", "--archive", "--", copy, path]))
        yield ManualStep(what="check-file", command=join(["sha256sum", path]), told=backup.text("sha256"))
    else:
        yield ManualStep(what="absent", command=join(["rm", "-f", "--", path]))
    reload = plan.parameters.get("reload")
    if isinstance(reload, list) and reload:
        yield ManualStep(what="reload", command=join(map(str, reload)))
