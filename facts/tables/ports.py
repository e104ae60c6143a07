"""Ports and who may use them: USB authorisation, USBGuard, Thunderbolt, serial ports."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

_PLACE = Column(
    "sysfs_path",
    Type.TEXT,
    "在设备树中的位置；经 USB 接入的，开头与 usb_devices.sysfs_path 相同。",
    "Place in the device tree; begins with usb_devices.sysfs_path when attached by USB.",
)

USB_AUTHORIZATION = TableSpec(
    name="usb_authorization",
    version=1,
    doc=Words(
        "USB 设备接入后是否立即可用：内核模块和各总线的默认规则，各设备和接口的现状。",
        "Whether USB devices work as soon as they are attached: the defaults of the module and "
        "each bus, and what each device and interface has now.",
    ),
    source=(
        "/sys/module/usbcore/parameters/authorized_default",
        "/sys/bus/usb/devices",
        "/sys/bus/usb/devices/*",
        "/sys/bus/usb/devices/<device>/authorized",
        "/sys/bus/usb/devices/<bus>/authorized_default",
        "/sys/bus/usb/devices/<bus>/interface_authorized_default",
    ),
    notes=Words(
        "默认拒绝的主机，每条总线的 authorized_default 都应为 0 或 2；"
        "模块的默认值只管以后出现的总线。",
        "A host denies by default when every bus has authorized_default 0 or 2; the module's "
        "value counts only for buses that appear later.",
    ),
    columns=(
        Column(
            "kind",
            Type.TEXT,
            "种类：`module` 内核模块 usbcore，`bus` 总线（根集线器），`device` 设备，`interface` "
            "接口。",
            "`module` (usbcore), `bus` (a root hub), `device` or `interface`.",
        ),
        Column(
            "name",
            Type.TEXT,
            "内核给出的名称：usbcore、usb1、1-1.2、1-1.2:1.0。",
            "Kernel name: usbcore, usb1, 1-1.2, 1-1.2:1.0.",
        ),
        Column(
            "authorized",
            Type.INTEGER,
            "内核允许其工作为 1，被内核禁用为 0；模块为 NULL。",
            "1 when the kernel lets it work, 0 when it is held back; NULL for the module.",
        ),
        Column(
            "authorized_default",
            Type.INTEGER,
            "新接入的设备：0 一律禁用，1 一律允许，2 只允许机内端口上的，-1 "
            "由内核决定（有线的允许）；"
            "设备和接口为 NULL。",
            "What becomes of new devices: 0 none works, 1 all do, 2 only those on built-in ports, "
            "-1 as the kernel has it (wired ones do); NULL for devices and interfaces.",
        ),
        Column(
            "interface_authorized_default",
            Type.INTEGER,
            "新设备的接口：1 允许，0 禁用；总线以外为 NULL。",
            "Whether interfaces of new devices work: 1 or 0; NULL except for a bus.",
        ),
        _PLACE,
    ),
)

_USBGUARD_CONFIG = "/etc/usbguard/usbguard-daemon.conf"

USBGUARD_CONFIG = TableSpec(
    name="usbguard_config",
    version=1,
    doc=Words(
        "USBGuard 的设置：配置文件写明的，以及未写明而取默认值的。",
        "Settings of USBGuard: those its file states, and defaults for what it does not.",
    ),
    source=(_USBGUARD_CONFIG,),
    privilege="root",
    notes=Words(
        "守护进程启动时读取，此后改动要重启才生效；它是否在运行见 systemd_units。",
        "The daemon reads them when it starts, and later changes wait for a restart; whether it "
        "runs is in systemd_units.",
    ),
    columns=(
        Column(
            "name",
            Type.TEXT,
            "设置名，如 ImplicitPolicyTarget、PresentDevicePolicy。",
            "Setting, such as ImplicitPolicyTarget or PresentDevicePolicy.",
        ),
        Column("value", Type.TEXT, "取值。", "Value."),
        Column(
            "is_default",
            Type.INTEGER,
            "文件未写明而取默认值为 1，否则为 0。",
            "1 when the file does not state it, else 0.",
        ),
        Column("path", Type.TEXT, "写明它的文件；默认值为空。", "File; empty for a default."),
    ),
)

USBGUARD_RULES = TableSpec(
    name="usbguard_rules",
    version=1,
    doc=Words(
        "USBGuard 的规则，按守护进程逐条比对的顺序。",
        "Rules of USBGuard, in the order the daemon tries them.",
    ),
    source=(
        _USBGUARD_CONFIG,
        "/etc/usbguard/rules.conf",
        "/etc/usbguard/rules.d",
        "/etc/usbguard/rules.d/*",
    ),
    privilege="root",
    notes=Words(
        "一条规则列出几个序列号就有几行。先匹配的生效，都不匹配的按 ImplicitPolicyTarget 处理。"
        "只要有"
        "一行不合语法，守护进程就一条也不采用，此时本表为 partial。设置指向别处的规则文件不读取，"
        "同样为 "
        "partial。临时规则只在守护进程的内存中。",
        "A rule that names several serial numbers has one row for each. The first match decides, "
        "else ImplicitPolicyTarget. One line that breaks the language makes the daemon take none "
        "of them, and this table partial; so does a file of rules elsewhere, which is not read. "
        "Temporary rules live in the daemon's memory only.",
    ),
    columns=(
        Column("position", Type.INTEGER, "次序，从 1 起。", "Place in the order, from 1."),
        Column(
            "target",
            Type.TEXT,
            "处理：`allow` 允许，`block` 禁用，`reject` 从系统中移除，`match` 和 `device` "
            "只作匹配。",
            "`allow`, `block`, `reject` (taken off the system); `match` and `device` only match.",
        ),
        Column(
            "device_id",
            Type.TEXT,
            "厂商和产品编号，如 0781:5567、0781:*；未限定时为空。",
            "Vendor and product, such as 0781:5567 or 0781:*; empty for any.",
        ),
        Column(
            "serial",
            Type.TEXT,
            "限定的序列号，与 usb_devices.serial 可比；未限定时为空。",
            "Serial number it asks for, to compare with usb_devices.serial; empty for any.",
            Privacy.DEIDENTIFIED,
            "device_serial",
        ),
        Column(
            "serial_operator",
            Type.TEXT,
            "对几个序列号的要求，如 `one-of`、`none-of`；未写时为空，即须相等。",
            "How several serial numbers count, such as `one-of` or `none-of`; empty means equal.",
        ),
        Column("name", Type.TEXT, "限定的产品名。", "Product it asks for."),
        Column(
            "hash",
            Type.TEXT,
            "限定的设备指纹，由 USBGuard 按名称、编号、序列号和描述符计算；几个写在一起。",
            "Fingerprint it asks for, which USBGuard makes of name, numbers, serial number and "
            "descriptors; several stand in one text.",
            Privacy.DEIDENTIFIED,
            "usbguard_hash",
        ),
        Column(
            "parent_hash",
            Type.TEXT,
            "限定的上级设备指纹。",
            "Fingerprint it asks of the device above.",
            Privacy.DEIDENTIFIED,
            "usbguard_hash",
        ),
        Column(
            "via_port",
            Type.TEXT,
            "限定的端口，如 1-1.2。",
            "Port it asks for, such as 1-1.2.",
        ),
        Column(
            "with_interface",
            Type.TEXT,
            "限定的接口类别，如 `one-of { 03:*:* 08:06:50 }`。",
            "Interface classes it asks for, such as `one-of { 03:*:* 08:06:50 }`.",
        ),
        Column(
            "with_connect_type",
            Type.TEXT,
            "限定的端口种类，如 hotplug、hardwired。",
            "Kind of port it asks for, such as hotplug or hardwired.",
        ),
        Column(
            "conditions",
            Type.TEXT,
            "附加条件，如 `!rule-applied`。",
            "Further conditions, such as `!rule-applied`.",
        ),
        Column("path", Type.TEXT, "所在文件。", "File that states it."),
        Column("line", Type.INTEGER, "行号。", "Line in the file."),
    ),
)

THUNDERBOLT_DEVICES = TableSpec(
    name="thunderbolt_devices",
    version=1,
    doc=Words(
        "雷电（Thunderbolt）和 USB4：各控制域、域中的设备、直接相连的其他主机。",
        "Thunderbolt and USB4: domains, the devices on them, and other hosts connected directly.",
    ),
    source=(
        "/sys/bus/thunderbolt/devices",
        "/sys/bus/thunderbolt/devices/*",
        "/sys/bus/thunderbolt/devices/<device>/uevent",
        "/sys/bus/thunderbolt/devices/<device>/authorized",
        "/sys/bus/thunderbolt/devices/<device>/boot",
        "/sys/bus/thunderbolt/devices/<device>/generation",
        "/sys/bus/thunderbolt/devices/<device>/vendor",
        "/sys/bus/thunderbolt/devices/<device>/vendor_name",
        "/sys/bus/thunderbolt/devices/<device>/device",
        "/sys/bus/thunderbolt/devices/<device>/device_name",
        "/sys/bus/thunderbolt/devices/<device>/unique_id",
        "/sys/bus/thunderbolt/devices/<device>/nvm_version",
        "/sys/bus/thunderbolt/devices/<domain>/security",
        "/sys/bus/thunderbolt/devices/<domain>/iommu_dma_protection",
    ),
    notes=Words(
        "设备密钥从不读取。没有加载雷电驱动时内核没有这条总线，控制器本身仍见 pci_devices。",
        "Keys of devices are never read. Without its driver the kernel has no such bus; the "
        "controller still is in pci_devices.",
    ),
    columns=(
        Column("name", Type.TEXT, "内核给出的名称，如 0-1。", "Kernel name, such as 0-1."),
        Column(
            "kind",
            Type.TEXT,
            "种类：`domain` 控制域，`device` 设备（0-0 为本机控制器），`host` 另一台主机，"
            "`retimer` 中继芯片。",
            "`domain`, `device` (0-0 is this host's own), `host` (another one) or `retimer`.",
        ),
        Column("domain", Type.TEXT, "所在控制域，如 domain0。", "Its domain, such as domain0."),
        Column(
            "security",
            Type.TEXT,
            "控制域的安全级别：`none` 一律接通，`user` 经用户批准，`secure` 另须验证密钥，"
            "`dponly`、"
            "`usbonly`、`nopcie` 不通 PCIe。",
            "Security level of the domain: `none` connects all, `user` asks, `secure` also "
            "proves a key; `dponly`, `usbonly` and `nopcie` have no PCIe.",
        ),
        Column(
            "iommu_dma_protection",
            Type.INTEGER,
            "由 IOMMU 限制其直接内存访问为 1，否则为 0，内核不提供为 NULL。",
            "1 when an IOMMU confines access to memory, else 0, NULL when the kernel does not say.",
        ),
        Column(
            "authorized",
            Type.INTEGER,
            "0 未接通，1 已接通，2 验证密钥后接通；控制域和主机为 NULL。",
            "0 not connected, 1 connected, 2 connected after proving its key; NULL for domains "
            "and hosts.",
        ),
        Column("boot", Type.INTEGER, "开机时由固件接通为 1。", "1 when the firmware connected it."),
        Column(
            "generation",
            Type.INTEGER,
            "代次：1 至 3 为雷电，4 为 USB4。",
            "Generation: 1 to 3 are Thunderbolt, 4 is USB4.",
        ),
        Column("vendor", Type.TEXT, "设备自报的厂商名。", "Vendor as the device states it."),
        Column("vendor_id", Type.TEXT, "厂商编号，如 0x8086。", "Vendor, such as 0x8086."),
        Column("model", Type.TEXT, "设备自报的产品名。", "Product as the device states it."),
        Column("model_id", Type.TEXT, "产品编号。", "Product."),
        Column(
            "unique_id",
            Type.TEXT,
            "设备的唯一编号（UUID）。",
            "UUID of the device.",
            Privacy.DEIDENTIFIED,
            "thunderbolt_uuid",
        ),
        Column("nvm_version", Type.TEXT, "固件版本。", "Version of the firmware."),
        _PLACE,
    ),
)

SERIAL_PORTS = TableSpec(
    name="serial_ports",
    version=1,
    doc=Words(
        "有硬件的串口：主板和扩展卡上的，以及 USB 转接的。",
        "Serial ports with hardware behind them: on board, on cards, and on USB.",
    ),
    source=(
        "/sys/class/tty",
        "/sys/class/tty/*",
        "/sys/class/tty/<port>/type",
        "/sys/class/tty/<port>/device",
        "/sys/class/tty/<port>/device/subsystem",
        "/sys/class/tty/<port>/device/driver",
        "/sys/class/tty/<port>/device/../../driver",
        "/proc/consoles",
    ),
    notes=Words(
        "驱动预留而没有硬件的 ttyS、虚拟终端和伪终端不列。登录提示（getty）见 systemd_units。",
        "A ttyS that its driver made without hardware, virtual and pseudo terminals are left out. "
        "Login prompts (getty) are in systemd_units.",
    ),
    columns=(
        Column(
            "name",
            Type.TEXT,
            "设备节点，如 /dev/ttyS0、/dev/ttyUSB0。",
            "Device node, such as /dev/ttyS0 or /dev/ttyUSB0.",
        ),
        Column("driver", Type.TEXT, "驱动；没有时为空。", "Driver; empty when there is none."),
        Column(
            "bus",
            Type.TEXT,
            "所在总线：usb、pci、sdio，主板自带的为 platform，虚拟设备为 virtual。",
            "usb, pci, sdio, platform (on board) or virtual.",
        ),
        Column(
            "console",
            Type.INTEGER,
            "内核控制台输出到此为 1，否则为 0。",
            "1 when it is a console of the kernel, else 0.",
        ),
        _PLACE,
    ),
)

TABLES: tuple[TableSpec, ...] = (
    USB_AUTHORIZATION,
    USBGUARD_CONFIG,
    USBGUARD_RULES,
    THUNDERBOLT_DEVICES,
    SERIAL_PORTS,
)
