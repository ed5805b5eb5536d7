"""What the plans for the bad day are drawn from, and what is lacking in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from maintkit.contract.contract import Contract
from maintkit.contract.recovery import Promise
from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.evidence.drilled import Drilled, JobSeen
from maintkit.evidence.judgements import Judgement
from maintkit.evidence.registers import Item


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A host as the newest inspection knows it; `services` are those that services.yml wants there."""

    name: str
    address: str
    systems: tuple[str, ...]
    os: str
    services: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A backup job: what is declared, what the hosts tell of it, and its drills, oldest first."""

    name: str
    tool: str
    every_h: float | None
    systems: tuple[str, ...]
    seen: JobSeen | None
    drills: tuple[Drilled, ...]

    @property
    def passed(self) -> Drilled | None:
        """The newest drill that passed; None when none did."""
        return next((one for one in reversed(self.drills) if one.passed), None)


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Somebody to call: of which side, by name, for what; `registered` are the register's items that name them."""

    side: str
    name: str
    role: str
    phone: str
    email: str
    registered: tuple[Item, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Gap:
    """What is lacking for a system."""

    system: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Everything that both plans say. `inspection` None: there is no topology. `at` is the newest thing it rests on."""

    contract: Contract
    contract_sha256: str  # of contract.yml, byte for byte
    number: str
    inspection: str | None
    head: str
    at: datetime
    machines: tuple[Machine, ...]
    jobs: tuple[Job, ...]
    contacts: tuple[Contact, ...]
    judged: Mapping[str, Judgement]
    simulated: bool = False  # the inspection: its hosts are not real

    @property
    def invented(self) -> list[str]:
        """The inspection and drills that no real host has told of."""
        drills = [one for job in self.jobs for one in job.drills if one.simulated]
        return [*([f"巡检 {self.inspection}"] if self.simulated else []), *(f"恢复验证 {one.run}" for one in drills)]

    def systems(self) -> tuple[str, ...]:
        """In the order of recovery, then those under care for which no order was agreed."""
        agreed = [one.system for one in self.contract.recovery.systems]
        return (*agreed, *(one for one in self.contract.systems if one not in agreed))

    def promise(self, system: str) -> Promise | None:
        """What is promised for it."""
        return self.contract.recovery.promise(system)

    def jobs_of(self, system: str) -> tuple[Job, ...]:
        """The backup jobs that bring a system's data back."""
        return tuple(job for job in self.jobs if system in job.systems)

    def rto_s(self, system: str) -> float | None:
        """Measured: its jobs one after the other; None when one of them was not measured, or there is none."""
        return _whole([job.passed.rto_s if job.passed else None for job in self.jobs_of(system)], sum)

    def rpo_s(self, system: str) -> float | None:
        """Measured: the worst of its jobs; None when one of them was not measured, or there is none."""
        return _whole([job.passed.rpo_s if job.passed else None for job in self.jobs_of(system)], max)


def gaps(ready: Ready, header: Header) -> tuple[Gap, ...]:
    """System by system: promises, hosts, jobs, drills, times and copies that are lacking."""
    return tuple(
        Gap(system=header.system(system), text=text) for system in ready.systems() for text in _gaps(ready, system)
    )


def _gaps(ready: Ready, system: str) -> Iterator[str]:
    promise = ready.promise(system)
    if promise is None:
        yield "未约定恢复次序与 RTO、RPO（contract.yml 的 recovery）"
    if not any(system in machine.systems for machine in ready.machines):
        yield "最近一次巡检中没有该系统的主机"
    own = ready.jobs_of(system)
    if not own:
        yield "没有声明备份任务"
    for job in own:
        yield from _gaps_of_job(job)
    if promise is not None:
        yield from _late("RTO", ready.rto_s(system), promise.rto.minutes * 60)
        yield from _late("RPO", ready.rpo_s(system), promise.rpo.minutes * 60)


def _gaps_of_job(job: Job) -> Iterator[str]:
    if job.passed is None:
        yield f"备份任务 {job.name} 没有通过的恢复演练，能否恢复及所需时间未经验证"
    elif not job.drills[-1].passed:
        yield f"备份任务 {job.name} 最近一次恢复演练（{job.drills[-1].run}）未通过"
    if job.seen is None:
        yield f"最近的采集结果中没有备份任务 {job.name}，备份与异机副本的情况不明"
    elif job.seen.last is None:
        yield f"备份任务 {job.name} 的目录中没有有效备份"
    if job.seen is not None and job.seen.off_host is not True:
        yield f"备份任务 {job.name} " + ("没有异机副本" if job.seen.off_host is False else "是否有异机副本未能确认")


def _late(name: str, measured: float | None, promised_s: int) -> Iterator[str]:
    if measured is not None and measured > promised_s:
        yield f"演练实测 {name} {wording.took(round(measured * 1000))}，超过约定的 {wording.duration(promised_s)}"


def _whole(parts: list[float | None], of: Callable[[list[float]], float]) -> float | None:
    known = [one for one in parts if one is not None]
    return of(known) if known and len(known) == len(parts) else None
