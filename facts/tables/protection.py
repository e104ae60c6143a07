"""Tables about what protects the host: encryption of its disks, mandatory access control."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

DISK_ENCRYPTION = TableSpec(
    name="disk_encryption",
    version=1,
    doc=Words("各块设备是否加密。", "Whether each block device is encrypted."),
    source=(
        "/sys/class/block",
        "/sys/class/block/*",
        "/sys/class/block/<device>/uevent",
        "/sys/class/block/<device>/slaves",
        "/sys/class/block/<device>/dm/uuid",
        "/run/udev/data",
        "/run/udev/data/b<major>:<minor>",
    ),
    osquery=True,
    notes=Words(
        "逻辑卷、分区等随其下层：下层全部加密才算加密。整个内容为 LUKS 或 BitLocker "
        "的设备也算加密，osquery 只认解锁后的映射。加密算法只能连同密钥向内核索取，所以 type "
        "不含算法。看不出用途的映射为 `undefined`。硬盘自带的加密、ZFS 和 fscrypt 的加密不在其内。"
        "parent 为本系统所加。",
        "A logical volume or partition is as what it lies on, and encrypted only if all of that "
        "is. A device whose whole content is LUKS or BitLocker counts as encrypted, where "
        "osquery knows unlocked mappings only. The kernel tells the cipher only together with "
        "the key, so type has none. A mapping of unknown purpose is `undefined`. Encryption "
        "inside a disk, of ZFS and of fscrypt is not seen. parent is ours.",
    ),
    columns=(
        Column("name", Type.TEXT, "设备节点，如 /dev/dm-0。", "Device node, such as /dev/dm-0."),
        Column(
            "uuid",
            Type.TEXT,
            "其上文件系统或容器的 UUID。",
            "UUID of the file system or container on it.",
            Privacy.DEIDENTIFIED,
            "filesystem_uuid",
        ),
        Column(
            "encrypted",
            Type.INTEGER,
            "加密为 1，未加密为 0，无从得知为 NULL。",
            "1 if encrypted, 0 if not, NULL if nobody can tell.",
        ),
        Column(
            "type",
            Type.TEXT,
            "加密方式，如 LUKS2、PLAIN、BITLK；未加密为空。",
            "Kind of encryption, such as LUKS2, PLAIN or BITLK; empty if none.",
        ),
        Column(
            "encryption_status",
            Type.TEXT,
            "同 encrypted：`encrypted`、`not encrypted` 或 `undefined`。",
            "The same in words: `encrypted`, `not encrypted` or `undefined`.",
        ),
        Column(
            "parent",
            Type.TEXT,
            "所在的下层设备，以空格分隔；没有时为空。",
            "Devices it lies on, separated by blanks; empty: none.",
        ),
    ),
)

SELINUX_SETTINGS = TableSpec(
    name="selinux_settings",
    version=1,
    doc=Words("SELinux 当前的设置。", "What SELinux is told in this moment."),
    source=(
        "/sys/fs",
        "/sys/fs/selinux",
        "/sys/fs/selinux/<setting>",
        "/sys/fs/selinux/booleans/**",
        "/sys/fs/selinux/policy_capabilities/**",
        "/sys/fs/selinux/initial_contexts/**",
        "/sys/fs/selinux/class",
        "/sys/fs/selinux/class/<class>/perms",
    ),
    osquery=True,
    notes=Words(
        "没有 SELinux 或已停用的内核没有行。布尔值取当前生效的，尚未提交的改动不计；"
        "osquery 遇到未提交的改动就不列该项。",
        "A kernel without SELinux, or with it switched off, has no row. A boolean is what is in "
        "force, not what is pending; osquery leaves out one with a pending change.",
    ),
    columns=(
        Column(
            "scope",
            Type.TEXT,
            "所在的目录，如 booleans；顶层为空。",
            "Directory it is in, such as booleans; empty for the top.",
        ),
        Column("key", Type.TEXT, "设置或类别的名称。", "Name of the setting or class."),
        Column("value", Type.TEXT, "当前取值。", "Its value now."),
    ),
)

APPARMOR_PROFILES = TableSpec(
    name="apparmor_profiles",
    version=1,
    doc=Words("AppArmor 已加载的配置。", "The profiles AppArmor has loaded."),
    source=(
        "/sys/module",
        "/sys/module/apparmor/parameters/enabled",
        "/sys/kernel/security/apparmor/policy/profiles/**",
    ),
    privilege="root",
    osquery=True,
    notes=Words(
        "没有 AppArmor 或已停用的内核没有行。只列主命名空间的配置，容器自带的不在其内。",
        "A kernel without AppArmor, or with it switched off, has no row. Profiles of the host's "
        "own namespace only, not those that containers bring.",
    ),
    columns=(
        Column(
            "path",
            Type.TEXT,
            "含上级配置的全名，与 aa-status 的写法相同。",
            "Name with those it is inside, as aa-status writes it.",
        ),
        Column("name", Type.TEXT, "配置的名称。", "Name of the profile."),
        Column("attach", Type.TEXT, "所约束的程序。", "Programs it is for."),
        Column(
            "mode",
            Type.TEXT,
            "方式，如 enforce、complain、kill。",
            "How it is applied: enforce, complain, kill and so on.",
        ),
        Column(
            "sha1",
            Type.TEXT,
            "内容的 SHA-1；内核只给 SHA-256 时为 NULL。",
            "SHA-1 of its content; NULL where the kernel makes SHA-256 only.",
        ),
        Column(
            "sha256",
            Type.TEXT,
            "内容的 SHA-256，Linux 6.8 起；更早的内核为 NULL。",
            "SHA-256 of its content, since Linux 6.8; NULL before.",
        ),
    ),
)

SECURITY_MODULES = TableSpec(
    name="security_modules",
    version=1,
    doc=Words(
        "本机的内核安全模块：SELinux、AppArmor、KySEC 等，现在的状态和配置的状态。",
        "The kernel's security modules, SELinux, AppArmor and KySEC among them: their state now "
        "and as configured.",
    ),
    source=(
        "/sys/kernel/security",
        "/sys/kernel/security/lsm",
        "/sys/kernel/security/lockdown",
        "/sys/kernel/security/apparmor/profiles",
        "/sys/kernel/security/kysec",
        "/proc/filesystems",
        "/proc/sys/kernel/yama/ptrace_scope",
        "/sys/fs",
        "/sys/fs/selinux",
        "/sys/fs/selinux/enforce",
        "/etc/selinux/config",
        "/sys/module",
        "/sys/module/apparmor/parameters/enabled",
        "/etc/kysec",
        "/usr/sbin/getstatus",
    ),
    privilege="root",
    notes=Words(
        "KySEC 没有公开的接口文档：有 /etc/kysec 或 /sys/kernel/security/kysec 的主机即认为装有，"
        "状态取自麒麟自带的 getstatus。已知它报告 Normal、enabled（拦截）、softmode（只记录）、"
        "disabled（停用），依据是公开的使用记录，未在各版本上核实；其他说法照录，enforcing 为 "
        "NULL。Linux 4.11 之前的内核不列出模块，只有能从别处得知的几种。",
        "KySEC has no public interface description: a host with /etc/kysec or "
        "/sys/kernel/security/kysec is taken to have it, and its state is what Kylin's own "
        "getstatus says. By public accounts, not verified on each release, that is Normal or "
        "enabled (it refuses), softmode (it only records) or disabled; anything else is kept as "
        "said, with enforcing NULL. Kernels before Linux 4.11 do not list their modules; then "
        "only those known from elsewhere have rows.",
    ),
    columns=(
        Column(
            "name",
            Type.TEXT,
            "模块名，如 selinux、apparmor、kysec、yama、lockdown。",
            "Name, such as selinux, apparmor, kysec, yama or lockdown.",
        ),
        Column("enabled", Type.INTEGER, "内核已启用为 1，否则为 0。", "1 if it is on, else 0."),
        Column(
            "enforcing",
            Type.INTEGER,
            "违反时会拒绝为 1，只记录或停用为 0，无从得知为 NULL。AppArmor "
            "须至少有一个强制的配置。",
            "1 if it refuses what breaks its rules, 0 if it records or is off, NULL if unknown. "
            "AppArmor needs one profile that is enforced.",
        ),
        Column(
            "mode",
            Type.TEXT,
            "当前状态，模块自己的说法，如 enforcing、permissive、disabled、softmode、integrity。",
            "State now in its own words, such as enforcing, permissive, disabled, softmode or "
            "integrity.",
        ),
        Column(
            "configured_mode",
            Type.TEXT,
            "配置文件规定的状态，下次启动生效；没有配置文件的模块为 NULL。",
            "State its file tells for the next start; NULL for modules without such a file.",
        ),
        Column(
            "policy",
            Type.TEXT,
            "所用的策略，如 targeted、mls；只有 SELinux 有。",
            "Policy it loads, such as targeted or mls; SELinux only.",
        ),
        Column(
            "profiles",
            Type.INTEGER,
            "已加载的配置数；只有 AppArmor 有，以下两项同。",
            "Profiles loaded; AppArmor only, as the next two.",
        ),
        Column(
            "profiles_enforce",
            Type.INTEGER,
            "其中强制执行的。",
            "Those that refuse.",
        ),
        Column("profiles_complain", Type.INTEGER, "其中只记录的。", "Those that only record."),
        Column(
            "features",
            Type.TEXT,
            "各项功能的状态，如 exec control=on；只有 KySEC 有。",
            "State of its parts, such as exec control=on; KySEC only.",
        ),
        Column("source", Type.TEXT, "状态的出处。", "Where its state is read."),
    ),
)

TABLES: tuple[TableSpec, ...] = (
    DISK_ENCRYPTION,
    SELINUX_SETTINGS,
    APPARMOR_PROFILES,
    SECURITY_MODULES,
)
