"""Readers of the host, one module a family, behind one seam (`collectors.host`).

Knows `facts`. A collector observes and says how well; it never judges, never writes, and reads
nothing but what its table's specification names as source.
"""
