"""Tables about logs and how long they are kept."""

from facts.spec import Column, TableSpec, Type
from facts.words import Words

_SYSTEMD = ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")

LOG_RETENTION = TableSpec(
    name="log_retention",
    version=1,
    doc=Words(
        "各类日志按配置留存多久，以及是否转发、转发到哪里。",
        "How long each log is kept by its configuration, and where it is sent on to.",
    ),
    source=(
        "/usr/lib/systemd/systemd-journald",
        "/lib/systemd/systemd-journald",
        *(f"{directory}/systemd/journald.conf" for directory in _SYSTEMD),
        *(f"{directory}/systemd/journald.conf.d/*.conf" for directory in _SYSTEMD),
        "/etc/audit/auditd.conf",
        "/etc/logrotate.conf",
        "/etc/logrotate.d/*",
        "/etc/rsyslog.conf",
        "/etc/rsyslog.d/*.conf",
        "/etc/syslog-ng/syslog-ng.conf",
        "/etc/syslog-ng/conf.d/*.conf",
        *(f"{directory}/systemd/journal-upload.conf" for directory in _SYSTEMD),
        *(f"{directory}/systemd/journal-upload.conf.d/*.conf" for directory in _SYSTEMD),
        "/etc/audit/plugins.d/au-remote.conf",
        "/etc/audisp/plugins.d/au-remote.conf",
        "/etc/audit/audisp-remote.conf",
        "/etc/audisp/audisp-remote.conf",
        "/var/log/**",
    ),
    privilege="root",
    notes=Words(
        "按天数留存的规则仍可能受 max_size_bytes 限制而提前清理。logrotate 的 `size` 和 `maxsize` "
        "只看大小，此时 retention_days 为 NULL。缺少主配置文件（journald 则为缺少程序）的日志系统"
        "视为未使用，没有对应的行。转发目标只记主机和端口，不含凭据；不打开任何日志，只读取文件名"
        "和日期。",
        "A rule in days may still be cut short by max_size_bytes. logrotate's `size` and "
        "`maxsize` decide alone, so they leave retention_days NULL. A logging system without its "
        "main configuration (journald: without its program) is not in use and has no row. Targets "
        "are host and port, never credentials; no log is opened, only names and dates are read.",
    ),
    columns=(
        Column(
            "name",
            Type.TEXT,
            "日志或规则的名称：`journal`、`audit`、logrotate 的匹配模式，或转发目标。",
            "Log or rule: `journal`, `audit`, a logrotate pattern, a target.",
        ),
        Column(
            "kind",
            Type.TEXT,
            "种类：`journald`、`auditd`、`logrotate`，`forward` 为转发。",
            "`journald`, `auditd`, `logrotate` or `forward`.",
        ),
        Column(
            "path",
            Type.TEXT,
            "日志文件、匹配模式或目录；转发规则为 NULL。",
            "Log file, pattern or directory; NULL for a forward.",
        ),
        Column(
            "retention_days",
            Type.INTEGER,
            "按配置可留存的天数：轮转份数乘以周期，或最长保存时间；只限大小或未作规定时为 NULL。",
            "Days after which the configuration lets a record go, as far as it counts days: "
            "rotations times period, or a greatest age; NULL if size or nothing decides.",
        ),
        Column(
            "rotations",
            Type.INTEGER,
            "保留的历史文件份数；不按份数保留时为 NULL。",
            "Old files that are kept; NULL if not counted.",
        ),
        Column(
            "max_size_bytes",
            Type.BIGINT,
            "达到多大就轮转或清理，以字节计；不限时为 NULL。",
            "Size that rotates or deletes, in bytes; NULL: none.",
        ),
        Column(
            "persistent",
            Type.INTEGER,
            "重启后日志仍在为 1；只存于内存或不保存为 0。",
            "1 if records outlive a restart, 0 if they are kept in memory or nowhere.",
        ),
        Column(
            "forwarded",
            Type.INTEGER,
            "该规则把日志发往其他主机为 1，否则为 0。",
            "1 if this rule sends records to another host, else 0.",
        ),
        Column(
            "target",
            Type.TEXT,
            "转发目标，写作 `host:port`；不转发时为 NULL。",
            "Where they are sent, `host:port`; NULL if nowhere.",
        ),
        Column(
            "encrypted",
            Type.INTEGER,
            "转发经过加密并核对对端身份为 1，否则为 0；不转发时为 NULL。",
            "1 if they are sent encrypted to a peer that is checked, else 0; NULL if nowhere.",
        ),
        Column(
            "oldest_record",
            Type.TEXT,
            "现存最早一条日志最晚写于何时，RFC 3339 格式，UTC：取归档 journal 的首条记录，"
            "否则取最早文件的修改时间；没有时为 NULL。",
            "When the oldest kept record was written at the latest, RFC 3339 in UTC: the first "
            "record of an archived journal, else the last change of the oldest file; NULL: none.",
        ),
        Column(
            "source",
            Type.TEXT,
            "规则所在的文件；程序内置的默认值为 NULL。",
            "File that states the rule; NULL for a built-in default.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (LOG_RETENTION,)
