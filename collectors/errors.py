"""What can go wrong at the seam; every one is an `OSError` and knows its condition.

What is no host at all, because it is a recording of none, is a `BadRecordingError`.

OSError
├── FileNotFoundError, PermissionError, …   as the kernel says
└── SeamError
    ├── CoveredError          a foreign mount, hidepid or our own sandbox hides the source
    ├── NotAFileError         a FIFO, socket or device where a regular file is wanted
    ├── MalformedError        the content does not follow its format
    ├── TooLargeError         more bytes or entries than the cap
    ├── TooSlowError          a program did not answer in time
    ├── NotLiveError          only a live host can answer (programs, kernel state)
    └── NotRecordedError      a recording does not say
"""

import errno

from facts.status import Condition, Status, condition

_MAX_SAID = 200
"""How much of a program's complaint becomes part of a reason, in characters."""


class SeamError(OSError):
    """What the seam itself refuses, with the condition a table gets from it."""

    def __init__(self, message: str, observed: Condition) -> None:
        super().__init__(errno.EIO, message)
        self.condition = observed


class CoveredError(SeamError):
    """The source is hidden: by a mount, a namespace, or our own sandbox.

    Takes the reason's code and arguments, for instance `foreign_mount`, the path, its type.
    """

    def __init__(self, code: str, *args: str) -> None:
        super().__init__(f"{code}: {' '.join(args)}", condition(Status.UNREADABLE, code, *args))


class NotAFileError(SeamError):
    """A FIFO, socket or device stands where a regular file is wanted."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"not a regular file: {path}", condition(Status.UNREADABLE, "not_a_file", path)
        )


class MalformedError(SeamError):
    """The content of `path` does not follow its format, so nothing can be said from it."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"malformed: {path}", condition(Status.UNREADABLE, "malformed_source", path)
        )


class TooLargeError(SeamError):
    """More bytes, or more entries, than the cap."""

    def __init__(self, path: str, limit: int) -> None:
        super().__init__(
            f"more than {limit}: {path}",
            condition(Status.OVER_BUDGET, "too_large", path, str(limit)),
        )


class TooSlowError(SeamError):
    """A program did not answer in time, and was killed."""

    def __init__(self, program: str, seconds: float) -> None:
        super().__init__(
            f"no answer within {seconds:g} s: {program}",
            condition(Status.OVER_BUDGET, "program_timeout", program, f"{seconds:g}"),
        )


class ProgramFailedError(SeamError):
    """A program ran, and said that it cannot answer."""

    def __init__(self, program: str, said: str) -> None:
        super().__init__(
            f"{program}: {said}",
            condition(Status.UNREADABLE, "program_failed", program, said[:_MAX_SAID]),
        )


class NotLiveError(SeamError):
    """Only a live host can answer this."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"needs a live host: {what}", condition(Status.UNSUPPORTED, "not_live", what)
        )


class NotRecordedError(SeamError):
    """Nobody asked for it when the host was recorded, or it was left out: nothing is known."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"not recorded: {what}", condition(Status.UNREADABLE, "not_recorded", what)
        )


class BadRecordingError(Exception):
    """A file is no recording, is damaged, or was made to look like one; says where and how."""


def condition_of(error: OSError, path: str) -> Condition:
    """What a table or column is, after reading `path` ended in `error`."""
    if isinstance(error, SeamError):
        return error.condition
    if isinstance(error, PermissionError):
        return condition(Status.DENIED, "permission_denied", path)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return condition(Status.UNREADABLE, "source_missing", path)
    name = errno.errorcode.get(error.errno, "EIO") if error.errno is not None else "EIO"
    return condition(Status.UNREADABLE, "read_failed", path, name)
