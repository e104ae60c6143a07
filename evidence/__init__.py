"""Canonical bytes, keys, envelopes, chain, log and receipts: what makes a fact evidence.

This package knows no other. It takes bytes and values and gives bytes and values; the few
functions that touch files (keys, atomic writes) say so in their names.
"""

__version__ = "0.1.0"
