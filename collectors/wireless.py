"""Radios: Wi-Fi, Bluetooth and cellular, by the hardware present and not by modules loaded.

No network name, number of a subscriber or card, or paired device is ever read.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from collectors import sysfs, usb
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed, running_only
from collectors.sysfs import Attributes
from evidence import canonical
from evidence.canonical import Cell
from facts.status import Condition, Status, condition

_NET = "/sys/class/net"
_IW = ("/usr/sbin/iw", "/sbin/iw", "/usr/bin/iw", "/bin/iw")
_WWAN_DRIVERS = frozenset(
    {
        "cdc_mbim",
        "hso",
        "huawei_cdc_ncm",
        "iosm",
        "mhi_net",
        "mhi_wwan_mbim",
        "mtk_t7xx",
        "option",
        "qcserial",
        "qmi_wwan",
        "sierra",
        "sierra_net",
    }
)
"""Drivers that serve cellular modems and nothing else."""
_DECLARED: Mapping[tuple[Cell, ...], str] = {
    ("e0", "01", "01"): "bluetooth",
    ("02", "0e", "00"): "wwan",
}
"""What USB interfaces of a standard class say of themselves: Bluetooth HCI, MBIM."""
_ATTACHED = re.compile(r".*/(?:\d+-[0-9.]+(?=/)|[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])")
"""The part of a place that names the USB device or PCI function."""
_HCI = re.compile(r"hci\d+")
_WWAN = re.compile(r"wwan\d+")
_IFF_UP = 0x1
_MONITOR_TYPES = (801, 802, 803)
"""ARPHRD_IEEE80211, _PRISM and _RADIOTAP: what an interface yields that listens to the air."""
_IW_LINE = re.compile(r"\t\t?(Interface|type) (.+)")
_MODES = {"mesh point": "mesh"}

_Row: TypeAlias = dict[str, Cell]
_Switches: TypeAlias = Mapping[str, _Row]
"""By the kernel name of the radio: the columns `rfkill_soft` and `rfkill_hard`."""


@running_only("/sys/class/net")
def wireless_devices(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each radio's interface, and for each radio without one."""
    attributes = Attributes(host)
    interfaces = usb.usb_interfaces(host, frozenset({"class", "driver"}))
    try:
        switches = _switches(attributes)
        rows = [*_interfaces(attributes, switches), *_bluetooth(attributes, switches)]
        rows += _phys(attributes, switches)
        rows += _modems(attributes, rows)
    except OSError as e:
        return Observed((), condition_of(e, "/sys/class"))
    rows += _unserved(interfaces.rows, rows)
    columns = dict(attributes.columns)
    for unread in interfaces.columns.values():
        columns["kind"] = unread
    modeless = [row for row in rows if _is_interface_without_mode(row)]
    if "mode" in wanted and modeless:
        columns |= _add_modes(host, modeless)
    return Observed(rows, interfaces.condition, columns)


def _switches(attributes: Attributes) -> _Switches:
    """The rfkill switches, each by the radio it belongs to."""
    return {
        attributes.target(f"{path}/device", "rfkill_soft"): {
            "rfkill_soft": attributes.number(f"{path}/soft", "rfkill_soft"),
            "rfkill_hard": attributes.number(f"{path}/hard", "rfkill_hard"),
        }
        for _, path in sysfs.devices(attributes.host, "/sys/class/rfkill")
    }


def _row(name: str, kind: str, path: str, driver: str) -> _Row:
    return {
        "name": name,
        "kind": kind,
        "driver": driver,
        "bus": sysfs.bus(path),
        "sysfs_path": path,
    }


def _interfaces(attributes: Attributes, switches: _Switches) -> Iterator[_Row]:
    """The network interfaces that are radios."""
    for name, path in sysfs.devices(attributes.host, _NET):
        driver = attributes.target(f"{path}/device/driver", "driver")
        phy = attributes.target(f"{path}/phy80211", "kind")
        about = attributes.uevent(path, "kind")
        if phy or about.get("DEVTYPE") == "wlan":
            row = _row(name, "wifi", path, driver) | switches.get(phy, {})
            if attributes.number(f"{path}/type", "mode") in _MONITOR_TYPES:
                row["mode"] = "monitor"
        elif about.get("DEVTYPE") == "wwan" or driver in _WWAN_DRIVERS:
            row = _row(name, "wwan", path, driver)
        else:
            continue
        flags = attributes.number(f"{path}/flags", "state", 16)
        row["state"] = None if flags is None else "up" if flags & _IFF_UP else "down"
        yield row


def _bluetooth(attributes: Attributes, switches: _Switches) -> Iterator[_Row]:
    """The Bluetooth controllers; a connection (`hci0:1`) is none."""
    for name, path in sysfs.devices(attributes.host, "/sys/class/bluetooth"):
        if _HCI.fullmatch(name):
            driver = attributes.target(f"{path}/device/driver", "driver")
            yield _row(name, "bluetooth", path, driver) | switches.get(name, {})


def _phys(attributes: Attributes, switches: _Switches) -> Iterator[_Row]:
    """The Wi-Fi radios without an interface."""
    for name, path in sysfs.devices(attributes.host, "/sys/class/ieee80211"):
        if not sysfs.network_interfaces(attributes.host, f"{path}/device"):
            driver = attributes.target(f"{path}/device/driver", "driver")
            yield _row(name, "wifi", path, driver) | switches.get(name, {})


def _modems(attributes: Attributes, known: Iterable[_Row]) -> Iterator[_Row]:
    """The cellular modems that have a control port but no network interface."""
    for name, path in sysfs.devices(attributes.host, "/sys/class/wwan"):
        if _WWAN.fullmatch(name) and not _covered(path, "wwan", known):
            driver = attributes.target(f"{path}/device/driver", "driver")
            yield _row(name, "wwan", path, driver)


def _unserved(interfaces: Iterable[Mapping[str, Cell]], known: Iterable[_Row]) -> Iterator[_Row]:
    """The USB devices that are radios, but have none of the above."""
    found: dict[tuple[str, str], _Row] = {}
    for interface in interfaces:
        path, driver = str(interface["sysfs_path"]), str(interface["driver"])
        declared = tuple(interface[column] for column in ("class", "subclass", "protocol"))
        kind = "wwan" if driver in _WWAN_DRIVERS else _DECLARED.get(declared)
        if kind is not None and not _covered(f"{path}/", kind, known):
            row = _row(posixpath.basename(path), kind, path, driver)
            found.setdefault((path, kind), row | {"bus": "usb"})
    yield from found.values()


def _covered(path: str, kind: str, known: Iterable[_Row]) -> bool:
    """Whether the USB device or PCI function at `path` has a row of that kind."""
    attached = _ATTACHED.match(path)
    prefix = f"{attached.group()}/" if attached else path
    return any(row["kind"] == kind and str(row["sysfs_path"]).startswith(prefix) for row in known)


def _is_interface_without_mode(row: _Row) -> bool:
    return row["kind"] == "wifi" and "state" in row and "mode" not in row


def _add_modes(host: Host, rows: Iterable[_Row]) -> Mapping[str, Condition]:
    """What each Wi-Fi interface acts as, which only nl80211 knows; `iw` asks it."""
    answer = None
    for program in _IW:
        try:
            answer = host.run([program, "dev"])
            break
        except FileNotFoundError:
            continue
        except OSError as e:
            return {"mode": condition_of(e, program)}
    if answer is None:
        return {"mode": condition(Status.UNSUPPORTED, "program_missing", "iw")}
    if answer.returncode:
        failed = condition(Status.UNREADABLE, "program_failed", "iw", str(answer.returncode))
        return {"mode": failed}
    modes = _modes(answer.stdout)
    columns: dict[str, Condition] = {}
    for row in rows:
        row["mode"] = modes.get(str(row["name"]))
        if row["mode"] is None:
            columns["mode"] = condition(Status.PARTIAL, "source_missing", f"iw dev {row['name']}")
    return columns


def _modes(answer: bytes) -> Mapping[str, str]:
    """Mode by interface, from `Interface` lines with one tab and `type` lines with two."""
    modes: dict[str, str] = {}
    interface = ""
    for line in canonical.text(answer).split("\n"):
        match = _IW_LINE.fullmatch(line)
        if match is None:
            continue
        name, value = match.groups()
        if name == "Interface":
            interface = value
        elif interface:
            word = _MODES.get(value, value)
            modes.setdefault(interface, word.lower().replace("-", "_").replace("/", "_"))
    return modes
