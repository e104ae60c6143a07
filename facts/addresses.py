"""osquery's functions on IP addresses, for IPv4 and IPv6."""

from functools import lru_cache

from facts.values import Value, text

_IPV4_BYTES = 4
_PREFIX_DIGITS = 3


def inet_aton(address: Value) -> Value:
    """An IPv4 address as a number; NULL for anything else."""
    packed = _packed(text(address)) if address is not None else None
    return int.from_bytes(packed) if packed is not None and len(packed) == _IPV4_BYTES else None


def in_cidr_block(block: Value, address: Value) -> Value:
    """Whether `address` lies in `block`, both IPv4 or both IPv6; NULL if either is malformed.

    Bits of the block beyond its prefix are ignored, and so is an address's zone (`%eth0`).
    """
    if block is None or address is None:
        return None
    network = _network(text(block))
    packed = _packed(text(address).partition("%")[0])
    if network is None or packed is None:
        return None
    base, prefix = network
    if len(base) != len(packed):
        return 0
    shift = 8 * len(base) - prefix
    return int(int.from_bytes(base) >> shift == int.from_bytes(packed) >> shift)


@lru_cache(maxsize=1024)
def _network(block: str) -> tuple[bytes, int] | None:
    address, slash, prefix = block.partition("/")
    packed = _packed(address)
    if packed is None or not slash or not (prefix.isascii() and prefix.isdigit()):
        return None
    if len(prefix) > _PREFIX_DIGITS or int(prefix) > 8 * len(packed):
        return None
    return packed, int(prefix)


def _packed(address: str) -> bytes | None:
    import socket  # noqa: PLC0415  # milliseconds that most queries never need

    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except (OSError, ValueError):
        return None
