"""Tables about local accounts: who exists, and the state of their passwords, never the hash."""

from facts.spec import Column, Privacy, TableSpec, Type

USERS = TableSpec(
    name="users",
    version=1,
    doc="Local accounts, in the order of the file, duplicates kept.",
    source=("/etc/passwd",),
    osquery=True,
    notes=(
        "Read from the file, not through the name service: no directory server is asked, and two "
        "lines of one name are two rows."
    ),
    columns=(
        Column("uid", Type.BIGINT, "Number of the user."),
        Column("gid", Type.BIGINT, "Number of the first group."),
        Column("uid_signed", Type.BIGINT, "`uid` read as a signed 32-bit number."),
        Column("gid_signed", Type.BIGINT, "`gid` read as a signed 32-bit number."),
        Column("username", Type.TEXT, "Name of the account."),
        Column("description", Type.TEXT, "Full name, office, telephone (GECOS).", Privacy.LOCAL),
        Column("directory", Type.TEXT, "Home directory."),
        Column("shell", Type.TEXT, "Login shell; empty means /bin/sh."),
    ),
)

GROUPS = TableSpec(
    name="groups",
    version=1,
    doc="Local groups, in the order of the file, duplicates kept.",
    source=("/etc/group",),
    osquery=True,
    columns=(
        Column("gid", Type.BIGINT, "Number of the group."),
        Column("gid_signed", Type.BIGINT, "`gid` read as a signed 32-bit number."),
        Column("groupname", Type.TEXT, "Name of the group."),
    ),
)

SHADOW = TableSpec(
    name="shadow",
    version=1,
    doc="State and age of local passwords; a hash is never read further than its algorithm.",
    source=("/etc/shadow", "/etc/passwd"),
    privilege="root",
    osquery=True,
    notes=(
        "A hash without `$` is named `des` or `bsdi`. What crypt(3) can never produce locks the "
        "account, and is `locked` too. An account whose password field stands in /etc/passwd "
        "itself is a row as well, without ages."
    ),
    columns=(
        Column(
            "password_status",
            Type.TEXT,
            "`active` a password is set, `empty` none is needed, `locked` none can match, "
            "`not_set` never set (`!!`).",
        ),
        Column("hash_alg", Type.TEXT, "Algorithm as in crypt(5): `y`, `6`, `sm3`, `1`, `des` …"),
        Column("last_change", Type.BIGINT, "Day of the last change, from 1970-01-01; NULL: unset."),
        Column("min", Type.BIGINT, "Days before it may be changed again; NULL: no limit."),
        Column("max", Type.BIGINT, "Days after which it must be changed; NULL: no limit."),
        Column("warning", Type.BIGINT, "Days of warning before that; NULL: none."),
        Column("inactive", Type.BIGINT, "Days it still works after it is too old; NULL: always."),
        Column("expire", Type.BIGINT, "Day the account expires, from 1970-01-01; NULL: never."),
        Column("flag", Type.BIGINT, "Reserved; NULL if empty."),
        Column("username", Type.TEXT, "Name of the account."),
    ),
)

TABLES: tuple[TableSpec, ...] = (USERS, GROUPS, SHADOW)
