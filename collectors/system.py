"""The distribution, the kernel and the machine: one row each."""

import re
from collections.abc import Callable, Mapping

from collectors.config import decoded, present
from collectors.host import Host, condition_of
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import Condition, Status, condition

_DMI = "/sys/class/dmi/id"
_CPUS = "/sys/devices/system/cpu"
_MAX_CPUS = 8192
"""The most processors Linux can be built for."""
_NUMBERS = re.compile(r"[A-Za-z]?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?")
_RELEASE = re.compile(r"Linux version (\S+)")
_ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")
_ESCAPED = re.compile(r'\\(["$`\\])')


def os_version(host: Host, columns: frozenset[str]) -> Observed:
    """The distribution as os-release(5) states it; every systemd-era distribution has the file."""
    try:
        data = host.read("/etc/os-release")
    except FileNotFoundError:
        data = host.read("/usr/lib/os-release")
    said = os_release(decoded(data))
    numbers = _NUMBERS.match(said.get("VERSION_ID", ""))
    major, minor, patch = numbers.groups() if numbers else (None, None, None)
    row: dict[str, Cell] = {
        "name": said.get("NAME", "Linux"),
        "version": said.get("VERSION", said.get("VERSION_ID", "")),
        "major": None if major is None else int(major),
        "minor": None if minor is None else int(minor),
        "patch": None if patch is None else int(patch),
        "build": said.get("BUILD_ID", ""),
        "platform": said.get("ID", "linux"),
        "platform_like": said.get("ID_LIKE", ""),
        "codename": said.get("VERSION_CODENAME", ""),
    }
    return _with(host, row, columns, {"arch": _architecture})


def os_release(text: str) -> Mapping[str, str]:
    """The assignments of an os-release file, unquoted as a shell would."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        assignment = _ASSIGNMENT.fullmatch(line.strip())
        if assignment:
            name, value = assignment.groups()
            quote = value[:1]
            if len(value) > 1 and quote in "\"'" and value.endswith(quote):
                value = value[1:-1]
            found[name] = value if quote == "'" else _ESCAPED.sub(r"\1", value)
    return found


def release(host: Host) -> str:
    """The release of the running kernel, as `uname -r`.

    Raises:
        OSError: /proc/version cannot be read, or is not the kernel's.
    """
    found = _RELEASE.match(decoded(host.read("/proc/version")))
    if found is None:
        raise FileNotFoundError(2, "no kernel release in it", "/proc/version")
    return found[1]


def kernel_info(host: Host, columns: frozenset[str]) -> Observed:
    """The running kernel and its command line."""
    del columns
    words = decoded(host.read("/proc/cmdline")).split()
    row: dict[str, Cell] = {
        "version": release(host),
        "arguments": " ".join(w for w in words if not w.startswith(("BOOT_IMAGE=", "root="))),
        "path": _argument(words, "BOOT_IMAGE="),
        "device": _argument(words, "root="),
    }
    return Observed([row])


def system_info(host: Host, columns: frozenset[str]) -> Observed:
    """The machine; a column whose source we may not read is denied, the others stay."""
    return _with(host, {}, columns, _SYSTEM_INFO)


def _with(
    host: Host,
    row: dict[str, Cell],
    columns: frozenset[str],
    readers: Mapping[str, Callable[[Host], Cell]],
) -> Observed:
    """`row` and the wanted ones of `readers`, each with a condition of its own if it fails."""
    conditions: dict[str, Condition] = {}
    for name, read in readers.items():
        if name in columns:
            try:
                row[name] = read(host)
            except OSError as e:
                conditions[name] = condition_of(e, str(e.filename or name))
            except (ValueError, IndexError):
                conditions[name] = condition(Status.UNREADABLE, "malformed_source", name)
    return Observed([row], columns=conditions)


def _argument(words: list[str], prefix: str) -> str:
    return next((word.removeprefix(prefix) for word in words if word.startswith(prefix)), "")


def _architecture(host: Host) -> Cell:
    if host.machine is not None:
        return host.machine.architecture
    return _line(host, "/proc/sys/kernel/arch")  # Linux 6.1 and later


def _line(host: Host, path: str) -> str:
    return decoded(host.read(path)).strip()


def _hostname(host: Host) -> Cell:
    return _line(host, "/proc/sys/kernel/hostname")


def _pretty_name(host: Host) -> Cell:
    try:
        said = os_release(decoded(host.read("/etc/machine-info")))
    except FileNotFoundError:
        return _hostname(host)
    return said.get("PRETTY_HOSTNAME") or _hostname(host)


def _dmi(name: str) -> Callable[[Host], Cell]:
    """A reader of one DMI field; NULL on a machine whose firmware has no such table."""

    def read(host: Host) -> Cell:
        path = present(host, f"{_DMI}/{name}")
        return None if path is None else _line(host, path)

    return read


def _cpuinfo(field: str) -> Callable[[Host], Cell]:
    """A reader of one field of the first processor; NULL where this architecture has none."""

    def read(host: Host) -> Cell:
        for line in decoded(host.read("/proc/cpuinfo")).split("\n"):
            key, _, value = line.partition(":")
            if key.strip() == field:
                return value.strip()
        return None

    return read


def _online(host: Host) -> list[int]:
    """The numbers of the processors on line, from a list such as `0-3,8`."""
    found: list[int] = []
    for part in _line(host, f"{_CPUS}/online").split(","):
        first, _, last = part.partition("-")
        numbers = range(int(first), int(last or first) + 1)
        if len(numbers) + len(found) > _MAX_CPUS:
            raise ValueError(part)
        found += numbers
    return found


def _logical(host: Host) -> Cell:
    return len(_online(host))


def _topology(host: Host, *names: str) -> Cell:
    """How many different values of `names` the processors on line have together."""
    return len(
        {
            tuple(_line(host, f"{_CPUS}/cpu{number}/topology/{name}") for name in names)
            for number in _online(host)
        }
    )


def _cores(host: Host) -> Cell:
    return _topology(host, "physical_package_id", "core_cpus_list")


def _sockets(host: Host) -> Cell:
    return _topology(host, "physical_package_id")


def _memory(host: Host) -> Cell:
    for line in decoded(host.read("/proc/meminfo")).split("\n"):
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    raise FileNotFoundError(2, "no MemTotal in it", "/proc/meminfo")


_SYSTEM_INFO: Mapping[str, Callable[[Host], Cell]] = {
    "hostname": _hostname,
    "uuid": _dmi("product_uuid"),
    "cpu_type": _architecture,
    "cpu_subtype": _cpuinfo("model"),
    "cpu_brand": _cpuinfo("model name"),
    "cpu_physical_cores": _cores,
    "cpu_logical_cores": _logical,
    "cpu_sockets": _sockets,
    "cpu_microcode": _cpuinfo("microcode"),
    "physical_memory": _memory,
    "hardware_vendor": _dmi("sys_vendor"),
    "hardware_model": _dmi("product_name"),
    "hardware_version": _dmi("product_version"),
    "hardware_serial": _dmi("product_serial"),
    "board_vendor": _dmi("board_vendor"),
    "board_model": _dmi("board_name"),
    "board_version": _dmi("board_version"),
    "board_serial": _dmi("board_serial"),
    "computer_name": _pretty_name,
    "local_hostname": _hostname,
}
