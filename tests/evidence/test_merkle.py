"""The tree of RFC 6962, against its definition and its published vectors."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import merkle
from evidence.errors import NotAuthenticError

# The leaves and hashes that the Certificate Transparency project publishes with its tree.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCY = {
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (1, 1): [],
}
SIZES = st.integers(1, 80)


class Tree:
    """A tree that stores its nodes in a dict."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = list(leaves)
        self.stored: dict[tuple[int, int], bytes] = {}
        for size, leaf in enumerate(leaves):
            for level, index, node in merkle.appended(size, merkle.leaf_hash(leaf), self.nodes):
                assert (level, index) not in self.stored
                self.stored[level, index] = node

    def nodes(self, level: int, index: int) -> bytes:
        return self.stored[level, index]


def numbered(size: int) -> list[bytes]:
    return [b"%d" % number for number in range(size)]


def naive(leaves: Sequence[bytes]) -> bytes:
    """MTH exactly as RFC 6962 §2.1 defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + naive(leaves[:split]) + naive(leaves[split:])).digest()


def naive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH exactly as RFC 6962 §2.1.1 defines it."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*naive_path(index, leaves[:split]), naive(leaves[split:])]
    return [*naive_path(index - split, leaves[split:]), naive(leaves[:split])]


def naive_proof(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF exactly as RFC 6962 §2.1.2 defines it."""
    if old == len(leaves):
        return [] if whole else [naive(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return [*naive_proof(old, leaves[:split], whole=whole), naive(leaves[split:])]
    return [*naive_proof(old - split, leaves[split:], whole=False), naive(leaves[:split])]


def test_published_roots_and_proofs() -> None:
    """The vectors of the Certificate Transparency project."""
    tree = Tree(LEAVES)

    assert [merkle.root(size, tree.nodes).hex() for size in range(9)] == ROOTS
    for (index, size), proof in INCLUSION.items():
        assert [n.hex() for n in merkle.inclusion_proof(index, size, tree.nodes)] == proof
    for (old, new), proof in CONSISTENCY.items():
        assert [n.hex() for n in merkle.consistency_proof(old, new, tree.nodes)] == proof


@given(st.lists(st.binary(max_size=8), max_size=80))
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    """Whatever the leaves, from stored complete nodes only."""
    assert merkle.root(len(leaves), Tree(leaves).nodes) == naive(leaves)


@given(SIZES, st.data())
def test_inclusion_proofs_are_those_of_the_definition(size: int, choices: st.DataObject) -> None:
    """Every leaf of every size; the proof verifies."""
    index = choices.draw(st.integers(0, size - 1))
    leaves = numbered(size)
    proof = merkle.inclusion_proof(index, size, Tree(leaves).nodes)

    merkle.verify_inclusion(merkle.leaf_hash(leaves[index]), index, size, proof, naive(leaves))

    assert list(proof) == naive_path(index, leaves)


@given(SIZES, st.data())
def test_consistency_proofs_are_those_of_the_definition(size: int, choices: st.DataObject) -> None:
    """Every beginning of every size; the proof verifies."""
    old = choices.draw(st.integers(1, size))
    leaves = numbered(size)
    proof = merkle.consistency_proof(old, size, Tree(leaves).nodes)

    merkle.verify_consistency(old, naive(leaves[:old]), size, naive(leaves), proof)

    assert list(proof) == naive_proof(old, leaves)


@given(SIZES, st.data())
def test_no_changed_inclusion_proof_verifies(size: int, choices: st.DataObject) -> None:
    """Another leaf, index, root, or a proof with a hash changed, missing or too many."""
    index = choices.draw(st.integers(0, size - 1))
    leaves = numbered(size)
    proof = naive_path(index, leaves)
    leaf, root = merkle.leaf_hash(leaves[index]), naive(leaves)
    at = choices.draw(st.integers(0, max(len(proof) - 1, 0)))
    other = choices.draw(st.integers(-1, size + 1).filter(lambda n: n != index))

    wrong = [
        (merkle.leaf_hash(b"x"), index, size, proof, root),
        (leaf, index, size, proof, merkle.leaf_hash(b"x")),
        (leaf, other, size, proof, root),
        (leaf, index, size, [*proof, leaf], root),
        (leaf, index, 0, proof, root),
    ]
    if proof:
        wrong += [
            (leaf, index, size, proof[:-1], root),
            (leaf, index, size, [*proof[:at], merkle.leaf_hash(b"x"), *proof[at + 1 :]], root),
        ]
    for case in wrong:
        with pytest.raises(NotAuthenticError):
            merkle.verify_inclusion(*case)


@given(st.integers(2, 80), st.data())
def test_no_changed_consistency_proof_verifies(size: int, choices: st.DataObject) -> None:
    """Another root on either side, or a proof with a hash changed, missing or too many."""
    old = choices.draw(st.integers(1, size - 1))
    leaves = numbered(size)
    proof = naive_proof(old, leaves)
    before, after, other = naive(leaves[:old]), naive(leaves), merkle.leaf_hash(b"x")
    at = choices.draw(st.integers(0, len(proof) - 1))

    for case in (
        (old, other, size, after, proof),
        (old, before, size, other, proof),
        (old, before, size, after, proof[:-1]),
        (old, before, size, after, []),
        (old, before, size, after, [*proof, other]),
        (old, before, size, after, [*proof[:at], other, *proof[at + 1 :]]),
        (size, after, old, before, proof),
        (size, before, size, after, []),
        (size, after, size, after, proof),
        (0, before, size, after, []),
        (0, merkle.EMPTY_ROOT, size, after, proof),
    ):
        with pytest.raises(NotAuthenticError):
            merkle.verify_consistency(*case)


def test_the_empty_tree_and_the_same_tree_need_no_proof() -> None:
    """Nothing is the beginning of everything, and a tree of itself."""
    root = naive(numbered(5))

    merkle.verify_consistency(0, merkle.EMPTY_ROOT, 5, root, ())
    merkle.verify_consistency(5, root, 5, root, ())


def test_refuses_to_prove_what_is_not_there() -> None:
    """A leaf beyond the end, a beginning that is longer or nothing."""
    tree = Tree(numbered(3))

    for index in (-1, 3):
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion_proof(index, 3, tree.nodes)
    for old in (0, 4):
        with pytest.raises(ValueError, match="not the beginning"):
            merkle.consistency_proof(old, 3, tree.nodes)


def test_a_large_tree_is_answered_with_few_reads() -> None:
    """A root and a proof read about as many nodes as the size has bits, and never a leaf hash."""
    reads: list[tuple[int, int]] = []

    def nodes(level: int, index: int) -> bytes:
        reads.append((level, index))
        return hashlib.sha256(b"%d %d" % (level, index)).digest()

    size = 2**40 + 12_345
    proof = merkle.inclusion_proof(2**39 + 7, size, nodes)
    merkle.root(size, nodes)

    assert len(proof) <= 41
    assert len(reads) <= 200
