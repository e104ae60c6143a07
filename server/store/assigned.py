"""Policies as the store holds them, decoded once each: named by digest, they never change."""

from collections import OrderedDict
from collections.abc import Iterable

from sqlalchemy import Connection

from evidence.statement import PolicyRef
from policies.compile import read_compiled
from policies.errors import CompiledPolicyError
from policies.model import Check, Policy
from server.store.envelopes import blob_contents

_MOST = 32
_read: OrderedDict[str, Policy | None] = OrderedDict()


def policy(connection: Connection, digest: str) -> Policy | None:
    """The stored policy with this digest; None if it is not one that this version can read."""
    if digest not in _read:
        data = blob_contents(connection, [digest]).get(digest)
        try:
            _read[digest] = None if data is None else read_compiled(data)
        except CompiledPolicyError:
            _read[digest] = None
        if len(_read) > _MOST:
            _read.popitem(last=False)
    return _read[digest]


def policies(connection: Connection, refs: Iterable[PolicyRef]) -> tuple[Policy, ...]:
    """The policies `refs` that are here and can be read."""
    found = (policy(connection, ref.digest.sha256) for ref in refs)
    return tuple(read for read in found if read is not None)


def checks(connection: Connection, refs: Iterable[PolicyRef]) -> dict[tuple[str, str], Check]:
    """Every check of the policies `refs`, by policy and id."""
    return {
        (read.policy, check.id): check
        for read in policies(connection, refs)
        for check in read.checks
    }
