"""One section: what it found, how, and if not, why not."""

from __future__ import absolute_import, division, print_function, unicode_literals

import json

from .probe import Absent, Denied, Probe
from .program import monotonic
from .text import inert


def section_payload(collect, parameters, start):
    """The section's JSON, in bytes. Whatever goes wrong inside becomes its status and reason."""
    began = monotonic()
    probe = Probe(parameters, start)
    status, reason, data = "ok", None, None
    try:
        data = inert(collect(probe))
    except Absent as error:
        status, reason = "absent", str(error)
    except Denied as error:
        status, reason = "denied", str(error)
    except Exception as error:  # noqa: BLE001 a fault of one section must not cost the others
        status, reason = "error", "%s: %s" % (type(error).__name__, error)
    data, cut = shrink(data, parameters["section_cap_bytes"])
    return section_text(status, reason, probe, data, cut, monotonic() - began)


def section_text(status, reason, probe, data, cut, took):
    """The section as JSON, in bytes."""
    section = {
        "status": status,
        "reason": inert(reason)[:500] if reason else None,
        "how": inert(probe.how[:50]) if probe else [],
        "took_ms": int(took * 1000),
        "truncated": bool(cut or (probe and probe.truncated)),
        "withheld": inert(probe.withheld) if probe else {},
        "data": data,
    }
    return json.dumps(section, sort_keys=True).encode("ascii")


def unfinished(state, code, seconds, total):
    """The section whose child was killed, died, or never came to it."""
    if state == "timeout":
        return section_text("timeout", "no answer within %g s" % seconds, None, None, False, seconds)
    if state == "late":
        return section_text("timeout", "not done within the total limit of %g s" % total, None, None, False, 0)
    if state == "unborn":
        return section_text("error", "the host has no room for another process", None, None, False, 0)
    reason = "its process ended with code %s" % (code.decode("ascii") or "unknown")
    return section_text("error", reason, None, None, False, 0)


def shrink(data, cap):
    """`data` with its longest list halved until its JSON fits into `cap` bytes, and whether that was needed."""
    cut = False
    while data is not None and len(json.dumps(data)) > cap:
        holder, key, longest = longest_list(data, (None, None, []))
        if not longest:
            raise ValueError("the section's data is larger than %d bytes and holds no list" % cap)
        holder[key] = longest[: len(longest) // 2]
        cut = True
    return data, cut


def longest_list(value, best):
    """(holder, key, list) of the list with most JSON in it that has items to give."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if isinstance(item, list) and item and len(item) > len(best[2]):
            best = (value, key, item)
        best = longest_list(item, best)
    return best
