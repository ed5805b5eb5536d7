"""Trials of the checks of web pages and certificates."""

from __future__ import annotations

from functools import partial

from lab.faults import certificates, pages, units
from lab.trials.healthy import CERTIFICATE
from lab.trials.trial import Trial

PAGE = "registration"

TRIALS = (
    Trial(
        check="certificates.expiry",
        words="a web server's certificate that ends in 45 days",
        fault=partial(certificates.replaced, path=CERTIFICATE, end_days=45),
        status="warn",
        instance=CERTIFICATE,
        explains=("certificates.expiry",),  # the file, and the port that shows it
    ),
    Trial(
        check="certificates.expiry",
        words="a web server's certificate that ended three days ago",
        fault=partial(certificates.replaced, path=CERTIFICATE, end_days=-3),
        status="crit",
        instance="127.0.0.1:443",
        explains=("certificates.expiry",),
    ),
    Trial(
        check="web.gauge",
        words="250 messages wait in a queue that the site limits to 100",
        fault=partial(pages.queue, depth=250),
        status="warn",
        instance="queue",
        value=250,
    ),
    Trial(
        check="web.status",
        words="the application behind the web server answers with 500",
        fault=pages.failing,
        status="crit",
        instance=PAGE,
        value=500,
        explains=("web.content",),
    ),
    Trial(
        check="web.status",
        words="the application behind the web server is stopped: 502",
        fault=partial(units.stopped, unit="his-app"),
        status="crit",
        instance=PAGE,
        value=502,
        explains=("web.content", "web.gauge", "service.active", "drift.ports"),
    ),
    Trial(
        check="web.latency",
        words="the application answers 6 s late, and the site allows 5 s",
        fault=partial(pages.late, seconds=6),
        status="warn",
        instance=PAGE,
    ),
    Trial(
        check="web.content",
        words="the application answers with a page of another content",
        fault=partial(pages.other_page, page="<h1>404</h1>"),
        status="crit",
        instance=PAGE,
        value="不符",
    ),
)
