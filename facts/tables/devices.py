"""What is attached: block devices, USB devices and their interfaces, radios; and what was."""

from facts.spec import Column, Kind, Privacy, TableSpec, Type

_UDEV = "udevadm info --export-db"

BLOCK_DEVICES = TableSpec(
    name="block_devices",
    version=1,
    doc="Block devices and their partitions.",
    columns=(
        Column("name", Type.TEXT, "Device node, such as /dev/sda1."),
        Column("parent", Type.TEXT, "Device node of the whole disk; empty for a whole disk."),
        Column("vendor", Type.TEXT, "Vendor as the device states it."),
        Column("model", Type.TEXT, "Model as the device states it."),
        Column(
            "serial",
            Type.TEXT,
            "Serial number; empty when the device has none.",
            Privacy.DEIDENTIFIED,
            "device_serial",
        ),
        Column("size", Type.BIGINT, "Size in blocks of 512 bytes, whatever block_size says."),
        Column("block_size", Type.INTEGER, "Logical block size in bytes."),
        Column(
            "uuid", Type.TEXT, "UUID of the file system.", Privacy.DEIDENTIFIED, "filesystem_uuid"
        ),
        Column(
            "type",
            Type.TEXT,
            "Content: ext4, vfat, swap, crypto_LUKS …; empty when none was recognised.",
        ),
        Column("label", Type.TEXT, "Label of the file system.", Privacy.LOCAL),
        Column(
            "removable",
            Type.INTEGER,
            "1 when the kernel says that its medium can be taken out (not that the device can),"
            " else 0.",
        ),
        Column(
            "sysfs_path",
            Type.TEXT,
            "Place in the device tree; begins with usb_devices.sysfs_path when attached by USB.",
        ),
    ),
    source=("/sys/class/block", "/run/udev/data/b<major>:<minor>"),
    osquery=True,
    notes="removable and sysfs_path are ours.",
)

USB_DEVICES = TableSpec(
    name="usb_devices",
    version=1,
    doc="USB devices attached now, root hubs included.",
    columns=(
        Column(
            "usb_address",
            Type.INTEGER,
            "Address on its bus, which changes whenever it is attached.",
        ),
        Column("usb_port", Type.INTEGER, "Port of the hub it hangs on; 0 for a root hub."),
        Column(
            "vendor",
            Type.TEXT,
            "Vendor as the device states it, else by the USB ID database of the host.",
        ),
        Column("vendor_id", Type.TEXT, "Vendor, 4 hex digits in lower case."),
        Column("version", Type.TEXT, "Release number of the device, 4 digits (bcdDevice)."),
        Column(
            "model",
            Type.TEXT,
            "Product as the device states it, else by the USB ID database of the host.",
        ),
        Column("model_id", Type.TEXT, "Product, 4 hex digits in lower case."),
        Column(
            "serial",
            Type.TEXT,
            "Serial number; empty when the device has none. It may be shared by a whole batch.",
            Privacy.DEIDENTIFIED,
            "device_serial",
        ),
        Column(
            "class",
            Type.TEXT,
            "Class of the whole device, 2 hex digits; 00 means that each interface has its own.",
        ),
        Column("subclass", Type.TEXT, "Subclass, 2 hex digits."),
        Column("protocol", Type.TEXT, "Protocol, 2 hex digits."),
        Column(
            "removable",
            Type.INTEGER,
            "1 when its port is open to users, 0 when it is built in, NULL when the firmware "
            "does not say.",
        ),
        Column("sysfs_path", Type.TEXT, "Place in the device tree; joins usb_interfaces."),
        Column(
            "port_path",
            Type.TEXT,
            "Bus and ports down to it, such as 1-1.2; usb1 for the root hub of bus 1.",
        ),
        Column(
            "authorized", Type.INTEGER, "1 when the kernel lets it work, 0 when it is held back."
        ),
        Column("speed", Type.TEXT, "Speed in Mb/s as the kernel writes it: 1.5, 12, 480, 5000 …"),
    ),
    source=("/sys/bus/usb/devices",),
    osquery=True,
    notes=(
        "osquery reads `fixed` as removable, gives the bus number as usb_address and the device "
        "number as usb_port. sysfs_path, port_path, authorized and speed are ours. Attached means "
        "enumerated: a device that is held back is listed."
    ),
)

USB_INTERFACES = TableSpec(
    name="usb_interfaces",
    version=1,
    doc="Interfaces of the USB devices: what each device can act as.",
    columns=(
        Column(
            "sysfs_path", Type.TEXT, "Place of the device in the device tree; joins usb_devices."
        ),
        Column("interface", Type.TEXT, "Kernel name, such as 1-1.2:1.0."),
        Column("number", Type.INTEGER, "Interface number within the configuration."),
        Column(
            "class", Type.TEXT, "Class, 2 hex digits: 03 input, 08 storage, 0e video, e0 wireless …"
        ),
        Column("subclass", Type.TEXT, "Subclass, 2 hex digits."),
        Column("protocol", Type.TEXT, "Protocol, 2 hex digits."),
        Column("driver", Type.TEXT, "Driver that is bound to it; empty when none is."),
        Column(
            "authorized", Type.INTEGER, "1 when the kernel lets it work, 0 when it is held back."
        ),
        Column(
            "network_interface",
            Type.TEXT,
            "Network interface it serves, such as usb0; empty when it serves none.",
        ),
    ),
    source=("/sys/bus/usb/devices", "/sys/bus/usb/devices/<interface>/net"),
    notes=(
        "Only the active configuration and alternate setting has interfaces; a device that is held "
        "back has none."
    ),
)

WIRELESS_DEVICES = TableSpec(
    name="wireless_devices",
    version=1,
    doc="Radios: Wi-Fi, Bluetooth and cellular, by hardware present and not by module loaded.",
    columns=(
        Column(
            "name",
            Type.TEXT,
            "Kernel name: wlan0, phy0 (a radio without interface), hci0, wwan0, or the port "
            "path of a USB device no driver serves.",
        ),
        Column("kind", Type.TEXT, "wifi, bluetooth or wwan (cellular)."),
        Column(
            "mode",
            Type.TEXT,
            "Wi-Fi: managed, ap, monitor, ibss, mesh, p2p_client, p2p_go, p2p_device …; NULL "
            "for other kinds and without an interface.",
        ),
        Column("driver", Type.TEXT, "Driver; empty when none is bound."),
        Column("bus", Type.TEXT, "usb, pci, sdio, platform or virtual."),
        Column(
            "sysfs_path",
            Type.TEXT,
            "Place in the device tree; begins with usb_devices.sysfs_path when attached by USB.",
        ),
        Column(
            "rfkill_soft",
            Type.INTEGER,
            "1 when blocked by software, 0 when not, NULL when it has no switch.",
        ),
        Column(
            "rfkill_hard",
            Type.INTEGER,
            "1 when blocked by a physical switch, 0 when not, NULL when it has no switch.",
        ),
        Column(
            "state",
            Type.TEXT,
            "up when the interface is administratively up, else down; NULL when it has none.",
        ),
    ),
    source=(
        "/sys/class/net",
        "/sys/class/ieee80211",
        "/sys/class/bluetooth",
        "/sys/class/wwan",
        "/sys/class/rfkill",
        "/sys/bus/usb/devices",
        "iw dev",
    ),
    notes="Network names, subscriber and card numbers and paired devices are never read.",
)

HARDWARE_EVENTS = TableSpec(
    name="hardware_events",
    version=1,
    doc="Devices that appeared, were taken by a driver, or went, while the agent was watching.",
    kind=Kind.EVENT,
    columns=(
        Column(
            "action",
            Type.TEXT,
            "add, remove, bind (a driver took an interface) or unbind.",
        ),
        Column("path", Type.TEXT, "Place in the device tree, of the device or its interface."),
        Column("type", Type.TEXT, "Kind by the kernel: usb_device, usb_interface, disk …"),
        Column("driver", Type.TEXT, "Driver, such as usb-storage; empty when there is none."),
        Column("vendor", Type.TEXT, "Vendor as the device states it."),
        Column("vendor_id", Type.TEXT, "Vendor, 4 hex digits in lower case."),
        Column("model", Type.TEXT, "Product as the device states it."),
        Column("model_id", Type.TEXT, "Product, 4 hex digits in lower case."),
        Column(
            "serial",
            Type.TEXT,
            "Serial number; empty when the device has none.",
            Privacy.DEIDENTIFIED,
            "device_serial",
        ),
        Column("revision", Type.TEXT, "Release number of the device, 4 digits (bcdDevice)."),
        Column("time", Type.BIGINT, "When it happened, in seconds since the epoch."),
        Column(
            "sysfs_path",
            Type.TEXT,
            "Place of the USB device in the device tree, as in usb_devices.",
        ),
        Column(
            "port_path",
            Type.TEXT,
            "Bus and ports down to the USB device, such as 1-1.2; empty on other buses.",
        ),
    ),
    source=("kernel uevents (NETLINK_KOBJECT_UEVENT)",),
    osquery=True,
    notes=(
        "sysfs_path and port_path are ours. Only a watching agent has events: a single scan says "
        "unsupported (not_watching), never an empty complete table."
    ),
)

TABLES: tuple[TableSpec, ...] = (
    BLOCK_DEVICES,
    USB_DEVICES,
    USB_INTERFACES,
    WIRELESS_DEVICES,
    HARDWARE_EVENTS,
)
