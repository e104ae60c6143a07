"""The view of the host that a scan has: whoever reads the facts must know what could be seen."""

import os
from contextlib import suppress
from pathlib import Path

from agent.roots import LIVE, recorded
from evidence.statement import View

RECORDED = "recorded"


def view(root: str) -> View:
    """User, capabilities, namespaces and hidepid of this process, or of who recorded `root`."""
    head = recorded(root)
    if head is not None:
        then = head.view
        return View(then.uid, then.capabilities, then.namespaces, then.hidepid, RECORDED)
    namespaces = {}
    for name in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
        with suppress(OSError):  # a kernel without it
            target = str(Path(f"/proc/self/ns/{name}").readlink())
            namespaces[name] = target.partition("[")[2].rstrip("]")
    return View(
        uid=os.geteuid(),
        capabilities=_capabilities(),
        namespaces=namespaces,
        hidepid=_hidepid(),
        root=LIVE if root == LIVE else RECORDED,
    )


def _capabilities() -> str:
    """In hexadecimal; empty where there is no /proc to say."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("CapEff:"):
                return line.split()[1]
    return ""


def _hidepid() -> str:
    """How /proc was mounted last: `off`, or the value of its hidepid option (proc(5)).

    Empty where there is no /proc to say.
    """
    try:
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    found = "off"
    for line in mounts:
        fields = line.split()
        if fields[4] == "/proc":
            options = fields[-1].split(",")
            found = next((o.removeprefix("hidepid=") for o in options if "hidepid=" in o), "off")
    return found
