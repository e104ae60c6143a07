import json
from pathlib import Path

import pytest

from facts.status import COMPLETE, Status, condition
from tests.collectors import umockdev
from tests.collectors.machine import running
from tests.collectors.namespaces import mounted
from tests.collectors.observe import observe
from tests.collectors.roots import by, cells, read, root

CONF = "/etc/cups/printers.conf"
TEXT = """\
# Printer configuration file for CUPS v2.4.2
NextPrinterId 4
<DefaultPrinter Office>
PrinterId 1
UUID urn:uuid:1f2e3d4c-0000-0000-0000-000000000001
AuthInfoRequired none
Info The one on the left
MakeModel HP LaserJet 1020
DeviceURI usb://HP/LaserJet%201020?serial=FN0AB1C
State Idle
StateTime 1700000000
Accepting Yes
Shared No
Option print-color-mode monochrome
</DefaultPrinter>
<Printer Hall>
MakeModel Generic PostScript
DeviceURI smb://print:s3cret@files.example.internal:4450/Hall
State Stopped
Accepting No
Shared Yes
</Printer>
<Printer Lab>
DeviceURI hp:/net/LaserJet_M404?ip=10.3.4.5
State Idle
</Printer>
"""


def test_queues_of_cups(tmp_path: Path) -> None:
    """Where a queue leads, whether it is shared, and its state, as its file has it."""
    observed = read(running(tmp_path, {CONF: TEXT}), "printers")

    assert observed.condition == COMPLETE
    assert cells(observed, "name", "scheme", "host", "port", "state", "shared") == [
        ("Office", "usb", "", None, "idle", 0),
        ("Hall", "smb", "files.example.internal", 4450, "stopped", 1),
        ("Lab", "hp", "10.3.4.5", None, "idle", None),
    ]
    assert by(observed, "name", "is_default") == {"Office": 1, "Hall": 0, "Lab": 0}
    assert by(observed, "name", "serial")["Office"] == "FN0AB1C"


def test_no_password_leaves_an_address(tmp_path: Path) -> None:
    """User, password and path in an address are in no cell, nor is what people wrote down."""
    observed = read(running(tmp_path, {CONF: TEXT}), "printers")

    said = json.dumps([dict(row) for row in observed.rows])
    assert "s3cret" not in said
    assert "print:" not in said
    assert "left" not in said


def test_a_server_that_prints_for_the_host(tmp_path: Path) -> None:
    """A host that sends all printing away has a printer elsewhere; a local socket is none."""
    away = running(
        tmp_path, {"/etc/cups/client.conf": "ServerName print.internal:632/version=1.1\n"}
    )

    observed = read(away, "printers")

    assert cells(observed, "kind", "host", "port") == [("server", "print.internal", 632)]


def test_a_printer_on_usb() -> None:
    """A printer that a driver serves is there without any queue, and joins its device."""
    prefix = umockdev.devices("printer")
    device = observe("usb_devices", prefix=prefix).one(port_path="16-1")

    row = observe("printers", prefix=prefix).one(kind="device")

    assert (row["name"], row["scheme"]) == ("lp0", "usb")
    assert row["sysfs_path"].startswith(device["sysfs_path"] + "/")
    assert device["serial"] == "FN0AB1C"


@pytest.mark.parametrize(
    "text",
    [TEXT[: TEXT.index("</DefaultPrinter>")], "\x7fELF\x02\x01", "<Printer a>\n</Printer>\n\x00\n"],
)
def test_a_damaged_file_is_partial(tmp_path: Path, text: str) -> None:
    """A queue without its end, or what is no configuration at all, is never all there is."""
    observed = read(running(tmp_path, {CONF: text}), "printers")

    assert observed.condition == condition(Status.PARTIAL, "malformed_source", CONF)


def test_a_recorded_root_answers_for_queues_only(tmp_path: Path) -> None:
    """Files tell the queues; what hung on a port nobody knows."""
    observed = read(root(tmp_path, {CONF: TEXT}), "printers")

    assert observed.condition == condition(Status.PARTIAL, "not_live", "/sys/class/usbmisc")
    assert len(observed.rows) == 3


@pytest.mark.parametrize("point", ["/etc", "/sys/class"])
def test_a_covered_source_is_partial(point: str) -> None:
    """An empty tmpfs over either source is not a host without printers."""
    seen = observe("printers", prefix=mounted(f"mount -t tmpfs tmpfs {point}"))

    assert (seen.status, seen.reason[0]) == ("partial", "foreign_mount")
