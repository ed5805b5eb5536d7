"""`maintkit ledger` as its users run it, and the verifier of docs/ledger.md as a stranger would."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maintkit.clock import FixedClock
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

ROOT = Path(__file__).parents[2]
CLOCK = FixedClock(at=datetime(2026, 11, 24, 2, 38, 14, tzinfo=UTC))


def maintkit(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The real command line."""
    program = [sys.executable, "-c", "from maintkit.cli.main import main; main()", "ledger", *map(str, arguments)]
    return subprocess.run(program, capture_output=True, text=True, check=False, cwd="/")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with a ledger of three entries and a key that may sign."""
    root = tmp_path / "site"
    (root / "ledger").mkdir(parents=True)
    (root / "signers").mkdir()
    (root / "maintkit.yml").write_text("engineer: 张伟\n", encoding="utf-8")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "id")], check=True)
    public = (tmp_path / "id.pub").read_text(encoding="ascii")
    (root / "signers" / "allowed_signers").write_text(f"zhang.wei {public}", encoding="ascii")
    with Ledger.create(f"sqlite:///{root}/ledger/ledger.db", clock=CLOCK, redactor=Redactor()) as ledger:
        facts = ledger.seal(b'{"disk": "full"}')
        ledger.append("inspection.started", {"engineer": "张伟"}, run="20261124-1")
        ledger.append("facts.collected", {}, run="20261124-1", subject="his-app-01", attachments=[facts])
        ledger.append(
            "host.judged",
            {"excerpt": "\x1b]0;owned\x07\x1b[31mred\u202e\nnext"},
            run="20261124-1",
            subject="\x1b[2Jlis",
        )
    return root


def tamper(site: Path, statement: str) -> None:
    """Change a row behind the triggers' back."""
    connection = sqlite3.connect(site / "ledger" / "ledger.db")
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    for _, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.close()


def test_a_good_ledger_verifies_and_says_what_was_not_checked(site: Path) -> None:
    """Exit 0, the number of entries, and that no anchor was there."""
    done = maintkit("verify", "--site", site)
    assert (done.returncode, done.stderr) == (0, "")
    assert "entries  3" in done.stdout
    assert "no anchor was checked" in done.stdout
    assert done.stdout.endswith("result   intact\n")


def test_an_altered_entry_ends_with_exit_21_and_its_number(site: Path) -> None:
    """In words for people and in JSON for scripts."""
    tamper(site, "UPDATE entry SET subject = 'his-app-02' WHERE seq = 2")
    done = maintkit("verify", "--site", site)
    assert done.returncode == 21
    assert "entry 2: its content was altered" in done.stderr
    done = maintkit("verify", "--site", site, "--json")
    assert done.returncode == 21
    result = json.loads(done.stdout)
    assert (result["intact"], result["entries"]) == (False, 1)
    assert {key: result["problems"][0][key] for key in ("what", "seq")} == {"what": "altered", "seq": 2}


def test_anchor_then_cut_then_verify(site: Path, tmp_path: Path) -> None:
    """What a hospital would do with its own copy of the anchors."""
    done = maintkit("anchor", "--site", site, "--key", tmp_path / "id")
    assert done.returncode == 0, done.stderr
    assert "signed entry 3" in done.stdout
    assert "anchors  1" in maintkit("verify", "--site", site).stdout
    tamper(site, "DELETE FROM entry WHERE seq > 2")
    done = maintkit("verify", "--site", site)
    assert done.returncode == 21
    assert "entry 3: missing up to 3" in done.stderr


def test_a_key_that_is_revoked_beside_the_signers_is_not_believed(site: Path, tmp_path: Path) -> None:
    """`revoked_keys` needs no option, so nobody can forget it."""
    maintkit("anchor", "--site", site, "--key", tmp_path / "id")
    revoked = site / "signers" / "revoked_keys"
    revoked.write_text((tmp_path / "id.pub").read_text(encoding="ascii"), encoding="ascii")
    done = maintkit("verify", "--site", site)
    assert done.returncode == 21
    assert "anchor 3-" in done.stderr


def test_a_bad_key_ends_with_exit_23(site: Path) -> None:
    """ssh-keygen's words, a hint, and no traceback."""
    done = maintkit("anchor", "--site", site, "--key", site / "maintkit.yml")
    assert done.returncode == 23
    assert "ssh-keygen -Y sign" in done.stderr
    assert "hint:" in done.stderr


def test_show_lists_and_shows_without_steering_the_terminal(site: Path) -> None:
    """Escape sequences, direction overrides and line breaks of stored text never reach the terminal."""
    listed = maintkit("show", "--site", site)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["1", "2", "3"]
    assert "+1 attached" in listed.stdout
    shown = maintkit("show", "--site", site, 3)
    assert "host.judged" in shown.stdout
    assert "张伟" in maintkit("show", "--site", site, 1).stdout
    for output in (listed.stdout, shown.stdout):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", output)


def test_show_filters_and_prints_json_lines(site: Path) -> None:
    """kind, run, subject and last narrow; a line is an entry."""
    rows = [json.loads(line) for line in maintkit("show", "--site", site, "--json", "--last", 2).stdout.splitlines()]
    assert [row["seq"] for row in rows] == [2, 3]
    assert rows[0]["at"] == "2026-11-24T02:38:14.000000Z"
    done = maintkit("show", "--site", site, "--kind", "facts.collected", "--subject", "his-app-01", "--json")
    assert [json.loads(line)["seq"] for line in done.stdout.splitlines()] == [2]
    assert maintkit("show", "--site", site, "--run", "none").stdout == ""


def test_an_entry_that_is_not_there_ends_with_exit_7(site: Path) -> None:
    """The hint says how far the ledger goes."""
    done = maintkit("show", "--site", site, 99)
    assert done.returncode == 7
    assert "the last entry is 3" in done.stderr


def test_an_exported_file_verifies_where_there_is_no_site(site: Path, tmp_path: Path) -> None:
    """Exported, carried away with anchors and signers, and verified there; damage is noticed there too."""
    maintkit("anchor", "--site", site, "--key", tmp_path / "id")
    file = tmp_path / "copy.jsonl.gz"
    assert maintkit("export", "--site", site, file).returncode == 0
    trust = ("--signers", site / "signers" / "allowed_signers", "--anchors", site / "anchors")
    done = maintkit("verify", "--export", file, *trust)
    assert done.returncode == 0, done.stderr
    assert "anchors  1" in done.stdout
    file.write_bytes(file.read_bytes()[:-40])
    assert maintkit("verify", "--export", file).returncode == 21


def test_a_script_learns_what_was_signed_and_exported(site: Path, tmp_path: Path) -> None:
    """One JSON object: the file that was written, and the head it holds."""
    file = tmp_path / "copy.jsonl"
    signed = json.loads(maintkit("anchor", "--site", site, "--key", tmp_path / "id", "--json").stdout)
    written = json.loads(maintkit("export", "--site", site, file, "--json").stdout)
    assert Path(signed.pop("anchor")).parent == site / "anchors"
    assert Path(written.pop("file")) == file
    for head, seq in ((signed, 3), (written, 4)):  # the signature is an entry too
        assert head == {"seq": seq, "hash": json.loads(maintkit("show", "--site", site, seq, "--json").stdout)["hash"]}


def test_a_ledger_is_named_by_url_too(site: Path) -> None:
    """Without a site; a mistyped anchors directory is an error of the command line, not an empty set."""
    url = f"sqlite:///{site}/ledger/ledger.db"
    assert maintkit("verify", "--ledger", url).returncode == 0
    assert maintkit("verify", "--ledger", url, "--anchors", "/no/such/directory").returncode == 2
    assert maintkit("anchor", "--ledger", url, "--key", "/dev/null").returncode == 2
    assert maintkit("verify", "--ledger", "sqlite:////no/such/ledger.db").returncode == 9


def test_the_verifier_of_the_documentation_agrees(site: Path, tmp_path: Path) -> None:
    """A stranger's twenty lines find the same head, and the same first bad entry."""
    documented = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(documented) == 1
    program = tmp_path / "verifier.py"
    program.write_text(documented[0], encoding="utf-8")

    def verify() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(program), str(site / "ledger" / "ledger.db")]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    head = json.loads(maintkit("verify", "--site", site, "--json").stdout)["head"]
    assert verify().stdout == f"3 entries verify, head {head['hash']}\n"
    tamper(site, "UPDATE attachment SET content = X'789c030000000001'")
    assert "entry 2: attachment" in verify().stderr
    tamper(site, "UPDATE entry SET subject = 'lis' WHERE seq = 1")
    assert verify().stderr == "entry 1 is bad\n"
