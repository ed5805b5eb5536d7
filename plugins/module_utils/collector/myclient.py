"""How the mariadb or mysql client of the host is started: with no password where others see it."""

from __future__ import absolute_import, division, print_function, unicode_literals

import re

from .myqueries import MY_PREPARE
from .mytext import batch_results, client_complaints, result_rows
from .postgresql import identity_of
from .program import monotonic
from .text import decode, encode

MYSQL_CAP = 4 << 20
MYSQL_DOWN = re.compile(r"(?:2002|2003|1053)\b")
MYSQL_FULL = re.compile(r"1040\b")


def mysql_refusal(errors, trouble):
    """(state, reason) where no session came about."""
    text = "; ".join("%d %s" % (code, words) for _line, code, words in errors[:1]) or trouble
    state = "down" if MYSQL_DOWN.match(text) and "(13" not in text else "full" if MYSQL_FULL.match(text) else "refused"
    return state, re.sub(r"^\d+ ", "", text) or "the client said nothing"


class MysqlSession(object):
    """How the client is started for one instance."""

    def __init__(self, probe, client, one, deadline):
        self.probe = probe
        self.client = client
        self.one = one
        self.deadline = deadline

    def ask(self, asked):
        """`({key: result_rows}, [(line, code, words)], what else was wrong)`."""
        left = self.deadline - monotonic()
        if left < 0.2:
            return {}, [], "no time was left"
        argv = [self.client] + [encode(word) for word in client_arguments(self.one, left)]
        seconds = max(1, int(min(5.0, left * 0.5)))
        argv += ["-e", "\n".join([text % {"seconds": seconds} + ";" for text in MY_PREPARE] + asked)]
        # After -e, which takes it back.
        argv.append("--force")
        how = "%s: status and statistics of %s" % (self.client.rsplit("/", 1)[-1], self.one["name"])
        output = self.probe.run(argv, left, MYSQL_CAP, identity_of(self.one.get("os_user", "mysql")), how)
        errors, rest = client_complaints(decode(output.err))
        if output.timeout or output.capped:
            rest = "no answer within %d s" % left if output.timeout else "the output was cut"
        return dict((key, result_rows(lines)) for key, lines in batch_results(decode(output.out))), errors, rest


def client_arguments(one, left):
    """The client's options. They never hold a password: that is in the file that `defaults_file` names."""
    options = ["--defaults-file=%s" % one["defaults_file"] if "defaults_file" in one else "--no-defaults"]
    options += ["--batch", "--unbuffered", "--loose-skip-print-query-on-error", "--default-character-set=utf8mb4"]
    options.append("--connect-timeout=%d" % max(2, min(5, int(left))))
    if "host" in one:
        options += ["--protocol=tcp", "--host=%s" % one["host"], "--port=%s" % one.get("port", 3306)]
    elif "socket" in one:
        options += ["--protocol=socket", "--socket=%s" % one["socket"]]
    if "user" in one or "defaults_file" not in one:
        options.append("--user=%s" % one.get("user", one.get("os_user", "mysql")))
    return options
