"""What a table is, how well it was observed, and SQL over what was recorded.

Knows `evidence` only. Nothing here reads a host: rows come from a `Source`.
"""
