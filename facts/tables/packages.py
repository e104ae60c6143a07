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

_PYTHONS = tuple(
    f"{library}/{python}"
    for library in (
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/usr/local/lib64",
        "/opt/*/lib",
        "/opt/*/lib64",
        "/opt/*/*/lib",
    )
    for python in ("python*/dist-packages", "python*/site-packages")
)

PYTHON_PACKAGES = TableSpec(
    name="python_packages",
    version=1,
    doc=Words(
        "安装在系统目录中的 Python 软件包。", "Python packages installed in system directories."
    ),
    source=(
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/usr/local/lib64",
        "/opt",
        "/opt/*",
        "/opt/*/lib",
        "/opt/*/lib64",
        "/opt/*/*/lib",
        *_PYTHONS,
        *(f"{directory}/*.dist-info/METADATA" for directory in _PYTHONS),
        *(f"{directory}/*.egg-info/PKG-INFO" for directory in _PYTHONS),
        *(f"{directory}/*.egg-info" for directory in _PYTHONS),
    ),
    osquery=True,
    notes=Words(
        "只看系统目录和 `/opt` 下两层以内的 Python 环境，不看用户主目录，因此不需要也不支持按用户"
        "联查。同一个包装在几处，就有几行。",
        "System directories and the environments up to two levels below `/opt`, never homes, so "
        "there is nothing to join users with. A package that is installed in several places is "
        "several rows.",
    ),
    columns=(
        Column("name", Type.TEXT, "软件包名。", "Name of the package."),
        Column(
            "uid",
            Type.BIGINT,
            "软件包文件的属主。",
            "Number of the user who owns the package's files.",
        ),
        Column("version", Type.TEXT, "版本。", "Version."),
        Column("summary", Type.TEXT, "一句话简介。", "What it says of itself in a sentence."),
        Column("author", Type.TEXT, "作者；没有时为空。", "Its author; empty if not said."),
        Column("license", Type.TEXT, "许可证；没有时为空。", "Its licence; empty if not said."),
        Column("path", Type.TEXT, "元数据所在的路径。", "Path of its metadata."),
        Column("directory", Type.TEXT, "所在的模块目录。", "Directory it is imported from."),
    ),
)

_INNER = ("*/node_modules", "*/*/node_modules")
_NODES = tuple(
    f"{directory}{nested}"
    for directory in ("/usr/lib/node_modules", "/usr/local/lib/node_modules", "/usr/share/nodejs")
    for nested in (
        "",
        *(f"/{first}" for first in _INNER),
        *(f"/{first}/{second}" for first in _INNER for second in _INNER),
    )
)

NPM_PACKAGES = TableSpec(
    name="npm_packages",
    version=1,
    doc=Words("全局安装的 Node 软件包。", "Node packages installed for the whole host."),
    source=tuple(
        f"{home}{part}"
        for home in _NODES
        for part in ("", "/*", "/*/package.json", "/*/*/package.json")
    ),
    osquery=True,
    notes=Words(
        "只读每个软件包的 package.json，包括软件包内嵌套的；不看项目目录和用户主目录，也不跟随符号"
        "链接。作者只取姓名，不取邮箱。",
        "Of each package, nested ones included, only package.json is read; projects and homes are "
        "not looked at, links not followed. Of an author only the name is taken.",
    ),
    columns=(
        Column("name", Type.TEXT, "软件包名。", "Name of the package."),
        Column("version", Type.TEXT, "版本。", "Version."),
        Column("description", Type.TEXT, "简介。", "What it says of itself."),
        Column("author", Type.TEXT, "作者；没有时为空。", "Its author; empty if not said."),
        Column("license", Type.TEXT, "许可证；没有时为空。", "Its licence; empty if not said."),
        Column("homepage", Type.TEXT, "主页；没有时为空。", "Its home page; empty if not said."),
        Column("path", Type.TEXT, "软件包的目录。", "Directory of the package."),
        Column(
            "directory",
            Type.TEXT,
            "软件包所在的 node_modules 目录。",
            "Directory of packages it is in.",
        ),
        Column(
            "depth",
            Type.INTEGER,
            "嵌套层数；直接安装的为 0。",
            "How deep it is nested; 0 if it was installed itself.",
        ),
    ),
)

APT_SOURCES = TableSpec(
    name="apt_sources",
    version=1,
    doc=Words(
        "apt 正在使用的软件源，一个地址一个发行套件一行。",
        "Repositories that apt installs from, a row for each address and suite.",
    ),
    source=(
        "/etc/apt",
        "/etc/apt/sources.list",
        "/etc/apt/sources.list.d",
        "/etc/apt/sources.list.d/*",
        "/var/lib/apt/lists",
        "/var/lib/apt/lists/*_InRelease",
        "/var/lib/apt/lists/*_Release",
    ),
    osquery=True,
    notes=Words(
        "已停用的和只提供源码的不列出，与 osquery 一致；从未更新过、尚无本地清单的软件源也列出，"
        "osquery 会漏掉它们。`components` 为配置所写，不是软件源的全部。地址中的用户名、口令和访问"
        "密钥已去除。没有 apt 的主机，此表完整而没有数据行。",
        "Those switched off, or with sources only, are left out, as in osquery; those apt has not "
        "fetched yet are rows, which osquery misses. `components` are the configured ones, not all "
        "there are. Addresses are shown without user names, passwords and tokens. A host without "
        "apt has a complete table without rows.",
    ),
    columns=(
        Column(
            "name",
            Type.TEXT,
            "地址（不带协议）与发行套件，以空格连接。",
            "Address without its scheme, a blank, and the suite.",
        ),
        Column("source", Type.TEXT, "写有该软件源的文件。", "File that names it."),
        Column("base_uri", Type.TEXT, "地址，不带末尾的 `/`。", "Address, without a final `/`."),
        Column(
            "release",
            Type.TEXT,
            "软件源自述的代号；没有时为所配置的套件。",
            "Code name by the repository itself, else the suite that is configured.",
        ),
        Column(
            "version",
            Type.TEXT,
            "软件源自述的版本；没有时为空。",
            "Version by the repository itself; empty if not said.",
        ),
        Column(
            "maintainer",
            Type.TEXT,
            "软件源自述的来源（Origin）；没有时为空。",
            "Origin by the repository itself; empty if not said.",
        ),
        Column(
            "components",
            Type.TEXT,
            "所用的部分，以空格分隔。",
            "Components that are used, separated by blanks.",
        ),
        Column(
            "architectures",
            Type.TEXT,
            "限定的体系结构，未限定时为软件源所有的，以空格分隔。",
            "Architectures it is limited to, else all it has, separated by blanks.",
        ),
        Column(
            "trusted",
            Type.INTEGER,
            "不验签名即信任为 1，一律不信任为 0，由签名决定时为 NULL。",
            "1 if trusted without a signature, 0 if never; NULL if signatures decide.",
        ),
        Column(
            "signed_by",
            Type.TEXT,
            "指定的验签密钥环或指纹，写在文件内的为 `inline`；未指定时为空。",
            "Key rings or fingerprints that must have signed it, `inline` for a key in the file; "
            "empty if any trusted key may.",
        ),
    ),
)

YUM_SOURCES = TableSpec(
    name="yum_sources",
    version=1,
    doc=Words(
        "yum 和 dnf 的软件源，包括已停用的。", "Repositories of yum and dnf, also unused ones."
    ),
    source=(
        "/etc/dnf/dnf.conf",
        "/etc/yum.conf",
        "/etc/yum.repos.d",
        "/etc/yum.repos.d/*.repo",
        "/etc/yum/repos.d",
        "/etc/yum/repos.d/*.repo",
        "/etc/distro.repos.d",
        "/etc/distro.repos.d/*.repo",
    ),
    osquery=True,
    notes=Words(
        "enabled 和 gpgcheck 为实际生效值：软件源自己没写的取 [main] 段，再没有则取程序默认值；"
        "osquery 只照抄文件。变量（如 `$releasever`）原样保留，地址中的用户名、口令和访问密钥"
        "已去除。没有 yum 和 dnf 的主机，此表完整而没有数据行。",
        "enabled and gpgcheck are what is in force: what a repository leaves open is decided by "
        "the section [main], and then the program; osquery copies the file. Variables such as "
        "`$releasever` stay, user names, passwords and tokens in addresses do not. A host without "
        "yum and dnf has a complete table without rows.",
    ),
    columns=(
        Column("id", Type.TEXT, "软件源编号，即段名。", "ID of the repository: its section."),
        Column("name", Type.TEXT, "软件源名称。", "Name of the repository."),
        Column("source", Type.TEXT, "写有该软件源的文件。", "File that names it."),
        Column("baseurl", Type.TEXT, "地址，多个以空格分隔。", "Addresses, separated by blanks."),
        Column("mirrorlist", Type.TEXT, "镜像清单的地址。", "Address of a list of mirrors."),
        Column("metalink", Type.TEXT, "metalink 的地址。", "Address of a metalink."),
        Column("enabled", Type.TEXT, "启用为 `1`，停用为 `0`。", "`1` if used, `0` if not."),
        Column(
            "gpgcheck",
            Type.TEXT,
            "验证软件包签名为 `1`，不验证为 `0`。",
            "`1` if signatures of packages are checked, `0` if not.",
        ),
        Column("gpgkey", Type.TEXT, "验签公钥的地址。", "Addresses of the signing keys."),
    ),
)

TABLES: tuple[TableSpec, ...] = (
    RPM_PACKAGES,
    PYTHON_PACKAGES,
    NPM_PACKAGES,
    APT_SOURCES,
    YUM_SOURCES,
    PACKAGE_FILE_CHANGES,
)
