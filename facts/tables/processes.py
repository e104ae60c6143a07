"""What runs: `processes`, and the executable of a single one."""

from facts.spec import Column, Kind, Privacy, TableSpec, Type
from facts.words import Words

_VIEW = (
    "/proc/self/status",
    "/proc/self/mountinfo",
    "/proc/self/ns/pid",
    "/proc/self/ns/user",
)
"""What tells whether all processes are shown."""

PROCESSES = TableSpec(
    name="processes",
    version=1,
    doc=Words(
        "主机上运行的进程，包括内核线程。",
        "Processes running on the host, kernel threads included.",
    ),
    source=(
        "/proc/<pid>/stat",
        "/proc/<pid>/status",
        "/proc/<pid>/exe",
        "/proc/<pid>/cmdline",
        "/proc/<pid>/cwd",
        "/proc/<pid>/root",
        "/proc/<pid>/io",
        "/proc/<pid>/cgroup",
        "/proc/stat",
        *_VIEW,
    ),
    privilege="CAP_SYS_PTRACE",
    osquery=True,
    notes=Words(
        "on_disk 以内核自身的标记为准，不按路径查找文件：进程可能在另一个挂载命名空间，按路径查找会"
        "出错。启用 hidepid，或客户端处在单独的 PID 命名空间时，整张表无法读取，不会只给出一部分。",
        "on_disk rests on the kernel's own mark, not on looking the path up, which would be wrong "
        "for a process in another mount namespace. Under hidepid or in a PID namespace of its own "
        "the table is unreadable, never short.",
    ),
    columns=(
        Column(
            "pid",
            Type.BIGINT,
            "初始 PID 命名空间中的进程号。",
            "Process ID in the initial PID namespace.",
        ),
        Column(
            "name",
            Type.TEXT,
            "内核记录的命令名；用户程序最多 15 字节。",
            "Command name as the kernel keeps it, at most 15 bytes for a program.",
        ),
        Column(
            "path",
            Type.TEXT,
            "内核给出的可执行文件路径，不带“已删除”标记；内核线程为空。",
            "Path of the executable as the kernel names it, without the mark of a deleted file; "
            "empty for a kernel thread.",
        ),
        Column(
            "cmdline",
            Type.TEXT,
            "命令行参数，以空格连接。",
            "Arguments joined by blanks.",
            Privacy.LOCAL,
        ),
        Column(
            "state",
            Type.TEXT,
            "状态，一个字母：R、S、D、Z、T、t、I 或 X。",
            "State as one letter: R, S, D, Z, T, t, I or X.",
        ),
        Column("cwd", Type.TEXT, "当前工作目录。", "Current working directory.", Privacy.LOCAL),
        Column(
            "root",
            Type.TEXT,
            "根目录；未受限制的进程为 `/`。",
            "Root directory; `/` unless it is confined.",
        ),
        Column("uid", Type.BIGINT, "实际用户 ID。", "Real user ID."),
        Column("gid", Type.BIGINT, "实际组 ID。", "Real group ID."),
        Column("euid", Type.BIGINT, "有效用户 ID。", "Effective user ID."),
        Column("egid", Type.BIGINT, "有效组 ID。", "Effective group ID."),
        Column("suid", Type.BIGINT, "保存的用户 ID。", "Saved user ID."),
        Column("sgid", Type.BIGINT, "保存的组 ID。", "Saved group ID."),
        Column(
            "on_disk",
            Type.INTEGER,
            "可执行文件仍在原名下为 1，已删除或被替换为 0，没有可执行文件（内核线程）为 -1。",
            "1 when the executable still has its name, 0 when it was deleted or replaced, -1 "
            "when there is none (kernel threads).",
        ),
        Column(
            "wired_size",
            Type.BIGINT,
            "始终为 0：Linux 不按进程统计。",
            "Always 0, as Linux does not account it by process.",
        ),
        Column(
            "resident_size",
            Type.BIGINT,
            "占用的物理内存，以字节计。",
            "Memory held in RAM, in bytes.",
        ),
        Column("total_size", Type.BIGINT, "虚拟内存，以字节计。", "Virtual memory, in bytes."),
        Column(
            "user_time",
            Type.BIGINT,
            "用户态 CPU 时间，以毫秒计。",
            "CPU time spent in user mode, in milliseconds.",
        ),
        Column(
            "system_time",
            Type.BIGINT,
            "内核态 CPU 时间，以毫秒计。",
            "CPU time spent in the kernel, in milliseconds.",
        ),
        Column(
            "disk_bytes_read",
            Type.BIGINT,
            "从存储设备读入的字节数。",
            "Bytes fetched from storage.",
        ),
        Column(
            "disk_bytes_written", Type.BIGINT, "写往存储设备的字节数。", "Bytes sent to storage."
        ),
        Column(
            "start_time",
            Type.BIGINT,
            "启动时间，Unix 时间戳（秒）。",
            "Start, in seconds from 1970-01-01 UTC.",
        ),
        Column(
            "parent",
            Type.BIGINT,
            "父进程号；由内核启动的进程为 0。",
            "Process ID of the parent; 0 for those the kernel started.",
        ),
        Column("pgroup", Type.BIGINT, "进程组号。", "Process group."),
        Column("threads", Type.INTEGER, "线程数。", "Number of threads."),
        Column("nice", Type.INTEGER, "nice 值，-20 至 19。", "Nice level, -20 to 19."),
        Column(
            "cgroup_path",
            Type.TEXT,
            "所在的控制组：取统一层级（cgroup v2）中的，没有则取 systemd 自身层级中的。",
            "Control group in the unified hierarchy, else in systemd's own.",
        ),
    ),
)

PROCESS_EXECUTABLES = TableSpec(
    name="process_executables",
    version=1,
    doc=Words(
        "单个进程的可执行文件，按进程号查询。",
        "The executable of a single process, asked by its number.",
    ),
    source=("/proc/<pid>/exe", "/proc/<pid>/stat", *_VIEW),
    privilege="CAP_SYS_PTRACE",
    kind=Kind.KEYED,
    notes=Words(
        "与 processes 的同名字段一致。只读取被问到的进程，因此某个进程拒绝被读取时，不影响其他进程"
        "的判定，也不必记录所有进程的路径。",
        "As the columns of that name in processes. Only the processes asked for are read, so one "
        "that refuses leaves the others judged, and not every path has to be recorded.",
    ),
    columns=(
        Column(
            "pid",
            Type.BIGINT,
            "初始 PID 命名空间中的进程号。",
            "Process ID in the initial PID namespace.",
            key=True,
        ),
        Column(
            "path",
            Type.TEXT,
            "内核给出的可执行文件路径，不带“已删除”标记；内核线程为空。",
            "Path of the executable as the kernel names it, without the mark of a deleted file; "
            "empty for a kernel thread.",
        ),
        Column(
            "on_disk",
            Type.INTEGER,
            "可执行文件仍在原名下为 1，已删除或被替换为 0，没有可执行文件（内核线程）为 -1。",
            "1 when the executable still has its name, 0 when it was deleted or replaced, -1 "
            "when there is none (kernel threads).",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (PROCESSES, PROCESS_EXECUTABLES)
