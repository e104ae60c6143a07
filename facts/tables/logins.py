"""Tables about who signed in: no names and addresses of persons, and no more than is asked."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

_SOURCE = "login_source"
_PERSON = "account"

_NETWORK = Column(
    "host_network",
    Type.TEXT,
    "来源地址所在网段（IPv4 为 /24，IPv6 为 /48）；本机登录或来源不是地址时为空。",
    "Network of the source address (IPv4 /24, IPv6 /48); empty for a local one or a mere name.",
)

LAST = TableSpec(
    name="last",
    version=1,
    doc=Words("历次登录、退出和启动的记录（wtmp）。", "Logins, logouts and starts (wtmp)."),
    source=("/var/log/wtmp",),
    osquery=True,
    notes=Words(
        "账户名和来源主机经去标识化；host_network 为本系统所加，用于核对是否来自堡垒机所在网段。"
        "wtmp 由各程序自行写入，缺一条记录并不表示没有登录。",
        "Account and source are de-identified; host_network is ours and tells whether it came from "
        "the bastion's network. Programs write wtmp themselves: no record does not prove no login.",
    ),
    columns=(
        Column("username", Type.TEXT, "账户名。", "Account.", Privacy.DEIDENTIFIED, _PERSON),
        Column("tty", Type.TEXT, "终端。", "Terminal."),
        Column("pid", Type.INTEGER, "登录进程的进程号。", "Process that signed it in."),
        Column("type", Type.INTEGER, "记录类型，见 utmp(5)。", "Kind of record, see utmp(5)."),
        Column(
            "type_name",
            Type.TEXT,
            "记录类型的名称，如 `user-process`、`dead-process`、`boot-time`。",
            "Its name, such as `user-process`, `dead-process` or `boot-time`.",
        ),
        Column(
            "time",
            Type.INTEGER,
            "时间，自 1970-01-01 起的秒数。",
            "Seconds since 1970-01-01.",
        ),
        Column(
            "host", Type.TEXT, "来源主机。", "Where it came from.", Privacy.DEIDENTIFIED, _SOURCE
        ),
        _NETWORK,
    ),
)

LOGGED_IN_USERS = TableSpec(
    name="logged_in_users",
    version=1,
    doc=Words("当前登录的会话。", "Sessions that are open now."),
    source=("/run/utmp", "/run/systemd/sessions", "/run/systemd/sessions/<session>"),
    osquery=True,
    notes=Words(
        "没有 utmp 的系统读取 systemd-logind 的会话文件。账户名和来源主机经去标识化，"
        "host_network 为本系统所加。",
        "Where there is no utmp, the session files of systemd-logind are read. Account and source "
        "are de-identified; host_network is ours.",
    ),
    columns=(
        Column(
            "type",
            Type.TEXT,
            "记录类型的名称，如 `user-process`、`boot-time`。",
            "Kind of record, such as `user-process` or `boot-time`.",
        ),
        Column("user", Type.TEXT, "账户名。", "Account.", Privacy.DEIDENTIFIED, _PERSON),
        Column("tty", Type.TEXT, "终端。", "Terminal."),
        Column(
            "host", Type.TEXT, "来源主机。", "Where it came from.", Privacy.DEIDENTIFIED, _SOURCE
        ),
        Column(
            "time", Type.BIGINT, "开始时间，自 1970-01-01 起的秒数。", "Seconds since 1970-01-01."
        ),
        Column("pid", Type.INTEGER, "会话的首个进程。", "First process of the session."),
        _NETWORK,
    ),
)

ACCOUNT_ACTIVITY = TableSpec(
    name="account_activity",
    version=1,
    doc=Words(
        "本机各账户最近一次登录的日期，只到日。",
        "The day on which each local account was last signed in, and no more.",
    ),
    source=("/var/log/lastlog", "/var/log/wtmp", "/etc/passwd"),
    notes=Words(
        "用于发现长期不用的账户。NULL 表示现存记录中没有；records_from 之前的登录无从得知。",
        "Finds accounts nobody uses. NULL: not in the records that are kept; nothing is known of "
        "the time before records_from.",
    ),
    columns=(
        Column("uid", Type.BIGINT, "用户 ID。", "Number of the user."),
        Column("username", Type.TEXT, "账户名。", "Name of the account."),
        Column(
            "last_seen",
            Type.TEXT,
            "最近一次登录的日期（UTC，YYYY-MM-DD）。",
            "Day of the last login (UTC, YYYY-MM-DD).",
        ),
        Column(
            "records_from",
            Type.TEXT,
            "wtmp 中最早一条记录的日期；没有记录时为 NULL。",
            "Day of the oldest record in wtmp; NULL if there is none.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (LAST, LOGGED_IN_USERS, ACCOUNT_ACTIVITY)
