"""What the agent says about itself; the rows come from the agent, not from a collector."""

from facts.spec import Column, TableSpec, Type
from facts.words import Words

_ASSIGNMENT = Column(
    "assignment",
    Type.TEXT,
    "生效中的下发配置的 SHA-256；没有时为 NULL。",
    "SHA-256 of the assignment in force; NULL if none.",
)

ANFANG_CHAIN = TableSpec(
    name="anfang_chain",
    version=1,
    doc=Words(
        "客户端自身在本次扫描之前的状态：纳管、报告链、下发配置；只有一行。",
        "The agent's own state before this scan: enrolment, chain, assignment; one row.",
    ),
    source=("/var/lib/anfang",),
    privilege="root",
    notes=Words(
        "`last_report` 和 `last_receipt` 只指本机自己的主机报告。",
        "`last_report` and `last_receipt` are times of this host's own reports.",
    ),
    columns=(
        Column(
            "enrolled",
            Type.INTEGER,
            "已纳管为 1，否则为 0。",
            "1 if the host has a server it reports to, else 0.",
        ),
        Column(
            "host_id",
            Type.TEXT,
            "主机标识，32 位十六进制；纳管前为 NULL。",
            "Identity of the host, 32 hex digits; NULL before enrolment.",
        ),
        Column(
            "sequence",
            Type.BIGINT,
            "最近一份主机报告的序号；尚无报告时为 NULL。",
            "Number of the last report; NULL if there is none.",
        ),
        Column(
            "previous",
            Type.TEXT,
            "最近一份主机报告内容的 SHA-256；尚无报告时为 NULL。",
            "SHA-256 of the last report's payload; NULL if none.",
        ),
        Column(
            "last_report",
            Type.TEXT,
            "最近一份主机报告的扫描结束时间，RFC 3339 格式；尚无报告时为 NULL。",
            "End of the last report's scan, RFC 3339; NULL if none.",
        ),
        Column(
            "last_receipt",
            Type.TEXT,
            "服务器最近一次收下主机报告的时间，RFC 3339 格式；从未收下为 NULL。",
            "When the server last took one, RFC 3339; NULL: never.",
        ),
        Column(
            "pending", Type.INTEGER, "尚无服务器回执的主机报告份数。", "Reports without a receipt."
        ),
        Column(
            "interval_s",
            Type.INTEGER,
            "承诺的扫描间隔，以秒计。",
            "Promised time between scans, in seconds.",
        ),
        Column(
            "chain_state",
            Type.TEXT,
            "报告链状态：`unbroken` 连续，`gap` 断档，`broken` 断裂，`empty` 尚无主机报告。",
            "`unbroken`, `gap`, `broken` or `empty`.",
        ),
        _ASSIGNMENT,
        Column(
            "policy_signed",
            Type.INTEGER,
            "检查策略随该下发配置而来为 1，否则为 0。",
            "1 if the policies came with that assignment, else 0.",
        ),
        Column("agent_version", Type.TEXT, "客户端版本。", "Version of the agent."),
        Column(
            "agent_digest",
            Type.TEXT,
            "客户端全部程序文件的 SHA-256。",
            "SHA-256 over the agent's program files.",
        ),
    ),
)

ANFANG_POLICIES = TableSpec(
    name="anfang_policies",
    version=1,
    doc=Words("下发配置规定的检查策略。", "The policies that the assignment in force prescribes."),
    source=("/var/lib/anfang/assignment.json",),
    privilege="root",
    notes=Words(
        "没有下发配置时没有行；以自选策略扫描时，报告自会写明。",
        "Without an assignment there is no row; a report says itself when other policies were run.",
    ),
    columns=(
        Column("name", Type.TEXT, "检查策略名称。", "Name of the policy."),
        Column("version", Type.TEXT, "检查策略版本。", "Version of the policy."),
        Column(
            "sha256",
            Type.TEXT,
            "编译后检查策略的 SHA-256。",
            "SHA-256 of the compiled policy.",
        ),
        _ASSIGNMENT,
    ),
)

ANFANG_REGISTERS = TableSpec(
    name="anfang_registers",
    version=1,
    doc=Words("下发配置中已生效的登记册。", "The registers that the assignment in force adopts."),
    source=("/var/lib/anfang/assignment.json",),
    privilege="root",
    columns=(
        Column("name", Type.TEXT, "登记册名称。", "Name of the register."),
        Column(
            "columns",
            Type.TEXT,
            "登记册的列名，以空格分隔。",
            "Names of its columns, parted by blanks.",
        ),
        Column(
            "sha256",
            Type.TEXT,
            "登记册规范字节的 SHA-256。",
            "SHA-256 of its canonical rows.",
        ),
        _ASSIGNMENT,
    ),
)

ANFANG_TABLES = TableSpec(
    name="anfang_tables",
    version=1,
    doc=Words(
        "客户端能采集的每一类事实，及其在最近一份主机报告中的状态。",
        "Every kind of fact the agent knows, and how well the last report observed it.",
    ),
    source=("anfang tables", "/var/lib/anfang/spool/<sequence>.json"),
    privilege="root",
    notes=Words(
        "最近一份主机报告没有用到的表，其状态、原因、行数和采集时间为 NULL。",
        "For a table that the last report did not need, status, reason, rows and read_at are NULL.",
    ),
    columns=(
        Column("name", Type.TEXT, "表名。", "Name of the table."),
        Column(
            "kind",
            Type.TEXT,
            "`full` 整表读取，`keyed` 按键查询，`event` 事件。",
            "`full`, `keyed` or `event`.",
        ),
        Column("version", Type.INTEGER, "表定义的版本。", "Version of the specification."),
        Column(
            "privilege",
            Type.TEXT,
            "完整采集所需的权限；普通用户即可时为空。",
            "What a complete reading needs beyond a plain user; empty if nothing.",
        ),
        Column(
            "status",
            Type.TEXT,
            "采集状态：`complete`、`partial`、`unreadable`、`unsupported`、`denied`、`over_budget`。",
            "How well it was observed: `complete`, `partial`, `unreadable`, `unsupported`, "
            "`denied` or `over_budget`.",
        ),
        Column(
            "reason",
            Type.TEXT,
            "不完整的原因代码；完整时为空。",
            "Code of the reason; empty when complete.",
        ),
        Column("rows", Type.INTEGER, "记录的行数。", "How many rows were recorded."),
        Column("read_at", Type.TEXT, "采集时间，RFC 3339 格式。", "When it was read, RFC 3339."),
    ),
)

ANFANG_BUDGET = TableSpec(
    name="anfang_budget",
    version=1,
    doc=Words(
        "一次扫描允许占用的资源，以及最近一次扫描实际占用多少；只有一行。",
        "What a scan may use, and what the last one used; one row.",
    ),
    source=("/etc/anfang/agent.toml", "/etc/anfang/agent.d/*.toml", "/var/lib/anfang/spool/**"),
    privilege="root",
    notes=Words(
        "尚无主机报告时，实际占用各列为 NULL。",
        "What was used is NULL until there is a report.",
    ),
    columns=(
        Column("cpu_limit_s", Type.INTEGER, "处理器时间上限，以秒计。", "CPU seconds allowed."),
        Column("wall_limit_s", Type.INTEGER, "历时上限，以秒计。", "Seconds it may last."),
        Column(
            "memory_limit_mib",
            Type.INTEGER,
            "地址空间上限，以 MiB 计。",
            "Address space it may map, in MiB.",
        ),
        Column("cpu_ms", Type.INTEGER, "实际处理器时间，以毫秒计。", "CPU used, milliseconds."),
        Column("wall_ms", Type.INTEGER, "实际历时，以毫秒计。", "How long it took, milliseconds."),
        Column("peak_kib", Type.INTEGER, "内存峰值，以 KiB 计。", "Peak memory, in KiB."),
    ),
)

TABLES: tuple[TableSpec, ...] = (
    ANFANG_CHAIN,
    ANFANG_POLICIES,
    ANFANG_REGISTERS,
    ANFANG_TABLES,
    ANFANG_BUDGET,
)
