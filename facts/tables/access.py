"""Tables about how accounts get in and how far they get: sudo, keys, PAM, password rules."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

_PATH = Column("path", Type.TEXT, "所在文件。", "File it stands in.")
_LINE = Column("line", Type.INTEGER, "所在行号。", "Line it starts on.")

SUDOERS = TableSpec(
    name="sudoers",
    version=1,
    doc=Words(
        "sudo 的规则，按 sudo 读取的顺序。", "The rules of sudo, in the order it reads them."
    ),
    source=("/etc/sudoers", "/etc/sudoers.d/**"),
    privilege="root",
    osquery=True,
    notes=Words(
        "包含的文件在引用处展开，引用行本身也列出；目录中名称带 `.` 或以 `~` 结尾的文件 sudo 不读。"
        "目录服务（LDAP、SSSD）中的规则不在其内。line 为本系统所加。",
        "Included files follow the line that includes them; in a directory, names with `.` or a "
        "final `~` are not read by sudo. Rules of a directory service are not here. line is ours.",
    ),
    columns=(
        Column("source", Type.TEXT, "所在文件。", "File it stands in."),
        Column(
            "header",
            Type.TEXT,
            "规则的首个词：用户、带 % 的组、别名类型、`Defaults`、`@include` 等。",
            "First word: a user, a group with %, kind of alias, `Defaults` or `@include`.",
        ),
        Column("rule_details", Type.TEXT, "规则的其余部分。", "The rest of the rule."),
        _LINE,
    ),
)

AUTHORIZED_KEYS = TableSpec(
    name="authorized_keys",
    version=1,
    doc=Words(
        "允许以密钥登录的公钥，每个账户按 sshd 设置的位置读取。",
        "Public keys that may sign in, per account, where sshd is told to look.",
    ),
    source=(
        "/etc/passwd",
        "/usr/sbin/sshd -T",
        "/usr/bin/sshd -T",
        "/etc/ssh/sshd_config",
        "/etc/ssh/sshd_config.d/*.conf",
        "<home>/.ssh/authorized_keys",
        "<home>/.ssh/authorized_keys2",
    ),
    privilege="root",
    osquery=True,
    notes=Words(
        "公钥经去标识化：同一把密钥在各主机上的假名相同，可与登记册核对。选项只上报名称，"
        "备注和选项的取值只供在本机查看。以 AuthorizedKeysCommand 取得的密钥看不到。",
        "Keys are de-identified: one key has one pseudonym on every host of the unit. Of options "
        "only the names are reported; values and comments are for the keyboard. Keys that an "
        "AuthorizedKeysCommand fetches cannot be seen.",
    ),
    columns=(
        Column("uid", Type.BIGINT, "可用该密钥登录的账户。", "Account that it signs in."),
        Column("algorithm", Type.TEXT, "密钥类型，如 ssh-ed25519。", "Kind, such as ssh-ed25519."),
        Column(
            "key",
            Type.TEXT,
            "Base64 编码的公钥。",
            "The public key in base64.",
            Privacy.DEIDENTIFIED,
            "ssh_public_key",
        ),
        Column(
            "options", Type.TEXT, "登录选项及取值。", "Login options with values.", Privacy.LOCAL
        ),
        Column("comment", Type.TEXT, "备注。", "Comment.", Privacy.LOCAL),
        Column("key_file", Type.TEXT, "所在文件。", "File it stands in."),
        Column(
            "option_names",
            Type.TEXT,
            "登录选项的名称（小写），以空格分隔，如 `command from`。",
            "Names of its options in lower case, parted by blanks, such as `command from`.",
        ),
        Column(
            "modified",
            Type.TEXT,
            "所在文件的修改时间，RFC 3339 格式。",
            "When its file was changed, RFC 3339.",
        ),
    ),
)

SSH_CONFIGS = TableSpec(
    name="ssh_configs",
    version=1,
    doc=Words("本机 SSH 客户端的全局设置。", "Host-wide settings of the SSH client."),
    source=("/etc/ssh/ssh_config", "/etc/ssh/ssh_config.d/*.conf"),
    osquery=True,
    notes=Words(
        "osquery 还读取各人主目录下的设置，其中是个人连接过的主机，本系统不采集；uid 恒为 0。",
        "osquery also reads people's own settings, which name the hosts they connect to; we do "
        "not, so uid is always 0.",
    ),
    columns=(
        Column("uid", Type.BIGINT, "文件所有者，恒为 0。", "Owner, always 0."),
        Column(
            "block",
            Type.TEXT,
            "所在的 Host 或 Match 段；为空即适用于所有主机。",
            "Host or Match block; empty if it holds for all.",
        ),
        Column("option", Type.TEXT, "设置名（小写）及取值。", "Option in lower case, and value."),
        Column("ssh_config_file", Type.TEXT, "所在文件。", "File it stands in."),
    ),
)

PAM_RULES = TableSpec(
    name="pam_rules",
    version=1,
    doc=Words(
        "PAM 各服务的规则，按执行顺序，包含的文件在引用处展开。",
        "The rules of each PAM service in the order they run, included files in place.",
    ),
    source=(
        "/etc/pam.d",
        "/etc/pam.d/<service>",
        "/usr/lib/pam.d",
        "/usr/lib/pam.d/<service>",
        "/etc/pam.conf",
    ),
    notes=Words(
        "引用行（`include`、`substack`）本身也列出，其后是所引用的规则。"
        "名称像口令或密钥的参数只留名称。",
        "The line that includes (`include`, `substack`) is a row too, what it includes follows. "
        "Arguments named like a "
        "password or secret keep their name only.",
    ),
    columns=(
        Column("service", Type.TEXT, "服务名，如 sshd、su。", "Service, such as sshd or su."),
        Column(
            "type",
            Type.TEXT,
            "`auth`、`account`、`password` 或 `session`。",
            "`auth`, `account`, `password` or `session`.",
        ),
        Column("position", Type.INTEGER, "在该服务中的次序，从 1 起。", "Place in it, from 1."),
        Column(
            "control",
            Type.TEXT,
            "控制标志，如 `required`、`[success=1 default=ignore]`。",
            "Control, such as `required` or `[success=1 default=ignore]`.",
        ),
        Column("module", Type.TEXT, "模块或所引用的服务。", "Module, or what is included."),
        Column("arguments", Type.TEXT, "参数，以空格分隔。", "Arguments, parted by blanks."),
        Column(
            "optional",
            Type.INTEGER,
            "模块缺失时不报错（行首 `-`）为 1。",
            "1 if a missing module is no error (leading `-`).",
        ),
        _PATH,
        _LINE,
    ),
)

LOGIN_DEFS = TableSpec(
    name="login_defs",
    version=1,
    doc=Words("新建账户和口令的默认设置（login.defs）。", "Defaults of shadow-utils (login.defs)."),
    source=("/etc/login.defs", "/usr/etc/login.defs"),
    notes=Words(
        "同名设置以最后一行为准。已有账户的期限见 shadow。",
        "The last line of a name counts. Existing accounts have their own ages, see shadow.",
    ),
    columns=(
        Column("name", Type.TEXT, "设置名，如 PASS_MAX_DAYS。", "Name, such as PASS_MAX_DAYS."),
        Column("value", Type.TEXT, "取值。", "Value."),
        _PATH,
        _LINE,
    ),
)

PASSWORD_POLICY = TableSpec(
    name="password_policy",
    version=1,
    doc=Words(
        "口令复杂度、历史和登录失败锁定的生效设置：配置文件与 PAM 参数合并后的结果。",
        "Password quality, history and lock-out as in force: files and PAM arguments merged.",
    ),
    source=(
        "/etc/pam.d",
        "/etc/pam.d/<service>",
        "/usr/lib/pam.d",
        "/usr/lib/pam.d/<service>",
        "/etc/pam.conf",
        "/etc/security/pwquality.conf",
        "/etc/security/pwquality.conf.d",
        "/etc/security/pwquality.conf.d/*.conf",
        "/etc/security/faillock.conf",
        "/etc/security/pwhistory.conf",
    ),
    notes=Words(
        "只列出服务实际用到的模块；参数优先于配置文件，未写明的取模块默认值，不在其内。"
        "同一服务中同一模块出现多次（如 pam_faillock 的 preauth、authfail）时以先写明的为准。",
        "Only modules that a service uses; arguments go before files; what neither says is the "
        "module's default and is not here. Where a service has a module twice (preauth, authfail) "
        "the first to say counts.",
    ),
    columns=(
        Column("service", Type.TEXT, "用到该模块的 PAM 服务。", "PAM service that uses it."),
        Column(
            "module",
            Type.TEXT,
            "模块，如 `pam_pwquality`、`pam_faillock`、`pam_pwhistory`。",
            "Module, such as `pam_pwquality`, `pam_faillock` or `pam_pwhistory`.",
        ),
        Column(
            "name",
            Type.TEXT,
            "设置名，如 minlen、deny；为空表示用到该模块而未作任何设置。",
            "Setting, such as minlen or deny; empty: the module is used and nothing is set.",
        ),
        Column("value", Type.TEXT, "取值；开关型设置为空。", "Value; empty for a switch."),
        _PATH,
        _LINE,
    ),
)

TABLES: tuple[TableSpec, ...] = (
    SUDOERS,
    AUTHORIZED_KEYS,
    SSH_CONFIGS,
    PAM_RULES,
    LOGIN_DEFS,
    PASSWORD_POLICY,
)
