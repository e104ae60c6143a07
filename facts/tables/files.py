"""Tables about single files, asked by path; only below the host's own allow-list."""

from facts.spec import Column, Kind, TableSpec, Type
from facts.words import Words

_ALLOWED = Words(
    "只回答本机允许的系统目录（从不包括用户主目录和 /tmp）；范围之外的路径状态为 `denied`，"
    "指向范围之外的符号链接只说明其为链接。可以给出 `path` 或 `directory` 的值，也可以用 `LIKE` "
    "给出通配模式：`%` 不跨目录，`%%` 匹配任意层级（不进入链接目录），`_` 代表一个字符；"
    "区分大小写，名称以点开头的文件也匹配，目录路径末尾不加斜杠，这三点与 osquery 不同。"
    "一个模式至多查看 20000 个目录项、32 层、2 秒（计算校验值为 5 秒），超出为 `over_budget`。",
    "Answers only below the host's own allow-list of system trees (never home directories, never "
    "/tmp): another path is `denied`, and of a symbolic link that leads out it is only told that "
    "it is one. Give a value of `path` or `directory`, or a pattern behind `LIKE`: `%` stays "
    "within a directory, `%%` matches at any depth (and does not descend into links), `_` is one "
    "character, case counts. Unlike osquery's, a pattern finds names that begin with a dot, `_` "
    "works, and directories get no slash at the end. One pattern looks at 20,000 directory "
    "entries, 32 levels and for 2 seconds (5 where digests are made) at most; beyond that it is "
    "`over_budget`.",
)

_PATH = Column("path", Type.TEXT, "绝对路径。", "Absolute path.", key=True, pattern=True)
_DIRECTORY = Column(
    "directory",
    Type.TEXT,
    "文件所在的目录。",
    "Directory the file is in.",
    key=True,
    pattern=True,
)

FILE = TableSpec(
    name="file",
    version=1,
    doc=Words(
        "一个文件、一个目录下各文件或一个路径模式所匹配文件的元数据。",
        "Metadata of a file, of the files in a directory, or of those that a pattern matches.",
    ),
    source=("statx(2)",),
    kind=Kind.KEYED,
    osquery=True,
    notes=Words(
        _ALLOWED.zh + "`btime` 为 NULL：Python 无法取得创建时间。",
        _ALLOWED.en + " `btime` is NULL: Python cannot ask it.",
    ),
    columns=(
        _PATH,
        _DIRECTORY,
        Column("filename", Type.TEXT, "路径的最后一段。", "Last part of the path."),
        Column("inode", Type.BIGINT, "inode 号。", "Inode number."),
        Column("uid", Type.BIGINT, "属主的用户 ID。", "Number of the owning user."),
        Column("gid", Type.BIGINT, "属组的组 ID。", "Number of the owning group."),
        Column("mode", Type.TEXT, "权限位，四位八进制数。", "Permission bits, four octal digits."),
        Column(
            "device",
            Type.BIGINT,
            "设备文件的设备号，其他文件为 0。",
            "Number of a device node, 0 for other files.",
        ),
        Column("size", Type.BIGINT, "大小，以字节计。", "Size, in bytes."),
        Column(
            "block_size",
            Type.INTEGER,
            "建议的读写块大小，以字节计。",
            "Preferred block size, in bytes.",
        ),
        Column(
            "atime",
            Type.BIGINT,
            "最近访问时间，Unix 时间戳（秒）。",
            "Last access, in seconds from 1970-01-01 UTC.",
        ),
        Column(
            "mtime",
            Type.BIGINT,
            "内容最近修改时间，Unix 时间戳（秒）。",
            "Last change of the content, likewise.",
        ),
        Column(
            "ctime",
            Type.BIGINT,
            "元数据最近变更时间，Unix 时间戳（秒）。",
            "Last change of the metadata, likewise.",
        ),
        Column("btime", Type.BIGINT, "创建时间；始终为 NULL。", "Creation; always NULL."),
        Column("hard_links", Type.INTEGER, "硬链接数。", "Names the inode has."),
        Column(
            "symlink",
            Type.INTEGER,
            "路径本身是符号链接为 1，否则为 0。",
            "1 if the path is a symbolic link, else 0.",
        ),
        Column(
            "type",
            Type.TEXT,
            "类型：`regular`、`directory`、`symlink`、`character`、`block`、`fifo` 或 `socket`。",
            "`regular`, `directory`, `symlink`, `character`, `block`, `fifo` or `socket`.",
        ),
        Column(
            "symlink_target_path",
            Type.TEXT,
            "符号链接最终指向的路径；不是符号链接时为空。",
            "Where a symbolic link leads in the end; empty otherwise.",
        ),
    ),
)

HASH = TableSpec(
    name="hash",
    version=1,
    doc=Words(
        "一个普通文件、一个目录下或一个路径模式所匹配的各普通文件的校验值；文件内容不留存。",
        "Digests of a regular file, of those in a directory, or of those that a pattern matches; "
        "the content is not kept.",
    ),
    source=("read(2)",),
    kind=Kind.KEYED,
    osquery=True,
    notes=Words(
        _ALLOWED.zh + "超过 256 MiB 的文件状态为 `over_budget`。",
        _ALLOWED.en + " A file beyond 256 MiB is `over_budget`.",
    ),
    columns=(
        _PATH,
        _DIRECTORY,
        Column(
            "md5",
            Type.TEXT,
            "MD5，小写十六进制；仅供比对旧清单，不可据以信任。",
            "MD5, lower-case hex; for old lists, not for trust.",
        ),
        Column(
            "sha1",
            Type.TEXT,
            "SHA-1，小写十六进制；仅供比对旧清单，不可据以信任。",
            "SHA-1, lower-case hex; for old lists, not for trust.",
        ),
        Column("sha256", Type.TEXT, "SHA-256，小写十六进制。", "SHA-256, lower-case hex."),
    ),
)

TABLES: tuple[TableSpec, ...] = (FILE, HASH)
