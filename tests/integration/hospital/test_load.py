"""The load generator counts what patients would have seen: no more, no less, and at which moment."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hospital import Site, free_port, running

from lab.hospital import load as load_module
from lab.hospital.load import Load, NotAllowed, Result, Transaction, percentile


def test_without_a_fault_every_transaction_is_in_the_database(versions, site: Site, database) -> None:
    """As many rows as transactions, as many cancelled as DELETEs, none failed, the rate kept."""
    with running(versions["1.0"], site), Load(site.url, workers=4, rate=30, seconds=60) as load:
        time.sleep(3)
    result = load.result()
    assert result.failures() == []
    assert 60 <= len(result.transactions) <= 95
    assert database.one("SELECT count(*) FROM registration") == len(result.transactions)
    assert 0 < result.summary()["latency_ms"]["p50"] <= result.summary()["latency_ms"]["p95"] < 2000


def test_a_killed_service_fails_exactly_while_it_is_away(versions, site: Site, database) -> None:
    """Failures lie between the kill and the restart; before and after there are transactions, and none failed."""
    with Load(site.url, workers=4, rate=30, seconds=60) as load:
        with running(versions["1.0"], site) as process:
            time.sleep(1.5)
            killed = time.time()
            process.kill()
        time.sleep(1)
        with running(versions["1.0"], site):
            back = time.time()
            time.sleep(1.5)
            ended = time.time()
    result = load.result()
    # Until somebody listened for the first time, nothing could succeed.
    begun = min(one.started for one in result.succeeded())
    assert len(result.succeeded(between=(begun, killed))) > 20
    assert result.failures(between=(begun, killed - 1)) == []
    assert len(result.failures(between=(killed, back))) > 15
    assert len(result.succeeded(between=(back, ended))) > 20
    assert result.failures(between=(back + 1, ended - 0.1)) == []
    reasons = {one.reason for one in result.failures(between=(killed + 0.1, back))}
    assert reasons == {"Connection refused"}
    # A registration may have been committed and its answer lost: never the other way round.
    booked = database.one("SELECT count(*) FROM registration")
    assert booked >= len(result.succeeded())


def test_a_version_that_fails_its_users_fails_every_transaction(versions, site: Site) -> None:
    """1.2 as a patient sees it."""
    site.migrate(versions["1.2"])
    with running(versions["1.2"], site), Load(site.url, workers=2, rate=20) as load:
        time.sleep(1)
    summary = load.result().summary()
    assert summary["ok"] == 0
    assert summary["by_reason"] == {"POST: 500 internal error": summary["transactions"]}
    assert summary["latency_ms"] == {"p50": None, "p95": None}


def test_it_ends_by_itself_and_prints_json(versions, site: Site) -> None:
    """The command, with its bound in time."""
    with running(versions["1.0"], site):
        command = [sys.executable, load_module.__file__, site.url, "--seconds", "1", "--rate", "20", "--workers", "2"]
        begun = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert 1 <= time.monotonic() - begun < 10
    summary = json.loads(done.stdout)
    assert (summary["failed"], summary["failures"]) == (0, [])
    assert 10 <= summary["ok"] <= 21


def test_nothing_is_sent_faster_than_the_rate_even_after_a_stall() -> None:
    """What could not be sent in time is not caught up in a burst."""
    with Load(f"http://127.0.0.1:{free_port()}", workers=3, rate=50) as load:
        time.sleep(1)
    starts = sorted(one.started for one in load.result().transactions)
    assert 30 <= len(starts) <= 52
    assert min(later - earlier for earlier, later in pairwise(starts[::5])) > 0.04


@pytest.mark.parametrize(
    "url", ["http://8.8.8.8", "https://[2001:4860:4860::8888]/", "http://0.0.0.0:80", "ftp://127.0.0.1"]
)
def test_only_loopback_and_private_addresses_are_loaded(url: str) -> None:
    """Load on a stranger's host is an attack."""
    with pytest.raises(NotAllowed):
        Load(url)


def test_the_command_says_why_it_refuses() -> None:
    """One line, no traceback."""
    done = subprocess.run(
        [sys.executable, load_module.__file__, "http://192.88.99.1"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "load only goes to loopback and private addresses" in done.stderr
    assert "Traceback" not in done.stderr


def test_failures_are_attributed_to_the_time_they_were_under_way() -> None:
    """A failure that began before the interval and ended in it belongs to it; a success must lie inside."""
    one, two = (
        Transaction(started=begin, ended=begin + 2, post_seconds=1, step=step, reason=reason)
        for begin, step, reason in ((10.0, "POST", "timeout"), (20.0, "", ""))
    )
    result = Result("http://127.0.0.1", (one, two))
    assert result.failures(between=(11, 30)) == [one]
    assert result.failures(between=(12.5, 30)) == []
    assert result.succeeded(between=(20, 22)) == [two]
    assert result.succeeded(between=(21, 30)) == []


def test_percentiles_are_nearest_rank() -> None:
    """Of 1 to 100, the 95th is 95; of one, it is that one."""
    values = [float(n) for n in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 95), percentile([7.0], 95)) == (50.0, 95.0, 7.0)
    assert percentile([], 50) is None


def test_it_needs_nothing_but_the_standard_library() -> None:
    """It also runs where nothing is installed."""
    command = [sys.executable, "-I", "-S", str(Path(load_module.__file__)), "--help"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
