"""What the machine is built of: PCI devices, trusted platform modules, displays."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

_PLACE = Column(
    "sysfs_path",
    Type.TEXT,
    "在设备树中的位置。",
    "Place in the device tree.",
)

PCI_DEVICES = TableSpec(
    name="pci_devices",
    version=1,
    doc=Words("PCI、PCIe 设备的各项功能。", "Functions of the PCI and PCIe devices."),
    source=(
        "/sys/bus/pci/devices",
        "/sys/bus/pci/devices/*",
        "/sys/bus/pci/devices/<slot>/class",
        "/sys/bus/pci/devices/<slot>/device",
        "/sys/bus/pci/devices/<slot>/driver",
        "/sys/bus/pci/devices/<slot>/iommu_group",
        "/sys/bus/pci/devices/<slot>/removable",
        "/sys/bus/pci/devices/<slot>/subsystem_device",
        "/sys/bus/pci/devices/<slot>/subsystem_vendor",
        "/sys/bus/pci/devices/<slot>/vendor",
        "/usr/share/hwdata/pci.ids",
        "/usr/share/misc/pci.ids",
        "/var/lib/pciutils/pci.ids",
    ),
    osquery=True,
    notes=Words(
        "名称只查本机安装的 PCI ID 数据库，没有则为空。osquery 从 udev 取值，没有 udev "
        "的主机上为空；"
        "本系统直接读内核。removable、iommu_group、sysfs_path 为本系统所加。",
        "Names come from the PCI ID database of the host only, and are empty without one. osquery "
        "asks udev and sees nothing where it does not run; we read the kernel. removable, "
        "iommu_group and sysfs_path are ours.",
    ),
    columns=(
        Column(
            "pci_slot",
            Type.TEXT,
            "位置：域、总线、设备和功能号，如 0000:00:1f.3。",
            "Domain, bus, device and function, such as 0000:00:1f.3.",
        ),
        Column("pci_class", Type.TEXT, "类别名称。", "Name of the class."),
        Column("driver", Type.TEXT, "驱动；未绑定时为空。", "Driver; empty when none is bound."),
        Column("vendor", Type.TEXT, "厂商名称。", "Name of the vendor."),
        Column("vendor_id", Type.TEXT, "厂商编号，如 0x8086。", "Vendor, such as 0x8086."),
        Column("model", Type.TEXT, "型号名称。", "Name of the device."),
        Column("model_id", Type.TEXT, "型号编号，如 0x15d2。", "Device, such as 0x15d2."),
        Column("pci_class_id", Type.TEXT, "类别，如 0x0c。", "Class, such as 0x0c."),
        Column("pci_subclass_id", Type.TEXT, "子类别，如 0x03。", "Subclass, such as 0x03."),
        Column("pci_subclass", Type.TEXT, "子类别名称。", "Name of the subclass."),
        Column(
            "subsystem_vendor_id",
            Type.TEXT,
            "板卡厂商编号；未写入时为 0x0000。",
            "Vendor of the board; 0x0000 when nobody wrote it.",
        ),
        Column("subsystem_vendor", Type.TEXT, "板卡厂商名称。", "Name of the board's vendor."),
        Column("subsystem_model_id", Type.TEXT, "板卡型号编号。", "Model of the board."),
        Column("subsystem_model", Type.TEXT, "板卡型号名称。", "Name of the board."),
        Column(
            "removable",
            Type.INTEGER,
            "经对外接口（如雷电）接入、可插拔为 1，机内固定为 0，固件未说明为 NULL。",
            "1 when it is behind a port open to users, such as Thunderbolt, 0 when it is built "
            "in, NULL when the firmware does not say.",
        ),
        Column(
            "iommu_group",
            Type.INTEGER,
            "所属 IOMMU 组；为 NULL 时其直接内存访问（DMA）不受 IOMMU 限制。",
            "IOMMU group; NULL when no IOMMU confines its access to memory.",
        ),
        _PLACE,
    ),
)

TPM_INFO = TableSpec(
    name="tpm_info",
    version=1,
    doc=Words("可信平台模块（TPM）。", "Trusted platform modules."),
    source=(
        "/sys/class/tpm",
        "/sys/class/tpm/*",
        "/sys/class/tpm/<tpm>/tpm_version_major",
        "/sys/class/tpm/<tpm>/device/driver",
        "/sys/class/tpm/<tpm>/device/caps",
        "/sys/class/tpm/<tpm>/device/active",
        "/sys/class/tpm/<tpm>/device/enabled",
        "/sys/class/tpm/<tpm>/device/owned",
        "/sys/class/tpmrm",
        "/sys/class/tpmrm/*",
    ),
    notes=Words(
        "osquery 仅在 Windows 上有同名表。内核只转述 TPM 1.2 的厂商、固件和状态，TPM 2.0 的这些字段"
        "为 NULL。有模块而没有驱动的，不在此表。不读取 PCR 的值和公钥。",
        "osquery has a table of this name on Windows only. The kernel relays maker, firmware and "
        "state of a TPM 1.2; for a TPM 2.0 they are NULL. A module without a driver is not here. "
        "Values of registers and the public key are not read.",
    ),
    columns=(
        Column("name", Type.TEXT, "内核给出的名称，如 tpm0。", "Kernel name, such as tpm0."),
        Column(
            "spec_version",
            Type.TEXT,
            "遵循的规范版本：1.2 或 2.0；无从得知时为 NULL。",
            "Version of the specification, 1.2 or 2.0; NULL when nothing tells.",
        ),
        Column(
            "manufacturer_id",
            Type.TEXT,
            "厂商编号，十六进制，如 0x53544d20。",
            "Maker in hex, such as 0x53544d20.",
        ),
        Column("manufacturer_version", Type.TEXT, "固件版本。", "Version of the firmware."),
        Column(
            "pcr_banks",
            Type.TEXT,
            "已启用的 PCR 组，如 sha1 sha256；内核不提供时为 NULL。",
            "PCR banks in use, such as sha1 sha256; NULL when the kernel does not say.",
        ),
        Column("activated", Type.INTEGER, "已激活为 1。", "1 when it is activated."),
        Column("enabled", Type.INTEGER, "已启用为 1。", "1 when it is enabled."),
        Column("owned", Type.INTEGER, "已有属主为 1。", "1 when somebody owns it."),
        Column("driver", Type.TEXT, "驱动。", "Driver."),
        _PLACE,
    ),
)

DISPLAYS = TableSpec(
    name="displays",
    version=1,
    doc=Words("显示接口，以及接在上面的显示器。", "Connectors for displays, and what is on them."),
    source=(
        "/sys/class/drm",
        "/sys/class/drm/*",
        "/sys/class/drm/<connector>/status",
        "/sys/class/drm/<connector>/enabled",
        "/sys/class/drm/<connector>/edid",
        "/sys/class/drm/<card>/device/driver",
    ),
    notes=Words(
        "显示器信息取自其 EDID，只读厂商、型号和序列号。KVM 切换器、BMC 的虚拟显示也会出现。",
        "What is attached states itself in EDID, of which maker, product and serial number are "
        "read. A KVM switch or a BMC's virtual display shows here too.",
    ),
    columns=(
        Column(
            "name",
            Type.TEXT,
            "接口名称，如 card0-HDMI-A-1。",
            "Name of the connector, such as card0-HDMI-A-1.",
        ),
        Column(
            "status",
            Type.TEXT,
            "`connected` 有显示器，`disconnected` 没有，`unknown` 无从得知。",
            "`connected`, `disconnected`, or `unknown` when the kernel cannot tell.",
        ),
        Column(
            "enabled", Type.INTEGER, "正在输出画面为 1，否则为 0。", "1 when it shows a picture."
        ),
        Column(
            "manufacturer",
            Type.TEXT,
            "显示器厂商的三字母代码；没有显示器时为空。",
            "Maker of the display, three letters; empty without one.",
        ),
        Column(
            "product_id",
            Type.TEXT,
            "显示器型号编号，4 位十六进制。",
            "Product, 4 hex digits.",
        ),
        Column(
            "serial",
            Type.TEXT,
            "显示器序列号；没有时为空。",
            "Serial number of the display; empty when it has none.",
            Privacy.DEIDENTIFIED,
            "device_serial",
        ),
        Column("driver", Type.TEXT, "显卡驱动。", "Driver of the graphics card."),
        _PLACE,
    ),
)

TABLES: tuple[TableSpec, ...] = (PCI_DEVICES, TPM_INFO, DISPLAYS)
