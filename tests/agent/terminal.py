"""A person at a terminal: the real program on a pseudo-terminal of a given size."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

TIMEOUT_S = 30


class Terminal:
    """What is typed, and what has been shown so far."""

    def __init__(self, master: int, process: "subprocess.Popen[bytes]") -> None:
        self._master = master
        self.process = process
        self.shown = ""
        """Everything that was written, with every control character in it."""
        self._read = 0

    def type(self, text: str) -> None:
        """Press these keys."""
        os.write(self._master, text.encode("utf-8", "surrogateescape"))

    def interrupt(self, prompt: str = "anfang> ") -> None:
        """Press Ctrl-C until the prompt is back: one is lost while readline starts to read."""
        for _ in range(TIMEOUT_S):
            self.type("\x03")
            try:
                self.wait_for(prompt, seconds=1)
            except AssertionError:
                continue
            break
        while self._more(0.3):  # the prompts of those that were not lost
            pass
        self._read = len(self.shown)

    def wait_for(self, text: str, seconds: float = TIMEOUT_S) -> str:
        """What is shown from now until `text` appears, and with it."""
        until = time.monotonic() + seconds
        while (at := self.shown.find(text, self._read)) < 0:
            if not self._more(until - time.monotonic()):
                raise AssertionError(f"{text!r} is not in {self.shown[self._read :]!r}")
        seen = self.shown[self._read : at + len(text)]
        self._read = at + len(text)
        return seen

    def ask(self, text: str, prompt: str = "anfang> ") -> str:
        """What is shown for a typed line, until the next prompt, without control sequences."""
        self.type(text + "\n")
        self.wait_for("\n")
        return plain(self.wait_for(prompt)).removesuffix(prompt)

    def end(self) -> int:
        """The exit code, once everything was shown."""
        until = time.monotonic() + TIMEOUT_S
        while self._more(until - time.monotonic()):
            pass
        return self.process.wait(max(0.1, until - time.monotonic()))

    def _more(self, seconds: float) -> bool:
        if seconds <= 0 or not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        self.shown += data.decode("utf-8", "replace").replace("\r", "")
        return bool(data)


def plain(text: str) -> str:
    """`text` without what readline itself writes to steer the terminal."""
    return re.sub(r"\x1b\[\?2004[hl]|\x1b\[[0-9;]*[A-Za-z]|\x07", "", text)


@contextmanager
def at_terminal(
    *arguments: str,
    home: Path,
    width: int = 100,
    lang: str = "en",
    env: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """`anfang` with `arguments` on a terminal `width` cells wide; ended with the context."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    environment = {
        "HOME": str(home), "PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8",
    } | dict(env or {})  # fmt: skip
    argv = [sys.executable, "-m", "agent", *arguments, "--config", "/dev/null", "--lang", lang]
    argv += ["--state", str(home / "state")]
    process = subprocess.Popen(
        ["/usr/bin/setsid", "--ctty", *argv], stdin=slave, stdout=slave, stderr=slave,
        env=environment, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        os.close(master)
        if process.poll() is None:
            process.kill()
        process.wait()
