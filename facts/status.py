"""How well something was observed.

A status never carries prose: a reason is a code with arguments, and words are made when it is
shown (`facts.reasons`), so that signed bytes do not depend on a language.
"""

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """How well a table, a column or a key was observed."""

    COMPLETE = "complete"
    """All there is. A kernel without the subsystem has a complete table without rows."""
    PARTIAL = "partial"
    """Some rows or cells are known to be missing."""
    UNREADABLE = "unreadable"
    """The source is covered, hidden, damaged, or was not recorded."""
    UNSUPPORTED = "unsupported"
    """This platform, a mounted root or a recording cannot answer."""
    DENIED = "denied"
    """The agent lacks the privilege, or the host's own allow-list refuses."""
    OVER_BUDGET = "over_budget"
    """Time, memory or size ran out."""


class Reason(msgspec.Struct, frozen=True):
    """Why: a code of `facts.reasons.REASONS` and its arguments, for instance a path."""

    code: str
    args: tuple[str, ...] = ()


class Condition(msgspec.Struct, frozen=True):
    """A status and, unless it is complete, the reason."""

    status: Status
    reason: Reason | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing is known to be missing."""
        return self.status is Status.COMPLETE


COMPLETE = Condition(Status.COMPLETE)


def condition(status: Status, code: str, *args: str) -> Condition:
    """A condition with its reason, written in one line."""
    return Condition(status, Reason(code, args))
