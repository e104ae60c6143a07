"""What lies below the system: SMBIOS, ACPI, processor, memory, Secure Boot."""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from collectors.smbios import structures
from facts.status import Condition, Status, condition
from tests.collectors.answering import running
from tests.collectors.observe import here, observe
from tests.collectors.roots import by, cells, read, root

DMI = "/sys/firmware/dmi/tables/DMI"
EFIVARS = "/sys/firmware/efi/efivars"
SECURE_BOOT = f"{EFIVARS}/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
SETUP_MODE = f"{EFIVARS}/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c"
SHIM = f"{EFIVARS}/MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23"
OTHER = f"{EFIVARS}/Boot0000-8be4df61-93ca-11d2-aa0d-00e098032b8c"
NOBODY = 65534
ACPI = Path("/sys/firmware/acpi/tables")
KERNELS_NAMES = {
    **{name: name for name in ("nx", "svm", "vmx", "avx2", "smap")},
    "page1gb": "pdpe1gb",
    "sse3": "pni",
    "sse4.2": "sse4_2",
}
"""Features, and the flags by which the kernel and lscpu call them."""


def structure(kind: int, handle: int, formatted: bytes, *strings: str) -> bytes:
    """One SMBIOS structure."""
    head = bytes((kind, 4 + len(formatted))) + handle.to_bytes(2, "little")
    texts = b"".join(text.encode() + b"\0" for text in strings) or b"\0"
    return head + formatted + texts + b"\0"


BIOS = structure(
    0,
    0x10,
    b"\1\2" + (0xF000).to_bytes(2, "little") + b"\3\xff" + bytes(8) + b"\3\0\5\x11\xff\xff"
    + (32).to_bytes(2, "little"),
    "Maker", "1.2.3", "01/02/2024",
)  # fmt: skip
SYSTEM = structure(1, 0x20, b"\1\2\0\3" + bytes(range(16)) + b"\6\0\0", "Maker", "Box", "SN0001")
OWN = structure(200, 0x30, b"\1\2")
END = structure(127, 0x40, b"")
TABLE = BIOS + SYSTEM + OWN + END


def test_structures_are_those_of_dmidecode(tmp_path: Path) -> None:
    """Handles, types and lengths are what dmidecode prints of the same table."""
    entry = bytearray(b"_SM3_\0\x18\3\3\0\1\0" + len(TABLE).to_bytes(4, "little"))
    entry += (32).to_bytes(8, "little")
    entry[5] = -sum(entry) & 0xFF
    dump = tmp_path / "dump"
    dump.write_bytes(bytes(entry).ljust(32, b"\0") + TABLE)
    argv = ["dmidecode", "--from-dump", str(dump)]
    said = subprocess.run(argv, capture_output=True, check=True, text=True).stdout
    told = [line for line in said.splitlines() if line.startswith("Handle")]

    found = read(running(tmp_path / "root", {DMI: TABLE}), "smbios_tables")

    assert told == [
        f"Handle 0x{row['handle']:04X}, DMI type {row['type']}, {row['header_size']} bytes"
        for row in found.rows
    ]
    assert found.condition.complete


def test_a_structure_is_told_with_its_strings(tmp_path: Path) -> None:
    """Place, name, size and digest cover the strings and their end."""
    found = read(running(tmp_path, {DMI: TABLE}), "smbios_tables")

    assert cells(found, "number", "description", "size") == [
        (0, "BIOS Information", len(BIOS)),
        (1, "System Information", len(SYSTEM)),
        (2, "Unknown", len(OWN)),
        (3, "End-of-Table", len(END)),
    ]
    assert by(found, "number", "md5")["1"] == hashlib.md5(SYSTEM).hexdigest()


@pytest.mark.parametrize("length", range(len(TABLE)))
def test_a_table_cut_short_is_never_whole(length: int) -> None:
    """Wherever it is cut, its last structure is missing, and nothing is made up."""
    whole = list(structures(TABLE))

    found = list(structures(TABLE[:length]))

    assert found == whole[: len(found)]
    assert len(found) < len(whole)


def test_a_table_without_its_end_is_partial(tmp_path: Path) -> None:
    """What is there is shown; that something is missing, too."""
    found = read(running(tmp_path, {DMI: BIOS + SYSTEM}), "smbios_tables")

    assert len(found.rows) == 2
    assert found.condition == condition(Status.PARTIAL, "malformed_source", DMI)


def test_a_machine_without_smbios_has_no_structures(tmp_path: Path) -> None:
    """Its /sys/firmware is there and lacks the table; a root without it says nothing."""
    with_sys = running(tmp_path / "a", {"/sys/firmware/memmap/0/end": "0\n"})

    assert read(with_sys, "smbios_tables").condition.complete
    assert not read(running(tmp_path / "b", {"/etc/x": ""}), "smbios_tables").condition.complete
    files = root(tmp_path / "c", {DMI: TABLE})
    assert read(files, "smbios_tables").condition.status is Status.UNSUPPORTED


DMI_ID = {
    "/sys/class/dmi/id/bios_vendor": "Maker\n",
    "/sys/class/dmi/id/bios_version": "1.2.3\n",
    "/sys/class/dmi/id/bios_date": "01/02/2024\n",
    "/sys/class/dmi/id/bios_release": "5.17\n",
}


def test_the_firmware_is_described(tmp_path: Path) -> None:
    """What it states of itself, where it is mapped, and a chip larger than a byte can say."""
    host = running(tmp_path, {DMI: TABLE, "/sys/firmware/efi/fw_platform_size": "64\n", **DMI_ID})

    found = read(host, "platform_info")

    assert cells(
        found, "vendor", "version", "date", "revision", "firmware_type", "address", "size"
    ) == [("Maker", "1.2.3", "01/02/2024", "5.17", "uefi", "0xf000", str(32 * 1024**2))]
    assert not found.columns


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/sys/firmware/efi/fw_platform_size", "uefi"),
        ("/sys/firmware/acpi/pm_profile", "bios"),
        ("/sys/firmware/devicetree/base/model", "openfirmware"),
        ("/sys/firmware/memmap/0/end", "unknown"),
    ],
)
def test_what_is_there_tells_the_kind_of_firmware(tmp_path: Path, place: str, kind: str) -> None:
    """A machine without SMBIOS has a row with its kind, and Secure Boot only with UEFI."""
    found = read(running(tmp_path, {place: "x"}), "platform_info")

    assert cells(found, "firmware_type", "vendor", "size") == [(kind, None, None)]
    assert found.condition.complete


@pytest.mark.skipif(not ACPI.exists(), reason="this machine has no ACPI")
def test_a_plain_user_is_denied_what_the_table_says() -> None:
    """ACPI's tables are root's: their names are told, and that their digests are not."""
    seen = observe("acpi_tables", user=NOBODY)

    assert seen.columns["md5"][0] == "denied"
    assert [row["name"] for row in seen.rows] == [row["name"] for row in here("acpi_tables").rows]


def test_acpi_tables_are_those_of_the_kernel() -> None:
    """Size and digest are those of the files, which are all there."""
    found = here("acpi_tables")

    told = {
        path.name: (len(data := path.read_bytes()), hashlib.md5(data).hexdigest())
        for path in ACPI.rglob("*")
        if path.is_file()
    }
    assert {str(row["name"]): (row["size"], row["md5"]) for row in found.rows} == told


def test_a_licence_key_is_never_read(tmp_path: Path) -> None:
    """MSDM is there and has a size; tables added later are found where the kernel puts them."""
    tables = "/sys/firmware/acpi/tables"
    files = {f"{tables}/MSDM": "KEY", f"{tables}/dynamic/SSDT9": "x", f"{tables}/data/BERT": "y"}

    found = read(running(tmp_path, files), "acpi_tables")

    assert by(found, "name", "size") == {"MSDM": 3, "BERT": 1, "SSDT9": 1}
    assert by(found, "name", "md5")["MSDM"] is None


def test_features_are_those_of_lscpu() -> None:
    """A feature is 1 exactly if lscpu lists its flag; vendor and name are the same."""
    argv = ["lscpu", "--json"]
    said = subprocess.run(argv, capture_output=True, check=True, text=True).stdout
    told = {each["field"].rstrip(":"): each["data"] for each in json.loads(said)["lscpu"]}

    found = by(here("cpuid"), "feature", "value")

    assert found["vendor"] == told["Vendor ID"]
    assert found["product_name"] == told["Model name"]
    flags = told["Flags"].split()
    for feature, flag in KERNELS_NAMES.items():
        assert found[feature] == str(int(flag in flags)), feature


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\n", True),
        ("vendor_id       : IBM/S390\n# processors    : 2\n", True),
        ("processor\t: 0\nvendor_id\t: GenuineIntel\n", False),
        ("processor\t: 0\n", False),
        ("", False),
    ],
    ids=["arm64", "s390x", "cut", "cut-early", "empty"],
)
def test_only_x86_has_cpuid(tmp_path: Path, text: str, complete: bool) -> None:  # noqa: FBT001
    """Other architectures have no row; half a file of x86 is not another architecture."""
    found = read(running(tmp_path, {"/proc/cpuinfo": text}), "cpuid")

    assert found.rows == ()
    assert found.condition.complete is complete


def test_memory_is_what_free_says() -> None:
    """Totals are those of free(1), in bytes."""
    argv = ["free", "--bytes"]
    lines = subprocess.run(argv, capture_output=True, check=True, text=True).stdout.splitlines()
    memory, swap = (line.split() for line in lines[1:3])

    (row,) = here("memory_info").rows

    assert row["memory_total"] == int(memory[1])
    assert row["swap_total"] == int(swap[1])
    assert 0 < int(row["memory_available"] or 0) <= int(memory[1])


def test_a_figure_that_is_missing_shows(tmp_path: Path) -> None:
    """MemAvailable may be missing on an old kernel, anything else may not."""
    said = Path("/proc/meminfo").read_text()
    old = "\n".join(line for line in said.split("\n") if not line.startswith("MemAvailable"))
    cut = said.partition("SwapTotal")[0]

    assert not read(running(tmp_path / "a", {"/proc/meminfo": old}), "memory_info").columns
    found = read(running(tmp_path / "b", {"/proc/meminfo": cut}), "memory_info")
    assert set(found.columns) == {"swap_total", "swap_free"}


@pytest.mark.parametrize(
    ("files", "row"),
    [
        ({SECURE_BOOT: b"\6\0\0\0\1", SETUP_MODE: b"\6\0\0\0\0"}, (1, 0, "uefi", 0)),
        ({SECURE_BOOT: b"\6\0\0\0\0", SETUP_MODE: b"\6\0\0\0\1"}, (0, 1, "uefi", 0)),
        (
            {SECURE_BOOT: b"\6\0\0\0\1", SETUP_MODE: b"\6\0\0\0\0", SHIM: b"\6\0\0\0\1"},
            (1, 0, "uefi", 1),
        ),
        ({OTHER: b"\7\0\0\0x"}, (0, None, "uefi", 0)),
        ({"/sys/firmware/acpi/pm_profile": b"1"}, (0, None, "bios", None)),
    ],
    ids=["on", "setup", "shim-off", "cannot", "bios"],
)
def test_secure_boot_is_what_the_firmware_says(
    tmp_path: Path, files: Mapping[str, bytes], row: tuple[object, ...]
) -> None:
    """The byte behind the attributes; a machine that cannot do it is off, not unknown."""
    found = read(running(tmp_path, files), "secureboot")

    columns = ("secure_boot", "setup_mode", "firmware_type", "shim_validation_off")
    assert cells(found, *columns) == [row]
    assert found.condition.complete
    assert not found.columns


@pytest.mark.parametrize("content", [b"", b"\6\0\0\0", b"\6\0\0\0\2", b"\6\0\0\0\1\1"])
def test_a_variable_of_another_shape_says_nothing(tmp_path: Path, content: bytes) -> None:
    """Neither too short, nor too long, nor another value is taken for on or off."""
    found = read(running(tmp_path, {SECURE_BOOT: content, SETUP_MODE: b"\6\0\0\0\0"}), "secureboot")

    assert cells(found, "secure_boot", "setup_mode") == [(None, 0)]
    expected = condition(Status.UNREADABLE, "malformed_source", SECURE_BOOT)
    assert found.columns == {"secure_boot": expected}


def test_variables_that_nobody_mounted_say_nothing(tmp_path: Path) -> None:
    """An empty directory is not a firmware without Secure Boot."""
    host = running(tmp_path, {"/sys/firmware/efi/fw_platform_size": "64\n"})
    (tmp_path / "sys/firmware/efi/efivars").mkdir()

    found = read(host, "secureboot")

    assert cells(found, "secure_boot") == [(None,)]
    assert found.columns["secure_boot"] == Condition(
        Status.UNREADABLE, found.columns["secure_boot"].reason
    )
