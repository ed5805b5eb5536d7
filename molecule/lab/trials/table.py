"""Every trial, and the checks that no fault on a host can make fire."""

from __future__ import annotations

from collections.abc import Mapping

from lab.trials import backup, host, mysql, postgresql, resources, security, web
from lab.trials.trial import Trial

ON_HIS: tuple[Trial, ...] = (*resources.TRIALS, *host.TRIALS, *security.TRIALS, *web.TRIALS)
TRIALS: tuple[Trial, ...] = (
    *resources.TRIALS,
    *host.TRIALS,
    *security.TRIALS,
    *backup.TRIALS,
    *postgresql.TRIALS,
    *mysql.TRIALS,
    *web.TRIALS,
)

BY_HAND = "a person looks at it on site: the inspection records a row to be filled in, and judges nothing"
WITHOUT: Mapping[str, str] = {
    "manual.server": BY_HAND,
    "manual.room": BY_HAND,
    "manual.peripherals": BY_HAND,
    "backup.drill": "crit on every host with a backup until a restore drill has passed "
    "(`maintkit plan restore-drill`): the untouched host shows it",
}
