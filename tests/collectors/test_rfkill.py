from pathlib import Path

import pytest

from tests.collectors import umockdev
from tests.collectors.machine import running
from tests.collectors.namespaces import mounted
from tests.collectors.observe import Seen, observe
from tests.collectors.roots import cells, read

SWITCH = "/sys/devices/platform/ideapad/rfkill/rfkill3"
HCI = "/sys/devices/platform/soc/bluetooth/hci0"


@pytest.fixture(scope="module", name="switches")
def _switches() -> Seen:
    return observe("rfkill", prefix=umockdev.devices("radio"))


def test_switches_of_radios(switches: Seen) -> None:
    """Each switch has its kind and its two states, and says which radio it belongs to."""
    wifi, bluetooth = switches.one(type="wlan"), switches.one(type="bluetooth")

    assert (wifi["name"], wifi["soft"], wifi["hard"]) == ("phy0", 1, 0)
    assert (bluetooth["name"], bluetooth["soft"], bluetooth["id"]) == ("hci0", 0, 1)


def test_switches_agree_with_the_radios(switches: Seen) -> None:
    """The table of radios says the same of the same switches."""
    radios = observe("wireless_devices", prefix=umockdev.devices("radio"))

    assert radios.one(name="wlan0")["rfkill_soft"] == switches.one(name="phy0")["soft"]
    assert radios.one(name="hci0")["rfkill_soft"] == switches.one(name="hci0")["soft"]


def test_a_platforms_own_switch(tmp_path: Path) -> None:
    """A laptop's slider blocks for good, and the firmware remembers it."""
    names = {"index": "3", "name": "ideapad_wlan", "type": "wlan", "soft": "0", "hard": "1"}
    files = {f"{SWITCH}/{name}": f"{value}\n" for name, value in names.items()}
    files |= {"/sys/class/rfkill/rfkill3": f"-> {SWITCH}", f"{SWITCH}/persistent": "1\n"}

    observed = read(running(tmp_path, files), "rfkill")

    assert cells(observed, "id", "name", "hard", "persistent") == [(3, "ideapad_wlan", 1, 1)]


def test_a_bluetooth_stick_that_a_driver_serves() -> None:
    """A controller has its driver, bus and switch; a newer kernel tells no address."""
    seen = observe("bluetooth_adapters", prefix=umockdev.devices("radio"))

    (adapter,) = seen.rows
    assert (adapter["name"], adapter["driver"], adapter["bus"]) == ("hci0", "btusb", "usb")
    assert (adapter["rfkill_soft"], adapter["connections"]) == (0, 0)
    assert adapter["address"] is None


def test_connections_are_counted_and_not_named(tmp_path: Path) -> None:
    """An older kernel tells the controller's own address; who is connected is a number only."""
    files = {
        "/sys/class/bluetooth/hci0": f"-> {HCI}",
        "/sys/class/bluetooth/hci0:11": f"-> {HCI}/hci0:11",
        f"{HCI}/address": "00:1a:7d:da:71:13\n",
        f"{HCI}/hci0:11/address": "f0:99:b6:00:00:01\n",
        f"{HCI}/hci0:12/uevent": "DEVTYPE=link\n",
    }

    observed = read(running(tmp_path, files), "bluetooth_adapters")

    assert cells(observed, "name", "address", "connections") == [("hci0", "00:1a:7d:da:71:13", 2)]


@pytest.mark.parametrize("table", ["rfkill", "bluetooth_adapters"])
def test_a_covered_class_is_unreadable(table: str) -> None:
    """An empty tmpfs is not a machine without radios."""
    seen = observe(table, prefix=mounted("mount -t tmpfs tmpfs /sys/class"))

    assert (seen.status, seen.reason[0]) == ("unreadable", "foreign_mount")
