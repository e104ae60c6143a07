"""Whether /proc shows this process all others, and which of them it may look into.

Three things hide processes without an error: a PID namespace other than the initial one, the
mount option hidepid (see Documentation/filesystems/proc.rst in the kernel's sources), and the
capability to trace being absent.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.errors import condition_of
from collectors.host import Host
from collectors.mountinfo import MountTable
from evidence import canonical
from facts.status import COMPLETE, Condition, Status, condition

_INITIAL_PID_NAMESPACE = "pid:[4026531836]"
_INITIAL_USER_NAMESPACE = "user:[4026531837]"
_CAP_DAC_READ_SEARCH, _CAP_SYS_PTRACE = 2, 19
_OPEN = ("", "0", "off")
_PTRACEABLE = ("4", "ptraceable")


@dataclass(frozen=True, slots=True)
class View:
    """How far this process sees others."""

    listing: Condition
    """Whether every process is listed in /proc, with what anyone may read of it."""
    lacking: tuple[str, ...]
    """The capabilities lacking to look into all of them."""

    def denied(self, path: str) -> Condition:
        """What a column is, when the kernel refused `path` of some process."""
        if self.lacking:
            return condition(Status.DENIED, "missing_privilege", ", ".join(self.lacking))
        return condition(Status.DENIED, "permission_denied", path)


def view(host: Host) -> View:
    """How far this process sees others."""
    try:
        return _view(host)
    except (ValueError, LookupError):
        return View(condition(Status.UNREADABLE, "malformed_source", "/proc/self"), ())
    except OSError as e:
        return View(condition_of(e, "/proc"), ())


def _view(host: Host) -> View:
    status = fields(host.read("/proc/self/status"))
    namespace = host.link("/proc/self/ns/pid")
    in_initial_user_namespace = host.link("/proc/self/ns/user") == _INITIAL_USER_NAMESPACE
    mounts = MountTable.parse(host.read("/proc/self/mountinfo"))
    host.names("/proc")
    capabilities = int(status["CapEff"], 16) if in_initial_user_namespace else 0
    names = {_CAP_SYS_PTRACE: "CAP_SYS_PTRACE", _CAP_DAC_READ_SEARCH: "CAP_DAC_READ_SEARCH"}
    lacking = tuple(name for bit, name in names.items() if not capabilities >> bit & 1)
    if namespace != _INITIAL_PID_NAMESPACE:
        return View(condition(Status.UNREADABLE, "container", namespace), lacking)
    options = _options(mounts.way("/proc")[-1].options)
    hidepid = options.get("hidepid", "")
    member = options.get("gid", "0") in (
        *status.get("Groups", "").split(),
        status["Gid"].split()[3],
    )
    exempt = "CAP_SYS_PTRACE" not in lacking or (member and hidepid not in _PTRACEABLE)
    if hidepid not in _OPEN and not exempt:
        return View(condition(Status.UNREADABLE, "hidepid", hidepid), lacking)
    return View(COMPLETE, lacking)


def fields(data: bytes) -> Mapping[str, str]:
    """The `Name: value` lines of a file such as /proc/self/status."""
    lines = (line.partition(":") for line in canonical.text(data).split("\n"))
    return {name: value.strip() for name, _, value in lines}


def _options(options: str) -> Mapping[str, str]:
    return dict(option.partition("=")[::2] for option in options.split(","))
