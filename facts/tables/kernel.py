"""Tables about the kernel: which one runs, its settings, its modules."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

KERNEL_INFO = TableSpec(
    name="kernel_info",
    version=1,
    doc=Words(
        "运行中的内核及其启动参数；只有一行。",
        "The running kernel and what it was started with, one row.",
    ),
    source=("/proc/version", "/proc/cmdline"),
    osquery=True,
    notes=Words(
        "`arguments` 中没有 BOOT_IMAGE= 和 root=，二者见 `path` 和 `device`。",
        "`arguments` has no BOOT_IMAGE= and root=: they are in `path` and `device`.",
    ),
    columns=(
        Column(
            "version",
            Type.TEXT,
            "运行中内核的版本，同 `uname -r`。",
            "Release of the running kernel, as `uname -r`.",
        ),
        Column(
            "arguments",
            Type.TEXT,
            "内核启动参数，以空格分隔。",
            "Command line of the kernel, blank-separated.",
        ),
        Column(
            "path",
            Type.TEXT,
            "引导程序启动的内核文件（BOOT_IMAGE=）；未写明时为空。",
            "File the boot loader started (BOOT_IMAGE=); empty if unsaid.",
        ),
        Column(
            "device",
            Type.TEXT,
            "根设备（root=）；未写明时为空。",
            "Root device (root=); empty if unsaid.",
        ),
    ),
)

SYSTEM_CONTROLS = TableSpec(
    name="system_controls",
    version=1,
    doc=Words(
        "内核参数（sysctl）：当前生效值，以及为下次启动配置的值。",
        "Kernel settings (sysctl): what is in force, and what is configured for the next start.",
    ),
    source=(
        "/proc/sys/**",
        "/etc/sysctl.d/*.conf",
        "/run/sysctl.d/*.conf",
        "/usr/local/lib/sysctl.d/*.conf",
        "/usr/lib/sysctl.d/*.conf",
        "/lib/sysctl.d/*.conf",
        "/etc/sysctl.conf",
    ),
    privilege="root",
    osquery=True,
    notes=Words(
        "`oid` 为空：Linux 已取消编号。`config_value` 是 systemd-sysctl 和 `sysctl --system` 将要"
        "写入的值，遵循各目录的优先次序和通配规则；osquery 只读 /etc/sysctl.conf。只写的参数和两个"
        "属于密钥的参数，current_value 为 NULL；fs.binfmt_misc 属于另一个文件系统，不列入。",
        "`oid` is empty: Linux has removed the numbers. `config_value` is what systemd-sysctl and "
        "`sysctl --system` would write, with the directories' precedence and globs, where osquery "
        "reads /etc/sysctl.conf. Write-only settings, and the two that are keys, have a NULL "
        "current_value; fs.binfmt_misc is another filesystem and left out.",
    ),
    columns=(
        Column(
            "name",
            Type.TEXT,
            "以点分隔的参数名，同 `sysctl` 的输出。",
            "Name with dots, as `sysctl` prints it.",
        ),
        Column("oid", Type.TEXT, "在 Linux 上始终为空。", "Always empty on Linux."),
        Column(
            "subsystem",
            Type.TEXT,
            "参数名的第一段，如 `net`。",
            "First part of the name, such as `net`.",
        ),
        Column(
            "current_value",
            Type.TEXT,
            "当前生效值；空格和制表符照内核原样。",
            "Value in force; blanks and tabs as the kernel has.",
        ),
        Column(
            "config_value",
            Type.TEXT,
            "sysctl.d 中配置的值；未配置时为 NULL。",
            "Value configured in sysctl.d; NULL if none is.",
        ),
        Column(
            "type",
            Type.TEXT,
            "始终为 `string`：内核不说明类型。",
            "Always `string`: the kernel tells no type.",
        ),
    ),
)

KERNEL_MODULES = TableSpec(
    name="kernel_modules",
    version=1,
    doc=Words("已加载的内核模块。", "Loaded kernel modules."),
    source=("/proc/modules", "/proc/sys/kernel/modules_disabled"),
    osquery=True,
    notes=Words(
        "内核不支持模块时，此表完整而没有数据行。",
        "A kernel without module support has a complete table without rows.",
    ),
    columns=(
        Column(
            "name", Type.TEXT, "模块名，用下划线书写。", "Name of the module, with underscores."
        ),
        Column(
            "size",
            Type.BIGINT,
            "模块占用的内存，以字节计。",
            "Memory the module takes, in bytes.",
        ),
        Column(
            "used_by",
            Type.TEXT,
            "使用它的模块，以逗号分隔；没有时为 `-`。",
            "Modules that use it, separated by commas; `-` if none.",
        ),
        Column(
            "status",
            Type.TEXT,
            "状态：`Live`、`Loading` 或 `Unloading`。",
            "`Live`, `Loading` or `Unloading`.",
        ),
        Column(
            "address",
            Type.TEXT,
            "在内核中的地址，属敏感信息。",
            "Address in the kernel, a secret.",
            Privacy.LOCAL,
        ),
    ),
)

KERNEL_MODULE_FILES = TableSpec(
    name="kernel_module_files",
    version=1,
    doc=Words(
        "运行中的内核可从磁盘加载的模块，以及编入内核的模块。",
        "Modules the running kernel could load from disk, or has built in.",
    ),
    source=(
        "/proc/version",
        "/lib/modules/<release>/modules.dep",
        "/lib/modules/<release>/modules.builtin",
        "/proc/modules",
        "/proc/sys/kernel/modules_disabled",
    ),
    columns=(
        Column(
            "name",
            Type.TEXT,
            "模块名，其中 `-` 写作 `_`。",
            "Name of the module, `-` written as `_`.",
        ),
        Column(
            "path",
            Type.TEXT,
            "模块文件；编入内核的，为其作为文件时应在的位置。",
            "File of the module; for a built-in one, where it would be.",
        ),
        Column(
            "builtin",
            Type.INTEGER,
            "编入内核为 1，否则为 0。",
            "1 if it is part of the kernel image, else 0.",
        ),
        Column("kernel", Type.TEXT, "运行中内核的版本。", "Release of the running kernel."),
    ),
)

MODPROBE_CONFIG = TableSpec(
    name="modprobe_config",
    version=1,
    doc=Words(
        "modprobe 关于各模块的配置，取自它实际读取的文件。",
        "What modprobe is told about modules, from the files it really reads.",
    ),
    source=(
        "/etc/modprobe.d/*.conf",
        "/run/modprobe.d/*.conf",
        "/usr/local/lib/modprobe.d/*.conf",
        "/usr/lib/modprobe.d/*.conf",
        "/lib/modprobe.d/*.conf",
        "/proc/cmdline",
    ),
    notes=Words(
        "被优先目录中同名文件屏蔽的文件不列入，modprobe 也不会读它。",
        "A file masked by one of the same name in an earlier directory is left out, as modprobe "
        "leaves it out.",
    ),
    columns=(
        Column(
            "name",
            Type.TEXT,
            "该行所针对的模块或别名，其中 `-` 写作 `_`。",
            "Module, or alias, the line is about; `-` written as `_`.",
        ),
        Column(
            "directive",
            Type.TEXT,
            "指令：`install`、`blacklist`、`options`、`alias`、`remove` 或 `softdep`。",
            "`install`, `blacklist`, `options`, `alias`, `remove` or `softdep`.",
        ),
        Column(
            "value",
            Type.TEXT,
            "该行其余部分：命令、模块或选项。",
            "The rest of the line: a command, a module, options.",
        ),
        Column(
            "path",
            Type.TEXT,
            "该行所在的文件；内核启动参数为 /proc/cmdline。",
            "File the line stands in; /proc/cmdline for the kernel's own.",
        ),
        Column(
            "line",
            Type.INTEGER,
            "行号，从 1 起；内核启动参数为 NULL。",
            "Line number, from 1; NULL on the kernel's command line.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (
    KERNEL_INFO,
    SYSTEM_CONTROLS,
    KERNEL_MODULES,
    KERNEL_MODULE_FILES,
    MODPROBE_CONFIG,
)
