"""What runs: the table `processes`."""

from facts.spec import Column, Privacy, TableSpec, Type

PROCESSES = TableSpec(
    name="processes",
    version=1,
    doc="Processes running on the host, kernel threads included.",
    columns=(
        Column("pid", Type.BIGINT, "Process ID in the initial PID namespace."),
        Column(
            "name",
            Type.TEXT,
            "Command name as the kernel keeps it, at most 15 bytes for a program.",
        ),
        Column(
            "path",
            Type.TEXT,
            "Path of the executable as the kernel names it, without the mark of a deleted file;"
            " empty for a kernel thread.",
        ),
        Column("cmdline", Type.TEXT, "Arguments joined by blanks.", Privacy.LOCAL),
        Column("state", Type.TEXT, "State as one letter: R, S, D, Z, T, t, I, X."),
        Column("cwd", Type.TEXT, "Current working directory.", Privacy.LOCAL),
        Column("root", Type.TEXT, "Root directory; `/` unless it is confined."),
        Column("uid", Type.BIGINT, "Real user ID."),
        Column("gid", Type.BIGINT, "Real group ID."),
        Column("euid", Type.BIGINT, "Effective user ID."),
        Column("egid", Type.BIGINT, "Effective group ID."),
        Column("suid", Type.BIGINT, "Saved user ID."),
        Column("sgid", Type.BIGINT, "Saved group ID."),
        Column(
            "on_disk",
            Type.INTEGER,
            "1 when the executable still has its name, 0 when it was deleted or replaced, -1 "
            "when there is none (kernel threads).",
        ),
        Column("wired_size", Type.BIGINT, "Always 0, as Linux does not account it by process."),
        Column("resident_size", Type.BIGINT, "Memory held in RAM, in bytes."),
        Column("total_size", Type.BIGINT, "Virtual memory, in bytes."),
        Column("user_time", Type.BIGINT, "CPU time spent in user mode, in milliseconds."),
        Column("system_time", Type.BIGINT, "CPU time spent in the kernel, in milliseconds."),
        Column("disk_bytes_read", Type.BIGINT, "Bytes fetched from storage."),
        Column("disk_bytes_written", Type.BIGINT, "Bytes sent to storage."),
        Column("start_time", Type.BIGINT, "Start, in seconds since the epoch."),
        Column("parent", Type.BIGINT, "Process ID of the parent; 0 for those the kernel started."),
        Column("pgroup", Type.BIGINT, "Process group."),
        Column("threads", Type.INTEGER, "Number of threads."),
        Column("nice", Type.INTEGER, "Nice level, -20 to 19."),
        Column(
            "cgroup_path",
            Type.TEXT,
            "Control group in the unified hierarchy, else in systemd's own.",
        ),
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
        "/proc/self/mountinfo",
    ),
    privilege="CAP_SYS_PTRACE",
    osquery=True,
    notes=(
        "on_disk rests on the kernel's own mark, not on looking the path up, which would be wrong "
        "for a process in another mount namespace. Under hidepid or in a PID namespace of its own "
        "the table is unreadable, never short."
    ),
)

TABLES: tuple[TableSpec, ...] = (PROCESSES,)
