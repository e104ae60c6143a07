from pathlib import Path

from collectors.tpm import tpm_info
from tests.collectors import umockdev
from tests.collectors.machine import running
from tests.collectors.namespaces import mounted
from tests.collectors.observe import observe
from tests.collectors.roots import cells, read

CHIP = "/sys/devices/pnp0/00:04"
OLD: dict[str, str | bytes] = {
    "/sys/class/tpm/tpm0": f"-> {CHIP}/tpm/tpm0",
    f"{CHIP}/tpm/tpm0/device": "-> ../..",
    f"{CHIP}/caps": "Manufacturer: 0x53544d20\nTCG version: 1.2\nFirmware version: 8.16\n",
    f"{CHIP}/active": "1\n",
    f"{CHIP}/enabled": "1\n",
    f"{CHIP}/owned": "0\n",
}


def test_a_module_of_today() -> None:
    """A TPM 2.0 has its version and the banks that are in use; its maker the kernel keeps."""
    (row,) = observe("tpm_info", prefix=umockdev.devices("laptop")).rows

    assert (row["name"], row["spec_version"], row["driver"]) == ("tpm0", "2.0", "tpm_tis")
    assert row["pcr_banks"] == "sha1 sha256"
    assert (row["manufacturer_id"], row["owned"]) == (None, None)


def test_a_module_of_yesterday(tmp_path: Path) -> None:
    """A TPM 1.2 says who made it, which firmware it has, and its state."""
    observed = read(running(tmp_path, OLD), "tpm_info")

    assert cells(observed, "spec_version", "manufacturer_id", "manufacturer_version") == [
        ("1.2", "0x53544d20", "8.16")
    ]
    assert cells(observed, "activated", "enabled", "owned") == [(1, 1, 0)]


def test_an_older_kernel_tells_the_version_by_a_node(tmp_path: Path) -> None:
    """Before 5.6 nothing states the version, but only a TPM 2.0 has the managed node."""
    files: dict[str, str | bytes] = {
        "/sys/class/tpm/tpm0": f"-> {CHIP}/tpm/tpm0",
        "/sys/class/tpmrm/tpmrm0": f"-> {CHIP}/tpmrm/tpmrm0",
        f"{CHIP}/tpm/tpm0/dev": "10:224\n",
        f"{CHIP}/tpmrm/tpmrm0/dev": "253:65536\n",
    }

    observed = read(running(tmp_path, files), "tpm_info")

    assert cells(observed, "spec_version", "pcr_banks") == [("2.0", None)]


def test_the_chip_is_not_asked_for_what_nobody_wants(tmp_path: Path) -> None:
    """Reading a TPM 1.2's state sends it a command, which a policy on its driver spares."""
    host = running(tmp_path, OLD)

    tpm_info(host, frozenset({"driver"}))

    assert not any(path.endswith(("/caps", "/active", "/owned")) for path in host.asked)


def test_a_covered_class_is_unreadable() -> None:
    """An empty tmpfs is not a machine without a module."""
    seen = observe("tpm_info", prefix=mounted("mount -t tmpfs tmpfs /sys/class"))

    assert (seen.status, seen.reason[0]) == ("unreadable", "foreign_mount")
