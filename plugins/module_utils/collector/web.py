"""HTTP requests that the site asked for, made from this host: status, latency, content, numbers of metrics pages."""

from __future__ import absolute_import, division, print_function, unicode_literals

import base64
import json
import re

from .lanes import in_lanes
from .probe import Absent
from .program import monotonic
from .text import decode, inert

BODY_CAP = 1 << 20
ANSWER_S = 5.0
URL = re.compile(r"(https?)://(?:([^/@]*)@)?(\[[0-9a-fA-F:.]+\]|[^/:?#]+)(?::(\d+))?([/?][^#]*)?(?:#.*)?$")


def collect_web(probe):
    wanted = [("probe", one) for one in probe.parameters["probes"]]
    wanted += [("gauge", one) for one in probe.parameters["gauges"]]
    if not wanted:
        raise Absent("no probe and no gauge is named for this host")
    probe.noted("HTTP requests from this host")
    budget = probe.parameters["section_timeout_s"] * 0.8
    limit = min(budget, max(float(one.get("timeout_s") or ANSWER_S) for _unused, one in wanted) + 0.5)

    def work(task):
        return json.dumps(inert(ask_page(*wanted[task]))).encode("ascii")

    results = in_lanes(len(wanted), work, 8, limit, monotonic() + budget)
    facts = {"probe": [], "gauge": []}
    for task, (kind, one) in enumerate(wanted):
        state, payload = results[task]
        fact = {"name": one["name"], "url": without_secret(one["url"])}
        if kind == "gauge":
            fact["metric"] = one["metric"]
        fact.update(
            json.loads(payload.decode("ascii")) if state == "done" else {"error": "no answer within %g s" % limit}
        )
        facts[kind].append(fact)
    return {"probes": facts["probe"], "gauges": facts["gauge"]}


def without_secret(url):
    """The URL without user and password."""
    return re.sub(r"^(\w+://)[^/@]*@", r"\1", url)


def ask_page(kind, one):
    """What one request brought, as fields of its fact."""
    began = monotonic()
    try:
        status, body = fetch(one["url"], float(one.get("timeout_s") or ANSWER_S))
    except (EnvironmentError, ValueError) as error:
        return {"error": "%s" % (error or type(error).__name__)}
    except Exception as error:  # noqa: BLE001 http.client's own errors, which a lean start does not import by name
        return {"error": "%s: %s" % (type(error).__name__, error)}
    if kind == "probe":
        contains = one.get("contains")
        return {
            "status": status,
            "latency_ms": round((monotonic() - began) * 1000, 1),
            "matched": None if contains is None else contains in decode(body),
        }
    value = parse_gauge(decode(body), one["metric"])
    if status != 200 or value is None:
        return {"error": "HTTP status %d" % status if status != 200 else "no such number on the page"}
    return {"value": value}


def fetch(url, seconds):
    """(status, start of the body). Redirects are an answer of their own; certificates are judged elsewhere."""
    try:
        import http.client as http  # here, because only hosts with probes pay for it
    except ImportError:
        import httplib as http
    found = URL.match(url)
    if not found:
        raise ValueError("not an http or https address")
    scheme, user, host, port, path = found.groups()
    options = {"timeout": seconds}
    if scheme == "https":
        import ssl

        if hasattr(ssl, "_create_unverified_context"):
            # Whether the certificate is good is the certificates section's question, not this one's.
            options["context"] = ssl._create_unverified_context()  # noqa: S323, SLF001 no public name in 2.7
    make = http.HTTPSConnection if scheme == "https" else http.HTTPConnection
    connection = make(str(host.strip("[]")), int(port or (443 if scheme == "https" else 80)), **options)
    headers = {"User-Agent": "maintkit", "Accept": "*/*", "Connection": "close"}
    if user:
        headers["Authorization"] = "Basic " + base64.b64encode(user.encode("utf-8")).decode("ascii")
    path = path or "/"
    connection.request(str("GET"), str(path if path[0] == "/" else "/" + path), headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read(BODY_CAP)


def parse_gauge(text, metric):
    """The number of `metric`, which may carry labels: `name{a="b"}` matches a line that has these among others."""
    name, _unused, labels = metric.partition("{")
    wanted = set(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels))
    for line in text.splitlines():
        found = re.match(r"([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)", line)
        if not found or found.group(1) != name.strip():
            continue
        if wanted <= set(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found.group(2) or "")):
            try:
                return float(found.group(3))
            except ValueError:
                return None
    return None
