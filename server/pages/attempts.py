"""Sign-in attempts are slowed, so that passwords cannot be tried out and nobody is locked out.

Each attempt counts against its name at its address, against the address and against the name.
After a few, each further one has to wait twice as long. The pair waits longest; the name alone
waits a minute at most, or anyone could keep a colleague out. A right password clears the pair.

Counts are kept in memory: restarting the server forgets them.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Literal, TypeAlias

_Kind: TypeAlias = Literal["pair", "address", "name"]
_Key: TypeAlias = tuple[_Kind, str]

FORGET_SECONDS = 3600.0
"""After so long without an attempt a count begins anew."""

_MOST = 10_000
"""Counts that are kept; the oldest gives way."""

_IPV6_NETWORK = 64
"""One customer's network: whoever has one has all of its addresses."""


@dataclass(frozen=True, slots=True)
class _Rule:
    free: int
    """Attempts before the first wait."""
    longest: float
    """The longest wait, in seconds."""


_RULES: Mapping[_Kind, _Rule] = {
    "pair": _Rule(5, 900.0),
    "address": _Rule(30, 60.0),
    "name": _Rule(30, 60.0),
}


@dataclass(slots=True)
class _Count:
    attempts: int
    last: float
    until: float
    """Before this moment the next attempt is refused."""


class Attempts:
    """The attempts to sign in so far; to be used from one thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._counts: OrderedDict[_Key, _Count] = OrderedDict()

    def begin(self, name: str, address: str) -> int:
        """Count an attempt; how many seconds it must wait instead, 0 if it may go ahead.

        One that must wait is not counted.
        """
        now = self._now()
        keys = _keys(name, address)
        wait = max(self._counts[key].until - now if key in self._counts else 0.0 for key in keys)
        if wait > 0:
            return ceil(wait)
        for key in keys:
            self._count(key, now)
        return 0

    def succeeded(self, name: str, address: str) -> None:
        """The attempt that began last was right: it does not count."""
        pair, *others = _keys(name, address)
        self._counts.pop(pair, None)
        for key in others:
            if key in self._counts:
                self._counts[key].attempts -= 1

    def _count(self, key: _Key, now: float) -> None:
        count = self._counts.pop(key, None)
        if count is None or now - count.last > FORGET_SECONDS:
            count = _Count(0, now, now)
        rule = _RULES[key[0]]
        count.attempts += 1
        count.last = now
        over = count.attempts - rule.free
        count.until = now + min(rule.longest, 2.0 ** min(over, 20)) if over >= 0 else now
        self._counts[key] = count
        if len(self._counts) > _MOST:
            self._counts.popitem(last=False)


def _keys(name: str, address: str) -> tuple[_Key, _Key, _Key]:
    where = _network(address)
    who = name.casefold()
    return ("pair", f"{where} {who}"), ("address", where), ("name", who)


def _network(address: str) -> str:
    """What stands for one sender: an IPv4 address, or the network of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> _IPV6_NETWORK << _IPV6_NETWORK))
