"""How long the next attempt to sign in has to wait."""

from server.pages.attempts import FORGET_SECONDS, Attempts


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def _fail(attempts: Attempts, clock: Clock, name: str, address: str, times: int) -> list[int]:
    """Fail so many times, each as soon as it is allowed; how long each had to wait."""
    waits = []
    for _ in range(times):
        wait = attempts.begin(name, address)
        if wait:
            clock.time += wait
            assert attempts.begin(name, address) == 0
        waits.append(wait)
    return waits


def test_each_further_attempt_waits_twice_as_long() -> None:
    """Five are free, then a second, two, four, up to a quarter of an hour."""
    clock = Clock()
    attempts = Attempts(clock)

    waits = _fail(attempts, clock, "li", "10.0.0.1", 18)

    assert waits[:10] == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16]
    assert waits[-1] == 900


def test_one_who_fails_keeps_nobody_else_out() -> None:
    """The same name elsewhere, and another name there, still get in."""
    clock = Clock()
    attempts = Attempts(clock)
    _fail(attempts, clock, "li", "10.0.0.1", 8)

    assert attempts.begin("li", "10.0.0.1") > 0
    assert attempts.begin("li", "10.0.0.2") == 0
    assert attempts.begin("wang", "10.0.0.1") == 0


def test_many_names_from_one_address_are_slowed() -> None:
    """A list of names does not help, nor an IPv6 network full of addresses."""
    for address in ("10.0.0.1", "::ffff:10.0.0.1", "2001:db8:1:2::{:x}"):
        clock = Clock()
        attempts = Attempts(clock)

        waits = [attempts.begin(f"name {n}", address.format(n)) for n in range(40)]

        assert waits[:30] == [0] * 30
        assert all(waits[30:])


def test_one_name_from_many_addresses_waits_a_minute_at_most() -> None:
    """So that guessing is slow and the person can still sign in."""
    clock = Clock()
    attempts = Attempts(clock)

    waits = []
    for n in range(60):
        waits.append(attempts.begin("Li", f"10.0.{n}.1"))
        clock.time += waits[-1]

    assert waits[:30] == [0] * 30
    assert max(waits) == 60


def test_the_right_password_clears_the_count() -> None:
    """Who knows it and mistyped begins anew."""
    clock = Clock()
    attempts = Attempts(clock)
    _fail(attempts, clock, "li", "10.0.0.1", 4)
    assert attempts.begin("li", "10.0.0.1") == 0

    attempts.succeeded("li", "10.0.0.1")

    assert _fail(attempts, clock, "li", "10.0.0.1", 6) == [0, 0, 0, 0, 0, 1]


def test_counts_are_forgotten() -> None:
    """An hour later it is another day."""
    clock = Clock()
    attempts = Attempts(clock)
    _fail(attempts, clock, "li", "10.0.0.1", 8)

    clock.time += FORGET_SECONDS + 1

    assert _fail(attempts, clock, "li", "10.0.0.1", 5) == [0] * 5


def test_names_are_the_same_in_any_case() -> None:
    """Capital letters are no second name."""
    clock = Clock()
    attempts = Attempts(clock)
    _fail(attempts, clock, "li", "10.0.0.1", 8)

    assert attempts.begin("LI", "10.0.0.1") > 0


def test_what_is_remembered_is_bounded() -> None:
    """However many names are tried, the counts that are kept are not more."""
    clock = Clock()
    attempts = Attempts(clock)

    for n in range(5000):
        attempts.begin(f"name {n}", f"10.{n // 65536}.{n // 256 % 256}.{n % 256}")

    assert len(attempts._counts) <= 10_000
