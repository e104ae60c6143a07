"""What the agent says about itself; its rows come from the agent, not from a collector."""

from facts.spec import Column, TableSpec, Type
from facts.words import Words

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
        Column(
            "assignment",
            Type.TEXT,
            "生效中的下发配置的 SHA-256；没有时为 NULL。",
            "SHA-256 of the assignment in force; NULL if none.",
        ),
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

TABLES: tuple[TableSpec, ...] = (ANFANG_CHAIN,)
