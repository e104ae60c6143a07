"""What a service tells systemd (sd_notify(3)): one datagram, or nothing where nobody listens."""

import os
import socket
from contextlib import suppress


def notify(text: str) -> None:
    """Send `text`, such as `READY=1`, to whoever started this service."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.settimeout(0)  # a service manager that does not listen must not stop us
        s.connect("\0" + address[1:] if address[0] == "@" else address)
        s.sendall(text.encode("utf-8"))


def watchdog_interval_s() -> float | None:
    """How often systemd wants to hear `WATCHDOG=1`, halved for safety; None if it does not."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2_000_000 if microseconds.isdigit() else None
