"""Hosts that really boot: systemd-nspawn containers from one cached Debian base, for molecule, pytest and by hand."""

from lab.host import Done, Host
from lab.image import File, Layer
from lab.lab import Lab, Spec, lab, load, make, names, sweep
from lab.places import LabError, why_not

__all__ = [
    "Done",
    "File",
    "Host",
    "Lab",
    "LabError",
    "Layer",
    "Spec",
    "lab",
    "load",
    "make",
    "names",
    "sweep",
    "why_not",
]
