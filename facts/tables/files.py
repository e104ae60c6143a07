"""Tables about single files, asked by path; only below the host's own allow-list."""

from facts.spec import Column, Kind, TableSpec, Type
from facts.words import Words

_ALLOWED = Words(
    "只回答本机允许的系统目录（从不包括用户主目录和 /tmp）；指向范围之外的符号链接不予跟随。"
    "范围之外的路径状态为 `denied`。",
    "Answers only below the host's own allow-list of system trees (never home directories, never "
    "/tmp); a symbolic link that leaves it is refused. Another path is `denied`.",
)

_PATH = Column("path", Type.TEXT, "绝对路径。", "Absolute path.", key=True)
_DIRECTORY = Column(
    "directory", Type.TEXT, "文件所在的目录。", "Directory the file is in.", key=True
)

FILE = TableSpec(
    name="file",
    version=1,
    doc=Words(
        "一个文件或一个目录下各文件的元数据。",
        "Metadata of a file, or of the files in a directory.",
    ),
    source=("statx(2)",),
    kind=Kind.KEYED,
    osquery=True,
    notes=Words(
        _ALLOWED.zh + "不展开通配模式（`LIKE`）。`btime` 为 NULL：Python 无法取得创建时间。",
        _ALLOWED.en + " Patterns (`LIKE`) are not expanded. `btime` is NULL: Python cannot ask it.",
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
            "符号链接指向的路径；不是符号链接时为空。",
            "Where a symbolic link points; empty otherwise.",
        ),
    ),
)

HASH = TableSpec(
    name="hash",
    version=1,
    doc=Words(
        "一个普通文件或一个目录下各普通文件的校验值；文件内容不留存。",
        "Digests of a regular file, or of the regular files in a directory; the content is not "
        "kept.",
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
