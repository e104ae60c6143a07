"""What is attached by USB: the devices, and the interfaces that say what each can act as."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

_AUTHORIZED = Column(
    "authorized",
    Type.INTEGER,
    "内核允许其工作为 1，被内核禁用为 0。",
    "1 when the kernel lets it work, 0 when it is held back.",
)

_DEVICE_ATTRIBUTES = (
    "authorized", "bDeviceClass", "bDeviceProtocol", "bDeviceSubClass", "bcdDevice", "devnum",
    "devpath", "idProduct", "idVendor", "manufacturer", "product", "removable", "serial", "speed",
)  # fmt: skip
_INTERFACE_ATTRIBUTES = (
    "authorized", "bInterfaceClass", "bInterfaceNumber", "bInterfaceProtocol",
    "bInterfaceSubClass", "driver", "interface", "net",
)  # fmt: skip

USB_DEVICES = TableSpec(
    name="usb_devices",
    version=2,
    doc=Words(
        "当前接入的 USB 设备，包括根集线器。", "USB devices attached now, root hubs included."
    ),
    source=(
        "/sys/bus/usb/devices",
        "/sys/bus/usb/devices/*",
        *(f"/sys/bus/usb/devices/<device>/{attribute}" for attribute in _DEVICE_ATTRIBUTES),
        "/usr/share/hwdata/usb.ids",
        "/usr/share/misc/usb.ids",
        "/var/lib/usbutils/usb.ids",
    ),
    osquery=True,
    notes=Words(
        "osquery 把固定端口（`fixed`）误读为可插拔，并以总线号充作 usb_address、以设备号充作 "
        "usb_port。sysfs_path、port_path、serial_state、authorized、speed 为本系统所加。"
        "内核已识别的"
        "即为接入，被禁用的设备也会列出。",
        "osquery reads `fixed` as removable, gives the bus number as usb_address and the device "
        "number as usb_port. sysfs_path, port_path, serial_state, authorized and speed are ours. "
        "Attached means enumerated: a device that is held back is listed.",
    ),
    columns=(
        Column(
            "usb_address",
            Type.INTEGER,
            "在所属总线上的设备地址，每次接入都会变化。",
            "Address on its bus, which changes whenever it is attached.",
        ),
        Column(
            "usb_port",
            Type.INTEGER,
            "所接集线器的端口号；根集线器为 0。",
            "Port of the hub it hangs on; 0 for a root hub.",
        ),
        Column(
            "vendor",
            Type.TEXT,
            "厂商名：设备自报的名称，没有则查本机的 USB ID 数据库。",
            "Vendor as the device states it, else by the USB ID database of the host.",
        ),
        Column(
            "vendor_id",
            Type.TEXT,
            "厂商编号，4 位小写十六进制。",
            "Vendor, 4 hex digits in lower case.",
        ),
        Column(
            "version",
            Type.TEXT,
            "设备版本号，4 位数字（bcdDevice）。",
            "Release number of the device, 4 digits (bcdDevice).",
        ),
        Column(
            "model",
            Type.TEXT,
            "产品名：设备自报的名称，没有则查本机的 USB ID 数据库。",
            "Product as the device states it, else by the USB ID database of the host.",
        ),
        Column(
            "model_id",
            Type.TEXT,
            "产品编号，4 位小写十六进制。",
            "Product, 4 hex digits in lower case.",
        ),
        Column(
            "serial",
            Type.TEXT,
            "序列号；设备没有时为空。同一批次的设备可能共用一个序列号。",
            "Serial number; empty when the device has none. It may be shared by a whole batch.",
            Privacy.DEIDENTIFIED,
            "device_serial",
        ),
        Column(
            "serial_state",
            Type.TEXT,
            "序列号能否用来辨认这一个设备：`unique` 当前没有同厂商、同型号的设备与它同号，"
            "`duplicate` 有，`missing` 设备没有序列号。",
            "Whether the serial number tells this device apart: `unique` among those of its "
            "vendor and model attached now, `duplicate` when another one has it too, `missing` "
            "when it has none.",
        ),
        Column(
            "class",
            Type.TEXT,
            "设备类别，2 位十六进制；00 表示由各接口自定。",
            "Class of the whole device, 2 hex digits; 00 means that each interface has its own.",
        ),
        Column("subclass", Type.TEXT, "子类别，2 位十六进制。", "Subclass, 2 hex digits."),
        Column("protocol", Type.TEXT, "协议，2 位十六进制。", "Protocol, 2 hex digits."),
        Column(
            "removable",
            Type.INTEGER,
            "所接端口用户可插拔为 1，内置固定为 0，固件未说明为 NULL。",
            "1 when its port is open to users, 0 when it is built in, NULL when the firmware "
            "does not say.",
        ),
        Column(
            "sysfs_path",
            Type.TEXT,
            "在设备树中的位置；与 usb_interfaces 以此关联。",
            "Place in the device tree; joins usb_interfaces.",
        ),
        Column(
            "port_path",
            Type.TEXT,
            "端口路径：从总线到该设备经过的各级端口，如 1-1.2；总线 1 的根集线器为 usb1。",
            "Bus and ports down to it, such as 1-1.2; usb1 for the root hub of bus 1.",
        ),
        _AUTHORIZED,
        Column(
            "speed",
            Type.TEXT,
            "速率，单位 Mb/s，照内核的写法，如 1.5、12、480、5000。",
            "Speed in Mb/s as the kernel writes it, such as 1.5, 12, 480 or 5000.",
        ),
    ),
)

USB_INTERFACES = TableSpec(
    name="usb_interfaces",
    version=2,
    doc=Words(
        "USB 设备的各个接口：每个设备可以当作什么来用，复合设备有多个。",
        "Interfaces of the USB devices: what each device can act as.",
    ),
    source=(
        "/sys/bus/usb/devices",
        "/sys/bus/usb/devices/*",
        *(f"/sys/bus/usb/devices/<interface>/{name}" for name in _INTERFACE_ATTRIBUTES),
    ),
    notes=Words(
        "只有当前生效的配置和备用设置才有接口；被禁用的设备没有接口。",
        "Only the active configuration and alternate setting has interfaces; a device that is held "
        "back has none.",
    ),
    columns=(
        Column(
            "sysfs_path",
            Type.TEXT,
            "所属设备在设备树中的位置；与 usb_devices 以此关联。",
            "Place of the device in the device tree; joins usb_devices.",
        ),
        Column(
            "interface",
            Type.TEXT,
            "内核给出的接口名，如 1-1.2:1.0。",
            "Kernel name, such as 1-1.2:1.0.",
        ),
        Column(
            "number",
            Type.INTEGER,
            "在该配置中的接口号。",
            "Interface number within the configuration.",
        ),
        Column(
            "class",
            Type.TEXT,
            "接口类别，2 位十六进制，如 03 输入设备、08 存储、0e 视频、e0 无线。",
            "Class, 2 hex digits, such as 03 input, 08 storage, 0e video or e0 wireless.",
        ),
        Column("subclass", Type.TEXT, "子类别，2 位十六进制。", "Subclass, 2 hex digits."),
        Column("protocol", Type.TEXT, "协议，2 位十六进制。", "Protocol, 2 hex digits."),
        Column(
            "description",
            Type.TEXT,
            "接口自报的名称，如 MTP、RNDIS Communications Control；没有时为空。厂商自定类别（ff）"
            "的接口只能由此得知用途。",
            "What the interface calls itself, such as MTP or RNDIS Communications Control; empty "
            "when it does not say. Of a vendor's own class (ff) nothing else tells the use.",
        ),
        Column(
            "driver",
            Type.TEXT,
            "绑定的驱动；未绑定时为空。",
            "Driver that is bound to it; empty when none is.",
        ),
        _AUTHORIZED,
        Column(
            "network_interface",
            Type.TEXT,
            "由它提供的网络接口，如 usb0；没有时为空。",
            "Network interface it serves, such as usb0; empty when it serves none.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (USB_DEVICES, USB_INTERFACES)
