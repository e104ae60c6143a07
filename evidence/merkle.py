"""The Merkle tree of RFC 6962 §2.1 (RFC 9162 §2.1), as arithmetic over stored nodes.

A log keeps the hash of every complete subtree: node (`level`, `index`) covers the 2^level leaves
from index x 2^level on, and never changes once it is complete. Roots and proofs are computed
from those alone, so that a log of any size answers with a logarithm of reads:

    for level, index, node in appended(size, leaf_hash(leaf), nodes):
        store(level, index, node)
    root(size + 1, nodes)
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import TypeAlias

from evidence.errors import NotAuthenticError

Nodes: TypeAlias = Callable[[int, int], bytes]
"""The stored hash of the complete subtree at (level, index)."""

HASH_LENGTH = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_SIZE = 2**63 - 1
"""The largest tree, so that sizes and indexes fit a signed 64-bit integer everywhere."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one entry, told apart from any node's."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def appended(size: int, leaf: bytes, nodes: Nodes) -> list[tuple[int, int, bytes]]:
    """The nodes (level, index, hash) that become complete when the leaf hash `leaf` is added to a
    tree of `size` leaves: the leaf itself first, then every subtree it fills up.
    """
    added = [(0, size, leaf)]
    level, index, node = added[0]
    while index % 2 == 1:
        node = node_hash(nodes(level, index - 1), node)
        level, index = level + 1, index // 2
        added.append((level, index, node))
    return added


def root(size: int, nodes: Nodes) -> bytes:
    """The root hash of the first `size` leaves."""
    if size == 0:
        return EMPTY_ROOT
    return _range_hash(0, size, nodes)


def inclusion_proof(index: int, size: int, nodes: Nodes) -> tuple[bytes, ...]:
    """The hashes that lead from leaf `index` to the root of `size` leaves, the leaf's sibling
    first.

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    proof = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(_range_hash(middle, end, nodes))
            end = middle
        else:
            proof.append(_range_hash(begin, middle, nodes))
            begin = middle
    return tuple(reversed(proof))


def consistency_proof(old: int, new: int, nodes: Nodes) -> tuple[bytes, ...]:
    """The hashes that show that the tree of `old` leaves is the beginning of that of `new`.

    Raises:
        ValueError: not 0 < old <= new; of nothing there is nothing to show.
    """
    if not 0 < old <= new:
        raise ValueError(f"a tree of {old} leaves is not the beginning of one of {new}")
    proof = []
    begin, end, whole = 0, new, True
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append(_range_hash(middle, end, nodes))
            end = middle
        else:
            proof.append(_range_hash(begin, middle, nodes))
            begin, whole = middle, False
    if not whole:
        proof.append(_range_hash(begin, end, nodes))
    return tuple(reversed(proof))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes
) -> None:
    """Return if `proof` leads from the leaf hash `leaf` at `index` to the root hash `expected` of
    `size` leaves (RFC 9162 §2.1.3.2).

    Raises:
        NotAuthenticError: it does not.
    """
    if not 0 <= index < size:
        raise NotAuthenticError(f"no leaf {index} in a tree of {size}")
    position, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise NotAuthenticError("the inclusion proof is too long")
        if position % 2 == 1 or position == last:
            node = node_hash(sibling, node)
            while position % 2 == 0 and position != 0:
                position, last = position // 2, last // 2
        else:
            node = node_hash(node, sibling)
        position, last = position // 2, last // 2
    if last != 0:
        raise NotAuthenticError("the inclusion proof is too short")
    if not hmac.compare_digest(node, expected):
        raise NotAuthenticError("the inclusion proof does not lead to the root")


def verify_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Return if `proof` shows that the tree of `old` leaves with `old_root` is the beginning of
    that of `new` leaves with `new_root` (RFC 9162 §2.1.4.2).

    The empty tree is the beginning of every tree and needs an empty proof.

    Raises:
        NotAuthenticError: it does not.
    """
    if not 0 <= old <= new:
        raise NotAuthenticError(f"a tree of {new} leaves cannot continue one of {old}")
    if old in {0, new}:
        if proof:
            raise NotAuthenticError("the consistency proof is too long")
        if not hmac.compare_digest(old_root, EMPTY_ROOT if old == 0 else new_root):
            raise NotAuthenticError(f"the root of {old} leaves is not the one it must be")
        return
    # A complete old tree is a node of the new one, and its root begins the proof unsaid.
    hashes = [old_root, *proof] if old & (old - 1) == 0 else [*proof]
    position, last = old - 1, new - 1
    while position % 2 == 1:
        position, last = position // 2, last // 2
    if not hashes:
        raise NotAuthenticError("the consistency proof is empty")
    old_node = new_node = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise NotAuthenticError("the consistency proof is too long")
        if position % 2 == 1 or position == last:
            old_node = node_hash(sibling, old_node)
            new_node = node_hash(sibling, new_node)
            while position % 2 == 0 and position != 0:
                position, last = position // 2, last // 2
        else:
            new_node = node_hash(new_node, sibling)
        position, last = position // 2, last // 2
    if last != 0:
        raise NotAuthenticError("the consistency proof is too short")
    if not hmac.compare_digest(old_node, old_root):
        raise NotAuthenticError("the consistency proof does not lead to the old root")
    if not hmac.compare_digest(new_node, new_root):
        raise NotAuthenticError("the consistency proof does not lead to the new root")


def _range_hash(begin: int, end: int, nodes: Nodes) -> bytes:
    """The hash of leaves [begin, end), where begin is a multiple of a power of two >= the width."""
    width = end - begin
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return nodes(level, begin >> level)
    middle = begin + _split(width)
    return node_hash(_range_hash(begin, middle, nodes), _range_hash(middle, end, nodes))


def _split(width: int) -> int:
    """The largest power of two smaller than `width` (> 1): where RFC 6962 parts a tree."""
    return 1 << ((width - 1).bit_length() - 1)
