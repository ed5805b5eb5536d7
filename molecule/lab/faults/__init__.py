"""Faults for booted hosts: each is a context manager that injects one for real and undoes exactly what it did.

One file a subject. Where the kernel has a value only once for the whole machine (load, memory, block devices …), a host
is shown one of its own: `view` puts a file over the kernel's, and the docstrings say "view".
"""
