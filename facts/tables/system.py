"""Tables about the machine: which system and hardware it is, and what is mounted."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

OS_VERSION = TableSpec(
    name="os_version",
    version=1,
    doc=Words("操作系统发行版及其版本；只有一行。", "The distribution and its release, one row."),
    source=("/etc/os-release", "/usr/lib/os-release", "uname(2)"),
    osquery=True,
    notes=Words(
        "`arch` 取自运行中的内核。发行版没有写明的版本号部分为 NULL，osquery 则记为 0。",
        "`arch` is that of the running kernel. A part of the version that the distribution does "
        "not state is NULL, where osquery says 0.",
    ),
    columns=(
        Column("name", Type.TEXT, "发行版名称（NAME）。", "Name of the distribution (NAME)."),
        Column(
            "version",
            Type.TEXT,
            "供人阅读的版本，含代号（VERSION）。",
            "Release with its code name, for people (VERSION).",
        ),
        Column("major", Type.INTEGER, "VERSION_ID 的第一个数。", "First number of VERSION_ID."),
        Column(
            "minor",
            Type.INTEGER,
            "VERSION_ID 的第二个数；没有时为 NULL。",
            "Second number of VERSION_ID; NULL if there is none.",
        ),
        Column(
            "patch",
            Type.INTEGER,
            "VERSION_ID 的第三个数；没有时为 NULL。",
            "Third number of VERSION_ID; NULL if there is none.",
        ),
        Column(
            "build",
            Type.TEXT,
            "按镜像发布的系统的构建号（BUILD_ID）。",
            "Build of an image-based system (BUILD_ID).",
        ),
        Column(
            "platform",
            Type.TEXT,
            "发行版的小写简称（ID）。",
            "Short lower-case name of the distribution (ID).",
        ),
        Column(
            "platform_like",
            Type.TEXT,
            "所衍生自的发行版（ID_LIKE）。",
            "Distributions it derives from (ID_LIKE).",
        ),
        Column(
            "codename",
            Type.TEXT,
            "版本代号（VERSION_CODENAME）。",
            "Code name of the release (VERSION_CODENAME).",
        ),
        Column(
            "arch",
            Type.TEXT,
            "运行中内核的体系结构，同 `uname -m`。",
            "Machine architecture of the running kernel, as `uname -m`.",
        ),
    ),
)

_DMI = (
    *("product_uuid", "sys_vendor", "product_name", "product_version", "product_serial"),
    *("board_vendor", "board_name", "board_version", "board_serial"),
)

SYSTEM_INFO = TableSpec(
    name="system_info",
    version=1,
    doc=Words(
        "主机本身：名称、处理器、内存、制造商；只有一行。",
        "The machine: name, processor, memory, maker; one row.",
    ),
    source=(
        "/proc/sys/kernel/hostname",
        "/etc/machine-info",
        "uname(2)",
        "/proc/cpuinfo",
        "/proc/meminfo",
        "/sys/devices/system/cpu/online",
        "/sys/devices/system/cpu/cpu<number>/topology/physical_package_id",
        "/sys/devices/system/cpu/cpu<number>/topology/core_cpus_list",
        *(f"/sys/class/dmi/id/{field}" for field in _DMI),
    ),
    privilege="root",
    osquery=True,
    notes=Words(
        "没有 DMI 的机器（许多 ARM 主板、小型虚拟机），hardware_* 和 board_* 为 NULL。osquery 由 "
        "cpuid 指令得到的两个字段，此处取 /proc/cpuinfo 中的文字。",
        "A machine without DMI (many ARM boards, small virtual machines) has NULL in the hardware "
        "and board columns. The two cpuid columns osquery fills are text from /proc/cpuinfo.",
    ),
    columns=(
        Column("hostname", Type.TEXT, "内核中的主机名。", "Name the kernel holds for this host."),
        Column(
            "uuid",
            Type.TEXT,
            "制造商赋予本机的 UUID（DMI product_uuid）。",
            "UUID the maker gave this machine (DMI product_uuid).",
            Privacy.DEIDENTIFIED,
            "host_uuid",
        ),
        Column(
            "cpu_type",
            Type.TEXT,
            "体系结构，同 `uname -m`。",
            "Machine architecture, as `uname -m`.",
        ),
        Column(
            "cpu_subtype",
            Type.TEXT,
            "处理器在其系列中的型号编号。",
            "Model number of the processor within its family.",
        ),
        Column("cpu_brand", Type.TEXT, "处理器的商品名。", "Maker's name of the processor."),
        Column(
            "cpu_physical_cores",
            Type.INTEGER,
            "全部插槽的处理器核心数。",
            "Processor cores over all sockets.",
        ),
        Column(
            "cpu_logical_cores",
            Type.INTEGER,
            "内核在用的逻辑处理器数。",
            "Processors the kernel has on line.",
        ),
        Column(
            "cpu_sockets",
            Type.INTEGER,
            "有处理器在用的插槽数。",
            "Processor packages with a processor on line.",
        ),
        Column(
            "cpu_microcode",
            Type.TEXT,
            "微码版本，十六进制；未给出时为 NULL。",
            "Microcode revision, hexadecimal; NULL if unsaid.",
        ),
        Column(
            "physical_memory",
            Type.BIGINT,
            "内核管理的内存，以字节计（MemTotal）。",
            "Memory the kernel manages, in bytes (MemTotal).",
        ),
        Column(
            "hardware_vendor",
            Type.TEXT,
            "整机制造商（DMI sys_vendor）。",
            "Maker of the machine (DMI sys_vendor).",
        ),
        Column(
            "hardware_model",
            Type.TEXT,
            "整机型号（DMI product_name）。",
            "Model of the machine (DMI product_name).",
        ),
        Column(
            "hardware_version",
            Type.TEXT,
            "整机版本（DMI product_version）。",
            "Version of the machine (DMI product_version).",
        ),
        Column(
            "hardware_serial",
            Type.TEXT,
            "整机序列号（DMI product_serial）。",
            "Serial number of the machine (DMI product_serial).",
            Privacy.DEIDENTIFIED,
            "hardware_serial",
        ),
        Column(
            "board_vendor",
            Type.TEXT,
            "主板制造商（DMI board_vendor）。",
            "Maker of the main board (DMI board_vendor).",
        ),
        Column(
            "board_model",
            Type.TEXT,
            "主板型号（DMI board_name）。",
            "Model of the main board (DMI board_name).",
        ),
        Column(
            "board_version",
            Type.TEXT,
            "主板版本（DMI board_version）。",
            "Version of the main board (DMI board_version).",
        ),
        Column(
            "board_serial",
            Type.TEXT,
            "主板序列号（DMI board_serial）。",
            "Serial number of the main board (DMI board_serial).",
            Privacy.DEIDENTIFIED,
            "board_serial",
        ),
        Column(
            "computer_name",
            Type.TEXT,
            "主机的显示名称，没有则为主机名。",
            "Pretty name of the host, else its host name.",
        ),
        Column(
            "local_hostname",
            Type.TEXT,
            "内核中的主机名。",
            "Name the kernel holds for this host.",
        ),
    ),
)

MOUNTS = TableSpec(
    name="mounts",
    version=1,
    doc=Words(
        "已挂载的文件系统，以主机 1 号进程所见为准。",
        "Mounted filesystems, as the first process of the host sees them.",
    ),
    source=(
        "/proc/1/mounts",
        "/proc/self/mounts",
        "/dev/*",
        "/dev/mapper/*",
        "/dev/disk/<kind>/<name>",
        "statvfs(2)",
    ),
    osquery=True,
    notes=Words(
        "网络文件系统和 FUSE 文件系统不查询容量：服务器一旦失去响应，扫描会被卡住。",
        "Network and FUSE filesystems are not asked for their sizes: a server that is gone would "
        "stop the scan.",
    ),
    columns=(
        Column(
            "device",
            Type.TEXT,
            "挂载的对象：设备、网络共享，或文件系统名。",
            "What is mounted: device, export, or the filesystem's name.",
        ),
        Column(
            "device_alias",
            Type.TEXT,
            "设备的实际路径，已解析符号链接。",
            "The device with its symbolic links followed.",
        ),
        Column("path", Type.TEXT, "挂载点。", "Where it is mounted."),
        Column("type", Type.TEXT, "文件系统类型。", "Type of the filesystem."),
        Column("blocks_size", Type.BIGINT, "块大小，以字节计。", "Size of a block, in bytes."),
        Column("blocks", Type.BIGINT, "总块数。", "Blocks in the filesystem."),
        Column(
            "blocks_free",
            Type.BIGINT,
            "空闲块数，含留给 root 的。",
            "Free blocks, those kept for root included.",
        ),
        Column(
            "blocks_available",
            Type.BIGINT,
            "普通用户可用的空闲块数。",
            "Free blocks a plain user may fill.",
        ),
        Column("inodes", Type.BIGINT, "inode 总数。", "Inodes in the filesystem."),
        Column("inodes_free", Type.BIGINT, "空闲 inode 数。", "Free inodes."),
        Column("flags", Type.TEXT, "挂载选项，以逗号分隔。", "Mount options, separated by commas."),
    ),
)

TABLES: tuple[TableSpec, ...] = (OS_VERSION, SYSTEM_INFO, MOUNTS)
