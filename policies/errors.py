"""What can go wrong with policies, by what the caller can do about it.

PolicyError
├── MalformedPolicyError   a policy file has to be corrected: every problem with its line
├── CompiledPolicyError    compiled bytes are not what compilation writes
├── RegisterError          an adopted register cannot be used as it is
├── ConflictError          two policies cannot be judged together
└── RecomputeError         the limited child could not finish; nothing was found out

Each message says what to do; none carries a policy's SQL or a host's rows.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct in a policy file."""

    file: str
    line: int
    """Counted from 1; 0 when the file as a whole is meant."""
    message: str
    fix: str

    def __str__(self) -> str:
        """`file:line: message; fix`, which editors can jump to."""
        return f"{self.file}:{self.line}: {self.message}; {self.fix}"


class PolicyError(Exception):
    """The root of what `policies` raises."""


class MalformedPolicyError(PolicyError):
    """A policy file cannot be read as a policy."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class CompiledPolicyError(PolicyError):
    """The bytes are not a compiled policy in its one form."""


class RegisterError(PolicyError):
    """A register's bytes do not hold what its reference says."""


class ConflictError(PolicyError):
    """Two policies give one name two meanings."""


class RecomputeError(PolicyError):
    """Judging again broke off: no answer, which is not a difference."""
