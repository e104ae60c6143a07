"""Tables about local accounts: who exists, and the state of their passwords, never the hash."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

USERS = TableSpec(
    name="users",
    version=1,
    doc=Words(
        "本机账户，按文件中的顺序排列，重复的行照原样保留。",
        "Local accounts, in the order of the file, duplicates kept.",
    ),
    source=("/etc/passwd",),
    osquery=True,
    notes=Words(
        "直接读取文件，不经过名称服务，因此不会查询目录服务器；同名的两行就是两条数据。",
        "Read from the file, not through the name service: no directory server is asked, and two "
        "lines of one name are two rows.",
    ),
    columns=(
        Column("uid", Type.BIGINT, "用户 ID。", "Number of the user."),
        Column("gid", Type.BIGINT, "主组 ID。", "Number of the first group."),
        Column(
            "uid_signed",
            Type.BIGINT,
            "`uid` 按 32 位有符号整数读出的值。",
            "`uid` read as a signed 32-bit number.",
        ),
        Column(
            "gid_signed",
            Type.BIGINT,
            "`gid` 按 32 位有符号整数读出的值。",
            "`gid` read as a signed 32-bit number.",
        ),
        Column("username", Type.TEXT, "账户名。", "Name of the account."),
        Column(
            "description",
            Type.TEXT,
            "备注：全名、办公地点、电话（GECOS）。",
            "Full name, office, telephone (GECOS).",
            Privacy.LOCAL,
        ),
        Column("directory", Type.TEXT, "主目录。", "Home directory."),
        Column(
            "shell",
            Type.TEXT,
            "登录 Shell；为空即 /bin/sh。",
            "Login shell; empty means /bin/sh.",
        ),
    ),
)

GROUPS = TableSpec(
    name="groups",
    version=1,
    doc=Words(
        "本机用户组，按文件中的顺序排列，重复的行照原样保留。",
        "Local groups, in the order of the file, duplicates kept.",
    ),
    source=("/etc/group",),
    osquery=True,
    columns=(
        Column("gid", Type.BIGINT, "组 ID。", "Number of the group."),
        Column(
            "gid_signed",
            Type.BIGINT,
            "`gid` 按 32 位有符号整数读出的值。",
            "`gid` read as a signed 32-bit number.",
        ),
        Column("groupname", Type.TEXT, "组名。", "Name of the group."),
    ),
)

SHADOW = TableSpec(
    name="shadow",
    version=1,
    doc=Words(
        "本机账户口令的状态和期限；口令哈希只读到算法标识为止。",
        "State and age of local passwords; a hash is never read further than its algorithm.",
    ),
    source=("/etc/shadow", "/etc/passwd"),
    privilege="root",
    osquery=True,
    notes=Words(
        "不含 `$` 的哈希记为 `des` 或 `bsdi`。crypt(3) 不可能生成的内容等于锁定账户，"
        "同样记为 `locked`。口令字段直接写在 /etc/passwd 中的账户也列出，没有期限信息。",
        "A hash without `$` is named `des` or `bsdi`. What crypt(3) can never produce locks the "
        "account, and is `locked` too. An account whose password field stands in /etc/passwd "
        "itself is a row as well, without ages.",
    ),
    columns=(
        Column(
            "password_status",
            Type.TEXT,
            "`active` 已设口令，`empty` 空口令，`locked` 已锁定，`not_set` 从未设置（`!!`）。",
            "`active` a password is set, `empty` none is needed, `locked` none can match, "
            "`not_set` never set (`!!`).",
        ),
        Column(
            "hash_alg",
            Type.TEXT,
            "哈希算法，写法同 crypt(5)，如 `y`、`6`、`sm3`、`1`、`des`。",
            "Algorithm as in crypt(5), such as `y`, `6`, `sm3`, `1` or `des`.",
        ),
        Column(
            "last_change",
            Type.BIGINT,
            "最近一次修改口令的日期，以 1970-01-01 起的天数计；NULL 为未记录。",
            "Day of the last change, from 1970-01-01; NULL: unset.",
        ),
        Column(
            "min",
            Type.BIGINT,
            "修改后至少多少天才能再改；NULL 为不限。",
            "Days before it may be changed again; NULL: no limit.",
        ),
        Column(
            "max",
            Type.BIGINT,
            "口令有效期，以天计，到期必须修改；NULL 为不限。",
            "Days after which it must be changed; NULL: no limit.",
        ),
        Column(
            "warning",
            Type.BIGINT,
            "到期前多少天开始提醒；NULL 为不提醒。",
            "Days of warning before that; NULL: none.",
        ),
        Column(
            "inactive",
            Type.BIGINT,
            "口令到期后多少天内仍可登录；NULL 为不限。",
            "Days it still works after it is too old; NULL: always.",
        ),
        Column(
            "expire",
            Type.BIGINT,
            "账户到期日，以 1970-01-01 起的天数计；NULL 为永不到期。",
            "Day the account expires, from 1970-01-01; NULL: never.",
        ),
        Column("flag", Type.BIGINT, "保留字段；文件中为空时为 NULL。", "Reserved; NULL if empty."),
        Column("username", Type.TEXT, "账户名。", "Name of the account."),
    ),
)

USER_GROUPS = TableSpec(
    name="user_groups",
    version=1,
    doc=Words("本机账户与用户组的从属关系。", "Which account is in which group."),
    source=("/etc/passwd", "/etc/group"),
    osquery=True,
    notes=Words(
        "直接读取文件，不经过名称服务；组成员中本机没有的账户名不列出。",
        "Read from the files, not through the name service; a member that is no local account is "
        "left out.",
    ),
    columns=(
        Column("uid", Type.BIGINT, "用户 ID。", "Number of the user."),
        Column("gid", Type.BIGINT, "组 ID。", "Number of the group."),
    ),
)

TABLES: tuple[TableSpec, ...] = (USERS, GROUPS, SHADOW, USER_GROUPS)
