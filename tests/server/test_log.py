"""The log: every receipt leads to a checkpoint, and every checkpoint continues the one before."""

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from evidence import checkpoint, dsse, merkle, receipt
from evidence.keys import create_key
from server import log
from server.log import Entry, Log
from server.store.engine import create_store
from server.store.schema import checkpoints, log_nodes

NOW = "2026-11-23T08:00:00Z"


@given(batches=st.lists(st.integers(1, 9), min_size=1, max_size=8))
@settings(max_examples=15, deadline=None)
def test_receipts_verify_whatever_the_batches(
    batches: list[int],
) -> None:
    """Appended in any batches, each entry has its place, its proof, and the same receipt later."""
    with TemporaryDirectory() as directory:
        _append_and_verify(Path(directory), batches)


def _append_and_verify(directory: Path, batches: list[int]) -> None:
    book = Log("log.example/test", create_key(directory / "key.pem"))
    store = create_store(directory)
    given_out: dict[str, str] = {}
    for number, size in enumerate(batches):
        entries = [
            Entry.of(
                dsse.open_envelope(dsse.seal(b"%d.%d" % (number, n), book.key)), "p", "ab" * 32
            )
            for n in range(size)
        ]
        with store.write() as connection:
            given_out |= log.append(connection, book, entries, NOW)

    with store.read() as connection:
        later = log.receipts(connection, given_out)
        notes = connection.scalars(select(checkpoints.c.note).order_by(checkpoints.c.size)).all()
        nodes = {
            (row.level, row.position): row.hash for row in connection.execute(select(log_nodes))
        }
    store.close()

    assert later == given_out
    indexes = [
        receipt.verify(receipt.decode(text), digest, "ab" * 32, book.key.public, book.origin).index
        for digest, text in given_out.items()
    ]
    assert sorted(indexes) == list(range(sum(batches)))
    heads = [checkpoint.verify(note, book.key.public, book.origin) for note in notes]
    for old, new in itertools.pairwise(heads):
        proof = merkle.consistency_proof(old.size, new.size, lambda level, n: nodes[level, n])
        merkle.verify_consistency(old.size, old.root, new.size, new.root, proof)


def test_nothing_appended_is_nothing_logged(tmp_path: Path) -> None:
    """A batch in which all was known makes no checkpoint."""
    store = create_store(tmp_path)
    book = Log("log.example/test", create_key(tmp_path / "key.pem"))

    with store.write() as connection:
        given_out = log.append(connection, book, [], NOW)

    with store.read() as connection:
        assert (given_out, log.size(connection), log.latest(connection)) == ({}, 0, None)
    store.close()
