"""What `--root` may name: this machine, a directory that holds a host's files, or a recording."""

from pathlib import Path
from typing import TYPE_CHECKING

from agent import clock
from agent.errors import InputError
from facts.reasons import say
from facts.status import Reason

if TYPE_CHECKING:
    from collectors.recording import Manifest

LIVE = "/"


def root_of(text: str) -> str:
    """`text` as an absolute path.

    Raises:
        InputError: it is neither a directory nor a recording.
    """
    path = Path(text)
    if not path.exists():
        raise InputError(f"--root {text}: 不存在", f"--root {text}: not there")
    if not path.is_dir():
        if not path.is_file():
            raise InputError(
                f"--root {text}: 既不是目录，也不是普通文件",
                f"--root {text}: neither a directory nor a file",
            )
        recorded(text)
    return str(path.resolve())


def recorded(root: str) -> "Manifest | None":
    """The head of the recording at `root`; None of a machine or a directory.

    Raises:
        InputError: it is a file, and no recording.
    """
    path = Path(root)
    if path.is_dir():
        return None
    from collectors.errors import BadRecordingError  # noqa: PLC0415  # few scans need it
    from collectors.recording import manifest  # noqa: PLC0415

    try:
        return manifest(path)
    except (BadRecordingError, OSError) as e:
        raise refused(Reason("recording_refused", (root, str(e)))) from e


def now(root: str) -> str:
    """What "now" is for who judges the host at `root`: of a recording, when it was made."""
    head = recorded(root)
    return clock.now() if head is None else head.recorded


def refused(reason: Reason) -> InputError:
    """The error that says `reason`."""
    return InputError(say(reason, "zh"), say(reason, "en"))
