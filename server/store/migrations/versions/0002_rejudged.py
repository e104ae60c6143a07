"""What came of judging reports again, and under which assignment each was made."""

import json
import zlib

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and the table; what is stored already waits to be judged again."""
    op.add_column("reports", sa.Column("assignment", sa.String(length=64), nullable=True))
    op.add_column(
        "reports",
        sa.Column("rejudged", sa.String(length=9), nullable=False, server_default="waiting"),
    )
    for name, columns, where in (
        ("ix_reports_waiting", ["scored", "received_at"], "rejudged = 'waiting'"),
        ("ix_reports_differing", ["host_id"], "rejudged = 'differs'"),
    ):
        op.create_index(
            name,
            "reports",
            columns,
            unique=False,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_table(
        "rejudgings",
        sa.Column("report", sa.String(length=64), nullable=False),
        sa.Column("judged_at", sa.String(length=20), nullable=False),
        sa.Column("different", _BIG, nullable=False),
        sa.Column("differences", sa.Text(), nullable=False),
        sa.Column("unchecked", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["report"], ["reports.digest"], name=op.f("fk_rejudgings_report")),
        sa.PrimaryKeyConstraint("report", name=op.f("pk_rejudgings")),
    )
    _fill_assignments(op.get_bind())


def _fill_assignments(connection: sa.Connection) -> None:
    """Copy from each stored report under which assignment it was made."""
    digests = connection.execute(sa.text("SELECT digest FROM reports")).scalars().all()
    for digest in digests:
        payload = connection.execute(
            sa.text("SELECT payload FROM statements WHERE digest = :digest"), {"digest": digest}
        ).scalar_one()
        assignment = json.loads(zlib.decompress(payload))["predicate"]["assignment"]
        if assignment is not None:
            connection.execute(
                sa.text("UPDATE reports SET assignment = :made_under WHERE digest = :digest"),
                {"made_under": assignment["sha256"], "digest": digest},
            )
