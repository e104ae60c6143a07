"""Tables about what programs may do: what they hold, where they run, whose rights they take."""

from facts.spec import Column, Kind, TableSpec, Type
from facts.words import Words

_PID = Column(
    "pid",
    Type.BIGINT,
    "初始 PID 命名空间中的进程号。",
    "Process ID in the initial PID namespace.",
)

PROCESS_OPEN_FILES = TableSpec(
    name="process_open_files",
    version=1,
    doc=Words(
        "进程打开的设备、套接字和管道，不含普通文件。",
        "Devices, sockets and pipes that processes hold open, never ordinary files.",
    ),
    source=("/proc", "/proc/<pid>/fd", "/proc/<pid>/fd/*"),
    privilege="CAP_SYS_PTRACE",
    osquery=True,
    notes=Words(
        "osquery 列出所有文件的路径；本系统只列 `/dev` 下的设备和内核对象，其余连名称也不留存，因此"
        "建在别处的设备节点不在其中。`/dev/shm` 中的共享内存不列出。有进程拒绝被读取时，此表记为"
        "不完整。",
        "osquery shows the paths of all files; only devices below `/dev` and objects of the kernel "
        "are told here, of anything else not even the name is kept, so a device node made "
        "elsewhere is not among them. Shared memory in `/dev/shm` is left out. When a process "
        "refuses to be read the table is partial.",
    ),
    columns=(
        _PID,
        Column("fd", Type.BIGINT, "文件描述符编号。", "Number of the descriptor."),
        Column(
            "path",
            Type.TEXT,
            "设备路径，或内核对象，如 `socket:[123]`、`pipe:[123]`、`anon_inode:[eventfd]`。",
            "Path of the device, or the kernel's object, such as `socket:[123]`, `pipe:[123]` or "
            "`anon_inode:[eventfd]`.",
        ),
    ),
)

PROCESS_NAMESPACES = TableSpec(
    name="process_namespaces",
    version=1,
    doc=Words("进程所在的各个命名空间。", "The namespaces that processes are in."),
    source=("/proc", "/proc/<pid>", "/proc/<pid>/ns/*"),
    privilege="CAP_SYS_PTRACE",
    osquery=True,
    notes=Words(
        "编号为 inode 号；初始 PID 命名空间为 `4026531836`，初始用户命名空间为 `4026531837`。僵尸"
        "进程已放弃的命名空间为 NULL。",
        "They are named by inode; the initial PID namespace is `4026531836`, the initial user "
        "namespace `4026531837`. What a zombie has let go of is NULL.",
    ),
    columns=(
        _PID,
        *(
            Column(
                f"{kind}_namespace",
                Type.TEXT,
                f"{kind} 命名空间的编号。",
                f"Number of the {kind} namespace.",
            )
            for kind in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
        ),
    ),
)

_TREES = (
    *("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32"),
    *("/usr/libexec", "/usr/local", "/usr/games", "/opt"),
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
)

SUID_BIN = TableSpec(
    name="suid_bin",
    version=1,
    doc=Words(
        "带有 SUID 或 SGID 位的文件。",
        "Files with the set-user-ID or set-group-ID bit.",
    ),
    source=(
        "/etc/passwd",
        "/etc/group",
        *_TREES,
        "/proc/self/mountinfo",
        "lstat(2) of the files in these directories, and two levels below them",
    ),
    osquery=True,
    notes=Words(
        "查找存放程序和库的目录（见来源）及其下两层，不查全盘，也不跟随符号链接；osquery 不查库目录"
        "和 `/opt`，而查 `/tmp`。更深处以及别处的此类文件，由挂载选项 nosuid 和软件包比对来防范。"
        "条目超过 200000 个时状态为 over_budget。记录的运行主机不含这些文件，状态为 unsupported。",
        "Searched are the directories of programs and libraries (see the source) and two levels "
        "below them, not all of the disk; links are not followed. osquery leaves out libraries and "
        "`/opt`, and looks into `/tmp`. Deeper, or elsewhere, such files are for the mount option "
        "nosuid and the comparison of packages to catch. Beyond 200000 entries it is over_budget. "
        "A recording does not hold these files: unsupported.",
    ),
    columns=(
        Column("path", Type.TEXT, "文件的绝对路径。", "Absolute path of the file."),
        Column(
            "username",
            Type.TEXT,
            "属主；没有此用户时为其编号。",
            "Owning user; the number if there is no such user.",
        ),
        Column(
            "groupname",
            Type.TEXT,
            "属组；没有此组时为其编号。",
            "Owning group; the number if there is no such group.",
        ),
        Column(
            "permissions",
            Type.TEXT,
            "`S` 为 SUID，`G` 为 SGID，`SG` 为两者。",
            "`S` for set-user-ID, `G` for set-group-ID, `SG` for both.",
        ),
    ),
)

MAGIC = TableSpec(
    name="magic",
    version=1,
    doc=Words(
        "文件属于哪一类，由开头的字节判断。", "What kind a file is, told by its first bytes."
    ),
    source=("read(2)",),
    kind=Kind.KEYED,
    osquery=True,
    notes=Words(
        "不使用 libmagic：只认程序、脚本、压缩包、软件包等服务器上要紧的几十类，名称与 libmagic "
        "相同；认不出的一律为 `text/plain` 或 `application/octet-stream`。允许查询的范围同 file "
        "表。内容不留存。",
        "libmagic is not used: some dozens of kinds that matter on a server are known, such as "
        "programs, scripts, archives and packages, by libmagic's names; all others are "
        "`text/plain` or `application/octet-stream`. It answers where the table file does. Nothing "
        "of the content is kept.",
    ),
    columns=(
        Column("path", Type.TEXT, "绝对路径。", "Absolute path.", key=True, pattern=True),
        Column(
            "data", Type.TEXT, "libmagic 的描述；始终为 NULL。", "Words of libmagic; always NULL."
        ),
        Column(
            "mime_type",
            Type.TEXT,
            "MIME 类型，如 `application/x-pie-executable`、`text/x-shellscript`。",
            "MIME type, such as `application/x-pie-executable` or `text/x-shellscript`.",
        ),
        Column(
            "mime_encoding",
            Type.TEXT,
            "`binary`，或文本的编码，如 `us-ascii`、`utf-8`。",
            "`binary`, or the encoding of a text, such as `us-ascii` or `utf-8`.",
        ),
    ),
)

VIRTUALIZATION = TableSpec(
    name="virtualization",
    version=1,
    doc=Words(
        "本机是否容器或虚拟机，以及依据。",
        "Whether this is a container or a virtual machine, and what says so.",
    ),
    source=(
        "/run/systemd/container",
        "/run/.containerenv",
        "/.dockerenv",
        "/run/secrets/kubernetes.io",
        "/proc/1/cgroup",
        "/proc/self/ns/pid",
        "/sys/hypervisor/type",
        *(
            f"/sys/class/dmi/id/{field}"
            for field in ("product_name", "sys_vendor", "board_vendor", "bios_vendor")
        ),
        "/proc/cpuinfo",
    ),
    notes=Words(
        "只列出痕迹，不作结论：容器镜像直接装成的虚拟机会带有 `/.dockerenv`，但 PID 命名空间仍是"
        "初始的。刻意隐藏的虚拟机看不出来。挂载的根目录中只能回答 container。",
        "It lists marks and draws no conclusion: a virtual machine installed from a container's "
        "image has a `/.dockerenv`, and the initial PID namespace all the same. A hypervisor that "
        "hides itself is not seen. In a mounted root only container can be answered.",
    ),
    columns=(
        Column(
            "container",
            Type.TEXT,
            "容器的种类，如 `docker`、`podman`、`kubernetes`、`lxc`；没有痕迹时为空。",
            "Kind of container, such as `docker`, `podman`, `kubernetes` or `lxc`; empty without a "
            "mark.",
        ),
        Column(
            "container_evidence",
            Type.TEXT,
            "据以判断的文件；没有时为空。",
            "File that says so; empty if none.",
        ),
        Column(
            "initial_pid_namespace",
            Type.INTEGER,
            "本程序处在初始 PID 命名空间为 1，否则为 0。",
            "1 if this program is in the initial PID namespace, else 0.",
        ),
        Column(
            "machine",
            Type.TEXT,
            "虚拟化平台，如 `kvm`、`vmware`、`microsoft`、`xen`，认不出的为 `other`；没有痕迹时"
            "为空。",
            "Hypervisor, such as `kvm`, `vmware`, `microsoft` or `xen`, `other` if not known; "
            "empty without a mark.",
        ),
        Column(
            "machine_evidence",
            Type.TEXT,
            "据以判断的文件；没有时为空。",
            "File that says so; empty if none.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (
    PROCESS_OPEN_FILES,
    PROCESS_NAMESPACES,
    SUID_BIN,
    MAGIC,
    VIRTUALIZATION,
)
