"""Which security modules guard this host now, and what they are configured to do.

The kernel lists its modules in /sys/kernel/security/lsm (since Linux 4.11); SELinux, AppArmor
and KySEC say more of themselves. KySEC is Kylin's: it is on a host that has /etc/kysec or its
directory below /sys/kernel/security, and its own program, /usr/sbin/getstatus, is asked.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping

from collectors import apparmor, selinux
from collectors.config import decoded, first, lines, present
from collectors.errors import ProgramFailedError, condition_of
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_SECURITYFS = "/sys/kernel/security"
_LIST = f"{_SECURITYFS}/lsm"
_LOCKDOWN = f"{_SECURITYFS}/lockdown"
_YAMA = "/proc/sys/kernel/yama/ptrace_scope"
_PROFILES = f"{apparmor.ROOT}/profiles"
_PROFILE = re.compile(r".* \((\w+)\)")
_REFUSING = ("enforce", "kill")
_SELINUX_CONFIG = "/etc/selinux/config"
_SELINUX_MODES = {"1": "enforcing", "0": "permissive"}
_KYSEC = (f"{_SECURITYFS}/kysec", "/etc/kysec")
_GETSTATUS = "/usr/sbin/getstatus"
_KYSEC_REFUSING = {"normal": 1, "enabled": 1, "softmode": 0, "disabled": 0}
"""What getstatus is known to say, and whether the module refuses anything then."""
_STATE = ("enabled", "enforcing", "mode")


def security_modules(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each module that this kernel has or that a configuration names."""
    del columns
    found = _Modules(host)
    if host.running:
        found.read("/sys", found.listed)
    for reader in (found.selinux, found.apparmor, found.kysec, found.lockdown, found.yama):
        found.read("/sys", reader)
    rows = [{"name": name, **cells} for name, cells in sorted(found.rows.items())]
    if not host.running:
        kernel = condition(Status.UNSUPPORTED, "not_live", _SECURITYFS)
        return Observed(rows, found.condition, dict.fromkeys(_STATE, kernel))
    return Observed(rows, found.condition)


class _Modules:
    """Gathers what is known of each module, and how well it was read."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.rows: dict[str, dict[str, Cell]] = {}
        self.condition = COMPLETE

    def read(self, path: str, reader: Callable[[], None]) -> None:
        """What `reader` finds; a module it cannot see makes the table partial."""
        try:
            reader()
        except OSError as e:
            reason = condition_of(e, str(e.filename or path)).reason
            self.condition = Condition(Status.PARTIAL, reason)

    def listed(self) -> None:
        """The kernel's own list; before Linux 4.11 it makes none."""
        names = self._host.names(_SECURITYFS)
        if "lsm" in names:
            for name in decoded(self._host.read(_LIST)).strip().split(","):
                self.rows[name] = {"enabled": 1, "source": _LIST}
        elif not names and "\tsecurityfs\n" in decoded(self._host.read("/proc/filesystems")):
            self._host.read(_LIST)  # the kernel could tell, and nobody mounted it

    def selinux(self) -> None:
        """Its mode now and after the next start, and the policy it loads."""
        said = self._selinux_config()
        on = self._host.running and selinux.enabled(self._host)
        if not on and not said:
            return
        row = self.rows.setdefault("selinux", {"source": _SELINUX_CONFIG})
        row["configured_mode"] = said.get("SELINUX", "").lower() or None
        row["policy"] = said.get("SELINUXTYPE") or None
        if on:
            path = f"{selinux.ROOT}/enforce"
            row.update(enabled=1, source=path)
            mode = _SELINUX_MODES.get(decoded(self._host.read(path)).strip())
            if mode is None:
                self.condition = condition(Status.PARTIAL, "malformed_source", path)
                return
            row.update(mode=mode, enforcing=int(mode == "enforcing"))
        elif self._host.running:
            row.update(enabled=0, mode="disabled", enforcing=0)

    def _selinux_config(self) -> Mapping[str, str]:
        if not present(self._host, _SELINUX_CONFIG):
            return {}
        parts = (line.text.partition("=") for line in lines(self._host, _SELINUX_CONFIG))
        return {key.strip(): value.strip().strip("\"'") for key, equals, value in parts if equals}

    def apparmor(self) -> None:
        """Its profiles by mode; one that enforces none refuses nothing."""
        if not self._host.running or not apparmor.enabled(self._host):
            return
        row = self.rows.setdefault("apparmor", {"source": _PROFILES})
        row.update(enabled=1, mode="enabled")
        loaded = decoded(self._host.read(_PROFILES)).splitlines()
        modes = [said[1] if (said := _PROFILE.fullmatch(line)) else "" for line in loaded]
        if "" in modes:
            self.condition = condition(Status.PARTIAL, "malformed_source", _PROFILES)
        counted = Counter(modes)
        row.update(
            enforcing=int(any(counted[mode] for mode in _REFUSING)),
            profiles=len(modes),
            profiles_enforce=sum(counted[mode] for mode in _REFUSING),
            profiles_complain=counted["complain"],
            source=_PROFILES,
        )

    def kysec(self) -> None:
        """What Kylin's own program says of it; a host of another kind does not have it."""
        place = first(self._host, *_KYSEC)
        if place is None:
            return
        row = self.rows.setdefault("kysec", {"source": place})
        if not self._host.running:
            return
        said = self._getstatus()
        mode = said.pop("kysec status", "").lower()
        if not mode:
            raise ProgramFailedError(_GETSTATUS, "no status")
        row.update(
            enabled=int(mode != "disabled"),
            mode=mode,
            enforcing=_KYSEC_REFUSING.get(mode),
            features="; ".join(f"{name}={value}" for name, value in said.items()),
            source=_GETSTATUS,
        )

    def _getstatus(self) -> dict[str, str]:
        answer = self._host.run([_GETSTATUS])
        if answer.returncode != 0:
            raise ProgramFailedError(_GETSTATUS, str(answer.returncode))
        parts = (line.partition(":") for line in decoded(answer.stdout).lower().split("\n"))
        return {name.strip(): value.strip() for name, colon, value in parts if colon}

    def lockdown(self) -> None:
        """What the kernel refuses even to root: `none`, `integrity` or `confidentiality`."""
        if self._host.running and "lockdown" in self.rows:
            said = decoded(self._host.read(_LOCKDOWN))
            mode = said.partition("[")[2].partition("]")[0]
            enforcing = int(mode in ("integrity", "confidentiality"))
            self.rows["lockdown"].update(mode=mode, enforcing=enforcing, source=_LOCKDOWN)

    def yama(self) -> None:
        """Who may trace whom; a kernel without the module has no such setting."""
        if self._host.running and first(self._host, _YAMA):
            scope = decoded(self._host.read(_YAMA)).strip()
            row = self.rows.setdefault("yama", {})
            row.update(enabled=1, mode=scope, enforcing=int(scope != "0"), source=_YAMA)
