"""Tables about installed software and its configuration."""

from facts.spec import Column, TableSpec, Type
from facts.words import Words

_SYSTEMCTL = "/usr/bin/systemctl --full --plain --no-pager"

DEB_PACKAGES = TableSpec(
    name="deb_packages",
    version=1,
    doc=Words(
        "dpkg 数据库中的软件包，包括已卸载但留有配置的。",
        "Packages in the dpkg database, also those removed with their configuration left.",
    ),
    source=("/var/lib/dpkg/status", "/var/lib/dpkg/status.d/*"),
    osquery=True,
    notes=Words(
        "已安装（`install ok installed`）还是仅有残留，看 `status`。没有 dpkg 的主机，此表完整而"
        "没有数据行。",
        "`status` tells an installed package (`install ok installed`) from the remains of one. "
        "A host without dpkg has a complete table without rows.",
    ),
    columns=(
        Column("name", Type.TEXT, "软件包名。", "Name of the package."),
        Column(
            "version",
            Type.TEXT,
            "版本，含 epoch 和修订号。",
            "Version, with epoch and revision.",
        ),
        Column(
            "source",
            Type.TEXT,
            "源码包名；与软件包同名时为空。",
            "Source package; empty if it has the same name.",
        ),
        Column("size", Type.BIGINT, "安装后占用的空间，以字节计。", "Installed size, in bytes."),
        Column("arch", Type.TEXT, "体系结构，或 `all`。", "Architecture, or `all`."),
        Column(
            "revision",
            Type.TEXT,
            "版本中最后一个 `-` 之后的部分；没有时为空。",
            "What follows the last `-` in the version; empty if none.",
        ),
        Column(
            "status",
            Type.TEXT,
            "期望、错误、当前三种状态，各一个词。",
            "Wanted, error and present state, three words.",
        ),
        Column("maintainer", Type.TEXT, "维护者。", "Who maintains the package."),
        Column("section", Type.TEXT, "软件源中的分类。", "Section of the archive."),
        Column("priority", Type.TEXT, "软件源中的优先级。", "Priority in the archive."),
    ),
)

SYSTEMD_UNITS = TableSpec(
    name="systemd_units",
    version=1,
    doc=Words(
        "systemd 已载入内存的和磁盘上已安装的单元：服务、定时器、套接字、挂载点等。",
        "Units systemd has in memory or on disk: services, timers, sockets, mounts.",
    ),
    source=(
        f"{_SYSTEMCTL} list-units --all",
        f"{_SYSTEMCTL} show --all --property=Id,Following,User,SourcePath '*'",
        f"{_SYSTEMCTL} list-jobs --no-legend",
        "/etc/systemd/system.control/**",
        "/run/systemd/system.control/**",
        "/run/systemd/transient/**",
        "/run/systemd/generator.early/**",
        "/etc/systemd/system/**",
        "/etc/systemd/system.attached/**",
        "/run/systemd/system/**",
        "/run/systemd/system.attached/**",
        "/run/systemd/generator/**",
        "/usr/local/lib/systemd/system/**",
        "/usr/lib/systemd/system/**",
        "/lib/systemd/system/**",
        "/run/systemd/generator.late/**",
    ),
    osquery=True,
    notes=Words(
        "已安装但未载入内存的单元文件也各占一行，load_state 为 `stub`。以哪个文件为准、是否启用，"
        "一律从文件本身读出；systemd 未运行时以及在挂载的根目录中，load_state、active_state、"
        "sub_state、user、source_path、following 和 job_* 的状态为 unsupported。由链接启用的模板"
        "实例也会列出，systemd 启动时便会启动它们。",
        "Unit files that are installed but not in memory are rows too, with load_state `stub`. "
        "Which file counts and whether it is enabled is read from the files themselves in any "
        "case; where systemd does not run, and in a mounted root, load, active and sub state, "
        "user, source_path, following and jobs are unsupported. Instances that a link enables are "
        "rows, as systemd would start them.",
    ),
    columns=(
        Column(
            "id",
            Type.TEXT,
            "单元名，如 `ssh.service`。",
            "Name of the unit, such as `ssh.service`.",
        ),
        Column("description", Type.TEXT, "单元自带的说明。", "The unit's own description."),
        Column(
            "load_state",
            Type.TEXT,
            "载入状态，如 `loaded`、`not-found`、`masked`；未载入内存为 `stub`。",
            "State of loading, such as `loaded`, `not-found` or `masked`; `stub`: not in memory.",
        ),
        Column(
            "active_state",
            Type.TEXT,
            "运行状态，如 `active`、`inactive`、`failed`、`activating`。",
            "State, such as `active`, `inactive`, `failed` or `activating`.",
        ),
        Column(
            "sub_state",
            Type.TEXT,
            "细分状态，因单元种类而异，如 `running`、`listening`。",
            "State by kind of unit, such as `running` or `listening`.",
        ),
        Column(
            "unit_file_state",
            Type.TEXT,
            "是否启用，如 `enabled`、`disabled`、`static`、`masked`、`alias`、`indirect`、"
            "`generated`；没有单元文件的为空。",
            "Whether it is enabled, such as `enabled`, `disabled`, `static`, `masked`, `alias`, "
            "`indirect` or `generated`; empty for a unit without a file.",
        ),
        Column(
            "following",
            Type.TEXT,
            "状态跟随的另一单元；没有时为空。",
            "Unit whose state this one follows; empty if none.",
        ),
        Column(
            "object_path", Type.TEXT, "单元的 D-Bus 对象路径。", "D-Bus object path of the unit."
        ),
        Column(
            "job_id",
            Type.BIGINT,
            "等待执行的作业编号；没有时为 0。",
            "Number of the job waiting for the unit; 0 if none.",
        ),
        Column(
            "job_type",
            Type.TEXT,
            "该作业的内容；没有作业时为空。",
            "What that job does; empty if there is none.",
        ),
        Column(
            "job_path",
            Type.TEXT,
            "该作业的 D-Bus 对象路径；没有作业时为 `/`。",
            "D-Bus object path of that job; `/` if there is none.",
        ),
        Column(
            "fragment_path",
            Type.TEXT,
            "生效的单元文件；没有时为空。",
            "Unit file that counts; empty if none.",
        ),
        Column(
            "user",
            Type.TEXT,
            "单元的进程以哪个用户运行；为空即 root。",
            "User the unit's processes run as; empty: root.",
        ),
        Column(
            "source_path",
            Type.TEXT,
            "自动生成该单元所依据的文件；没有时为空。",
            "File the unit was generated from; empty if none.",
        ),
    ),
)

SSHD_CONFIG = TableSpec(
    name="sshd_config",
    version=1,
    doc=Words(
        "SSH 服务器的设置：优先取实际生效值，取不到则取配置文件所写。",
        "Settings of the SSH server: the effective ones, else those its files state.",
    ),
    source=(
        "/usr/sbin/sshd -T",
        "/usr/bin/sshd -T",
        "/etc/ssh/sshd_config",
        "/etc/ssh/sshd_config.d/*.conf",
    ),
    privilege="root",
    notes=Words(
        "默认值和 Match 段的结果只有 sshd 自己知道。问不到 sshd 时，`value` 为配置文件所写，此表"
        "记为不完整，任何检查项都不会据此判为符合。Match 段内的设置始终从文件读取，key 写作 "
        "`match:<criteria>:<key>`。主机上没有 sshd 时，此表完整而没有数据行。",
        "Defaults and Match blocks are known to sshd only. When it could not be asked, `value` "
        "holds what the files state and the table is partial, so that no check passes on it. "
        "Settings inside a Match block are read from the files in either case and named "
        "`match:<criteria>:<key>`. No sshd on the host: complete, without rows.",
    ),
    columns=(
        Column(
            "key",
            Type.TEXT,
            "设置名，小写；Match 段的写法见说明。",
            "Setting, lower case; see the notes for Match blocks.",
        ),
        Column(
            "value",
            Type.TEXT,
            "取值，照 sshd 的输出；多次出现的设置各占一行。",
            "Value as sshd prints it; a repeated setting is several rows.",
        ),
        Column(
            "origin",
            Type.TEXT,
            "出处：实际生效值为 `sshd -T`，否则为所在文件。",
            "`sshd -T` for an effective value, else the file.",
        ),
        Column(
            "line",
            Type.INTEGER,
            "在该文件中的行号，从 1 起；实际生效值为 NULL。",
            "Line in that file, from 1; NULL for an effective value.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (DEB_PACKAGES, SYSTEMD_UNITS, SSHD_CONFIG)
