"""The first store: units, tokens, hosts, the log and what it holds, verdicts, people."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("stored_at", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blobs")),
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", _BIG, autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "log_nodes",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", _BIG, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_log_nodes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=20), nullable=False),
        sa.Column("disabled_at", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("name", name=op.f("uq_people_name")),
    )
    op.create_table(
        "units",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("pseudonym_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("name", name=op.f("uq_units_name")),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=20), nullable=False),
        sa.Column("expires_at", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_table(
        "statements",
        sa.Column("leaf_index", _BIG, autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("predicate", sa.String(length=100), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("signatures", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.String(length=20), nullable=False),
        sa.Column("tree_size", _BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["tree_size"], ["checkpoints.size"], name=op.f("fk_statements_tree_size")
        ),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_statements")),
        sa.UniqueConstraint("digest", name=op.f("uq_statements_digest")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=20), nullable=False),
        sa.Column("expires_at", sa.String(length=20), nullable=False),
        sa.Column("revoked_at", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_tokens_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    op.create_table(
        "assignments",
        sa.Column("unit_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("serial", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("interval_s", _BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["digest"], ["statements.digest"], name=op.f("fk_assignments_digest")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_assignments_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", "serial", name=op.f("pk_assignments")),
        sa.UniqueConstraint("digest", name=op.f("uq_assignments_digest")),
    )
    op.create_table(
        "hosts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=200), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("enrolment", sa.String(length=64), nullable=False),
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("enrolled_at", sa.String(length=20), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=True),
        sa.Column("head_sequence", _BIG, nullable=False),
        sa.Column("last_sequence", _BIG, nullable=False),
        sa.Column("outcomes", sa.LargeBinary(), nullable=True),
        sa.Column("reported_at", sa.String(length=20), nullable=True),
        sa.Column("due_at", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment"], ["statements.digest"], name=op.f("fk_hosts_enrolment")
        ),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_hosts_token_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_hosts_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosts")),
        sa.UniqueConstraint("key_id", name=op.f("uq_hosts_key_id")),
    )
    op.create_index(op.f("ix_hosts_unit_id"), "hosts", ["unit_id"], unique=False)
    op.create_table(
        "reports",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("host_id", sa.String(length=32), nullable=False),
        sa.Column("sequence", _BIG, nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.Column("link", sa.String(length=10), nullable=False),
        sa.Column("scored", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.String(length=20), nullable=False),
        sa.Column("skew_s", _BIG, nullable=False),
        sa.Column("scan_started", sa.String(length=20), nullable=False),
        sa.Column("scan_ended", sa.String(length=20), nullable=False),
        sa.Column("pass_weight", _BIG, nullable=False),
        sa.Column("applicable_weight", _BIG, nullable=False),
        sa.Column("not_applicable_weight", _BIG, nullable=False),
        sa.Column("evaluated", _BIG, nullable=False),
        sa.Column("expected", _BIG, nullable=False),
        sa.Column("oldest_fact", sa.String(length=20), nullable=True),
        sa.Column("grade", sa.String(length=1), nullable=True),
        sa.ForeignKeyConstraint(["digest"], ["statements.digest"], name=op.f("fk_reports_digest")),
        sa.ForeignKeyConstraint(["host_id"], ["hosts.id"], name=op.f("fk_reports_host_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_reports")),
    )
    op.create_index(
        op.f("ix_reports_host_id_sequence"), "reports", ["host_id", "sequence"], unique=False
    )
    irregular = sa.text("link NOT IN ('first', 'unbroken')")
    op.create_index(
        "ix_reports_irregular",
        "reports",
        ["host_id", "link"],
        unique=False,
        sqlite_where=irregular,
        postgresql_where=irregular,
    )
    op.create_table(
        "verdicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("host_id", sa.String(length=32), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("check_id", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=14), nullable=False),
        sa.Column("row_count", _BIG, nullable=False),
        sa.Column("rows_digest", sa.String(length=64), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("first_report", sa.String(length=64), nullable=False),
        sa.Column("since", sa.String(length=20), nullable=False),
        sa.Column("verdict_since", sa.String(length=20), nullable=False),
        sa.Column("until", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["first_report"], ["reports.digest"], name=op.f("fk_verdicts_first_report")
        ),
        sa.ForeignKeyConstraint(["host_id"], ["hosts.id"], name=op.f("fk_verdicts_host_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
    )
    op.create_index(
        op.f("ix_verdicts_host_id_until"), "verdicts", ["host_id", "until"], unique=False
    )
    op.create_index(op.f("ix_verdicts_until"), "verdicts", ["until"], unique=False)
