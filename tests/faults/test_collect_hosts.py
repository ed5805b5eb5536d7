"""A broken, hostile or chatty host costs only itself, and its status says what is wrong."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from fleet import Fleet, Node, frame
from play import Played, collect

pytestmark = pytest.mark.fleet
QUICK = {"parameters": {"only": ["host"], "sample_s": 0.1}}
LURE = "{{ lookup('pipe','id') }}"


def visit(tmp_path: Path, *nodes: Node, **how: object) -> Played:
    """Collect from these nodes and one healthy host, which must not be touched by the others."""
    with Fleet(tmp_path / "fleet", [*nodes, Node(name="healthy")]) as fleet:
        played = collect(fleet, task={**QUICK, **how})
    assert played.status("healthy") == "ok"
    assert played.code == 0
    return played


def served(tmp_path: Path, name: str, data: bytes) -> str:
    """A ForceCommand that answers with these bytes."""
    path = tmp_path / name
    path.write_bytes(data)
    return f"cat {path}"


def test_a_changed_an_unknown_and_a_wrong_key(tmp_path: Path) -> None:
    """Host keys are `host-key` and name the known_hosts file; our own key refused is `auth`."""
    other = tmp_path / "authorized"
    other.write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ1aWx0IGZvciBhIHRlc3QgYW5kIG5vYm9keSBlbHNl other\n")
    played = visit(
        tmp_path,
        Node(name="changed", known="other"),
        Node(name="unknown", known=False),
        Node(name="locked", settings=(f"Match all\n  AuthorizedKeysFile {other}",)),
    )
    known_hosts = str(tmp_path / "fleet" / "known_hosts")
    assert played.status("changed") == played.status("unknown") == "host-key"
    assert "the host's key has changed" in played.host("changed")["reason"]
    assert known_hosts in played.host("changed")["reason"]
    assert known_hosts in played.host("unknown")["reason"]
    assert played.status("locked") == "auth"
    assert "Permission denied" in played.host("locked")["reason"]


def test_a_host_without_python(tmp_path: Path) -> None:
    """Whether the shell finds none, or the host allows nothing but a command that is not there."""
    # Every absolute place of a Python is hidden, and nothing is on the PATH.
    places = "/usr/bin/python3 /usr/bin/python /usr/local/bin/python3"
    hide = f"for p in {places}; do mount --bind /dev/null $p 2>/dev/null; done"
    bare = f"unshare -m /bin/sh -c '{hide}; export PATH=/nowhere; eval \"$SSH_ORIGINAL_COMMAND\"'"
    played = visit(
        tmp_path,
        Node(name="bare", command=bare),
        Node(name="forced", command="/nonexistent/python3"),
        Node(name="named", variables={"ansible_python_interpreter": "/nonexistent/python3"}),
    )
    for name in ("bare", "forced", "named"):
        assert played.status(name) == "no-python", name


def test_noise_before_the_frame_in_gbk_and_binary_is_skipped(tmp_path: Path) -> None:
    """Login shells and banners may print what they like."""
    whole = frame({"schema": "maintkit.facts/1", "sections": {}})
    noise = "欢迎使用医院信息系统\n".encode("gbk") + bytes(range(256)) * 40
    (tmp_path / "banner").write_bytes(noise)
    played = visit(
        tmp_path,
        Node(name="noisy", command=served(tmp_path, "noisy", noise + whole)),
        Node(name="banner", settings=(f"Banner {tmp_path / 'banner'}",)),
    )
    assert played.status("noisy") == played.status("banner") == "ok"


def test_truncated_altered_alien_and_missing_documents_are_broken(tmp_path: Path) -> None:
    """Nothing but a whole, well-hashed document of the schema is taken."""
    whole = frame({"schema": "maintkit.facts/1", "sections": {}})
    nan = b'{"schema": "maintkit.facts/1", "n": NaN}'
    framed_nan = f"MAINTKIT-FACTS/1 {len(nan)} {hashlib.sha256(nan).hexdigest()}\n".encode() + nan
    deep = b"[" * 200_000
    framed_deep = f"MAINTKIT-FACTS/1 {len(deep)} {hashlib.sha256(deep).hexdigest()}\n".encode() + deep
    answers = {
        "truncated": (whole[:-9], "cut off after"),
        "altered": (whole.replace(b"sections", b"sektions"), "does not match its sha256"),
        "alien": (frame({"schema": "somebody.else/7"}), "somebody.else/7"),
        "nan": (framed_nan, "NaN"),
        "deep": (framed_deep, "not JSON"),
        "empty": (b"", "no document in 0 bytes"),
    }
    nodes = [Node(name=name, command=served(tmp_path, name, data)) for name, (data, _) in answers.items()]
    played = visit(tmp_path, *nodes)
    for name, (_, words) in answers.items():
        assert played.status(name) == "broken", name
        assert words in played.host(name)["reason"], name


def test_a_connection_that_drops_half_way_is_unreachable(tmp_path: Path) -> None:
    """Half a document, then the host's side is gone: lost, not broken."""
    half = tmp_path / "half"
    half.write_bytes(frame({"schema": "maintkit.facts/1", "filler": "x" * 1000})[:500])
    # The session's sshd is the parent of the shell that runs the command.
    played = visit(tmp_path, Node(name="dropped", command=f"cat {half}; sleep 0.3; kill -9 $PPID; sleep 5"))
    assert played.status("dropped") == "unreachable"


def test_a_host_that_talks_without_end_is_given_up(tmp_path: Path) -> None:
    """100 MB on standard output are not read to the end, and neither are they on standard error."""
    played = visit(
        tmp_path,
        Node(name="loud", command="head -c 100000000 /dev/zero; sleep 60"),
        Node(name="shouting", command="head -c 100000000 /dev/zero >&2; sleep 60"),
        timeout=25,
    )
    assert played.status("loud") == played.status("shouting") == "broken"
    assert "no document in the first" in played.host("loud")["reason"]


def test_hostile_names_and_addresses_are_refused_without_being_tried(tmp_path: Path) -> None:
    """A name that ssh reads as an option, or a template, reaches neither ssh nor the templating engine."""
    proof = tmp_path / "proof"
    played = visit(
        tmp_path,
        Node(name="option", variables={"ansible_host": f"-oProxyCommand=touch {proof}"}),
        Node(name="shell", variables={"ansible_host": f"$(touch {proof})"}),
        Node(name="spaced", variables={"ansible_host": "two words"}),
        Node(name="user", variables={"ansible_user": f'x" -oProxyCommand="touch {proof}'}),
        Node(name="port", variables={"ansible_port": "22; id"}),
    )
    for name in ("option", "shell", "spaced", "user", "port"):
        assert played.status(name) == "refused", name
        assert played.host(name)["took_ms"] < 100
    assert not proof.exists()


def test_what_a_host_says_stays_text_in_later_tasks(tmp_path: Path) -> None:
    """A template in a document, on standard error or in a host's name is printed, never evaluated."""
    lured = frame({"schema": "maintkit.facts/1", "log": LURE, LURE: [LURE]})
    path = tmp_path / "lured"
    path.write_bytes(lured)
    use = {
        "name": "Use",
        "ansible.builtin.debug": {
            "msg": "{{ collected.hosts.lured.facts.log }} {{ collected.hosts.failing.reason }} {{ collected.hosts }}"
        },
        "run_once": True,
    }
    nodes = [
        Node(name="lured", command=f"cat {path}"),
        Node(name="failing", command=f'echo "{LURE}" >&2; exit 3'),
        Node(name="{{lookup('pipe','id')}}", variables={"ansible_host": LURE.replace("id", "echo 127.0.0.1")}),
    ]
    with Fleet(tmp_path / "fleet", nodes) as fleet:
        played = collect(fleet, task=QUICK, after=[use])
    assert played.host("lured")["facts"]["log"] == LURE
    assert LURE in played.host("failing")["reason"]
    assert "uid=" not in played.said
    assert "uid=" not in str(played.collected)
