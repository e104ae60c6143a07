"""The tables of the store. Migrations make them; a test compares both.

Times are RFC 3339 text in UTC, digests and key ids lower-case hex. Everything signed is in
`statements` whole (payload and signatures); other tables are queryable copies of what it says,
or the server's own business.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_DIGEST = String(64)
_TIME = String(20)
_BIG = BigInteger().with_variant(Integer, "sqlite")
"""Integers that a host says, or that count leaves; SQLite's own integers are wide enough."""

units = Table(
    "units",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    # 32 bytes; pseudonyms of identifiers are made with it. Hosts get it when they enrol.
    Column("pseudonym_key", LargeBinary, nullable=False),
    Column("created_at", _TIME, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("unit_id", ForeignKey("units.id"), nullable=False),
    Column("zone", String(200), nullable=False),
    # SHA-256 of the token; the token itself is shown once and kept nowhere.
    Column("digest", _DIGEST, nullable=False, unique=True),
    Column("uses", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Column("revoked_at", _TIME),
)

# Everything signed that was received or issued: each is a leaf of the log.
statements = Table(
    "statements",
    metadata,
    Column("leaf_index", _BIG, primary_key=True, autoincrement=False),
    Column("digest", _DIGEST, nullable=False, unique=True),  # of the payload
    Column("predicate", String(100), nullable=False),
    Column("key_id", _DIGEST, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # zlib
    Column("signatures", LargeBinary, nullable=False),  # canonical JSON, as in the envelope
    Column("received_at", _TIME, nullable=False),
    # Size of the tree whose checkpoint the receipt names; the same receipt is made again from it.
    Column("tree_size", ForeignKey("checkpoints.size"), nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", _BIG, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),  # C2SP signed note
    Column("issued_at", _TIME, nullable=False),
)

# RFC 6962: the hash of every complete subtree; level 0 are the leaves.
log_nodes = Table(
    "log_nodes",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", _BIG, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

hosts = Table(
    "hosts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(255), nullable=False),  # as the host last called itself
    Column("unit_id", ForeignKey("units.id"), nullable=False, index=True),
    Column("zone", String(200), nullable=False),
    Column("key_id", _DIGEST, nullable=False, unique=True),
    Column("public_key", Text, nullable=False),  # PEM
    Column("enrolment", ForeignKey("statements.digest"), nullable=False),
    Column("token_id", ForeignKey("tokens.id"), nullable=False),
    Column("enrolled_at", _TIME, nullable=False),
    # The report that counts: the highest sequence that was asked for and is no fork, nor broken.
    Column("head", _DIGEST),
    Column("head_sequence", _BIG, nullable=False),
    # The highest that was ever received, also of forks: above it every place is free.
    Column("last_sequence", _BIG, nullable=False),
    # Over all outcomes at the head: if a report has the same, no outcome has changed.
    Column("outcomes", LargeBinary),
    Column("reported_at", _TIME),  # when anything was last received from it
    Column(
        "due_at", _TIME, nullable=False
    ),  # when it is silent unless something is received before
)

IRREGULAR = text("link NOT IN ('first', 'unbroken')")
"""Reports that did not follow on; written out, since only so the index of them serves a query."""
WAITING = text("reports.rejudged = 'waiting'")
"""Reports that have yet to be judged again (`server.rejudging`); written out for its index."""
DIFFERING = text("reports.rejudged = 'differs'")
"""Reports that say what their own facts do not."""


def _only(condition: str) -> dict[str, Any]:
    """An index of those rows alone."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


reports = Table(
    "reports",
    metadata,
    Column("digest", ForeignKey("statements.digest"), primary_key=True),
    Column("host_id", ForeignKey("hosts.id"), nullable=False),
    Column("sequence", _BIG, nullable=False),
    Column("previous", _DIGEST),
    Column("link", String(10), nullable=False),  # first · unbroken · gap · fork · broken
    Column("scored", Boolean, nullable=False),
    Column("received_at", _TIME, nullable=False),
    Column("skew_s", _BIG, nullable=False),  # the host's clock minus ours, when it was sent
    Column("scan_started", _TIME, nullable=False),
    Column("scan_ended", _TIME, nullable=False),
    Column("pass_weight", _BIG, nullable=False),
    Column("applicable_weight", _BIG, nullable=False),
    Column("not_applicable_weight", _BIG, nullable=False),
    Column("evaluated", _BIG, nullable=False),
    Column("expected", _BIG, nullable=False),
    Column("oldest_fact", _TIME),
    Column("grade", String(1)),
    Column("assignment", _DIGEST),  # that it was made under
    # waiting · equal · differs · unchecked · failed: what came of judging it again
    Column("rejudged", String(9), nullable=False, server_default="waiting"),
    Index(None, "host_id", "sequence"),
    Index("ix_reports_irregular", "host_id", "link", **_only(IRREGULAR.text)),
    Index("ix_reports_waiting", "scored", "received_at", **_only("rejudged = 'waiting'")),
    Index("ix_reports_differing", "host_id", **_only("rejudged = 'differs'")),
)

# What was found where judging a report again did not come to the same.
rejudgings = Table(
    "rejudgings",
    metadata,
    Column("report", ForeignKey("reports.digest"), primary_key=True),
    Column("judged_at", _TIME, nullable=False),
    Column("different", _BIG, nullable=False),  # how many differences there were
    Column("differences", Text, nullable=False),  # JSON [{field, found, said, what}], the first
    Column("unchecked", Text, nullable=False),  # JSON [what could not be compared, or why]
)

# What each check said on each host, from when to when: a row begins when the outcome changes.
verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("host_id", ForeignKey("hosts.id"), nullable=False),
    Column("policy", String(64), nullable=False),
    Column("check_id", String(64), nullable=False),
    Column("verdict", String(14), nullable=False),
    Column("row_count", _BIG, nullable=False),
    Column("rows_digest", _DIGEST, nullable=False),
    Column("reasons", Text, nullable=False),  # JSON [{args, code}], as signed
    Column("evidence", Text, nullable=False),  # JSON {columns, rows}, as signed
    Column("first_report", ForeignKey("reports.digest"), nullable=False),
    Column("since", _TIME, nullable=False),  # this verdict with this evidence
    Column("verdict_since", _TIME, nullable=False),  # this verdict, whatever its evidence
    Column("until", _TIME),
    Index(None, "host_id", "until"),
    Index(None, "until"),
)

# Tables, policies and registers, stored once by digest, whoever sent them.
blobs = Table(
    "blobs",
    metadata,
    Column("sha256", _DIGEST, primary_key=True),
    Column("data", LargeBinary, nullable=False),  # zlib
    Column("size", _BIG, nullable=False),  # before compression
    Column("stored_at", _TIME, nullable=False),
)

assignments = Table(
    "assignments",
    metadata,
    Column("unit_id", ForeignKey("units.id"), primary_key=True, autoincrement=False),
    Column("serial", Integer, primary_key=True, autoincrement=False),
    Column("digest", ForeignKey("statements.digest"), nullable=False, unique=True),
    Column("interval_s", _BIG, nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("password", Text, nullable=False),  # argon2id
    Column("created_at", _TIME, nullable=False),
    Column("disabled_at", _TIME),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", _DIGEST, primary_key=True),  # of the cookie's secret
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("form_key", LargeBinary, nullable=False),  # 32 bytes, for tokens against forged forms
    Column("created_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Index(None, "expires_at"),
)
