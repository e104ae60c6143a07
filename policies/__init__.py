"""What a policy says, what it makes of recorded facts, and what that is worth.

Values in, values out: apart from loading policy files and starting the limited child that
judges again, nothing here touches files, sockets, the environment or a clock. Knows `facts` and
`evidence`; never a collector.
"""
