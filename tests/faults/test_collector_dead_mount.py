"""A mount whose server is gone: a real FUSE filesystem that nobody serves, so statvfs on it never returns."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

BUNDLE = Path(__file__).parents[2] / "plugins" / "module_utils" / "collector" / "bundle.py"
# In a mount namespace of its own: the descriptor stays open in a child that never answers, so requests wait for ever.
LAUNCH = """
import ctypes, os, sys, time
target = sys.argv[1]
fuse = os.open("/dev/fuse", os.O_RDWR)
options = "fd=%d,rootmode=40000,user_id=0,group_id=0" % fuse
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"dead:/pacs", target.encode(), b"fuse", 0, options.encode()) != 0:
    sys.exit(77)
if os.fork() == 0:
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    time.sleep(20)
    os._exit(0)
os.close(fuse)
os.execv("/usr/bin/python3", ["python3", "-I", "-S", "-"])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
def test_a_dead_mount_costs_only_itself(tmp_path):
    """It has the state timeout and no numbers; the other mounts have theirs, and the run ends on time."""
    if (
        shutil.which("unshare") is None
        or not os.access("/dev/fuse", os.R_OK)
        or not os.access("/usr/bin/python3", os.X_OK)
    ):
        pytest.skip("needs unshare, /dev/fuse and a system Python")
    dead = tmp_path / "dead"
    dead.mkdir()
    parameters = tmp_path / "parameters.json"
    parameters.write_text(json.dumps({"only": ["filesystems", "host"]}), encoding="utf-8")
    argv = [sys.executable, str(BUNDLE), "--parameters", str(parameters)]
    source = subprocess.run(argv, check=True, capture_output=True).stdout
    began = time.monotonic()
    argv = ["unshare", "-m", "/usr/bin/python3", "-c", LAUNCH, str(dead)]
    done = subprocess.run(argv, input=source, capture_output=True, timeout=60, check=False)
    if done.returncode == 77:
        pytest.skip("the kernel does not mount FUSE here")
    assert time.monotonic() - began < 15
    sections = json.loads(done.stdout.partition(b"\n")[2])["sections"]
    assert sections["filesystems"]["status"] == "ok"
    mounts = {mount["mount"]: mount for mount in sections["filesystems"]["data"]["mounts"]}
    assert mounts[str(dead)]["state"] == "timeout"
    assert mounts[str(dead)]["reason"] == "no answer within 3 s"
    assert "size_bytes" not in mounts[str(dead)]
    assert mounts["/"]["state"] == "ok"
    assert mounts["/"]["size_bytes"] > 0
    assert sections["host"]["status"] == "ok"
