"""The agent: `anfang`, its daemon and its on-demand scan.

A composition root: it knows every other package but `server`. What leaves this host, and when,
is decided here and nowhere else. It never executes what it is sent.
"""
