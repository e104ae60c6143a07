"""Tables about time: what the clock says, who keeps it right, how long the host has been up."""

from facts.spec import Column, TableSpec, Type
from facts.words import Words

_SERVICE = (
    "服务：`chronyd`、`ntpd`、`systemd-timesyncd`",
    "`chronyd`, `ntpd` or `systemd-timesyncd`",
)

UPTIME = TableSpec(
    name="uptime",
    version=1,
    doc=Words("本机已连续运行多久；只有一行。", "How long this host has been up; one row."),
    source=("/proc/uptime",),
    osquery=True,
    columns=(
        Column("days", Type.INTEGER, "整天数。", "Whole days."),
        Column("hours", Type.INTEGER, "除去整天后的小时数。", "Hours beyond the whole days."),
        Column("minutes", Type.INTEGER, "除去整小时后的分钟数。", "Minutes beyond the hours."),
        Column("seconds", Type.INTEGER, "除去整分钟后的秒数。", "Seconds beyond the minutes."),
        Column("total_seconds", Type.BIGINT, "总秒数。", "All of it, in seconds."),
    ),
)

TIME = TableSpec(
    name="time",
    version=1,
    doc=Words("采集时本机时钟的读数；只有一行。", "What the host's clock said when read; one row."),
    source=("clock_gettime(2)", "/etc/localtime"),
    osquery=True,
    notes=Words(
        "与 SQL 里的“现在”不同：后者是扫描开始的时间，同一份快照重算多少次都不变。",
        "Not what SQL calls now: that is the time of the scan, however often it is judged again.",
    ),
    columns=(
        Column("weekday", Type.TEXT, "星期几，英文。", "Day of the week."),
        Column("year", Type.INTEGER, "年。", "Year."),
        Column("month", Type.INTEGER, "月，1 至 12。", "Month, 1 to 12."),
        Column("day", Type.INTEGER, "日，1 至 31。", "Day of the month."),
        Column("hour", Type.INTEGER, "时，0 至 23。", "Hour, 0 to 23."),
        Column("minutes", Type.INTEGER, "分。", "Minute."),
        Column("seconds", Type.INTEGER, "秒。", "Second."),
        Column("timezone", Type.TEXT, "以上各字段的时区，恒为 UTC。", "Zone of all these: UTC."),
        Column(
            "local_timezone",
            Type.TEXT,
            "本机所设时区的缩写，如 CST；未设置即为 UTC。",
            "Abbreviation of the zone the host is set to, such as CST; UTC if none is set.",
        ),
        Column("unix_time", Type.INTEGER, "1970 年以来的秒数。", "Seconds since 1970."),
        Column(
            "timestamp",
            Type.TEXT,
            "日志写法，如 Mon Nov 23 20:18:00 2026 UTC。",
            "As logs write it, such as Mon Nov 23 20:18:00 2026 UTC.",
        ),
        Column("datetime", Type.TEXT, "同 iso_8601。", "The same as iso_8601."),
        Column(
            "iso_8601",
            Type.TEXT,
            "ISO 8601 写法，如 2026-11-23T20:18:00Z。",
            "In ISO 8601, such as 2026-11-23T20:18:00Z.",
        ),
    ),
)

CLOCK_SYNC = TableSpec(
    name="clock_sync",
    version=1,
    doc=Words(
        "谁在校准本机时钟、校得准不准：内核一行，装有的对时服务各一行。",
        "Who keeps this host's clock and how well: a row for the kernel, one for each service.",
    ),
    source=(
        "adjtimex(2)",
        "/usr/bin/timedatectl show --property=NTPSynchronized",
        "/usr/bin/chronyc -c -n tracking",
        "/usr/bin/ntpq -n -c rv",
        "/usr/bin/timedatectl show-timesync --property=ServerAddress --property=NTPMessage",
        "/run/systemd/timesync/synchronized",
        "/usr/sbin/chronyd",
        "/usr/sbin/ntpd",
        "/usr/lib/systemd/systemd-timesyncd",
        "/lib/systemd/systemd-timesyncd",
        "/proc",
        "/proc/<pid>/comm",
        "/proc/self/status",
        "/proc/self/ns/pid",
        "/proc/self/ns/user",
        "/proc/self/mountinfo",
    ),
    notes=Words(
        "`kernel` 一行是内核自己的判断，即使时钟由虚拟化平台或 PTP 从外部校准也能反映出来。"
        "本程序的服务沙箱不允许 adjtimex(2) 时改问 timedatectl，此时不知最大误差。"
        "systemd-timesyncd 不报告偏差；ntpd 不报告上次对时的时间。",
        "The row `kernel` is the kernel's own judgement, also of a clock that a hypervisor or PTP "
        "keeps from outside. Where the sandbox of our service refuses adjtimex(2), timedatectl is "
        "asked, which knows no greatest error. systemd-timesyncd states no offset, ntpd no last "
        "time.",
    ),
    columns=(
        Column(
            "service",
            Type.TEXT,
            f"`kernel`，或{_SERVICE[0]}。",
            f"`kernel`, {_SERVICE[1]}.",
        ),
        Column("path", Type.TEXT, "服务的程序。", "Program of the service."),
        Column("running", Type.INTEGER, "有进程在运行为 1。", "1 while it has a process."),
        Column(
            "synchronized",
            Type.INTEGER,
            "自认为已对准为 1；没有运行的服务为 NULL。",
            "1 if it holds the clock to be right; NULL for a service that does not run.",
        ),
        Column(
            "reference",
            Type.TEXT,
            "当前参照的服务器地址或时钟；没有时为 NULL。",
            "Address or clock it follows now; NULL: none.",
        ),
        Column(
            "stratum",
            Type.INTEGER,
            "本机与基准时钟相隔的层数；timesyncd 的是服务器的层数。",
            "Steps from a reference clock; for timesyncd those of its server.",
        ),
        Column(
            "offset_us",
            Type.BIGINT,
            "服务所说的本机时钟偏差，以微秒计；正数为偏慢。",
            "How far the clock is off by the service, in microseconds; positive when slow.",
        ),
        Column(
            "max_error_us",
            Type.BIGINT,
            "内核估计的最大误差，以微秒计；仅内核一行有。",
            "Greatest error by the kernel's estimate, in microseconds; its row only.",
        ),
        Column(
            "last_sync",
            Type.BIGINT,
            "上次对时的 UNIX 时间；不详为 NULL。",
            "UNIX time at which the clock was last set right; NULL if unsaid.",
        ),
    ),
)

CLOCK_SERVERS = TableSpec(
    name="clock_servers",
    version=1,
    doc=Words(
        "各对时服务按配置要用的时间服务器。",
        "Servers of time that the services are told to use.",
    ),
    source=(
        "/usr/sbin/chronyd",
        "/usr/sbin/ntpd",
        "/usr/lib/systemd/systemd-timesyncd",
        "/lib/systemd/systemd-timesyncd",
        "/etc/chrony",
        "/etc/chrony/*.conf",
        "/etc/chrony/conf.d/**",
        "/etc/chrony/sources.d/**",
        "/etc/chrony.conf",
        "/etc/chrony.d/*.conf",
        "/run/chrony-dhcp",
        "/run/chrony-dhcp/*.sources",
        "/run/ntpsec/ntp.conf.dhcp",
        "/etc/ntpsec/ntp.conf",
        "/etc/ntp.conf",
        "/etc/openntpd/ntpd.conf",
        "/etc/ntpd.conf",
        "/etc/ntpsec/ntp.d/**",
        "/etc/ntp.d/**",
        "/etc/systemd/timesyncd.conf",
        "/run/systemd/timesyncd.conf",
        "/usr/local/lib/systemd/timesyncd.conf",
        "/usr/lib/systemd/timesyncd.conf",
        "/etc/systemd/timesyncd.conf.d/**",
        "/run/systemd/timesyncd.conf.d/**",
        "/usr/local/lib/systemd/timesyncd.conf.d/**",
        "/usr/lib/systemd/timesyncd.conf.d/**",
        "/run/systemd/netif/links",
        "/run/systemd/netif/links/<number>",
    ),
    notes=Words(
        "片段文件按各服务自己的规则合并：chrony 的 include、confdir、sourcedir，ntp 的 "
        "includefile，systemd 的同名覆盖与屏蔽。没有安装的服务没有对应的行；服务正在用哪一个，"
        "看 clock_sync。密钥文件从不读取。",
        "Drop-ins are merged as each service merges them: include, confdir and sourcedir of "
        "chrony, includefile of ntp, masking by name of systemd. A service that is not installed "
        "has no row; which server one follows is in clock_sync. Key files are never read.",
    ),
    columns=(
        Column("service", Type.TEXT, f"{_SERVICE[0]}。", f"{_SERVICE[1]}."),
        Column(
            "kind",
            Type.TEXT,
            "种类：`server`、`pool`、`peer`，本机所接时钟为 `refclock`，备用的为 `fallback`。",
            "`server`, `pool`, `peer`, `refclock` for an attached clock, `fallback` for one used "
            "when there is no other.",
        ),
        Column(
            "address",
            Type.TEXT,
            "名称或地址；程序内置的备用服务器为 NULL。",
            "Name or address; NULL for the fallback built into the program.",
        ),
        Column(
            "authenticated",
            Type.INTEGER,
            "配置了密钥或 NTS 为 1，否则为 0。",
            "1 if a key or NTS is configured for it, else 0.",
        ),
        Column(
            "source",
            Type.TEXT,
            "所在文件；程序内置的为 NULL。",
            "File that names it; NULL for what is built in.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (UPTIME, TIME, CLOCK_SYNC, CLOCK_SERVERS)
