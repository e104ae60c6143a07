from collections.abc import Sequence
from pathlib import Path

import pytest

from collectors.host import MAX_READ, Completed, RootHost
from collectors.wireless import wireless_devices
from facts.status import COMPLETE, Condition, Status, condition
from tests.collectors import umockdev
from tests.collectors.namespaces import mounted
from tests.collectors.observe import Seen, observe

IW = """\
phy#0
\tInterface wlan1
\t\tifindex 4
\t\twdev 0x2
\t\taddr 02:00:00:00:01:00
\t\tssid type AP
\t\ttype {mode}
\t\tchannel 1 (2412 MHz), width: 20 MHz, center1: 2412 MHz
\tUnnamed/non-netdev interface
\t\twdev 0x3
\t\taddr 02:00:00:00:02:00
\t\ttype P2P-device
\tInterface wlan0
\t\tifindex 3
\t\ttype managed
"""


def radios(*names: str) -> Seen:
    return observe("wireless_devices", prefix=umockdev.devices(*names))


def test_a_wifi_stick() -> None:
    """A Wi-Fi interface has its driver, bus, switch and state."""
    row = radios("radio").one(name="wlan0")

    assert row["kind"] == "wifi"
    assert row["driver"] == "rtw_8822bu"
    assert row["bus"] == "usb"
    assert row["sysfs_path"].startswith("/sys/devices/pci0000:00/0000:00:15.0/usb8/8-1/")
    assert (row["rfkill_soft"], row["rfkill_hard"]) == (1, 0)
    assert row["state"] == "up"


def test_a_bluetooth_stick() -> None:
    """A Bluetooth controller is found once, though it has two interfaces."""
    rows = [row for row in radios("radio").all(kind="bluetooth") if "/8-2/" in row["sysfs_path"]]

    (row,) = rows
    assert (row["name"], row["driver"], row["rfkill_soft"]) == ("hci0", "btusb", 0)


def test_a_radio_no_driver_serves() -> None:
    """Hardware counts: a Bluetooth stick without driver is there all the same."""
    row = radios("radio").one(name="8-3")

    assert (row["kind"], row["driver"], row["bus"]) == ("bluetooth", "", "usb")
    assert row.get("state") is None


def test_a_card_without_interface() -> None:
    """A built-in card whose interface was removed is there by its radio."""
    row = radios("wlan-pci").one(name="phy1")

    assert (row["kind"], row["driver"], row["bus"]) == ("wifi", "iwlwifi", "pci")


def test_a_modem_is_found_once() -> None:
    """A modem with a network interface and four serial ports is one radio."""
    seen = radios("modem")

    (row,) = seen.rows
    assert (row["name"], row["kind"], row["driver"]) == ("wwan0", "wwan", "qmi_wwan")
    assert row["state"] == "down"


def test_a_modem_with_serial_ports_only() -> None:
    """A modem that has no network interface is found by its driver."""
    (row,) = radios("modem-serial").rows

    assert (row["name"], row["kind"], row["driver"]) == ("10-1", "wwan", "option")


def test_a_phone_is_no_radio() -> None:
    """A phone sharing its network states class e0 too, but as RNDIS and not as a radio."""
    seen = radios("phone", "stick", "keystroke", "bmc")

    assert (seen.status, seen.columns, seen.rows) == ("complete", {}, [])


def test_a_listener_to_the_air_shows_without_iw() -> None:
    """Monitor mode is told by what the interface yields, so no program is needed to see it."""
    seen = radios("monitor")

    assert seen.one(name="wlan0mon")["mode"] == "monitor"
    assert seen.columns == {}


@pytest.mark.parametrize(
    ("said", "mode"),
    [("managed", "managed"), ("AP", "ap"), ("P2P-GO", "p2p_go"), ("mesh point", "mesh"),
     ("monitor", "monitor"), ("IBSS", "ibss"), ("AP/VLAN", "ap_vlan")],
)  # fmt: skip
def test_modes(tmp_path: Path, said: str, mode: str) -> None:
    """What `iw` says of each interface; a network name that looks like a mode is none."""
    host = _Machine(_wifi(tmp_path, "wlan0", "wlan1"), IW.format(mode=said))

    observed = wireless_devices(host, frozenset({"mode"}))

    assert observed.columns == {}
    assert {row["name"]: row["mode"] for row in observed.rows} == {
        "wlan0": "managed",
        "wlan1": mode,
    }


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, condition(Status.UNSUPPORTED, "program_missing", "iw")),
        ("", condition(Status.PARTIAL, "source_missing", "iw dev wlan0")),
    ],
)
def test_modes_that_cannot_be_told(tmp_path: Path, answer: str | None, expected: Condition) -> None:
    """Without `iw`, or for an interface it does not list, the mode is not known."""
    observed = wireless_devices(_Machine(_wifi(tmp_path, "wlan0"), answer), frozenset({"mode"}))

    (row,) = observed.rows
    assert observed.condition == COMPLETE
    assert observed.columns == {"mode": expected}
    assert row.get("mode") is None


def test_iw_is_not_run_without_wifi(tmp_path: Path) -> None:
    """On a host without a Wi-Fi interface the mode is complete, whether iw is there or not."""
    (tmp_path / "sys/class").mkdir(parents=True)

    observed = wireless_devices(_Machine(tmp_path, None), frozenset({"mode"}))

    assert (observed.condition, observed.columns, observed.rows) == (COMPLETE, {}, [])


@pytest.mark.parametrize("point", ["/sys/class", "/sys/class/net", "/sys/bus"])
def test_a_covered_class_is_unreadable(point: str) -> None:
    """An empty tmpfs over any of the sources must not read as a host without radios."""
    seen = observe("wireless_devices", prefix=mounted(f"mount -t tmpfs tmpfs {point}"))

    assert (seen.status, *seen.reason) == ("unreadable", "foreign_mount", point, "tmpfs")


def test_a_recorded_root_has_no_radios(tmp_path: Path) -> None:
    """Files cannot say what is attached."""
    observed = wireless_devices(RootHost(tmp_path), frozenset({"name"}))

    assert observed.condition == condition(Status.UNSUPPORTED, "not_live", "/sys/class/net")


class _Machine(RootHost):
    """A machine made of files, whose `iw` gives one answer, or is not installed."""

    live = True
    running = True

    def __init__(self, root: Path, iw: str | None) -> None:
        super().__init__(root)
        self._iw = iw

    def run(
        self, argv: Sequence[str], *, timeout_s: float = 5.0, limit: int = MAX_READ
    ) -> Completed:
        if self._iw is None:
            raise FileNotFoundError(argv[0])
        return Completed(0, self._iw.encode(), b"")


def _wifi(root: Path, *names: str) -> Path:
    """A tree with these Wi-Fi interfaces."""
    (root / "sys/class/net").mkdir(parents=True)
    for name in names:
        place = root / "sys/devices/platform/soc/net" / name
        place.mkdir(parents=True)
        (place / "uevent").write_text("DEVTYPE=wlan\n", "ascii")
        (place / "flags").write_text("0x1003\n", "ascii")
        (root / "sys/class/net" / name).symlink_to(f"../../devices/platform/soc/net/{name}")
    return root
