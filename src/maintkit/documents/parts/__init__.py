"""Sections that records are put together from, one file each."""
