"""Certificates: files that web servers name, Let's Encrypt's, those asked for, and what listening TLS ports show."""

from __future__ import absolute_import, division, print_function, unicode_literals

import os
import re

from .der import first_certificate, parse_certificate
from .lanes import in_lanes
from .ports import listening
from .probe import Absent, Refused, paths_like
from .program import monotonic

TLS_PORTS = (443, 465, 636, 993, 995, 5671, 6443, 8443, 9443)
HANDSHAKE_S = 3.0
CONFIGS = (
    "/etc/nginx/nginx.conf",
    "/usr/local/nginx/conf/nginx.conf",
    "/etc/apache2/apache2.conf",
    "/etc/httpd/conf/httpd.conf",
)
DIRECTIVE = re.compile(r"^[ \t]*(?:ssl_certificate|SSLCertificateFile)[ \t]+[\"']?([^\s;\"']+)", re.MULTILINE)
INCLUDED = re.compile(r"^[ \t]*(?:include|Include|IncludeOptional)[ \t]+[\"']?([^\s;\"']+)", re.MULTILINE)
CONFIG_FILES = 300


def collect_certificates(probe):
    paths = list(probe.parameters["certificates"]) + named_in_configs(probe)
    paths += paths_like("/etc/letsencrypt/live/*/cert.pem")
    found = [certificate_file(probe, path) for path in sorted(set(paths))] + live_ports(probe)
    if not os.access("/etc/letsencrypt/live", os.X_OK) and os.path.exists("/etc/letsencrypt/live"):
        probe.withheld["certificates"] = "needs root: /etc/letsencrypt/live"
    if not found:
        raise Absent("no certificate file is named and no TLS port listens")
    return {"certificates": found}


def named_in_configs(probe):
    """Certificate files that nginx and Apache use: only files that their main configuration includes count."""
    paths, seen = [], set()
    for main in CONFIGS:
        # Apache names its files from the server root, which is one level up on Red Hat's systems.
        home = os.path.dirname(main)
        home = os.path.dirname(home) if home.endswith("httpd/conf") else home
        waiting = [main]
        while waiting and len(seen) < CONFIG_FILES:
            path = waiting.pop(0)
            text = None if path in seen else probe.read(path, 1 << 20)
            seen.add(path)
            for pattern in INCLUDED.findall(text or ""):
                waiting += paths_like(os.path.join(home, pattern))
            # A name with a variable in it is decided at each connection.
            found = [name for name in DIRECTIVE.findall(text or "") if "$" not in name and not name.startswith("data:")]
            paths += [os.path.join(home, name) for name in found]
    return paths


def certificate_file(probe, path):
    fact = {"source": "file", "where": path}
    try:
        fact.update(parse_certificate(first_certificate(probe.bytes_of(path, 1 << 20))))
    except EnvironmentError as error:
        fact["error"] = os.strerror(error.errno)
    except (Refused, ValueError, TypeError) as error:
        fact["error"] = "%s" % error
    return fact


def live_ports(probe):
    """The certificate of each well-known TLS port that listens on this host, and of each address asked for."""
    sockets = (listening(probe) or {"by_inode": {}})["by_inode"].values()
    targets = [
        (own_address(port["address"]), port["port"])
        for port in sockets
        if port["port"] in TLS_PORTS and port["protocol"].startswith("tcp")
    ]
    targets += [parse_target(text) for text in probe.parameters["tls"]]
    # The same port on IPv4 and IPv6 is the same server.
    ordered = sorted(set(targets), key=lambda target: (target[1], ":" in target[0], target[0]))
    kept = [target for target in ordered if target[0] != "::1" or ("127.0.0.1", target[1]) not in ordered]
    if not kept:
        return []
    probe.noted("TLS handshakes with %s" % ", ".join("%s:%d" % target for target in kept[:20]))
    deadline = monotonic() + probe.parameters["section_timeout_s"] * 0.7
    import ssl  # here, because it is dear and most hosts have no such port

    def work(task):
        return shown_by(ssl, *kept[task])

    results = in_lanes(len(kept), work, 4, HANDSHAKE_S + 0.5, deadline)
    return [port_fact("%s:%d" % target, *results[task]) for task, target in enumerate(kept)]


def own_address(address):
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 compared, not bound


def parse_target(text):
    """(address, port) of `10.0.0.5:8443` or `[fe80::1]:443`."""
    host, _unused, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def shown_by(ssl, host, port):
    """DER of a server's certificate, or `!` and why there is none. Validity is judged elsewhere, so all is accepted."""
    import socket  # here, like ssl

    try:
        connection = socket.create_connection((host, port), HANDSHAKE_S)
        if hasattr(ssl, "SSLContext"):
            context = ssl.SSLContext(getattr(ssl, "PROTOCOL_TLS_CLIENT", ssl.PROTOCOL_SSLv23))
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            wrapped = context.wrap_socket(connection)
        else:
            wrapped = ssl.wrap_socket(connection)
        return wrapped.getpeercert(True)
    except (EnvironmentError, ValueError) as error:
        return ("!%s" % error).encode("utf-8")


def port_fact(where, state, payload):
    fact = {"source": "port", "where": where}
    if state != "done":
        fact["error"] = "no answer within %g s" % HANDSHAKE_S
    elif payload[:1] == b"!":
        fact["error"] = payload[1:].decode("utf-8", "replace")[:200]
    else:
        try:
            fact.update(parse_certificate(payload))
        except ValueError as error:
            fact["error"] = "%s" % error
    return fact
