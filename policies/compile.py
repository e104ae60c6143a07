"""Compiled policies: the canonical JSON that is digested, signed, shipped and judged.

Compiling drops tests and lines and keeps everything else, data files inlined as rows. One policy
has one compiled form, and bytes in any other form are refused.
"""

import hashlib
from functools import lru_cache
from typing import Any

import msgspec

from evidence import canonical
from evidence.errors import NotCanonicalError
from evidence.statement import Digest, PolicyRef
from policies.errors import CompiledPolicyError
from policies.model import Policy

MAX_COMPILED = 16 * 1024 * 1024
"""The longest compiled policy that is read, in bytes."""


def compile_policy(policy: Policy) -> bytes:
    """The canonical bytes of `policy`, without its tests."""
    checks = tuple(msgspec.structs.replace(check, tests=()) for check in policy.checks)
    value: Any = msgspec.to_builtins(msgspec.structs.replace(policy, checks=checks))
    return canonical.encode(value)


@lru_cache(maxsize=8)
def read_compiled(data: bytes) -> Policy:
    """The policy whose compiled form `data` is; judging many reports reads the same few again.

    Raises:
        CompiledPolicyError: too long, no policy, or not written as `compile_policy` writes it.
    """
    if len(data) > MAX_COMPILED:
        raise CompiledPolicyError(f"{len(data)} bytes, more than the {MAX_COMPILED} allowed")
    try:
        policy = msgspec.json.decode(data, type=Policy)
        if compile_policy(policy) != data:
            raise CompiledPolicyError("not in the form that compilation writes; compile it again")
    except (msgspec.DecodeError, NotCanonicalError, RecursionError) as e:
        raise CompiledPolicyError(f"not a compiled policy: {e}") from e
    return policy


def reference(policy: Policy, compiled: bytes) -> PolicyRef:
    """How reports and assignments name the policy that `compiled` holds."""
    return PolicyRef(
        policy=policy.policy,
        version=policy.version,
        digest=Digest(sha256=hashlib.sha256(compiled).hexdigest()),
    )
