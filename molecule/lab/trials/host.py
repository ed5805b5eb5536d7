"""Trials of the other host checks: services, ports, jobs, logs, clock, and what has changed."""

from __future__ import annotations

from functools import partial

from lab.faults import access, logs, machine, packages, units
from lab.faults.clock import Clock, seen
from lab.trials.healthy import LIS, LIS_PORT, LOG, QUEUE
from lab.trials.trial import Trial

ERRORS = 2000

TRIALS = (
    Trial(
        check="log.applications",
        words=f"{ERRORS} lines with ERROR in a declared log that had none",
        fault=partial(logs.log_flooded, path=LOG, errors=ERRORS),
        status="crit",
        instance=LOG,
    ),
    Trial(
        check="clock.synchronised",
        words="adjtimex says that the clock is not synchronised",
        fault=partial(seen, clock=Clock(synchronised=False)),
        status="warn",
        value="未同步",
        explains=("clock.offset",),  # not known then
        view=True,
    ),
    Trial(
        check="clock.offset",
        words="adjtimex says 80 ms between the clock and its reference",
        fault=partial(seen, clock=Clock(offset_ms=80)),
        status="warn",
        value=80,
        view=True,
    ),
    Trial(
        check="clock.skew",
        words="programs of the host see its clock 90 s ahead",
        fault=partial(seen, clock=Clock(ahead_s=90)),
        status="warn",
        view=True,
    ),
    Trial(
        check="clock.skew",
        words="programs of the host see its clock 400 s ahead",
        fault=partial(seen, clock=Clock(ahead_s=400)),
        status="crit",
        view=True,
    ),
    Trial(
        check="drift.ports",
        words="a program listens on one more port",
        fault=partial(access.port, number=4444),
        status="warn",
        instance="tcp 0.0.0.0:4444",
        value="新增",
    ),
    Trial(
        check="drift.accounts",
        words="one more account",
        fault=partial(access.account, name="li"),
        status="warn",
        instance="li",
        value="新增",
    ),
    Trial(
        check="drift.sudoers",
        words="one more sudo rule",
        fault=partial(access.sudo_rule, rule="zhang ALL=(ALL) ALL"),
        status="warn",
        instance="/etc/sudoers.d/lab-fault: zhang ALL=(ALL) ALL",
        value="新增",
    ),
    Trial(
        check="drift.cron",
        words="one more line in /etc/cron.d",
        fault=partial(access.cron_job, line="5 4 * * * root /usr/local/bin/night"),
        status="warn",
        instance="/etc/cron.d/lab-fault root 5 4 * * * /usr/local/bin/night",
        value="新增",
    ),
    Trial(
        check="drift.units",
        words="one more service that starts at boot",
        fault=partial(access.enabled_unit, name="lab-more"),
        status="warn",
        instance="lab-more.service",
        value="新增",
    ),
    Trial(
        check="log.system",
        words=f"{ERRORS} errors in the journal, which had next to none",
        fault=partial(logs.journal_flooded, errors=ERRORS),
        status="crit",
    ),
    Trial(
        check="kernel.newest",
        words="the image of a newer kernel in /boot",
        fault=partial(packages.newer_kernel, release="99.0.0-1-amd64"),
        status="warn",
        explains=("kernel.reboot",),
    ),
    Trial(
        check="kernel.reboot",
        words="a package has left /run/reboot-required",
        fault=partial(packages.reboot_wanted, package="linux-image-amd64"),
        status="warn",
        value="需要",
    ),
    Trial(
        check="port.listening",
        words="the program behind a declared port is stopped",
        fault=partial(units.stopped, unit=LIS),
        status="crit",
        instance=str(LIS_PORT),
        explains=("drift.ports",),
    ),
    Trial(
        check="service.failed",
        words="a service that is not declared has failed",
        fault=units.failed,
        status="warn",
        instance=f"{units.BROKEN}.service",
        value="exit-code",
    ),
    Trial(
        check="service.active",
        words="a declared service is stopped",
        fault=partial(units.stopped, unit=QUEUE),
        status="crit",
        instance=QUEUE,
    ),
    Trial(
        check="service.flapping",
        words="a declared service is killed four times, and started again by systemd",
        fault=partial(units.flapping, unit=QUEUE, times=4),
        status="warn",
        instance=QUEUE,
        value=4,
    ),
    Trial(
        check="service.enabled",
        words="a declared service is disabled",
        fault=partial(units.disabled, unit=QUEUE),
        status="warn",
        instance=QUEUE,
        value="disabled",
        explains=("drift.units",),
    ),
    Trial(
        check="timer.failed",
        words="the service of a timer failed when it last ran",
        fault=units.failed_timer,
        status="warn",
        instance=f"{units.BROKEN}.timer",
        value="exit-code",
        explains=("service.failed",),
    ),
    Trial(
        check="host.uptime",
        words="up for two minutes",
        fault=machine.just_started,
        status="warn",
        value=2,
        view=True,
    ),
)
