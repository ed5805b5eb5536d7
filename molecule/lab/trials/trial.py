"""One trial: a fault on a healthy host, and the finding that it must lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal

from lab.host import Host

Fault = Callable[[Host], AbstractContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """`fault` on a healthy host makes `check` say `status` of `instance`, and nothing else new.

    In `instance` `*` stands for anything; "" is the host itself.

    `explains` are checks of which the same fault rightly makes more findings. `view`: the host is shown a value that
    the kernel has once for the whole machine, or hardware that a container does not have. `limits` are the site's own
    bounds by key; `days_later` is how long after the inspection before it is that the fault is judged.
    """

    check: str
    words: str
    fault: Fault
    status: Literal["warn", "crit"]
    instance: str = ""
    value: float | str | None = None
    explains: tuple[str, ...] = ()
    view: bool = False
    limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    days_later: float = 0

    @property
    def name(self) -> str:
        """For a test's name: check, status and instance."""
        return "-".join(filter(None, (self.check, self.status, self.instance.strip("/").replace("/", "_"))))
