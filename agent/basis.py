"""What a scan judges by: policies, registers and parameters, and who says so.

An enrolled host judges by its assignment; a policy named on the command line goes before it, and
the report then names no assignment. A host without a server judges by the shipped library.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from agent.errors import InputError
from agent.spool import Spool
from agent.state import Assigned
from evidence.statement import PolicyRef, RegisterRef
from policies.compile import compile_policy, read_compiled, reference
from policies.errors import MalformedPolicyError, PolicyError
from policies.model import Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_POLICY = "cii-host"
"""What a host judges by that nobody told what to judge by."""


class Basis(msgspec.Struct, frozen=True):
    """What a scan judges by."""

    policies: tuple[Policy, ...]
    references: tuple[PolicyRef, ...]
    compiled: tuple[bytes, ...]
    """The policies' canonical bytes, in the same order."""
    registers: tuple[tuple[RegisterRef, bytes], ...] = ()
    parameters: tuple[tuple[str, str | int], ...] = ()
    assigned: Assigned | None = None
    """The assignment that all of this comes from."""

    @property
    def blobs(self) -> dict[str, bytes]:
        """Everything that a report names by digest, except tables."""
        policies = zip(self.references, self.compiled, strict=True)
        return {
            **{ref.digest.sha256: data for ref, data in policies},
            **{ref.digest.sha256: data for ref, data in self.registers},
        }


def assigned_basis(assigned: Assigned, spool: Spool) -> Basis:
    """What `assigned` says, its policies and registers taken from the spool's blobs.

    That they can be used was checked when they came, and their digests are when they are read.

    Raises:
        StateError: one of them is missing or damaged.
    """
    assignment = assigned.assignment
    compiled = tuple(spool.blob(ref.digest.sha256) for ref in assignment.policies)
    return Basis(
        policies=tuple(msgspec.json.decode(data, type=Policy) for data in compiled),
        references=assignment.policies,
        compiled=compiled,
        registers=tuple((ref, spool.blob(ref.digest.sha256)) for ref in assignment.registers),
        parameters=tuple(sorted(assignment.parameters.items())),
        assigned=assigned,
    )


def named_basis(names: "Sequence[str]") -> Basis:
    """The policies that `names` name: files, or shipped ones by name.

    Raises:
        InputError: a file is missing or has to be corrected; every problem is named.
    """
    from policies.load import load  # noqa: PLC0415  # brings a YAML reader, which most scans spare

    policies, compiled = [], []
    for name in names or (DEFAULT_POLICY,):
        path = policy_path(name)
        try:
            policy = load(path).policy
            data = compile_policy(policy)
        except OSError as e:
            raise InputError(
                f"{path}: 无法读取检查策略：{e.strerror}",
                f"{path}: the policy cannot be read: {e.strerror}",
            ) from e
        except MalformedPolicyError as e:
            raise InputError(f"检查策略有误：\n{e}", f"the policy has to be corrected:\n{e}") from e
        except PolicyError as e:
            raise InputError(f"{path}: {e}", f"{path}: {e}") from e
        policies.append(read_compiled(data))
        compiled.append(data)
    return Basis(
        policies=tuple(policies),
        references=tuple(map(reference, policies, compiled)),
        compiled=tuple(compiled),
    )


def policy_path(name: str) -> Path:
    """The file that `name` names: itself, or a shipped policy.

    Raises:
        InputError: there is neither.
    """
    from policies.load import LIBRARY  # noqa: PLC0415  # see named_basis

    if "/" in name or name.endswith((".yaml", ".yml")):
        return Path(name)
    path = LIBRARY / f"{name}.yaml"
    if not path.exists():
        known = ", ".join(shipped())
        raise InputError(
            f"没有自带检查策略 {name!r}；自带的有：{known}；或写出文件路径",
            f"no shipped policy {name!r}; there are: {known}; or give a file's path",
        )
    return path


def shipped() -> list[str]:
    """The names of the policies that ship."""
    from policies.load import LIBRARY  # noqa: PLC0415  # see named_basis

    return sorted(path.stem for path in LIBRARY.glob("*.yaml"))
