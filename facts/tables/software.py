"""Tables about installed software and its configuration."""

from facts.spec import Column, TableSpec, Type

DEB_PACKAGES = TableSpec(
    name="deb_packages",
    version=1,
    doc="Packages in the dpkg database, also those removed with their configuration left.",
    source=("/var/lib/dpkg/status", "/var/lib/dpkg/status.d"),
    osquery=True,
    notes=(
        "`status` tells an installed package (`install ok installed`) from the remains of one. "
        "A host without dpkg has a complete table without rows."
    ),
    columns=(
        Column("name", Type.TEXT, "Name of the package."),
        Column("version", Type.TEXT, "Version, with epoch and revision."),
        Column("source", Type.TEXT, "Source package; empty if it has the same name."),
        Column("size", Type.BIGINT, "Installed size, in bytes."),
        Column("arch", Type.TEXT, "Architecture, or `all`."),
        Column("revision", Type.TEXT, "What follows the last `-` in the version; empty if none."),
        Column("status", Type.TEXT, "Wanted, error and present state, three words."),
        Column("maintainer", Type.TEXT, "Who maintains the package."),
        Column("section", Type.TEXT, "Section of the archive."),
        Column("priority", Type.TEXT, "Priority in the archive."),
    ),
)

SYSTEMD_UNITS = TableSpec(
    name="systemd_units",
    version=1,
    doc="Units systemd has in memory or on disk: services, timers, sockets, mounts.",
    source=(
        "systemctl list-units --all",
        "systemctl show --all '*'",
        "systemctl list-jobs",
        "/etc/systemd/system",
        "/run/systemd/system",
        "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
        "/lib/systemd/system",
    ),
    osquery=True,
    notes=(
        "Unit files that are installed but not in memory are rows too, with load_state `stub`. "
        "Which file counts and whether it is enabled is read from the files themselves in any "
        "case; where systemd does not run, and in a recorded root, load, active and sub state, "
        "user, source_path, following and jobs are unsupported. Instances that a link enables are "
        "rows, as systemd would start them."
    ),
    columns=(
        Column("id", Type.TEXT, "Name of the unit, such as `ssh.service`."),
        Column("description", Type.TEXT, "The unit's own description."),
        Column(
            "load_state", Type.TEXT, "`loaded`, `not-found`, `masked`, `stub` (not in memory) …"
        ),
        Column("active_state", Type.TEXT, "`active`, `inactive`, `failed`, `activating` …"),
        Column("sub_state", Type.TEXT, "State by kind of unit, such as `running`, `listening`."),
        Column(
            "unit_file_state",
            Type.TEXT,
            "`enabled`, `disabled`, `static`, `masked`, `alias`, `indirect`, `generated` …; empty "
            "for a unit without a file.",
        ),
        Column("following", Type.TEXT, "Unit whose state this one follows; empty if none."),
        Column("object_path", Type.TEXT, "D-Bus object path of the unit."),
        Column("job_id", Type.BIGINT, "Number of the job waiting for the unit; 0 if none."),
        Column("job_type", Type.TEXT, "What that job does; empty if there is none."),
        Column("job_path", Type.TEXT, "D-Bus object path of that job; `/` if there is none."),
        Column("fragment_path", Type.TEXT, "Unit file that counts; empty if none."),
        Column("user", Type.TEXT, "User the unit's processes run as; empty: root."),
        Column("source_path", Type.TEXT, "File the unit was generated from; empty if none."),
    ),
)

SSHD_CONFIG = TableSpec(
    name="sshd_config",
    version=1,
    doc="Settings of the SSH server: the effective ones, else those its files state.",
    source=("/usr/sbin/sshd -T", "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"),
    privilege="root",
    notes=(
        "Defaults and Match blocks are known to sshd only. When it could not be asked, `value` "
        "holds what the files state and the table is partial, so that no check passes on it. "
        "Settings inside a Match block are read from the files in either case and named "
        "`match:<criteria>:<key>`. No sshd on the host: complete, without rows."
    ),
    columns=(
        Column("key", Type.TEXT, "Setting, lower case; see the notes for Match blocks."),
        Column("value", Type.TEXT, "Value as sshd prints it; a repeated setting is several rows."),
        Column("origin", Type.TEXT, "`sshd -T` for an effective value, else the file."),
        Column("line", Type.INTEGER, "Line in that file, from 1; NULL for an effective value."),
    ),
)

TABLES: tuple[TableSpec, ...] = (DEB_PACKAGES, SYSTEMD_UNITS, SSHD_CONFIG)
