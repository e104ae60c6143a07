"""Radios beyond their hardware: the switches that silence them, and Bluetooth controllers."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

_PLACE = Column(
    "sysfs_path",
    Type.TEXT,
    "在设备树中的位置；经 USB 接入的，开头与 usb_devices.sysfs_path 相同。",
    "Place in the device tree; begins with usb_devices.sysfs_path when attached by USB.",
)

RFKILL = TableSpec(
    name="rfkill",
    version=1,
    doc=Words("无线设备的关闭开关（rfkill）。", "Switches that silence radios (rfkill)."),
    source=(
        "/sys/class/rfkill",
        "/sys/class/rfkill/*",
        "/sys/class/rfkill/<switch>/index",
        "/sys/class/rfkill/<switch>/name",
        "/sys/class/rfkill/<switch>/type",
        "/sys/class/rfkill/<switch>/soft",
        "/sys/class/rfkill/<switch>/hard",
        "/sys/class/rfkill/<switch>/persistent",
    ),
    notes=Words(
        "软件关闭可由 root 随时打开，只有拆除硬件或物理开关才可靠。",
        "Root can undo a software block at any time; only the physical switch, or taking the "
        "hardware out, is reliable.",
    ),
    columns=(
        Column(
            "id",
            Type.INTEGER,
            "内核给出的序号，重新接入后会变化。",
            "Number given by the kernel, another one after it was plugged in again.",
        ),
        Column(
            "name",
            Type.TEXT,
            "所属无线设备或平台驱动的名称，如 phy0、hci0。",
            "Radio or platform driver it belongs to, such as phy0 or hci0.",
        ),
        Column(
            "type",
            Type.TEXT,
            "种类：`wlan`、`bluetooth`、`wwan`、`ultrawideband`、`gps`、`fm`、`nfc`。",
            "Kind: `wlan`, `bluetooth`, `wwan`, `ultrawideband`, `gps`, `fm` or `nfc`.",
        ),
        Column("soft", Type.INTEGER, "被软件关闭为 1，未关闭为 0。", "1 when blocked by software."),
        Column(
            "hard",
            Type.INTEGER,
            "被物理开关关闭为 1，未关闭为 0。",
            "1 when blocked by a physical switch.",
        ),
        Column(
            "persistent",
            Type.INTEGER,
            "开机时由固件恢复状态为 1，否则为 0。",
            "1 when the firmware keeps its state over a restart.",
        ),
        _PLACE,
    ),
)

BLUETOOTH_ADAPTERS = TableSpec(
    name="bluetooth_adapters",
    version=1,
    doc=Words("蓝牙适配器。", "Bluetooth controllers."),
    source=(
        "/sys/class/bluetooth",
        "/sys/class/bluetooth/*",
        "/sys/class/bluetooth/<adapter>/address",
        "/sys/class/bluetooth/<adapter>/device/driver",
        "/sys/class/bluetooth/<adapter>/rfkill<n>/soft",
        "/sys/class/bluetooth/<adapter>/rfkill<n>/hard",
    ),
    notes=Words(
        "只列有驱动的；没有驱动的见 wireless_devices。是否通电不在 sysfs 中，须打开套接字询问，"
        "本系统"
        "不这样做：未被 rfkill 关闭的应视为可以启用。从不读取已配对的设备。",
        "Only those a driver serves; wireless_devices has the others. Whether one is powered is "
        "not in sysfs and would take a socket, which is not opened: what rfkill does not block "
        "can be switched on. Paired devices are never read.",
    ),
    columns=(
        Column("name", Type.TEXT, "内核给出的名称，如 hci0。", "Kernel name, such as hci0."),
        Column(
            "address",
            Type.TEXT,
            "硬件地址；较新的内核不在 sysfs 中给出，为 NULL。",
            "Hardware address; NULL where the kernel keeps it out of sysfs, as newer ones do.",
            Privacy.DEIDENTIFIED,
            "mac_address",
        ),
        Column("driver", Type.TEXT, "驱动，如 btusb。", "Driver, such as btusb."),
        Column(
            "bus",
            Type.TEXT,
            "所在总线：usb、pci、sdio、platform，虚拟设备为 virtual。",
            "usb, pci, sdio, platform or virtual.",
        ),
        Column(
            "connections",
            Type.INTEGER,
            "当前的连接数；对方是谁不读取。",
            "Connections open now; with whom is not read.",
        ),
        Column(
            "rfkill_soft",
            Type.INTEGER,
            "被软件关闭为 1，未关闭为 0，没有此开关为 NULL。",
            "1 when blocked by software, 0 when not, NULL when it has no switch.",
        ),
        Column(
            "rfkill_hard",
            Type.INTEGER,
            "被物理开关关闭为 1，未关闭为 0，没有此开关为 NULL。",
            "1 when blocked by a physical switch, 0 when not, NULL when it has no switch.",
        ),
        _PLACE,
    ),
)

TABLES: tuple[TableSpec, ...] = (RFKILL, BLUETOOTH_ADAPTERS)
