"""Tables about the machine and its kernel: identity, mounts, settings, modules."""

from facts.spec import Column, Privacy, TableSpec, Type

OS_VERSION = TableSpec(
    name="os_version",
    version=1,
    doc="The distribution and its release, one row.",
    source=("/etc/os-release", "/usr/lib/os-release"),
    osquery=True,
    notes=(
        "`arch` is that of the running kernel. A part of the version that the distribution does "
        "not state is NULL, where osquery says 0."
    ),
    columns=(
        Column("name", Type.TEXT, "Name of the distribution (NAME)."),
        Column("version", Type.TEXT, "Release with its code name, for people (VERSION)."),
        Column("major", Type.INTEGER, "First number of VERSION_ID."),
        Column("minor", Type.INTEGER, "Second number of VERSION_ID; NULL if there is none."),
        Column("patch", Type.INTEGER, "Third number of VERSION_ID; NULL if there is none."),
        Column("build", Type.TEXT, "Build of an image-based system (BUILD_ID)."),
        Column("platform", Type.TEXT, "Short lower-case name of the distribution (ID)."),
        Column("platform_like", Type.TEXT, "Distributions it derives from (ID_LIKE)."),
        Column("codename", Type.TEXT, "Code name of the release (VERSION_CODENAME)."),
        Column("arch", Type.TEXT, "Machine architecture of the running kernel, as `uname -m`."),
    ),
)

KERNEL_INFO = TableSpec(
    name="kernel_info",
    version=1,
    doc="The running kernel and what it was started with, one row.",
    source=("/proc/version", "/proc/cmdline"),
    osquery=True,
    notes="`arguments` has no BOOT_IMAGE= and root=: they are in `path` and `device`.",
    columns=(
        Column("version", Type.TEXT, "Release of the running kernel, as `uname -r`."),
        Column("arguments", Type.TEXT, "Command line of the kernel, blank-separated."),
        Column("path", Type.TEXT, "File the boot loader started (BOOT_IMAGE=); empty if unsaid."),
        Column("device", Type.TEXT, "Root device (root=); empty if unsaid."),
    ),
)

SYSTEM_INFO = TableSpec(
    name="system_info",
    version=1,
    doc="The machine: name, processor, memory, maker; one row.",
    source=(
        "/proc/sys/kernel/hostname",
        "/proc/cpuinfo",
        "/proc/meminfo",
        "/sys/devices/system/cpu",
        "/sys/class/dmi/id",
    ),
    privilege="root",
    osquery=True,
    notes=(
        "A machine without DMI (many ARM boards, small virtual machines) has NULL in the hardware "
        "and board columns. The two cpuid columns osquery fills are text from /proc/cpuinfo."
    ),
    columns=(
        Column("hostname", Type.TEXT, "Name the kernel holds for this host."),
        Column(
            "uuid",
            Type.TEXT,
            "UUID the maker gave this machine (DMI product_uuid).",
            Privacy.DEIDENTIFIED,
            "host_uuid",
        ),
        Column("cpu_type", Type.TEXT, "Machine architecture, as `uname -m`."),
        Column("cpu_subtype", Type.TEXT, "Model number of the processor within its family."),
        Column("cpu_brand", Type.TEXT, "Maker's name of the processor."),
        Column("cpu_physical_cores", Type.INTEGER, "Processor cores over all sockets."),
        Column("cpu_logical_cores", Type.INTEGER, "Processors the kernel has on line."),
        Column("cpu_sockets", Type.INTEGER, "Processor packages with a processor on line."),
        Column("cpu_microcode", Type.TEXT, "Microcode revision, hexadecimal; NULL if unsaid."),
        Column("physical_memory", Type.BIGINT, "Memory the kernel manages, in bytes (MemTotal)."),
        Column("hardware_vendor", Type.TEXT, "Maker of the machine (DMI sys_vendor)."),
        Column("hardware_model", Type.TEXT, "Model of the machine (DMI product_name)."),
        Column("hardware_version", Type.TEXT, "Version of the machine (DMI product_version)."),
        Column(
            "hardware_serial",
            Type.TEXT,
            "Serial number of the machine (DMI product_serial).",
            Privacy.DEIDENTIFIED,
            "hardware_serial",
        ),
        Column("board_vendor", Type.TEXT, "Maker of the main board (DMI board_vendor)."),
        Column("board_model", Type.TEXT, "Model of the main board (DMI board_name)."),
        Column("board_version", Type.TEXT, "Version of the main board (DMI board_version)."),
        Column(
            "board_serial",
            Type.TEXT,
            "Serial number of the main board (DMI board_serial).",
            Privacy.DEIDENTIFIED,
            "board_serial",
        ),
        Column("computer_name", Type.TEXT, "Pretty name of the host, else its host name."),
        Column("local_hostname", Type.TEXT, "Name the kernel holds for this host."),
    ),
)

MOUNTS = TableSpec(
    name="mounts",
    version=1,
    doc="Mounted filesystems, as the first process of the host sees them.",
    source=("/proc/1/mounts", "statvfs(2)"),
    osquery=True,
    notes=(
        "Network and FUSE filesystems are not asked for their sizes: a server that is gone would "
        "stop the scan."
    ),
    columns=(
        Column("device", Type.TEXT, "What is mounted: device, export, or the filesystem's name."),
        Column("device_alias", Type.TEXT, "The device with its symbolic links followed."),
        Column("path", Type.TEXT, "Where it is mounted."),
        Column("type", Type.TEXT, "Type of the filesystem."),
        Column("blocks_size", Type.BIGINT, "Size of a block, in bytes."),
        Column("blocks", Type.BIGINT, "Blocks in the filesystem."),
        Column("blocks_free", Type.BIGINT, "Free blocks, those kept for root included."),
        Column("blocks_available", Type.BIGINT, "Free blocks a plain user may fill."),
        Column("inodes", Type.BIGINT, "Inodes in the filesystem."),
        Column("inodes_free", Type.BIGINT, "Free inodes."),
        Column("flags", Type.TEXT, "Mount options, separated by commas."),
    ),
)

SYSTEM_CONTROLS = TableSpec(
    name="system_controls",
    version=1,
    doc="Kernel settings (sysctl): what is in force, and what is configured for the next start.",
    source=(
        "/proc/sys",
        "/etc/sysctl.d",
        "/run/sysctl.d",
        "/usr/local/lib/sysctl.d",
        "/usr/lib/sysctl.d",
        "/lib/sysctl.d",
        "/etc/sysctl.conf",
    ),
    privilege="root",
    osquery=True,
    notes=(
        "`oid` is empty: Linux has removed the numbers. `config_value` is what systemd-sysctl and "
        "`sysctl --system` would write, with the directories' precedence and globs, where osquery "
        "reads /etc/sysctl.conf. Write-only settings, and the two that are keys, have a NULL "
        "current_value; fs.binfmt_misc is another filesystem and left out."
    ),
    columns=(
        Column("name", Type.TEXT, "Name with dots, as `sysctl` prints it."),
        Column("oid", Type.TEXT, "Always empty on Linux."),
        Column("subsystem", Type.TEXT, "First part of the name, such as `net`."),
        Column("current_value", Type.TEXT, "Value in force; blanks and tabs as the kernel has."),
        Column("config_value", Type.TEXT, "Value configured in sysctl.d; NULL if none is."),
        Column("type", Type.TEXT, "Always `string`: the kernel tells no type."),
    ),
)

KERNEL_MODULES = TableSpec(
    name="kernel_modules",
    version=1,
    doc="Loaded kernel modules.",
    source=("/proc/modules",),
    osquery=True,
    notes="A kernel without module support has a complete table without rows.",
    columns=(
        Column("name", Type.TEXT, "Name of the module, with underscores."),
        Column("size", Type.BIGINT, "Memory the module takes, in bytes."),
        Column("used_by", Type.TEXT, "Modules that use it, separated by commas; `-` if none."),
        Column("status", Type.TEXT, "`Live`, `Loading` or `Unloading`."),
        Column("address", Type.TEXT, "Address in the kernel, a secret.", Privacy.LOCAL),
    ),
)

KERNEL_MODULE_FILES = TableSpec(
    name="kernel_module_files",
    version=1,
    doc="Modules the running kernel could load from disk, or has built in.",
    source=(
        "/proc/version",
        "/lib/modules/<release>/modules.dep",
        "/lib/modules/<release>/modules.builtin",
    ),
    columns=(
        Column("name", Type.TEXT, "Name of the module, `-` written as `_`."),
        Column("path", Type.TEXT, "File of the module; for a built-in one, where it would be."),
        Column("builtin", Type.INTEGER, "1 if it is part of the kernel image, else 0."),
        Column("kernel", Type.TEXT, "Release of the running kernel."),
    ),
)

MODPROBE_CONFIG = TableSpec(
    name="modprobe_config",
    version=1,
    doc="What modprobe is told about modules, from the files it really reads.",
    source=(
        "/etc/modprobe.d",
        "/run/modprobe.d",
        "/usr/local/lib/modprobe.d",
        "/usr/lib/modprobe.d",
        "/lib/modprobe.d",
        "/proc/cmdline",
    ),
    notes=(
        "A file masked by one of the same name in an earlier directory is left out, as modprobe "
        "leaves it out."
    ),
    columns=(
        Column("name", Type.TEXT, "Module, or alias, the line is about; `-` written as `_`."),
        Column(
            "directive",
            Type.TEXT,
            "`install`, `blacklist`, `options`, `alias`, `remove`, `softdep`.",
        ),
        Column("value", Type.TEXT, "The rest of the line: a command, a module, options."),
        Column("path", Type.TEXT, "File the line stands in; /proc/cmdline for the kernel's own."),
        Column("line", Type.INTEGER, "Line number, from 1; NULL on the kernel's command line."),
    ),
)

TABLES: tuple[TableSpec, ...] = (
    OS_VERSION,
    KERNEL_INFO,
    SYSTEM_INFO,
    MOUNTS,
    SYSTEM_CONTROLS,
    KERNEL_MODULES,
    KERNEL_MODULE_FILES,
    MODPROBE_CONFIG,
)
