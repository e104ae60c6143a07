"""Tables about logs and how long they are kept."""

from facts.spec import Column, TableSpec, Type

LOG_RETENTION = TableSpec(
    name="log_retention",
    version=1,
    doc="How long each log is kept by its configuration, and where it is sent on to.",
    source=(
        "/etc/systemd/journald.conf",
        "/etc/systemd/journald.conf.d/*.conf",
        "/run/systemd/journald.conf.d/*.conf",
        "/usr/lib/systemd/journald.conf.d/*.conf",
        "/var/log/journal",
        "/etc/audit/auditd.conf",
        "/etc/logrotate.conf",
        "/etc/logrotate.d",
        "/etc/rsyslog.conf",
        "/etc/rsyslog.d/*.conf",
        "/etc/syslog-ng/syslog-ng.conf",
        "/etc/syslog-ng/conf.d/*.conf",
        "/etc/systemd/journal-upload.conf",
        "/etc/audit/plugins.d/au-remote.conf",
        "/etc/audit/audisp-remote.conf",
    ),
    privilege="root",
    notes=(
        "A rule in days may still be cut short by max_size_bytes. logrotate's `size` and "
        "`maxsize` decide alone, so they leave retention_days NULL. A logging system without its "
        "main configuration (journald: without its program) is not in use and has no row. Targets "
        "are host and port, never credentials; no log is opened, only names and dates are read."
    ),
    columns=(
        Column(
            "name", Type.TEXT, "Log or rule: `journal`, `audit`, a logrotate pattern, a target."
        ),
        Column("kind", Type.TEXT, "`journald`, `auditd`, `logrotate` or `forward`."),
        Column("path", Type.TEXT, "Log file, pattern or directory; NULL for a forward."),
        Column(
            "retention_days",
            Type.INTEGER,
            "Days after which the configuration lets a record go, as far as it counts days: "
            "rotations times period, or a greatest age; NULL if size or nothing decides.",
        ),
        Column("rotations", Type.INTEGER, "Old files that are kept; NULL if not counted."),
        Column(
            "max_size_bytes", Type.BIGINT, "Size that rotates or deletes, in bytes; NULL: none."
        ),
        Column(
            "persistent",
            Type.INTEGER,
            "1 if records outlive a restart, 0 if they are kept in memory or nowhere.",
        ),
        Column("forwarded", Type.INTEGER, "1 if this rule sends records to another host, else 0."),
        Column("target", Type.TEXT, "Where they are sent, `host:port`; NULL if nowhere."),
        Column(
            "oldest_record",
            Type.TEXT,
            "When the oldest kept record was written at the latest, RFC 3339 in UTC: the first "
            "record of an archived journal, else the last change of the oldest file; NULL: none.",
        ),
        Column("source", Type.TEXT, "File that states the rule; NULL for a built-in default."),
    ),
)

TABLES: tuple[TableSpec, ...] = (LOG_RETENTION,)
