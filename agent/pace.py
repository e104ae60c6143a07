"""How often something may be done: a store of turns that fills again in time."""

import time


class Pace:
    """`turns` at once, and then one more every `seconds`."""

    def __init__(self, turns: int, seconds: float) -> None:
        self._most = turns
        self._seconds = seconds
        self._left = float(turns)
        self._counted = time.monotonic()

    @property
    def left(self) -> int:
        """How many turns there are now."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._counted) / self._seconds)
        self._counted = now
        return int(self._left)

    def take(self, turns: int = 1) -> bool:
        """Take `turns`, if there are as many."""
        if self.left < turns:
            return False
        self._left -= turns
        return True

    @property
    def wait_s(self) -> float:
        """How long until there is a turn, in seconds."""
        return 0.0 if self.left >= 1 else (1 - self._left) * self._seconds
