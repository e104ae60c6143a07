"""What can go wrong with facts, by what the caller can do about it.

    FactsError
    ├── CatalogueError         two tables of one name, or a name SQL cannot carry: fix the policy
    ├── QueryError             SQL that does not plan, is refused, or ran over its budget
    └── MalformedTableError    a recorded table that is not what its entry says

That a host could not be observed is none of these: it is a `facts.status.Condition`.
"""

from facts.reasons import say
from facts.status import Reason


class FactsError(Exception):
    """The root of what `facts` raises."""


class CatalogueError(FactsError):
    """The tables offered to SQL do not fit together."""


class QueryError(FactsError):
    """The query cannot be answered; `reason` says why in any language, `str()` in English."""

    def __init__(self, code: str, *args: str) -> None:
        self.reason = Reason(code, args)
        super().__init__(say(self.reason, "en"))

    @property
    def code(self) -> str:
        """The code of the reason, such as `constraint_missing`."""
        return self.reason.code


class MalformedTableError(FactsError):
    """A recorded table does not have the shape it must have."""
