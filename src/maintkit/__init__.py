"""A maintenance service contract, as code."""

__version__ = "0.1.0"
