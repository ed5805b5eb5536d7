"""A collector on a sick host: it ends on time, says what it could not learn, and leaves no trace."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BUNDLE = Path(__file__).parents[2] / "plugins" / "module_utils" / "collector" / "bundle.py"
TEMPLATE = "{{ lookup('pipe','id') }}"


def script(parameters: dict[str, Any], folder: Path) -> bytes:
    path = folder / "parameters.json"
    path.write_text(json.dumps(parameters), encoding="utf-8")
    argv = [sys.executable, str(BUNDLE), "--parameters", str(path)]
    return subprocess.run(argv, check=True, capture_output=True).stdout


def collect(parameters: dict[str, Any], folder: Path, **options: Any) -> dict[str, Any]:
    """The document of a run with these parameters, its frame checked."""
    argv = [sys.executable, "-I", "-S", "-"]
    source = script(parameters, folder)
    done = subprocess.run(argv, input=source, capture_output=True, timeout=60, check=False, **options)
    assert (done.returncode, done.stderr) == (0, b"")
    header, _, body = done.stdout.partition(b"\n")
    assert header.split()[2] == hashlib.sha256(body[:-1]).hexdigest().encode()
    return json.loads(body)


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """Accepts and never answers; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_never_answers_costs_its_probe_alone(tmp_path):
    """The probe has an error, the gauge of another address too, the host's facts are there."""
    with silent_server() as port:
        parameters = {
            "only": ["web", "host", "certificates"],
            "probes": [{"name": "his", "url": f"http://127.0.0.1:{port}/", "timeout_s": 0.5}],
            "gauges": [{"name": "q", "url": "http://127.0.0.1:1/", "metric": "x"}],
            "tls": [f"127.0.0.1:{port}"],
        }
        began = time.monotonic()
        document = collect(parameters, tmp_path)
    web = document["sections"]["web"]["data"]
    assert "timed out" in web["probes"][0]["error"] or "no answer" in web["probes"][0]["error"]
    assert "refused" in web["gauges"][0]["error"].lower()
    found = document["sections"]["certificates"]["data"]["certificates"]
    (certificate,) = [one for one in found if one["where"].endswith(str(port))]
    assert certificate["error"]
    assert document["sections"]["host"]["status"] == "ok"
    assert time.monotonic() - began < 15


def drip(server: socket.socket, stop: threading.Event) -> None:
    """Answers one byte a tenth of a second, for ever: no single read ever times out."""
    connection, _ = server.accept()
    with connection, contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not stop.wait(0.1):
            connection.sendall(b"x")


def test_a_server_that_drips_is_cut_at_the_probes_limit(tmp_path):
    """The limit is on the whole, not on each byte."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server, stop))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        document = collect({"only": ["web"], "probes": [{"name": "d", "url": url, "timeout_s": 0.5}]}, tmp_path)
        stop.set()
        thread.join()
    (probe,) = document["sections"]["web"]["data"]["probes"]
    assert probe["error"] == "no answer within 1 s"


def log_of(document: dict[str, Any]) -> dict[str, Any]:
    (log,) = document["sections"]["applogs"]["data"]["logs"]
    return log


def test_a_log_that_is_a_fifo_is_refused_not_opened(tmp_path):
    """Opening it would wait for a writer for ever."""
    os.mkfifo(tmp_path / "app.log")
    log = log_of(
        collect({"only": ["applogs"], "logs": [{"path": str(tmp_path / "app.log"), "pattern": "x"}]}, tmp_path)
    )
    assert (log["state"], log.get("errors")) == ("error", None)
    assert "not a regular file" in log["reason"]


def test_a_log_of_100_mb_is_read_from_its_end_within_bounds(tmp_path):
    """A few MB, honest about the rest, in little time and little output."""
    path = tmp_path / "app.log"
    line = b"2099-01-01 00:00:00 ERROR order 12345 failed in 17 ms\n"
    with path.open("wb") as stream:
        for _ in range(200):
            stream.write(line * (100_000_000 // 200 // len(line)))
    parameters = {"only": ["applogs"], "logs": [{"path": str(path), "pattern": "ERROR"}], "since_at": 0}
    document = collect(parameters, tmp_path)
    log = log_of(document)
    assert log["size_bytes"] > 99_000_000
    assert log["read_bytes"] <= 8 * 1024 * 1024
    assert (log["complete"], len(log["top"])) == (False, 1)
    assert log["errors"] == log["top"][0]["count"] > 10_000
    assert document["took_ms"] < 20_000
    path.unlink()


def test_gbk_and_binary_lines_are_counted_and_shown(tmp_path):
    """The pattern matches in either encoding; what is no text at all breaks nothing."""
    path = tmp_path / "his.log"
    lines = [
        "2099-01-01 00:00:00 错误: 挂号失败".encode("gb18030"),
        "2099-01-01 00:00:01 错误: 收费失败".encode(),
        b"2099-01-01 00:00:02 ERROR \xff\xfe\x00\x1b[31m binary",
        f"2099-01-01 00:00:03 ERROR {TEMPLATE} =HYPERLINK(1)".encode(),
        b"fine",
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    log = log_of(collect({"only": ["applogs"], "logs": [{"path": str(path), "pattern": "错误|ERROR"}]}, tmp_path))
    texts = " ".join(message["text"] for message in log["top"])
    assert log["errors"] == 4
    assert "挂号失败" in texts
    assert "收费失败" in texts
    assert TEMPLATE in texts
    assert "\x1b" not in texts
    assert "\x00" not in texts


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.13"])
def test_a_log_with_a_chinese_name_is_read_in_the_c_locale(tmp_path, version):
    """Old Pythons think that file names are ASCII there; rotated parts are found too."""
    pythons = list(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python"))
    if not pythons:
        pytest.skip(f"no Python {version} on this machine")
    folder = tmp_path / "日志"
    folder.mkdir()
    (folder / "挂号.log").write_text("2099-01-02 00:00:00 ERROR 二\n", encoding="utf-8")
    (folder / "挂号.log.1").write_text("2099-01-01 00:00:00 ERROR 一\n", encoding="utf-8")
    (folder / "挂号.log.1".encode("gb18030").decode("utf-8", "surrogateescape")).write_bytes(b"ERROR\n")
    parameters = {"only": ["applogs"], "logs": [{"path": str(folder / "挂号.log"), "pattern": "ERROR"}], "since_at": 0}
    argv = [str(pythons[0]), *(("-E", "-s") if version == "2.7" else ("-I",)), "-S", "-"]
    environment = {"LC_ALL": "C", "PATH": os.environ["PATH"]}
    source = script(parameters, tmp_path)
    done = subprocess.run(argv, input=source, capture_output=True, timeout=60, check=True, env=environment)
    log = log_of(json.loads(done.stdout.partition(b"\n")[2]))
    assert (log["state"], log["errors"]) == ("ok", 2)
    assert {message["text"] for message in log["top"]} == {"#-#-# # ERROR 一", "#-#-# # ERROR 二"}


def test_missing_forbidden_and_nonsense_logs_are_told_apart(tmp_path):
    """A pattern that is none, a file that is not there, a folder."""
    logs = [
        {"path": str(tmp_path / "none.log"), "pattern": "x"},
        {"path": str(BUNDLE), "pattern": "("},
        {"path": str(tmp_path), "pattern": "x"},
    ]
    found = collect({"only": ["applogs"], "logs": logs}, tmp_path)["sections"]["applogs"]["data"]["logs"]
    assert [one["state"] for one in found] == ["missing", "error", "error"]
    assert all(one["reason"] for one in found)


def test_a_pattern_that_never_ends_costs_its_section_alone(tmp_path):
    """Catastrophic backtracking is cut by the section's limit."""
    (tmp_path / "a.log").write_bytes(b"a" * 40 + b"!\n")
    logs = [{"path": str(tmp_path / "a.log"), "pattern": "^(a+)+$"}]
    document = collect({"only": ["applogs", "host"], "logs": logs, "section_timeout_s": 1.5}, tmp_path)
    assert document["sections"]["applogs"]["status"] == "timeout"
    assert document["sections"]["applogs"]["reason"] == "no answer within 1.5 s"
    assert document["sections"]["host"]["status"] == "ok"


def test_the_total_limit_holds_even_when_sections_want_more(tmp_path):
    """Ten seconds of sample in two seconds of time: those sections are late, the others there."""
    began = time.monotonic()
    document = collect({"only": ["cpu", "disks", "host"], "sample_s": 30, "total_timeout_s": 2}, tmp_path)
    assert time.monotonic() - began < 10
    assert document["sections"]["cpu"]["status"] == "timeout"
    assert "total limit of 2 s" in document["sections"]["cpu"]["reason"]
    assert document["sections"]["host"]["status"] == "ok"


def test_a_reader_that_has_gone_gives_no_traceback(tmp_path):
    """The connection was cut: the collector ends, quietly, not with success."""
    source = script({"only": ["host", "accounts"]}, tmp_path)
    argv = [sys.executable, "-I", "-S", "-"]
    read_end, write_end = os.pipe()
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=write_end, stderr=subprocess.PIPE) as process:
        os.close(write_end)
        os.close(read_end)
        _, err = process.communicate(source, timeout=30)
    assert err == b""
    assert process.returncode != 0


def test_a_killed_collector_leaves_no_process_for_long(tmp_path):
    """SIGKILL to its main process; its children end by themselves."""
    source = script({"only": ["cpu", "host"], "sample_s": 1.5}, tmp_path)
    argv = [sys.executable, "-I", "-S", "-"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdin is not None
        process.stdin.write(source)
        process.stdin.close()
        time.sleep(0.7)
        session = os.getsid(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        deadline = time.monotonic() + 10
        while session_members(session) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert session_members(session) == []


def session_members(session: int) -> list[int]:
    """Processes of a session that still run."""
    found = []
    for pid in [int(path.name) for path in Path("/proc").glob("[0-9]*")]:
        with contextlib.suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            if os.getsid(pid) == session and state != "Z":
                found.append(pid)
    return found


def test_a_host_whose_temporary_folder_is_full_or_gone_is_collected(tmp_path):
    """It needs none: in a mount namespace where /tmp and /var/tmp are full and read-only."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare")
    source = script({"sample_s": 0.1}, tmp_path)
    shell = (
        "mount -t tmpfs -o size=4k tmpfs /tmp && head -c 4096 /dev/zero > /tmp/full 2>/dev/null; "
        "mount -t tmpfs -o ro tmpfs /var/tmp && exec /usr/bin/python3 -I -S -"
    )
    argv = ["unshare", "-m", "sh", "-c", shell]
    done = subprocess.run(argv, input=source, capture_output=True, timeout=60, check=False)
    document = json.loads(done.stdout.partition(b"\n")[2])
    assert [name for name, one in document["sections"].items() if one["status"] in ("error", "timeout")] == []


def test_a_host_name_with_a_template_in_it_stays_text(tmp_path):
    """In a namespace of its own, for the kernel lets a name be anything."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare")
    source = script({"only": ["host"]}, tmp_path)
    code = f"import socket,os; socket.sethostname({TEMPLATE!r}); os.execv('/usr/bin/python3',['python3','-I','-S','-'])"
    argv = ["unshare", "-u", "/usr/bin/python3", "-c", code]
    done = subprocess.run(argv, input=source, capture_output=True, timeout=60, check=True)
    assert json.loads(done.stdout.partition(b"\n")[2])["sections"]["host"]["data"]["hostname"] == TEMPLATE


def test_nothing_on_the_host_is_written(tmp_path):
    """Every system call that could create, change or remove a file, in all its processes, under strace."""
    if os.geteuid() != 0 or shutil.which("strace") is None:
        pytest.skip("needs root and strace")
    (tmp_path / "sets" / "full").mkdir(parents=True)
    (tmp_path / "sets" / "full" / "xtrabackup_info").touch()
    (tmp_path / "sets" / "a.sql.gz").write_bytes(gzip.compress(b"-- MySQL dump 10.13\n"))
    sets = [{"tool": tool, "name": tool, "path": str(tmp_path / "sets")} for tool in ("mariadb-backup", "mysqldump")]
    source = script({"sample_s": 0.1, "section_timeout_s": 40, "total_timeout_s": 90, "backups": sets}, tmp_path)
    trace = tmp_path / "trace"
    calls = "%file,ftruncate,fchmod,fchown,mkdirat,unlinkat,renameat2"
    argv = ["strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={calls}", "/usr/bin/python3", "-I", "-S", "-"]
    done = subprocess.run(argv, input=source, capture_output=True, timeout=120, check=False)
    assert done.stdout.startswith(b"MAINTKIT-FACTS/1 ")
    changing = [line for line in trace.read_text(errors="replace").splitlines() if changes(line)]
    assert changing == []


def changes(line: str) -> bool:
    """Whether a traced call succeeded in changing a file. A file without a name, in memory (apt's), is none."""
    call = line.split(None, 1)[1]
    if " = -1 " in call or "/dev/null" in call or call.startswith(("+++", "---", "<...")):
        return False
    if '"/dev/shm"' in call and "O_TMPFILE" in call:
        return False
    name = call.partition("(")[0]
    if name.startswith(("open", "creat")):
        return any(flag in call for flag in ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC")) and "/dev/tty" not in call
    return name.startswith(
        ("mkdir", "rename", "unlink", "link", "symlink", "chmod", "fchmod", "chown", "fchown")
    ) or name in (
        "truncate",
        "ftruncate",
        "utimensat",
        "mknod",
        "rmdir",
        "setxattr",
    )


def test_a_host_without_room_for_a_process_still_answers(tmp_path):
    """The process table is full: every section says so, and the frame comes."""
    if os.geteuid() != 0:
        pytest.skip("needs root to become another user")
    source = script({"only": ["host", "memory"]}, tmp_path)
    code = (
        "import os, resource; os.setgroups([]); os.setgid(64998); os.setuid(64998);"
        "resource.setrlimit(resource.RLIMIT_NPROC, (1, 1));"
        "os.execv('/usr/bin/python3', ['python3', '-I', '-S', '-'])"
    )
    argv = ["/usr/bin/python3", "-c", code]
    done = subprocess.run(argv, input=source, capture_output=True, timeout=60, check=True)
    sections = json.loads(done.stdout.partition(b"\n")[2])["sections"]
    assert {one["status"] for one in sections.values()} == {"error"}
    assert sections["host"]["reason"] == "the host has no room for another process"


CANARY = "CANARY-8f2c"


def test_no_secret_of_the_host_is_told(tmp_path):
    """Planted in shadow, crontab, keys, a private key, an argument and an environment: in no byte of the output."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare")
    blob = "AAAAC3NzaC1lZDI1NTE5AAAAIHlmYYzcd8XnZhTKWlGAVbMIzgEbSSF0Xgn6g5x0uNzD"
    files = {
        "/etc/shadow": f"root:$6${CANARY}$x:19000:0:99999:7:::\n",
        "/etc/cron.d/e2scrub_all": f"1 1 * * * root PGPASSWORD={CANARY} pg_dump --password={CANARY}\n",
        "/root/.ssh/authorized_keys": f'command="x {CANARY}",environment="T={CANARY}" ssh-ed25519 {blob} me\n',
    }
    key = tmp_path / "key.pem"
    key.write_text(f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n", encoding="utf-8")
    mounts = []
    for number, (target, text) in enumerate(files.items()):
        source = tmp_path / str(number)
        source.write_text(text, encoding="utf-8")
        if Path(target).exists():
            mounts.append(f"mount --bind {source} {target}")
    url = f"http://user:{CANARY}@127.0.0.1:1/"
    parameters = {"sample_s": 0.1, "certificates": [str(key)], "probes": [{"name": "p", "url": url}]}
    program = script(parameters, tmp_path)
    shell = " && ".join([*mounts, "exec /usr/bin/python3 -I -S -"])
    with subprocess.Popen(["/bin/sleep", "60"], env={"SECRET": CANARY}) as other:
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", shell, CANARY],
            input=program,
            capture_output=True,
            timeout=60,
            check=True,
            env={"DB_PASSWORD": CANARY, "PATH": os.environ["PATH"]},
        )
        other.kill()
    assert mounts
    assert CANARY.encode() not in done.stdout + done.stderr
    accounts = json.loads(done.stdout.partition(b"\n")[2])["sections"]["accounts"]["data"]["accounts"]
    assert [one["password"] for one in accounts if one["name"] == "root"] == ["set"]
