import json
import subprocess
import sys

import pytest

from tests.collectors import umockdev
from tests.collectors.observe import ROOT

ROWS = {
    "block_devices": 13, "bluetooth_adapters": 1, "capture_devices": 4, "displays": 3,
    "printers": 1, "removable_media": 8, "removable_mounts": 0, "rfkill": 2, "serial_ports": 3,
    "thunderbolt_devices": 4, "tpm_info": 1, "usb_authorization": 91, "usb_devices": 37,
    "usb_interfaces": 54,
}  # fmt: skip
"""Tables by the rows they have with every described device attached."""
NOT_ATTACHED = {"modem-serial", "monitor", "wlan-pci"}


@pytest.fixture(scope="module", name="compared")
def _compared() -> dict[str, tuple[int, bool]]:
    names = [file.stem for file in sorted(umockdev.DEVICES.glob("*.umockdev"))]
    prefix = umockdev.devices(*(name for name in names if name not in NOT_ATTACHED))
    program = [sys.executable, "-m", "tests.collectors.replayed", *ROWS]
    answer = subprocess.run(
        [*prefix, *program], cwd=ROOT, capture_output=True, check=True, timeout=100
    )
    found: dict[str, tuple[int, bool]] = json.loads(answer.stdout)
    return found


@pytest.mark.parametrize("table", ROWS)
def test_a_recording_answers_as_the_machine_did(
    table: str, compared: dict[str, tuple[int, bool]]
) -> None:
    """Every declared source is taken, so each device has the same row, and the same conditions."""
    assert tuple(compared[table]) == (ROWS[table], True)
