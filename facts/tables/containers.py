"""Tables about containers, in osquery's names, whichever runtime they belong to."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

_DOCKER = (
    "/etc/docker/daemon.json",
    "/var/lib/docker",
    "/var/lib/docker/containers",
    "/var/lib/docker/containers/*/config.v2.json",
)
_BUNDLES = (
    "/run/containerd/io.containerd.runtime.v2.task",
    "/run/containerd/io.containerd.runtime.v2.task/*",
    "/run/containerd/io.containerd.runtime.v2.task/*/*/config.json",
    "/var/lib/containers/storage",
    "/var/lib/containers/storage/*-containers/containers.json",
    "/var/lib/containers/storage/*-containers/*/userdata/config.json",
)
_PIDS = (
    "/run/containerd/io.containerd.runtime.v2.task/*/*/init.pid",
    "/run/containers/storage/*-containers/*/userdata/pidfile",
)

DOCKER_CONTAINERS = TableSpec(
    name="docker_containers",
    version=1,
    doc=Words(
        "容器：docker、podman、CRI-O 的，以及 containerd（含 Kubernetes）正在运行的。",
        "Containers of docker, podman and CRI-O, and the running ones of containerd (and so of "
        "Kubernetes).",
    ),
    source=(
        *_DOCKER,
        "/var/lib/docker/containers/*/hostconfig.json",
        *_BUNDLES,
        *_PIDS,
        "/proc/<pid>/ns/*",
    ),
    privilege="root",
    osquery=True,
    notes=Words(
        "osquery 向 docker 守护进程查询；本系统只读文件，不连接等同 root 权限的套接字，也包括其他"
        "运行时的容器，`runtime` 指明是哪一种。docker 的数据目录以 daemon.json 的 `data-root` "
        "为准。环境变量从不读出，status 不含时长。containerd 和 podman 的 privileged 依据是：未屏蔽"
        "任何内核路径且持有 `CAP_SYS_ADMIN`，或 podman 自己的标注。没有任何运行时的主机，此表完整而"
        "没有数据行。",
        "osquery asks docker's daemon; we read files, never the socket that is as good as root. "
        "Other runtimes' containers are rows too, told apart by `runtime`. Docker's directory is "
        "what `data-root` in daemon.json says. Environments are never decoded; status does not say "
        "for how long. For containerd and podman privileged means that no kernel path is masked "
        "while `CAP_SYS_ADMIN` is held, or podman's own mark. A host without any runtime has a "
        "complete table without rows.",
    ),
    columns=(
        Column("id", Type.TEXT, "容器编号。", "ID of the container."),
        Column(
            "name",
            Type.TEXT,
            "容器名；docker 的以 `/` 开头。",
            "Name; docker's begin with a `/`.",
        ),
        Column(
            "runtime",
            Type.TEXT,
            "运行时：`docker`、`podman`、`cri-o` 或 `containerd`。",
            "`docker`, `podman`, `cri-o` or `containerd`.",
        ),
        Column(
            "image",
            Type.TEXT,
            "创建时所用的镜像名；不明时为空。",
            "Image it was made of, by name; empty if not known.",
        ),
        Column("image_id", Type.TEXT, "镜像编号。", "ID of the image."),
        Column("command", Type.TEXT, "命令及参数。", "Command and arguments.", Privacy.LOCAL),
        Column(
            "created",
            Type.BIGINT,
            "创建时间，Unix 时间戳（秒）。",
            "When it was made, in seconds from 1970-01-01 UTC.",
        ),
        Column(
            "state",
            Type.TEXT,
            "状态：`created`、`restarting`、`running`、`removing`、`paused`、`exited` 或 `dead`。",
            "`created`, `restarting`, `running`, `removing`, `paused`, `exited` or `dead`.",
        ),
        Column(
            "status",
            Type.TEXT,
            "同上，照 docker 的写法，如 `Up` 和 `Exited (137)`。",
            "The same in docker's words, such as `Up` and `Exited (137)`.",
        ),
        Column(
            "pid",
            Type.BIGINT,
            "首个进程的进程号；未运行时为 0。",
            "Process ID of its first process; 0 unless it runs.",
        ),
        Column("path", Type.TEXT, "所运行的程序。", "Program it runs."),
        Column("config_entrypoint", Type.TEXT, "入口命令。", "Entrypoint.", Privacy.LOCAL),
        Column(
            "started_at",
            Type.TEXT,
            "最近启动时间，照 docker 所记；其他运行时为 NULL。",
            "Last start as docker notes it; NULL for other runtimes.",
        ),
        Column(
            "finished_at",
            Type.TEXT,
            "最近结束时间，照 docker 所记；其他运行时为 NULL。",
            "Last end as docker notes it; NULL for other runtimes.",
        ),
        Column("privileged", Type.INTEGER, "特权容器为 1，否则为 0。", "1 if privileged, else 0."),
        Column(
            "security_options",
            Type.TEXT,
            "安全选项，以逗号分隔，如 `seccomp=unconfined`。",
            "Security options separated by commas, such as `seccomp=unconfined`.",
        ),
        Column(
            "readonly_rootfs",
            Type.INTEGER,
            "根文件系统只读为 1，否则为 0。",
            "1 if its root filesystem is read-only, else 0.",
        ),
        Column(
            "network_mode",
            Type.TEXT,
            "网络模式；`host` 即使用主机的网络。",
            "Network mode; `host` shares the host's network.",
        ),
        Column(
            "pid_mode",
            Type.TEXT,
            "进程空间；`host` 即能看到主机的所有进程。",
            "Process namespace; `host` sees all of the host's processes.",
        ),
        Column(
            "ipc_mode",
            Type.TEXT,
            "进程间通信空间；`host` 即与主机共用。",
            "IPC namespace; `host` shares the host's.",
        ),
        Column(
            "capabilities_added",
            Type.TEXT,
            "docker：额外授予的权能；其他运行时：全部权能上限。以逗号分隔。",
            "Docker: capabilities that were added; else all in its bounding set. Separated by "
            "commas.",
        ),
        *(
            Column(
                f"{kind}_namespace",
                Type.TEXT,
                f"首个进程的 {kind} 命名空间编号；未运行时为 NULL。",
                f"Number of its first process's {kind} namespace; NULL unless it runs.",
            )
            for kind in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
        ),
    ),
)

DOCKER_CONTAINER_MOUNTS = TableSpec(
    name="docker_container_mounts",
    version=1,
    doc=Words(
        "挂载进容器的主机目录、文件和卷。",
        "Directories and files of the host, and volumes, that are mounted into containers.",
    ),
    source=(*_DOCKER, *_BUNDLES),
    privilege="root",
    osquery=True,
    notes=Words(
        "包括哪些运行时，见 docker_containers。docker 以外的运行时没有卷名，其自行挂载的内容"
        "（如主机名文件）不列出。",
        "Runtimes as in docker_containers. Others than docker have no names of volumes; what they "
        "mount of their own accord, such as the host name, is left out.",
    ),
    columns=(
        Column("id", Type.TEXT, "容器编号。", "ID of the container."),
        Column(
            "type",
            Type.TEXT,
            "种类：`bind`、`volume` 或 `tmpfs`。",
            "`bind`, `volume` or `tmpfs`.",
        ),
        Column("name", Type.TEXT, "卷名；没有时为空。", "Name of the volume; empty if none."),
        Column("source", Type.TEXT, "在主机上的路径。", "Path on the host."),
        Column("destination", Type.TEXT, "在容器内的路径。", "Path in the container."),
        Column(
            "driver",
            Type.TEXT,
            "卷驱动；没有时为空。",
            "Driver of the volume; empty if none.",
        ),
        Column("mode", Type.TEXT, "挂载选项。", "Options of the mount."),
        Column("rw", Type.INTEGER, "可写为 1，只读为 0。", "1 if writable, 0 if read-only."),
        Column(
            "propagation",
            Type.TEXT,
            "挂载传播方式，如 `rprivate`。",
            "How mounts propagate, such as `rprivate`.",
        ),
    ),
)

DOCKER_IMAGES = TableSpec(
    name="docker_images",
    version=1,
    doc=Words("主机上存放的容器镜像。", "Container images kept on the host."),
    source=(
        "/etc/docker/daemon.json",
        "/var/lib/docker",
        "/var/lib/docker/rootfs",
        "/var/lib/docker/image",
        "/var/lib/docker/image/*/repositories.json",
        "/var/lib/docker/image/*/imagedb/content/sha256",
        "/var/lib/docker/image/*/imagedb/content/sha256/*",
        "/var/lib/docker/image/*/layerdb/sha256/*/size",
        "/var/lib/containers/storage",
        "/var/lib/containers/storage/*-images/images.json",
        "/var/lib/containers/storage/*-layers/layers.json",
        "/run/containerd/io.containerd.runtime.v2.task",
        "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db",
    ),
    privilege="root",
    osquery=True,
    notes=Words(
        "包括 docker 自身的镜像库，以及 podman 和 CRI-O 共用的镜像库。containerd 的镜像目录只有它"
        "自己能读，由它保存镜像时（Kubernetes，或 docker 改用 containerd 镜像库），此表状态为 "
        "unsupported。",
        "Docker's own store, and the one that podman and CRI-O share. The list of containerd "
        "is in a format only it reads: where it keeps images (for Kubernetes, or for docker with "
        "the containerd image store) the table is unsupported.",
    ),
    columns=(
        Column("id", Type.TEXT, "镜像编号。", "ID of the image."),
        Column(
            "created",
            Type.BIGINT,
            "制作时间，Unix 时间戳（秒）；未注明时为 NULL。",
            "When it was made, in seconds from 1970-01-01 UTC; NULL if not said.",
        ),
        Column(
            "size_bytes",
            Type.BIGINT,
            "各层大小之和，以字节计。",
            "Sizes of its layers together, in bytes.",
        ),
        Column(
            "tags",
            Type.TEXT,
            "名称与标签，以逗号分隔；没有时为空。",
            "Names with tags, separated by commas; empty if none.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (DOCKER_CONTAINERS, DOCKER_CONTAINER_MOUNTS, DOCKER_IMAGES)
