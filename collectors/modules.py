"""Kernel modules: loaded, loadable, and what modprobe is told about them."""

import re
from collections.abc import Iterator

from collectors.config import decoded, drop_ins, first, lines
from collectors.host import Host, condition_of
from collectors.interface import Observed
from collectors.system import release
from evidence.canonical import Cell
from facts.status import Condition, Status

_DIRECTORIES = (
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
)
_DIRECTIVES = frozenset({"alias", "blacklist", "install", "options", "remove", "softdep"})
_MAX_INDEX = 32 * 1024 * 1024
_NORMAL = re.compile(r"\[[^]]*\]|-")
"""modprobe(8) reads `-` as `_`, but not inside the brackets of an alias pattern."""


def kernel_modules(host: Host, columns: frozenset[str]) -> Observed:
    """The modules of /proc/modules; none, and complete, in a kernel built without them."""
    del columns
    if _without_modules(host):
        return Observed(())
    rows: list[dict[str, Cell]] = []
    for line in decoded(host.read("/proc/modules")).splitlines():
        name, size, _, used_by, status, address = line.split()[:6]
        rows.append(
            {
                "name": name,
                "size": int(size),
                "used_by": used_by.rstrip(",") or "-",
                "status": status,
                "address": address,
            }
        )
    return Observed(rows)


def kernel_module_files(host: Host, columns: frozenset[str]) -> Observed:
    """What depmod has listed for the running kernel.

    A kernel with module support whose index is not on this host (in a container, for instance)
    may load modules that we cannot see: unreadable, not empty.
    """
    del columns
    kernel = release(host)
    directory = f"/lib/modules/{kernel}"
    rows: list[dict[str, Cell]] = [
        {"name": _module(path), "path": path, "builtin": builtin, "kernel": kernel}
        for builtin, path in _listed(host, directory)
    ]
    return Observed(rows)


def modprobe_config(host: Host, columns: frozenset[str]) -> Observed:
    """The lines modprobe obeys; a host without any such directory has none."""
    del columns
    rows: list[dict[str, Cell]] = []
    for path in drop_ins(host, _DIRECTORIES):
        for line in lines(host, path, continued=True):
            directive, *rest = line.text.split(maxsplit=2)
            if directive in _DIRECTIVES and rest:
                rows.append(
                    {
                        "name": normal(rest[0]),
                        "directive": directive,
                        "value": " ".join(rest[1:]),
                        "path": path,
                        "line": line.number,
                    }
                )
    try:
        words = decoded(host.read("/proc/cmdline")).split()
    except OSError as e:
        reason = condition_of(e, "/proc/cmdline").reason
        return Observed(rows, Condition(Status.PARTIAL, reason))
    return Observed([*rows, *_from_command_line(words)])


def normal(name: str) -> str:
    """A module's name, or alias, as the kernel compares it."""
    return _NORMAL.sub(lambda found: "_" if found[0] == "-" else found[0], name)


def _without_modules(host: Host) -> bool:
    """Whether the kernel has no module support: /proc is whole, and has neither of the two."""
    return host.running and not first(host, "/proc/modules", "/proc/sys/kernel/modules_disabled")


def _listed(host: Host, directory: str) -> Iterator[tuple[int, str]]:
    """Built-in or not, and path, of each module that `directory` lists."""
    for index, builtin in (("modules.dep", 0), ("modules.builtin", 1)):
        try:
            data = host.read(f"{directory}/{index}", limit=_MAX_INDEX)
        except FileNotFoundError:
            if _without_modules(host):
                continue
            raise
        for line in decoded(data).splitlines():
            path = line.partition(":")[0].strip()
            if path:
                yield builtin, path if path.startswith("/") else f"{directory}/{path}"


def _module(path: str) -> str:
    return normal(path.rpartition("/")[2].partition(".ko")[0])


def _from_command_line(words: list[str]) -> Iterator[dict[str, Cell]]:
    """What the kernel's command line tells modprobe: `modprobe.blacklist=` and `module.option=`."""
    for word in words:
        option, _, value = word.partition("=")
        module, dot, _ = option.partition(".")
        if option == "modprobe.blacklist":
            for blacklisted in value.split(","):
                yield {
                    "name": normal(blacklisted),
                    "directive": "blacklist",
                    "value": "",
                    "path": "/proc/cmdline",
                }
        elif dot and module and "/" not in module:
            yield {
                "name": normal(module),
                "directive": "options",
                "value": word.removeprefix(f"{module}."),
                "path": "/proc/cmdline",
            }
