"""Tables about what was installed besides dpkg's own, where it comes from, and what changed."""

from facts.spec import Column, Kind, TableSpec, Type
from facts.words import Words

_RPM_DATABASE = (
    "/usr/lib/sysimage/rpm",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
    "/usr/lib/sysimage/rpm/Packages",
    "/var/lib/rpm",
    "/var/lib/rpm/rpmdb.sqlite",
    "/var/lib/rpm/rpmdb.sqlite-wal",
    "/var/lib/rpm/Packages",
)

RPM_PACKAGES = TableSpec(
    name="rpm_packages",
    version=1,
    doc=Words("rpm 数据库中的软件包。", "Packages in the rpm database."),
    source=_RPM_DATABASE,
    osquery=True,
    notes=Words(
        "直接读取数据库文件（SQLite 或 Berkeley DB 格式），不运行 rpm：rpm 即使只列出软件包，也会在"
        "数据库旁创建或写入文件。SUSE 的 ndb 格式不支持。没有 rpm 数据库的主机，此表完整而没有"
        "数据行。导入的签名公钥也以名为 `gpg-pubkey` 的软件包列出，与 rpm 一致。",
        "The database itself is read (SQLite or Berkeley DB), rpm is not run: even for a list it "
        "makes or writes files beside the database. SUSE's ndb is unsupported. A host without "
        "an rpm database has a complete table without rows. Imported signing keys are packages "
        "named `gpg-pubkey`, as in rpm.",
    ),
    columns=(
        Column("name", Type.TEXT, "软件包名。", "Name of the package."),
        Column(
            "version",
            Type.TEXT,
            "版本，不含 epoch 和发行号。",
            "Version, without epoch and release.",
        ),
        Column("release", Type.TEXT, "发行号。", "Release."),
        Column(
            "source",
            Type.TEXT,
            "源码包的文件名；没有时为空。",
            "File name of the source package; empty if none.",
        ),
        Column("size", Type.BIGINT, "安装后的大小，以字节计。", "Installed size, in bytes."),
        Column(
            "sha1",
            Type.TEXT,
            "包头的 SHA-1，十六进制；rpm 没有记录时为空。",
            "SHA-1 of the package's header, in hexadecimal; empty if rpm has none.",
        ),
        Column("arch", Type.TEXT, "体系结构，或 `noarch`。", "Architecture, or `noarch`."),
        Column("epoch", Type.INTEGER, "epoch；未设时为 0。", "Epoch; 0 if none is set."),
        Column(
            "install_time",
            Type.INTEGER,
            "安装时间，Unix 时间戳（秒）。",
            "When it was installed, in seconds from 1970-01-01 UTC.",
        ),
        Column("vendor", Type.TEXT, "打包方；没有时为空。", "Who built it; empty if not said."),
        Column("package_group", Type.TEXT, "软件包分组。", "Group of packages."),
    ),
)

PACKAGE_FILE_CHANGES = TableSpec(
    name="package_file_changes",
    version=1,
    doc=Words(
        "一个软件包中与安装时不一致的文件，按软件包名查询。",
        "The files of a package that are not as they were installed, asked by package.",
    ),
    source=(
        "/var/lib/dpkg/status",
        "/var/lib/dpkg/status.d",
        "/var/lib/dpkg/status.d/*.md5sums",
        "/var/lib/dpkg/info/*.md5sums",
        "/var/lib/dpkg/info/*.list",
        "/var/lib/dpkg/diversions",
        "/etc/dpkg/dpkg.cfg",
        "/etc/dpkg/dpkg.cfg.d",
        "/etc/dpkg/dpkg.cfg.d/*",
        *_RPM_DATABASE,
        "statx(2) and read(2) of the package's own files",
    ),
    privilege="root",
    kind=Kind.KEYED,
    notes=Words(
        "要逐个读取该软件包的文件，只在策略或查询问到时才做；比对全部软件包，可与 deb_packages 或 "
        "rpm_packages 联查。单个文件超过 512 MiB、一个软件包超过 2 GiB 时状态为 over_budget。dpkg "
        "只记录 MD5，能发现误改和一般篡改，防不住刻意构造的碰撞。dpkg 按配置未解包的文件"
        "（`path-exclude`）、被转移的文件（dpkg-divert）、rpm 声明可缺失或不比对的属性，均不计入。"
        "未安装的软件包没有数据行。",
        "Every file of the package is read, so it is done only when a policy or query asks; join "
        "deb_packages or rpm_packages to compare all. A file beyond 512 MiB or a package beyond "
        "2 GiB is over_budget. dpkg keeps MD5 only: good against mistakes and plain tampering, not "
        "against a made collision. Files that dpkg was told to leave out (`path-exclude`), "
        "diverted ones, and what rpm declares optional or not compared do not count. A package "
        "that is not installed has no rows.",
    ),
    columns=(
        Column(
            "package",
            Type.TEXT,
            "软件包名；dpkg 的也可写作 `name:arch`。",
            "Name of the package; one of dpkg's also as `name:arch`.",
            key=True,
        ),
        Column("path", Type.TEXT, "文件的绝对路径。", "Absolute path of the file."),
        Column(
            "kind",
            Type.TEXT,
            "差异：`content` 内容，`missing` 缺失，`mode` 权限（仅 rpm），`type` 文件类型。",
            "What differs: `content`, `missing`, `mode` (rpm only) or `type` of file.",
        ),
        Column(
            "configuration",
            Type.INTEGER,
            "配置文件为 1，管理员本就可以修改；其他文件为 0。",
            "1 for a configuration file, which administrators may well change; else 0.",
        ),
        Column(
            "expected",
            Type.TEXT,
            "软件包中的校验值、权限或类型。",
            "Digest, permission bits or type in the package.",
        ),
        Column(
            "found",
            Type.TEXT,
            "主机上的校验值、权限或类型；文件缺失时为空。",
            "Those on the host; empty if the file is missing.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (RPM_PACKAGES, PACKAGE_FILE_CHANGES)
