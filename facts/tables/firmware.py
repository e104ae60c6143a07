"""Tables about what lies below the system: firmware, its tables, processor, memory, Secure Boot."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

_FIRMWARE = "/sys/firmware"

PLATFORM_INFO = TableSpec(
    name="platform_info",
    version=1,
    doc=Words("本机固件的厂商、版本和类型；只有一行。", "The firmware of the machine; one row."),
    source=(
        _FIRMWARE,
        "/sys/firmware/efi",
        "/sys/firmware/acpi",
        "/sys/firmware/devicetree/base",
        "/sys/class/dmi",
        "/sys/class/dmi/id/bios_vendor",
        "/sys/class/dmi/id/bios_version",
        "/sys/class/dmi/id/bios_date",
        "/sys/class/dmi/id/bios_release",
        "/sys/firmware/dmi/tables/DMI",
    ),
    privilege="root",
    osquery=True,
    notes=Words(
        "没有 SMBIOS 的机器也有一行，只说明固件类型；osquery 此时没有行。16 MiB 以上的固件，"
        "osquery 把大小一律记为 16 MiB。osquery 在 Linux 上从不填写的 extra 和 volume_size 不设。",
        "A machine without SMBIOS has a row too, which says the kind of firmware only; osquery has "
        "none then, and takes every firmware of 16 MiB and more for one of 16 MiB. The columns "
        "extra and volume_size, which osquery never fills on Linux, are left out.",
    ),
    columns=(
        Column("vendor", Type.TEXT, "固件厂商。", "Maker of the firmware."),
        Column("version", Type.TEXT, "固件版本，厂商的写法。", "Version, as its maker writes it."),
        Column("date", Type.TEXT, "固件自报的日期。", "Date the firmware states of itself."),
        Column("revision", Type.TEXT, "主、次修订号，如 5.17。", "Revision, such as 5.17."),
        Column(
            "firmware_type",
            Type.TEXT,
            "类型：`uefi`、`bios`、`openfirmware`，无从得知为 `unknown`。",
            "`uefi`, `bios`, `openfirmware`, or `unknown` if nothing tells.",
        ),
        Column(
            "address",
            Type.TEXT,
            "固件映射的段地址，十六进制。",
            "Segment at which it is mapped, hexadecimal.",
        ),
        Column("size", Type.TEXT, "固件芯片的大小，以字节计。", "Size of its chip, in bytes."),
    ),
)

SMBIOS_TABLES = TableSpec(
    name="smbios_tables",
    version=1,
    doc=Words("固件留下的 SMBIOS 结构。", "The SMBIOS structures that the firmware left."),
    source=(_FIRMWARE, "/sys/firmware/dmi/tables/DMI"),
    privilege="root",
    osquery=True,
    notes=Words(
        "结构里有序列号，所以 md5 经去标识化：可用来比对同一台主机前后是否变化。"
        "读到表尾（类型 127）为止。",
        "Structures hold serial numbers, so md5 is de-identified: it still tells whether a host "
        "changed. Read up to the structure that ends the table (type 127).",
    ),
    columns=(
        Column("number", Type.INTEGER, "在表中的次序，从 0 起。", "Place in the table, from 0."),
        Column("type", Type.INTEGER, "结构类型。", "Type of the structure."),
        Column(
            "description",
            Type.TEXT,
            "类型的名称；厂商自定的为 `Unknown`。",
            "Name of the type; `Unknown` for a maker's own.",
        ),
        Column("handle", Type.INTEGER, "结构的编号。", "Number by which others refer to it."),
        Column(
            "header_size",
            Type.INTEGER,
            "不含字符串的长度，以字节计。",
            "Length without its strings, in bytes.",
        ),
        Column("size", Type.INTEGER, "含字符串的长度，以字节计。", "Length with them, in bytes."),
        Column(
            "md5",
            Type.TEXT,
            "整个结构的 MD5。",
            "MD5 of the whole structure.",
            Privacy.DEIDENTIFIED,
            "smbios_structure",
        ),
    ),
)

ACPI_TABLES = TableSpec(
    name="acpi_tables",
    version=1,
    doc=Words("固件交给内核的 ACPI 表。", "The ACPI tables that the firmware gave the kernel."),
    source=(
        _FIRMWARE,
        "/sys/firmware/acpi/tables",
        "/sys/firmware/acpi/tables/*",
        "/sys/firmware/acpi/tables/data/*",
        "/sys/firmware/acpi/tables/dynamic/*",
    ),
    privilege="root",
    osquery=True,
    notes=Words(
        "MSDM 表存有 Windows 许可密钥，不读取，md5 为 NULL。",
        "MSDM holds a Windows licence key: it is not read, and its md5 is NULL.",
    ),
    columns=(
        Column("name", Type.TEXT, "表名，如 DSDT。", "Name, such as DSDT."),
        Column("size", Type.INTEGER, "大小，以字节计。", "Size in bytes."),
        Column("md5", Type.TEXT, "内容的 MD5。", "MD5 of the content."),
    ),
)

CPUID = TableSpec(
    name="cpuid",
    version=1,
    doc=Words("x86 处理器的特性。", "What an x86 processor can do."),
    source=("/proc/cpuinfo",),
    osquery=True,
    notes=Words(
        "取自内核的说法，而非 CPUID 指令：内核停用的特性记为 0。内核不报告的 spec_ctrl、"
        "hypervisor_id、sgx0、sgx1，以及早已取消的处理器序列号没有行；osquery 把 mmx 写作 mmz。"
        "其他体系结构没有行。",
        "As the kernel has it, not the instruction: a feature the kernel switched off is 0. What "
        "the kernel does not tell (spec_ctrl, hypervisor_id, sgx0, sgx1) and the long-gone serial "
        "number have no rows; osquery spells mmx as mmz. Other architectures have no row.",
    ),
    columns=(
        Column("feature", Type.TEXT, "特性，或 `vendor` 等。", "Feature, or `vendor` and so on."),
        Column("value", Type.TEXT, "有为 1，无为 0；或文字。", "1 or 0, or a text."),
        Column("output_register", Type.TEXT, "所在的寄存器。", "Register that holds it."),
        Column("output_bit", Type.INTEGER, "寄存器中的位。", "Bit in that register."),
        Column("input_eax", Type.TEXT, "查询用的 EAX 值。", "EAX with which CPUID is asked."),
    ),
)

MEMORY_INFO = TableSpec(
    name="memory_info",
    version=1,
    doc=Words("内存用量，以字节计；只有一行。", "Memory and its use, in bytes; one row."),
    source=("/proc/meminfo",),
    osquery=True,
    columns=(
        Column("memory_total", Type.BIGINT, "内核管理的内存。", "Memory the kernel manages."),
        Column("memory_free", Type.BIGINT, "完全空闲的内存。", "Memory nothing uses."),
        Column(
            "memory_available",
            Type.BIGINT,
            "不动用交换区还能分配给新程序的内存；Linux 3.14 之前的内核为 NULL。",
            "What new programs can have without swapping; NULL before Linux 3.14.",
        ),
        Column("buffers", Type.BIGINT, "块设备的缓冲。", "Buffers of block devices."),
        Column("cached", Type.BIGINT, "文件缓存。", "Cache of files."),
        Column("swap_cached", Type.BIGINT, "换出后又读回的内存。", "Swapped out, and in memory."),
        Column("active", Type.BIGINT, "最近用过的内存。", "Memory used lately."),
        Column("inactive", Type.BIGINT, "许久未用的内存。", "Memory not used for a while."),
        Column("swap_total", Type.BIGINT, "交换区总量。", "All swap space."),
        Column("swap_free", Type.BIGINT, "空闲的交换区。", "Swap space nothing uses."),
    ),
)

SECUREBOOT = TableSpec(
    name="secureboot",
    version=1,
    doc=Words("安全启动的状态；只有一行。", "The state of Secure Boot; one row."),
    source=(
        _FIRMWARE,
        "/sys/firmware/efi",
        "/sys/firmware/acpi",
        "/sys/firmware/devicetree/base",
        "/sys/class/dmi",
        "/sys/firmware/efi/efivars",
        "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
        "/sys/firmware/efi/efivars/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c",
        "/sys/firmware/efi/efivars/MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23",
    ),
    osquery=True,
    notes=Words(
        "不以 UEFI 启动的机器没有安全启动，secure_boot 为 0；osquery 此时没有行。firmware_type 和 "
        "shim_validation_off 为本系统所加：固件开着安全启动、shim 却被设为不校验时，"
        "内核并未经过校验。",
        "A machine not started by UEFI has no Secure Boot: secure_boot is 0 where osquery has no "
        "row. firmware_type and shim_validation_off are ours: with Secure Boot on and the shim "
        "told not to validate, nothing has checked the kernel.",
    ),
    columns=(
        Column("secure_boot", Type.INTEGER, "开启为 1，否则为 0。", "1 when it is on, else 0."),
        Column(
            "setup_mode",
            Type.INTEGER,
            "处于可任意更换密钥的设置模式为 1；没有安全启动的为 NULL。",
            "1 in setup mode, in which keys can be replaced freely; NULL without Secure Boot.",
        ),
        Column(
            "firmware_type",
            Type.TEXT,
            "固件类型：`uefi`、`bios`、`openfirmware` 或 `unknown`。",
            "`uefi`, `bios`, `openfirmware` or `unknown`.",
        ),
        Column(
            "shim_validation_off",
            Type.INTEGER,
            "shim 被设为不校验为 1，否则为 0；不以 UEFI 启动的为 NULL。",
            "1 if the shim is told not to validate, else 0; NULL without UEFI.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (
    PLATFORM_INFO,
    SMBIOS_TABLES,
    ACPI_TABLES,
    CPUID,
    MEMORY_INFO,
    SECUREBOOT,
)
