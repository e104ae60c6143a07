from pathlib import Path

import pytest

from tests.collectors import umockdev
from tests.collectors.machine import running
from tests.collectors.namespaces import mounted
from tests.collectors.observe import Seen, observe
from tests.collectors.roots import read


@pytest.fixture(scope="module", name="seen")
def _seen() -> Seen:
    return observe("thunderbolt_devices", prefix=umockdev.devices("thunderbolt"))


def test_a_device_has_the_protection_of_its_domain(seen: Seen) -> None:
    """What a disk may do depends on the domain it is on, so that is in its row."""
    disk = seen.one(name="0-1")

    assert (disk["kind"], disk["domain"], disk["authorized"]) == ("device", "domain0", 0)
    assert (disk["security"], disk["iommu_dma_protection"]) == ("user", 0)
    assert (disk["vendor"], disk["model"], disk["generation"]) == ("LaCie", "Rugged SSD Pro", 3)
    assert disk["unique_id"] == "c4010000-0082-8c1e-03a0-1f0000000001"
    assert disk["sysfs_path"].endswith("/domain0/0-0/0-1")


def test_another_host_on_the_cable_is_a_row(seen: Seen) -> None:
    """A host connected directly is a network nobody planned; its services are no rows."""
    assert seen.one(kind="host")["name"] == "0-3"
    assert [row["name"] for row in seen.rows] == ["0-0", "0-1", "0-3", "domain0"]


def test_without_a_domain_there_is_nothing(tmp_path: Path) -> None:
    """A kernel without the bus has no devices, and that is complete."""
    observed = read(running(tmp_path, {}), "thunderbolt_devices")

    assert (observed.condition.complete, list(observed.rows)) == (True, [])


def test_a_covered_bus_is_unreadable() -> None:
    """An empty tmpfs over the buses is not a machine without Thunderbolt."""
    seen = observe("thunderbolt_devices", prefix=mounted("mount -t tmpfs tmpfs /sys/bus"))

    assert (seen.status, seen.reason[0]) == ("unreadable", "foreign_mount")
