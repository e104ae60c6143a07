"""Tables about single files, asked by path; only below the host's own allow-list."""

from facts.spec import Column, Kind, TableSpec, Type

_ALLOWED = (
    "Answers only below the host's own allow-list of system trees (never home directories, never "
    "/tmp); a symbolic link that leaves it is refused. Another path is `denied`."
)

FILE = TableSpec(
    name="file",
    version=1,
    doc="Metadata of a file, or of the files in a directory.",
    source=("statx(2) of the path",),
    kind=Kind.KEYED,
    osquery=True,
    notes=_ALLOWED + " Patterns (`LIKE`) are not expanded. `btime` is NULL: Python cannot ask it.",
    columns=(
        Column("path", Type.TEXT, "Absolute path.", key=True),
        Column("directory", Type.TEXT, "Directory the file is in.", key=True),
        Column("filename", Type.TEXT, "Last part of the path."),
        Column("inode", Type.BIGINT, "Inode number."),
        Column("uid", Type.BIGINT, "Number of the owning user."),
        Column("gid", Type.BIGINT, "Number of the owning group."),
        Column("mode", Type.TEXT, "Permission bits, four octal digits."),
        Column("device", Type.BIGINT, "Number of a device node, 0 for other files."),
        Column("size", Type.BIGINT, "Size, in bytes."),
        Column("block_size", Type.INTEGER, "Preferred block size, in bytes."),
        Column("atime", Type.BIGINT, "Last access, in seconds from 1970-01-01 UTC."),
        Column("mtime", Type.BIGINT, "Last change of the content, likewise."),
        Column("ctime", Type.BIGINT, "Last change of the metadata, likewise."),
        Column("btime", Type.BIGINT, "Creation; always NULL."),
        Column("hard_links", Type.INTEGER, "Names the inode has."),
        Column("symlink", Type.INTEGER, "1 if the path is a symbolic link, else 0."),
        Column(
            "type",
            Type.TEXT,
            "`regular`, `directory`, `symlink`, `character`, `block`, `fifo` or `socket`.",
        ),
        Column("symlink_target_path", Type.TEXT, "Where a symbolic link points; empty otherwise."),
    ),
)

HASH = TableSpec(
    name="hash",
    version=1,
    doc="Digests of a regular file, or of the regular files in a directory.",
    source=("the content of the path, never kept",),
    kind=Kind.KEYED,
    osquery=True,
    notes=_ALLOWED + " A file beyond 256 MiB is `over_budget`.",
    columns=(
        Column("path", Type.TEXT, "Absolute path.", key=True),
        Column("directory", Type.TEXT, "Directory the file is in.", key=True),
        Column("md5", Type.TEXT, "MD5, lower-case hex; for old lists, not for trust."),
        Column("sha1", Type.TEXT, "SHA-1, lower-case hex; for old lists, not for trust."),
        Column("sha256", Type.TEXT, "SHA-256, lower-case hex."),
    ),
)

TABLES: tuple[TableSpec, ...] = (FILE, HASH)
