"""Printers: the queues CUPS has been given, and those attached to a port of this machine.

cupsd writes its queues to printers.conf and classes.conf (cupsd-files.conf(5)); a host without
these files has none. client.conf may send all printing to another host. Of an address only
scheme, host and port are kept: what else it holds may be a password.
"""

import re
from collections.abc import Iterable
from functools import partial
from urllib.parse import unquote

from collectors import sysfs
from collectors.config import Line, lines, present
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.sysfs import Attributes, Device
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_QUEUES = ("/etc/cups/printers.conf", "/etc/cups/classes.conf")
_CLIENT = "/etc/cups/client.conf"
_CLASSES = {"/sys/class/usbmisc": "usb", "/sys/class/printer": "parallel"}
_LINE = re.compile(r"</?[A-Za-z]+( [^>]*)?>|[A-Za-z-]+( .*)?")
_HEAD = re.compile(r"<(Default)?(Printer|Class) +(\S+)>", re.IGNORECASE)
_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?://(?P<authority>[^/?#]*))?(?P<rest>.*)")
_PARAMETER = re.compile(r"[?&](serial|ip|hostname)=([^&#]*)")
_LOCAL = frozenset({"file", "hp", "hpfax", "parallel", "scsi", "serial", "usb"})
"""Schemes whose first part is a maker, not a host."""
_SERVER = re.compile(r"ServerName\s+(\S+)", re.IGNORECASE)
_YES = frozenset({"yes", "on", "true"})


def printers(host: Host, wanted: frozenset[str]) -> Observed:
    """One row for each queue, printing server and local device."""
    del wanted
    rows: list[dict[str, Cell]] = []
    lacking = COMPLETE
    for path in (*_QUEUES, _CLIENT):
        try:
            found, readable = _said_in(host, path)
        except OSError as e:
            lacking = Condition(Status.PARTIAL, condition_of(e, path).reason)
            continue
        rows += found
        if not readable:
            lacking = condition(Status.PARTIAL, "malformed_source", path)
    if not host.running:
        return Observed(rows, condition(Status.PARTIAL, "not_live", next(iter(_CLASSES))))
    columns: dict[str, Condition] = {}
    for directory, scheme in _CLASSES.items():
        seen = sysfs.observed(host, directory, partial(_device, scheme), r"lp\d+")
        rows += [dict(row) for row in seen.rows]
        columns |= seen.columns
        if not seen.condition.complete:
            lacking = Condition(Status.PARTIAL, seen.condition.reason)
    return Observed(rows, lacking, columns)


def _said_in(host: Host, path: str) -> tuple[list[dict[str, Cell]], bool]:
    """The rows of one file of CUPS, and whether all of it follows its format."""
    if present(host, path) is None:
        return [], True
    text = list(lines(host, path))
    rows, closed = (_servers(text), True) if path == _CLIENT else _queues(text)
    return rows, closed and all(_LINE.fullmatch(line.text) for line in text)


def _queues(text: Iterable[Line]) -> tuple[list[dict[str, Cell]], bool]:
    """The queues, or classes of queues, in one file, and whether the last one is whole."""
    rows: list[dict[str, Cell]] = []
    inside = False
    for line in text:
        head = _HEAD.fullmatch(line.text)
        if head is not None:
            inside = True
            row: dict[str, Cell] = {
                "name": _shown(head[3]),
                "kind": "queue" if head[2].lower() == "printer" else "class",
                "is_default": int(head[1] is not None),
                "path": line.path,
            }
            rows.append(row)
        elif line.text.startswith("</"):
            inside = False
        elif inside:
            key, _, value = line.text.partition(" ")
            rows[-1] |= _said(key.lower(), value.strip())
    return rows, not inside


def _said(key: str, value: str) -> dict[str, Cell]:
    """What one line says about a queue; nothing for lines that are not observed."""
    if key == "deviceuri":
        return _address(value)
    if key == "makemodel":
        return {"model": _shown(value)}
    if key == "state":
        return {"state": _shown(value.lower())}
    if key in {"shared", "accepting"}:
        return {key: int(value.lower() in _YES)}
    return {}


def _address(uri: str) -> dict[str, Cell]:
    """Scheme, host and port of a printer's address, and the serial number of one on USB."""
    parts = _URI.fullmatch(uri)
    if parts is None:
        return {}
    scheme = parts["scheme"].lower()
    named = dict(_PARAMETER.findall(parts["rest"]))
    where = "" if scheme in _LOCAL else (parts["authority"] or "").rpartition("@")[2]
    name, port = _host_port(where)
    name = name or unquote(named.get("ip", "") or named.get("hostname", ""))
    row: dict[str, Cell] = {"scheme": scheme, "host": _shown(name), "port": port}
    return row | {"serial": _shown(unquote(named.get("serial", "")))}


def _host_port(where: str) -> tuple[str, int | None]:
    name, colon, port = where.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port):
        return unquote(where), None
    return unquote(name), int(port)


def _servers(text: Iterable[Line]) -> list[dict[str, Cell]]:
    """The server that prints for this host, if it is another one."""
    rows: list[dict[str, Cell]] = []
    for line in text:
        server = _SERVER.fullmatch(line.text)
        if server is not None and not server[1].startswith("/"):
            name, port = _host_port(server[1].partition("/")[0])
            row: dict[str, Cell] = {"name": _shown(name), "kind": "server", "scheme": "ipp"}
            rows.append(row | {"host": _shown(name), "port": port, "path": line.path})
    return rows


def _device(scheme: str, attributes: Attributes, device: Device) -> dict[str, Cell]:
    del attributes
    return {"name": device.name, "kind": "device", "scheme": scheme}


def _shown(text: str) -> str:
    return sysfs.plain(text.encode("utf-8", "surrogateescape"))
