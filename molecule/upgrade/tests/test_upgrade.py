"""What the whole way leaves: the version, its schema and the restore point."""

from __future__ import annotations


def test_version_schema_and_restore_point_are_there(host):
    """In the order in which they are made."""
    assert host.package("demo").version == "1.1"
    steps = host.check_output(
        "ls -1 --sort=time --reverse --time-style=full-iso -d /var/lib/maintkit/runs/molecule/steps/*"
    )
    assert [step.rpartition("/")[2] for step in steps.split()] == [
        "restore-point",
        "stop",
        "change",
        "migrate",
        "restart",
    ]
    assert host.file("/root/restore-point").exists
    assert host.file("/root/migrated").exists
