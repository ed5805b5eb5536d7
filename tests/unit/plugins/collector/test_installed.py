"""Installed packages by source, from dpkg's status file."""

from __future__ import annotations

STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.36-9+deb12u9

Package: libc-bin
Status: hold ok installed
Architecture: amd64
Source: glibc
Version: 2.36-9+deb12u9

Package: python3-apt
Status: install ok installed
Architecture: amd64
Source: python-apt (2.6.0)
Version: 2.6.0+b1

Package: adduser
Status: install ok installed
Architecture: all
Version: 3.134

Package: nginx
Status: deinstall ok config-files
Architecture: all
Version: 1.22.1-9
"""


def test_binaries_stand_under_their_source_and_its_own_version(part):
    """Held packages count, removed ones do not; what was built anew has the version in parentheses."""
    assert part("installed").by_source(STATUS) == [
        {"name": "adduser", "version": "3.134", "binaries": ["adduser"]},
        {"name": "glibc", "version": "2.36-9+deb12u9", "binaries": ["libc-bin", "libc6"]},
        {"name": "python-apt", "version": "2.6.0", "binaries": ["python3-apt"]},
    ]


def test_an_empty_status_file_gives_no_packages(part):
    assert part("installed").by_source("") == []
