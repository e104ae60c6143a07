"""How often something may be done: a store of turns that fills again in time."""

import time


class Pace:
    """`turns` at once, and then one more every `seconds`.

    Of the last `slow` turns each waits twice as long as the one before, from `FIRST_S` on, so that
    what goes on is done ever more rarely, and not stopped of a sudden.
    """

    FIRST_S = 0.5

    def __init__(self, turns: int, seconds: float, *, slow: int = 0) -> None:
        self._most = turns
        self._seconds = seconds
        self._slow = slow
        self._taken = -seconds
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
        """Take `turns`, if there are as many now."""
        if self.left < turns or self.wait_s > 0:
            return False
        self._left -= turns
        self._taken = time.monotonic()
        return True

    @property
    def wait_s(self) -> float:
        """How long until there is a turn, in seconds."""
        if self.left < 1:
            return (1 - self._left) * self._seconds
        slow = self._slow - self.left
        if not self._slow or slow < 0:
            return 0.0
        between = min(self.FIRST_S * (1 << min(slow, 30)), self._seconds)
        return max(0.0, self._taken + between - time.monotonic())
