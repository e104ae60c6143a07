"""What the agent says about itself; its rows come from the agent, not from a collector."""

from facts.spec import Column, TableSpec, Type

ANFANG_CHAIN = TableSpec(
    name="anfang_chain",
    version=1,
    doc="The agent's own state before this scan: enrolment, chain, assignment; one row.",
    source=("the agent's state directory",),
    notes="`last_report` and `last_receipt` are times of this host's own reports.",
    columns=(
        Column("enrolled", Type.INTEGER, "1 if the host has a server it reports to, else 0."),
        Column("host_id", Type.TEXT, "Identity of the host, 32 hex digits; NULL before enrolment."),
        Column("sequence", Type.BIGINT, "Number of the last report; NULL if there is none."),
        Column("previous", Type.TEXT, "SHA-256 of the last report's payload; NULL if none."),
        Column("last_report", Type.TEXT, "End of the last report's scan, RFC 3339; NULL if none."),
        Column("last_receipt", Type.TEXT, "When the server last took one, RFC 3339; NULL: never."),
        Column("pending", Type.INTEGER, "Reports without a receipt."),
        Column("interval_s", Type.INTEGER, "Promised time between scans, in seconds."),
        Column("chain_state", Type.TEXT, "`unbroken`, `gap`, `broken` or `empty`."),
        Column("assignment", Type.TEXT, "SHA-256 of the assignment in force; NULL if none."),
        Column("policy_signed", Type.INTEGER, "1 if the policies came with that assignment."),
        Column("agent_version", Type.TEXT, "Version of the agent."),
        Column("agent_digest", Type.TEXT, "SHA-256 over the agent's program files."),
    ),
)

TABLES: tuple[TableSpec, ...] = (ANFANG_CHAIN,)
