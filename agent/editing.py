"""Editing of lines on a terminal: history in a file of the user's own, completion by name.

Where Python has no readline, lines are read plainly.
"""

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Final, Self

from agent.answers import MODES
from facts.functions import ALLOWED
from facts.tables import SPECS

try:
    import readline as _readline
except ImportError:  # an interpreter built without it
    _editing: ModuleType | None = None
else:
    _editing = _readline

COMMANDS: Final = (".exit", ".help", ".mode", ".schema", ".tables")
MAX_HISTORY: Final = 1_000
"""How many statements are kept."""

_KEYWORDS = """
    ALL AND AS ASC BETWEEN BY CASE CAST COLLATE CROSS DESC DISTINCT ELSE END ESCAPE EXCEPT EXISTS
    FROM GLOB GROUP HAVING IN INTERSECT IS JOIN LEFT LIKE LIMIT NATURAL NOT NULL OFFSET ON OR ORDER
    OUTER OVER PARTITION RECURSIVE SELECT THEN UNION USING VALUES WHEN WHERE WITH
"""
_WORD = re.compile(r"\w+")
_BREAKS = " \t\n,;()=<>!|+-*/'\"`."


class Editor:
    """A context manager: history is there from entering to leaving, and kept then."""

    def __init__(self) -> None:
        self.history = _history_file() if _editing else None
        """Where statements are kept; None if nowhere."""
        self._matches: list[str] = []

    def __enter__(self) -> Self:
        if _editing is not None:
            _editing.set_auto_history(False)
            _editing.set_history_length(MAX_HISTORY)
            _editing.set_completer_delims(_BREAKS)
            _editing.set_completer(self._complete)
            libedit = "libedit" in (_editing.__doc__ or "")
            _editing.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
            if self.history is not None:
                try:
                    _editing.read_history_file(self.history)
                except (OSError, UnicodeDecodeError):
                    self.history = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if _editing is not None:
            _editing.set_completer(None)
            if self.history is not None:
                try:
                    _editing.write_history_file(self.history)
                except OSError:
                    self.history = None

    def line(self, prompt: str) -> str:
        """One line from the terminal.

        Raises:
            EOFError: there are no more.
            KeyboardInterrupt: it was given up.
        """
        try:
            return input(prompt)
        except OSError as e:  # the terminal is gone
            raise EOFError from e

    def remember(self, statement: str) -> None:
        """Add `statement` to the history, on one line."""
        if _editing is not None:
            _editing.add_history(" ".join(statement.split()))

    def _complete(self, text: str, state: int) -> str | None:
        """See readline.set_completer."""
        if state == 0 and _editing is not None:
            self._matches = candidates(_editing.get_line_buffer(), _editing.get_begidx(), text)
        return self._matches[state] if state < len(self._matches) else None


def candidates(line: str, begin: int, text: str) -> list[str]:
    """What `text`, which begins at `begin` of `line`, may become."""
    before = line[:begin]
    if before.strip() == ".":
        return _starting((f"{command[1:]} " for command in COMMANDS), text)
    if line.lstrip().startswith("."):
        command = line.split(maxsplit=1)[0]
        return _starting(
            {".mode": MODES, ".schema": SPECS, ".tables": SPECS}.get(command, ()), text
        )
    named = [word for word in _WORD.findall(line) if word in SPECS]
    columns = {column.name for name in named for column in SPECS[name].columns}
    if before.endswith("."):
        return _starting(sorted(columns), text)
    keywords = (_KEYWORDS if text.isupper() or not text else _KEYWORDS.lower()).split()
    functions = (f"{name}(" for name in ALLOWED if name.isidentifier())
    return _starting(sorted({*SPECS, *columns, *keywords, *functions}), text)


def _starting(names: Iterable[str], text: str) -> list[str]:
    return [name for name in names if name.startswith(text)]


def _history_file() -> Path | None:
    """The user's own file for history, made if it is not there; None if there can be none.

    It is `anfang/query_history` in XDG_STATE_HOME or ~/.local/state, mode 0600. A directory or
    file of somebody else's, as `sudo` leaves HOME, is left alone, and so is a link.
    """
    base = os.environ.get("XDG_STATE_HOME", "")
    home = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
    file = home / "anfang" / "query_history"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file.parent.stat().st_uid != os.geteuid():
            return None
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        found = file.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            return None
        file.chmod(0o600)
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return None
    return file
