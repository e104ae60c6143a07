"""What else is attached, block devices and radios; and what came and went, on any bus."""

from facts.spec import Column, Kind, Privacy, TableSpec, Type
from facts.tables.usb import USB_INTERFACES
from facts.words import Words

_SERIAL = Column(
    "serial",
    Type.TEXT,
    "序列号；设备没有时为空。",
    "Serial number; empty when the device has none.",
    Privacy.DEIDENTIFIED,
    "device_serial",
)
_BELOW_USB = Column(
    "sysfs_path",
    Type.TEXT,
    "在设备树中的位置；经 USB 接入的，开头与 usb_devices.sysfs_path 相同。",
    "Place in the device tree; begins with usb_devices.sysfs_path when attached by USB.",
)

BLOCK_DEVICES = TableSpec(
    name="block_devices",
    version=1,
    doc=Words("块设备及其分区。", "Block devices and their partitions."),
    source=(
        "/sys/class/block",
        "/sys/class/block/*",
        "/sys/class/block/<device>/uevent",
        "/sys/class/block/<device>/size",
        "/sys/class/block/<disk>/removable",
        "/sys/class/block/<disk>/serial",
        "/sys/class/block/<disk>/queue/logical_block_size",
        "/sys/class/block/<disk>/device/vendor",
        "/sys/class/block/<disk>/device/model",
        "/sys/class/block/<disk>/device/serial",
        "/sys/class/block/<disk>/device/vpd_pg80",
        "/sys/bus/usb/devices/<device>/serial",
        "/run/udev/data",
        "/run/udev/data/b<major>:<minor>",
    ),
    osquery=True,
    notes=Words(
        "removable 和 sysfs_path 为本系统所加。",
        "removable and sysfs_path are ours.",
    ),
    columns=(
        Column("name", Type.TEXT, "设备节点，如 /dev/sda1。", "Device node, such as /dev/sda1."),
        Column(
            "parent",
            Type.TEXT,
            "所属整盘的设备节点；本身是整盘时为空。",
            "Device node of the whole disk; empty for a whole disk.",
        ),
        Column("vendor", Type.TEXT, "设备自报的厂商名。", "Vendor as the device states it."),
        Column("model", Type.TEXT, "设备自报的型号。", "Model as the device states it."),
        _SERIAL,
        Column(
            "size",
            Type.BIGINT,
            "大小，以 512 字节的块计，与 block_size 无关。",
            "Size in blocks of 512 bytes, whatever block_size says.",
        ),
        Column(
            "block_size",
            Type.INTEGER,
            "逻辑块大小，以字节计。",
            "Logical block size in bytes.",
        ),
        Column(
            "uuid",
            Type.TEXT,
            "文件系统的 UUID。",
            "UUID of the file system.",
            Privacy.DEIDENTIFIED,
            "filesystem_uuid",
        ),
        Column(
            "type",
            Type.TEXT,
            "内容类型，如 ext4、vfat、swap、crypto_LUKS；识别不出时为空。",
            "Content, such as ext4, vfat, swap or crypto_LUKS; empty when none was recognised.",
        ),
        Column("label", Type.TEXT, "文件系统的卷标。", "Label of the file system.", Privacy.LOCAL),
        Column(
            "removable",
            Type.INTEGER,
            "内核认为介质可取出（不是指设备可插拔）为 1，否则为 0。",
            "1 when the kernel says that its medium can be taken out (not that the device can), "
            "else 0.",
        ),
        _BELOW_USB,
    ),
)

WIRELESS_DEVICES = TableSpec(
    name="wireless_devices",
    version=1,
    doc=Words(
        "无线网卡、蓝牙适配器和移动通信模块；按实际存在的硬件列出，不看加载了哪些模块。",
        "Radios: Wi-Fi, Bluetooth and cellular, by hardware present and not by module loaded.",
    ),
    source=(
        *(f"/sys/class/net/<interface>/{name}" for name in ("uevent", "type", "flags")),
        *(f"/sys/class/net/<interface>/{link}" for link in ("device/driver", "phy80211")),
        "/sys/class/ieee80211/<phy>/device/driver",
        "/sys/class/ieee80211/<phy>/device/net",
        "/sys/class/bluetooth/<adapter>/device/driver",
        "/sys/class/wwan/<modem>/device/driver",
        *(f"/sys/class/rfkill/<switch>/{name}" for name in ("device", "soft", "hard")),
        *USB_INTERFACES.source,
        *(f"{directory}/iw dev" for directory in ("/usr/sbin", "/sbin", "/usr/bin", "/bin")),
    ),
    notes=Words(
        "从不读取网络名称（SSID）、用户和卡的号码（IMSI、ICCID），以及已配对的设备。",
        "Network names, subscriber and card numbers and paired devices are never read.",
    ),
    columns=(
        Column(
            "name",
            Type.TEXT,
            "内核给出的名称：wlan0、phy0（没有接口的无线网卡）、hci0、wwan0；没有驱动的 USB 设备"
            "则为其端口路径。",
            "Kernel name: wlan0, phy0 (a radio without interface), hci0, wwan0, or the port "
            "path of a USB device no driver serves.",
        ),
        Column(
            "kind",
            Type.TEXT,
            "种类：wifi 无线网卡，bluetooth 蓝牙，wwan 移动通信。",
            "wifi, bluetooth or wwan (cellular).",
        ),
        Column(
            "mode",
            Type.TEXT,
            "无线网卡的工作模式，如 managed、ap、monitor、ibss、mesh、p2p_client、p2p_go、"
            "p2p_device；其他种类或没有接口时为 NULL。",
            "Wi-Fi mode, such as managed, ap, monitor, ibss, mesh, p2p_client, p2p_go or "
            "p2p_device; NULL for other kinds and without an interface.",
        ),
        Column("driver", Type.TEXT, "驱动；未绑定时为空。", "Driver; empty when none is bound."),
        Column(
            "bus",
            Type.TEXT,
            "所在总线：usb、pci、sdio、platform，虚拟设备为 virtual。",
            "usb, pci, sdio, platform or virtual.",
        ),
        _BELOW_USB,
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
        Column(
            "state",
            Type.TEXT,
            "接口已启用为 up，未启用为 down；没有接口时为 NULL。",
            "up when the interface is administratively up, else down; NULL when it has none.",
        ),
    ),
)

HARDWARE_EVENTS = TableSpec(
    name="hardware_events",
    version=1,
    doc=Words(
        "客户端持续监测期间，设备的接入、绑定驱动、解绑和拔除。",
        "Devices that appeared, were taken by a driver, or went, while the agent was watching.",
    ),
    source=("netlink(7) NETLINK_KOBJECT_UEVENT",),
    kind=Kind.EVENT,
    osquery=True,
    notes=Words(
        "监听的是内核自身的通告，与 udevd 是否运行无关。监测的总线：usb、block、thunderbolt、mm"
        "c、firewire、pcmcia、pci。只有持续监测的客户端才有事件：从未监测过的，状态为 unsupport"
        "ed（not_watching），绝不会是“完整但没有数据行”；上次扫描以来有一段时间没有监测，或者事"
        "件过多的，状态为 partial，并有 action 为 gap 的行。移除时的扇区数和挂载时长取自移除前"
        "最后一次查看，实际只多不少。7 天以前的事件，仅时间和数量不同的合为一行。除 osquery 已"
        "有的列（到 eid 为止）外，其余各列为本系统所加。",
        "The kernel's own announcements are heard, whether or not udevd runs. Watched are the "
        "buses usb, block, thunderbolt, mmc, firewire, pcmcia and pci. Only a watching agent has "
        "events: where nobody ever watched it is unsupported (not_watching), never an empty "
        "complete table; where nobody watched for some time since the last scan, or too much "
        "came, it is partial and has a row whose action is gap. Sectors and time mounted are "
        "those of the last look before a disk went, and so a lower bound. Events older than "
        "7 days that differ only in time and amount are one row. The columns after eid are ours.",
    ),
    columns=(
        Column(
            "action",
            Type.TEXT,
            "动作：add 接入，remove 拔除，bind 驱动接管了接口，unbind 驱动放开了接口，"
            "change 授权改变或更换了介质，seen 查看时在而此前不在，gone 查看时不在而此前在，"
            "gap 这段时间没有完整监测。",
            "add, remove, bind (a driver took an interface), unbind, change (of its authorisation "
            "or its medium), seen (there when it was looked for, and not before), gone (the "
            "other way round), or gap (not all of this time was watched).",
        ),
        Column(
            "path",
            Type.TEXT,
            "设备或其接口在设备树中的位置。",
            "Place in the device tree, of the device or its interface.",
        ),
        Column(
            "type",
            Type.TEXT,
            "内核所称的种类，如 usb_device、usb_interface、disk，没有则为所属子系统；action 为 gap "
            "时为原因：unwatched 无人监测，overflow 内核缓冲区溢出，flood 事件过多，dropped "
            "早期事件已清除。",
            "Kind by the kernel, such as usb_device, usb_interface or disk, else the subsystem; of "
            "a gap, why: unwatched, overflow (of the kernel's buffer), flood (of events) or "
            "dropped (old events).",
        ),
        Column(
            "driver",
            Type.TEXT,
            "驱动，如 usb-storage；没有时为空。",
            "Driver, such as usb-storage; empty when there is none.",
        ),
        Column("vendor", Type.TEXT, "设备自报的厂商名。", "Vendor as the device states it."),
        Column(
            "vendor_id",
            Type.TEXT,
            "厂商编号，4 位小写十六进制。",
            "Vendor, 4 hex digits in lower case.",
        ),
        Column("model", Type.TEXT, "设备自报的产品名。", "Product as the device states it."),
        Column(
            "model_id",
            Type.TEXT,
            "产品编号，4 位小写十六进制。",
            "Product, 4 hex digits in lower case.",
        ),
        _SERIAL,
        Column(
            "revision",
            Type.TEXT,
            "设备版本号，4 位数字（bcdDevice）。",
            "Release number of the device, 4 digits (bcdDevice).",
        ),
        Column(
            "time",
            Type.BIGINT,
            "发生时间，Unix 时间戳（秒）；几个事件合为一行时，为末次的时间。",
            "When it happened, in seconds from 1970-01-01 UTC; of several in one row, the last.",
        ),
        Column(
            "eid",
            Type.TEXT,
            "事件序号，16 位数字，按发生的先后递增。",
            "Number of the event, 16 digits, in the order in which they happened.",
        ),
        Column(
            "sysfs_path",
            Type.TEXT,
            "所属 USB 设备在设备树中的位置，同 usb_devices；其他总线为空。",
            "Place of the USB device in the device tree, as in usb_devices; empty on other buses.",
        ),
        Column(
            "port_path",
            Type.TEXT,
            "USB 设备的端口路径，如 1-1.2；其他总线为空。",
            "Bus and ports down to the USB device, such as 1-1.2; empty on other buses.",
        ),
        Column(
            "authorized",
            Type.INTEGER,
            "内核当时允许设备工作为 1，禁用为 0；没有授权一说的为 NULL。",
            "1 when the kernel let the device work then, 0 when it held it back; NULL where there "
            "is no such thing.",
        ),
        Column(
            "duration",
            Type.BIGINT,
            "remove、gone 为至少接入了多少秒，gap 为多少秒没有监测；不详或其他动作为 NULL。",
            "Of remove and gone, for how many seconds it was attached at least; of a gap, for how "
            "many nobody watched; NULL for others and when that is not known.",
        ),
        Column(
            "mounted",
            Type.BIGINT,
            "移动存储移除时，其上的文件系统至少挂载了多少秒；不详或其他行为 NULL。",
            "Of a removable disk that went, for how many seconds at least something on it was "
            "mounted; NULL for other rows and when that is not known.",
        ),
        Column(
            "sectors_read",
            Type.BIGINT,
            "移动存储移除时，接入以来至少读出的扇区数，每扇区 512 字节；其他行为 NULL。",
            "Of a removable disk that went, sectors of 512 bytes read at least since it was "
            "attached; NULL for other rows.",
        ),
        Column(
            "sectors_written",
            Type.BIGINT,
            "移动存储移除时，接入以来至少写入的扇区数，每扇区 512 字节；其他行为 NULL。",
            "Of a removable disk that went, sectors of 512 bytes written at least since it was "
            "attached; NULL for other rows.",
        ),
        Column(
            "sampled",
            Type.BIGINT,
            "以上扇区数和挂载时长最后一次查看的时间，Unix 时间戳（秒）。",
            "When sectors and mounts were last looked at, in seconds from 1970-01-01 UTC.",
        ),
        Column(
            "count",
            Type.BIGINT,
            "几个相同的事件合为一行时，共几个；其余为 NULL。",
            "Of several like events in one row, how many; NULL otherwise.",
        ),
        Column(
            "first_time",
            Type.BIGINT,
            "几个相同的事件合为一行时，首次的时间，Unix 时间戳（秒）；其余为 NULL。",
            "Of several like events in one row, the time of the first, in seconds from 1970-01-01 "
            "UTC; NULL otherwise.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (BLOCK_DEVICES, WIRELESS_DEVICES, HARDWARE_EVENTS)
