"""A program that says what libudev knows of the USB devices, as a witness beside our reader."""

import json
import sys

import pyudev  # type: ignore[import-untyped]  # it ships no types


def main() -> None:
    """Prints the attributes of each device and interface as JSON, by kernel name."""
    found = {
        device.sys_name: {
            "sysfs_path": device.sys_path,
            "type": device.device_type,
            "driver": device.driver or "",
            "properties": dict(device.properties),
            "attributes": {
                name: (device.attributes.get(name) or b"").decode().strip()
                for name in device.attributes.available_attributes
            },
        }
        for device in pyudev.Context().list_devices(subsystem="usb")
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
