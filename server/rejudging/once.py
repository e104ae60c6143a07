"""One stored report, judged again."""

import zlib
from collections.abc import Collection, Mapping
from typing import Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, func, select

from evidence.errors import EvidenceError
from evidence.statement import Report, Statement, decode_statement, rests_on
from policies.errors import RecomputeError
from policies.recompute import Recomputed, Recomputer
from server.errors import ServerError
from server.store import envelopes
from server.store.engine import Store
from server.store.schema import blobs

Result: TypeAlias = Literal["equal", "differs", "unchecked", "failed"]

MAX_KEPT = 50
"""The most differences, and the most unchecked parts, that are kept of one report."""
MAX_TEXT = 200
"""The most characters of each part of a difference that are kept."""
MAX_BYTES = 64 * 1024 * 1024
"""What the tables, policies and registers of one report may hold, to be judged again."""

_TABLES = "tables/"


class Difference(msgspec.Struct, frozen=True):
    """Something a report says that is not so; see `policies.recompute.Difference`."""

    what: str
    field: str
    said: str
    found: str


class Rejudgement(msgspec.Struct, frozen=True):
    """What came of judging one report again."""

    report: str
    """Digest of its payload."""
    result: Result
    differences: tuple[Difference, ...] = ()
    """The first `MAX_KEPT`."""
    different: int = 0
    """How many there were."""
    unchecked: tuple[str, ...] = ()
    """The first `MAX_KEPT` of what could not be compared; for `failed`, why."""


def rejudge(store: Store, recomputer: Recomputer, digest: str) -> Rejudgement:
    """What comes of judging the stored report `digest` again; never raises for what it holds."""
    try:
        with store.read() as connection:
            said = decode_statement(envelopes.payload(connection, digest), Report)
            named = _contents(connection, rests_on(said))
        if named is None:
            return failed(digest, f"it rests on more than {MAX_BYTES} bytes")
        return _told(digest, _recomputed(recomputer, said, named))
    except (RecomputeError, EvidenceError, ServerError, zlib.error) as e:
        return failed(digest, str(e))


def failed(digest: str, why: str) -> Rejudgement:
    """That judging the report `digest` again broke off."""
    return Rejudgement(digest, "failed", unchecked=(why[:MAX_TEXT],))


def _contents(connection: Connection, digests: Collection[str]) -> Mapping[str, bytes] | None:
    """Those of the blobs `digests` that are stored; None if they are more than can be judged."""
    sizes = select(func.sum(blobs.c.size))
    held = sum(
        connection.scalar(sizes.where(blobs.c.sha256.in_(some))) or 0
        for some in envelopes.in_parts(digests)
    )
    return envelopes.blob_contents(connection, digests) if held <= MAX_BYTES else None


def _recomputed(
    recomputer: Recomputer, said: Statement[Report], named: Mapping[str, bytes]
) -> Recomputed:
    report = said.predicate
    digests = {
        "tables": {s.name.removeprefix(_TABLES): s.digest.sha256 for s in said.subject},
        "policies": {ref.policy: ref.digest.sha256 for ref in report.policies},
        "registers": {ref.name: ref.digest.sha256 for ref in report.registers},
    }
    here = {
        kind: {name: named[digest] for name, digest in each.items() if digest in named}
        for kind, each in digests.items()
    }
    return recomputer.recompute(report, here["tables"], here["policies"], here["registers"])


def _told(digest: str, found: Recomputed) -> Rejudgement:
    return Rejudgement(
        report=digest,
        result="differs" if found.differences else "unchecked" if found.unchecked else "equal",
        differences=tuple(
            Difference(*(part[:MAX_TEXT] for part in (d.what, d.field, d.said, d.found)))
            for d in found.differences[:MAX_KEPT]
        ),
        different=len(found.differences),
        unchecked=tuple(what[:MAX_TEXT] for what in found.unchecked[:MAX_KEPT]),
    )
