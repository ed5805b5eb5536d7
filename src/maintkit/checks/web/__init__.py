"""Checks of what users reach: pages, metrics and certificates; one file a subject, limits in limits.yml."""
