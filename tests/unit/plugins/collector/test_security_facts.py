"""Accounts, sudo, sshd, keys, logins, cron, packages: what is told, and what must never be."""

from __future__ import annotations

import json
import time

import pytest

CANARY = "CANARY-s3cr3t"
HASH = "$6$saltsalt$" + "x" * 20


def test_shadow_gives_states_and_never_hashes(part):
    """set, empty, locked; the days that matter."""
    text = (
        f"root:{HASH}:19000:0:90:7:::\nbob::19000:0:99999:7::20000:\ndaemon:*:18000:0:99999:7:::\nmax:!!:19000::::::\n"
    )
    states = part("accounts").parse_shadow(text)
    assert [states[name]["password"] for name in ("root", "bob", "daemon", "max")] == [
        "set",
        "empty",
        "locked",
        "locked",
    ]
    assert states["root"]["password_expires_day"] == 19090
    assert states["bob"]["password_expires_day"] is None
    assert states["bob"]["account_expires_day"] == 20000
    assert HASH not in json.dumps(states)


def test_passwd_lines_that_are_no_accounts_are_left_out(part):
    """NIS marks and broken lines; a nologin shell lets nobody in."""
    text = "root:x:0:0:root:/root:/bin/bash\n+::::::\nbroken\nwww:x:33:33::/var/www:/usr/sbin/nologin\ntoor:x:0:0::/:\n"
    accounts = part("accounts").parse_passwd(text)
    assert [(one["name"], one["uid"], one["login"]) for one in accounts] == [
        ("root", 0, True),
        ("www", 33, False),
        ("toor", 0, True),
    ]


def test_an_empty_field_of_passwd_itself_lets_anybody_in(part):
    """Where passwd holds no x, login does not ask shadow: empty is empty, whatever shadow says or hides."""
    text = f"root:x:0:0::/root:/bin/bash\nuser::0:0::/:/bin/sh\nold:{HASH}:7:7::/:/bin/sh\noff:*:8:8::/:/bin/sh\n"
    accounts = part("accounts").parse_passwd(text)
    assert [one.get("password") for one in accounts] == [None, "empty", "set", "locked"]
    shadow = part("accounts").parse_shadow("root:!:19000:0:99999:7:::\nuser:!:19000:0:99999:7::20000:\n")
    root, user = part("accounts").with_shadow(accounts, shadow)[:2]
    assert (root["password"], user["password"], user["account_expires_day"]) == ("locked", "empty", 20000)
    assert HASH not in json.dumps(accounts)


def test_sudo_rules_without_comments_aliases_and_defaults(part):
    """Continued lines are one rule; `#1000` is a user's number."""
    text = (
        "Defaults env_reset\n# comment\nUser_Alias OPS = a, b\nOPS ALL=(ALL) \\\n  NOPASSWD: ALL # trailing\n"
        "#1000 ALL=(ALL) ALL\n#includedir /etc/sudoers.d\n@include /etc/x\n"
    )
    rules, includes = part("sudo").parse_sudoers(text, "/etc/sudoers")
    assert [rule["text"] for rule in rules] == ["OPS ALL=(ALL) NOPASSWD: ALL", "#1000 ALL=(ALL) ALL"]
    assert [rule["nopasswd"] for rule in rules] == [True, False]
    assert includes == [("includedir", "/etc/sudoers.d"), ("include", "/etc/x")]


def test_sshd_takes_the_first_value_and_stops_at_match(part):
    """As sshd itself; several ports add up."""
    text = "Port 22\nPort 2222\nPermitRootLogin no\npermitrootlogin yes\nMatch User x\n  PasswordAuthentication no\n"
    assert part("sshd").parse_sshd_settings(text) == {"port": "22 2222", "permitrootlogin": "no"}


def test_keys_are_fingerprints_and_option_values_stay_home(part):
    """Only from= keeps its value: command= and environment= may hold secrets."""
    blob = "AAAAC3NzaC1lZDI1NTE5AAAAIHlmYYzcd8XnZhTKWlGAVbMIzgEbSSF0Xgn6g5x0uNzD"
    text = f'# c\nfrom="10.0.0.0/8",command="x {CANARY}",no-pty ssh-ed25519 {blob} 张三@laptop\nssh-rsa short\n'
    (key,) = part("keys").parse_authorized_keys(text, "root", "/root/.ssh/authorized_keys")
    assert key["options"] == 'from="10.0.0.0/8",command=…,no-pty'
    assert key["comment"] == "张三@laptop"
    assert key["fingerprint"].startswith("SHA256:")
    assert CANARY not in json.dumps(key)


AUTH = """Failed password for root from 10.0.0.9 port 4 ssh2
Failed password for invalid user oracle from 10.0.0.9 port 4 ssh2
message repeated 2 times: [ Failed password for root from 10.0.0.9 port 5 ssh2]
Accepted publickey for ops from 10.1.1.1 port 5 ssh2: RSA SHA256:x
Accepted password for ops from 10.1.1.2 port 5 ssh2
su[12]: FAILED SU (to root) bob on pts/0
su[12]: (to root) bob on pts/0
FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure
LOGIN ON tty1 BY root
Connection closed by 10.0.0.9
"""


KEYS_ONLY = """sshd[9]: Invalid user oracle from 10.0.0.9 port 40001
sshd[9]: Connection closed by invalid user oracle 10.0.0.9 port 40001 [preauth]
sshd[10]: Connection reset by authenticating user root 10.0.0.9 port 40002 [preauth]
sshd[11]: Disconnected from invalid user test 10.0.0.9 port 40003 [preauth]
sshd[12]: Disconnecting authenticating user root 10.0.0.9 port 40004: Too many authentication failures [preauth]
sshd[13]: Failed password for invalid user a from 10.0.0.9 port 40005 ssh2
sshd[13]: Failed password for invalid user a from 10.0.0.9 port 40005 ssh2
sshd[13]: Connection closed by invalid user a 10.0.0.9 port 40005 [preauth]
sshd[14]: Connection closed by 10.0.0.9 port 40006 [preauth]
sshd[15]: Disconnected from user ops 10.0.0.9 port 40007
"""


def test_a_server_of_keys_alone_writes_no_failure_and_its_guessers_are_counted(part):
    """With keys alone sshd says no more than whose connection ended before a login; with passwords it says both."""
    logins = part("logins")
    tally = logins.LoginTally()
    for second, line in enumerate(KEYS_ONLY.splitlines()):
        if logins.WORTH.search(line.encode()):
            tally.add(line, second)
    assert tally.failed == {
        ("oracle", "10.0.0.9"): 1,
        ("root", "10.0.0.9"): 2,
        ("test", "10.0.0.9"): 1,
        ("a", "10.0.0.9"): 2,
    }
    assert len(tally.times) == 6


def test_logins_are_counted_by_user_and_address(part):
    """sshd, login, su; repeated messages count as often as they say."""
    logins = part("logins")
    tally = logins.LoginTally()
    for second, line in enumerate(AUTH.splitlines()):
        if logins.WORTH.search(line.encode()):
            tally.add(line, 1000.0 + second)
    data = logins.login_data(tally, 0, "x", True)
    assert {(one["user"], one["address"]): one["count"] for one in data["failed"]} == {
        ("root", "10.0.0.9"): 3,
        ("oracle", "10.0.0.9"): 1,
        ("root", "local"): 2,
    }
    assert data["failed_total"] == data["failed_burst"] == 6
    assert {(one["user"], one["method"]) for one in data["accepted"]} == {
        ("ops", "publickey"),
        ("ops", "password"),
        ("root", "su"),
        ("root", "tty1"),
    }


def test_a_burst_is_the_most_within_ten_minutes(part):
    """Three close together among many far apart."""
    assert part("logins").burst([0, 10000, 10100, 10599, 20000]) == 3
    assert part("logins").burst([]) == 0


@pytest.mark.parametrize(
    ("command", "program"),
    [
        (f"MYSQL_PWD={CANARY} mysqldump -u root", "mysqldump"),
        (f"/opt/backup.sh --password={CANARY}", "/opt/backup.sh"),
        (f"PASS='a {CANARY}' run", "(assignment)"),
        ("cd /x && ./y", "cd"),
    ],
)
def test_cron_commands_give_their_first_word_and_a_hash(part, command, program):
    """What follows may hold a password."""
    (job,) = part("cron").parse_crontab(f"SHELL=/bin/sh\n17 * * * * root {command}\n", "/etc/crontab", None)
    assert (job["user"], job["schedule"], job["program"]) == ("root", "17 * * * *", program)
    assert CANARY not in json.dumps(job)


def test_a_users_table_has_no_user_column(part):
    """`@daily` is one field."""
    (job,) = part("cron").parse_crontab("@daily /usr/bin/x y\nbroken\n", "/var/spool/cron/bob", "bob")
    assert (job["user"], job["schedule"], job["program"]) == ("bob", "@daily", "/usr/bin/x")


SOCKETS = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0000 100 0
   1: 0100007F:1F91 0100007F:0016 01 00000000:00000000 00:00000000 00000000  1000        0 4243 1 0000 100 0
"""


def test_only_listening_sockets_count(part):
    """Addresses are in the host's byte order."""
    assert part("ports").parse_sockets(SOCKETS, "tcp", "0A") == {
        "4242": {"protocol": "tcp", "address": "127.0.0.1", "port": 8080, "uid": 1000, "inode": "4242"}
    }
    assert part("ports").parse_address("00000000000000000000000001000000:01BB") == ("::1", 443)


POLICY = """bash:
  Installed: 5.2.15-2+b2
  Candidate: 5.2.15-2+b13
  Version table:
     5.2.15-2+b13 500
        500 mirror bookworm/main amd64 Packages
 *** 5.2.15-2+b2 100
        100 /var/lib/dpkg/status
libssl3:
  Installed: 3.0.11-1
  Candidate: 3.0.17-1
  Version table:
     3.0.17-1 500
        500 mirror bookworm/main amd64 Packages
     3.0.15-1 500
        500 mirror bookworm-security/main amd64 Packages
 *** 3.0.11-1 100
        100 /var/lib/dpkg/status
tzdata:
  Installed: 2024a
  Candidate: 2024a
  Version table:
 *** 2024a 500
        500 mirror bookworm-security/main amd64 Packages
local:
  Installed: 1
  Candidate: 1
  Version table:
 *** 1 100
        100 /var/lib/dpkg/status
"""


def test_updates_from_policy_and_which_mend_a_hole(part):
    """A security version between the installed one and the candidate makes it a security update."""
    updates = part("packages").parse_policy(POLICY)
    assert [(one["name"], one["candidate"], one["security"]) for one in updates] == [
        ("bash", "5.2.15-2+b13", False),
        ("libssl3", "3.0.17-1", True),
    ]


def test_dpkg_status_counts_what_is_installed(part):
    """Removed and half-configured packages are none."""
    text = (
        "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2-3\n\n"
        "Package: b\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n"
        "Package: c\nStatus: hold ok installed\nArchitecture: all\nDescription: x\n Version: 9\nVersion: 2\n"
    )
    assert part("packages").parse_status(text) == [("a:amd64", "1:2-3"), ("c", "2")]


def test_clamav_writes_when_its_definitions_were_built(part):
    """In its own zone, months in English."""
    head = b"ClamAV-VDB:23 Nov 2026 18-30 +0800:27450:2063000:90:abc"
    assert part("defences").parse_clamav(head) == (1795429800.0, "27450")
    assert part("defences").parse_clamav(b"garbage") == (None, None)


def test_logrotate_promises_days_unless_it_goes_by_size(part):
    """Shared blocks, defaults, size."""
    text = "/var/log/syslog\n/var/log/mail.log\n{\n\trotate 4\n\tweekly\n}\n/var/log/big {\n size 10M\n rotate 9\n}\n"
    text += "/a /b {\n}\n"
    policies = part("retention").parse_logrotate(text, ("daily", 30))
    assert policies["/var/log/syslog"] == policies["/var/log/mail.log"] == (28, "weekly, rotate 4")
    assert policies["/var/log/big"] == (None, "size 10M, rotate 9")
    assert policies["/b"] == (30, "daily, rotate 30")


@pytest.mark.parametrize(
    ("span", "days"), [("6month", 182.64), ("180day", 180), ("1week", 7), ("0", None), (None, None)]
)
def test_spans_of_systemd_are_days(part, span, days):
    """MaxRetentionSec as journald.conf writes it."""
    assert part("retention").span_days(span) == days


NOW = time.mktime((2026, 1, 2, 12, 0, 0, 0, 0, -1))


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        (b"2026-01-02T03:04:05.678+08:00 x", 1767294245.0),
        (b"[2026-01-02 03:04:05Z] x", 1767323045.0),
        (b"Dec 31 23:59:59 h x", time.mktime((2025, 12, 31, 23, 59, 59, 0, 0, -1))),
        (b"Jan  1 00:00:01 h x", time.mktime((2026, 1, 1, 0, 0, 1, 0, 0, -1))),
        (b"no time here", None),
        (b"2026-99-99 99:99:99Z", None),
    ],
)
def test_time_stamps_of_logs(part, line, stamp):
    """A syslog line without a year is never in the future."""
    if line.startswith(b"2026-99"):
        assert part("logfile").stamp_of(line, NOW) != NOW
    else:
        assert part("logfile").stamp_of(line, NOW) == stamp


def test_messages_differ_by_words_not_by_numbers(part):
    """Addresses, numbers, identifiers become #."""
    normalise = part("messages").normalise
    assert normalise("sda: I/O error, sector 12345") == normalise("sda: I/O error, sector 9")
    assert normalise("from 10.1.2.3 id 0xdeadbeef at 2001:db8::1") == "from # id # at #"
    assert normalise("feed the cafe") == "feed the cafe"


def test_a_tally_is_bounded(part):
    """A million different messages cost no more memory than some thousand."""
    tally = part("messages").Tally()
    for word in range(7000):
        tally.add("".join(chr(97 + int(digit)) for digit in str(word)) + "z")
    assert tally.total == 7000
    assert len(tally.counts) == part("messages").KINDS
    assert len(tally.top()) == part("messages").TOP
