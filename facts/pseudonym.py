"""De-identification: a personal or device identifier becomes a keyed digest.

The agent does this before SQL sees a value, the server when it takes in a register, both with
the key of the unit, so that a stick in the unit's register equals the same stick on any of its
hosts, and nobody without the key can try out serial numbers.
"""

import hmac
import re
from dataclasses import dataclass, field

PSEUDONYM = re.compile(r"h:[0-9a-f]{32}")
"""What a pseudonym looks like, for those who take in lists that were de-identified before."""

KEY_BYTES = 32
"""The length of a unit's key."""


@dataclass(frozen=True, slots=True)
class Pseudonym:
    """Makes pseudonyms under the key of one unit."""

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise ValueError(f"a unit key has {KEY_BYTES} bytes, this one has {len(self.key)}")

    def __call__(self, identifier: str, value: str) -> str:
        """The pseudonym of `value`: `h:` and 32 hex digits of HMAC-SHA256.

        `identifier` says what is identified (`device_serial`), so that equal texts with different
        meanings stay unequal. The empty text stays empty. A value that looks like a pseudonym
        is digested like any other: else a device could call itself by a registered one's.
        """
        if not value:
            return value
        message = f"{identifier}\0{value}".encode("utf-8", "surrogatepass")
        return "h:" + hmac.digest(self.key, message, "sha256").hex()[:32]
