"""The log (存证日志): everything signed that this server received or issued, in order.

Entries are appended inside the transaction that stores what they are about, so that there is
never one without the other. A receipt names the checkpoint of the batch it was appended with and
is made again, byte for byte, from the stored nodes whenever it is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, tuple_

from evidence import checkpoint, merkle, receipt
from evidence.checkpoint import Checkpoint
from evidence.dsse import Envelope
from evidence.keys import SigningKey
from evidence.receipt import Receipt
from server.store.envelopes import in_parts, pack, pack_signatures
from server.store.schema import checkpoints, log_nodes, statements


@dataclass(frozen=True, slots=True)
class Log:
    """Who signs checkpoints, and under which name."""

    origin: str
    key: SigningKey


@dataclass(frozen=True, slots=True)
class Entry:
    """A signed statement about to enter the log."""

    digest: str
    """SHA-256 of the payload."""
    predicate: str
    key_id: str
    """Whose signature was checked."""
    payload: bytes
    """Compressed with zlib."""
    signatures: bytes
    """As `server.store.envelopes` keeps them."""

    @staticmethod
    def of(envelope: Envelope, predicate: str, key_id: str) -> "Entry":
        """The entry for `envelope`, in which the signature of `key_id` was checked."""
        return Entry(
            digest=envelope.payload_digest,
            predicate=predicate,
            key_id=key_id,
            payload=pack(envelope.payload),
            signatures=pack_signatures(envelope),
        )


def append(
    connection: Connection, log: Log, entries: Sequence[Entry], received_at: str
) -> Mapping[str, str]:
    """Store `entries` and log them in this order; their receipts, by payload digest.

    None of them may be in the log already.
    """
    if not entries:
        return {}
    first = size(connection)
    nodes = _Nodes(connection)
    nodes.load_peaks(first)
    leaves = [receipt.leaf(entry.digest, entry.key_id, received_at) for entry in entries]
    for index, leaf in enumerate(leaves, start=first):
        nodes.take(merkle.appended(index, merkle.leaf_hash(leaf), nodes))
    total = first + len(entries)
    head = Checkpoint(log.origin, total, merkle.root(total, nodes))
    note = checkpoint.sign(head, log.key)
    connection.execute(
        insert(checkpoints), [{"size": total, "note": note, "issued_at": received_at}]
    )
    connection.execute(insert(log_nodes), nodes.taken)
    connection.execute(
        insert(statements),
        [
            {
                "leaf_index": index,
                "digest": entry.digest,
                "predicate": entry.predicate,
                "key_id": entry.key_id,
                "payload": entry.payload,
                "signatures": entry.signatures,
                "received_at": received_at,
                "tree_size": total,
            }
            for index, entry in enumerate(entries, start=first)
        ],
    )
    return {
        entry.digest: receipt.encode(
            Receipt(index, leaf, note, merkle.inclusion_proof(index, total, nodes))
        )
        for index, (entry, leaf) in enumerate(zip(entries, leaves, strict=True), start=first)
    }


def receipts(connection: Connection, digests: Iterable[str]) -> Mapping[str, str]:
    """The receipts of those of `digests` that are in the log, the same bytes every time."""
    nodes = _Nodes(connection)
    return {
        row.digest: receipt.encode(
            Receipt(
                row.leaf_index,
                receipt.leaf(row.digest, row.key_id, row.received_at),
                row.note,
                merkle.inclusion_proof(row.leaf_index, row.tree_size, nodes),
            )
        )
        for some in in_parts(digests)
        for row in connection.execute(_LOGGED, {"digests": some})
    }


def size(connection: Connection) -> int:
    """How many entries the log has."""
    return connection.scalar(select(func.max(checkpoints.c.size))) or 0


def latest(connection: Connection) -> str | None:
    """The newest checkpoint, a signed note; None while the log is empty."""
    return connection.scalar(
        select(checkpoints.c.note).order_by(checkpoints.c.size.desc()).limit(1)
    )


_NODE = select(log_nodes.c.hash).where(
    log_nodes.c.level == bindparam("at_level"), log_nodes.c.position == bindparam("at_position")
)
_PEAKS = select(log_nodes.c.level, log_nodes.c.position, log_nodes.c.hash).where(
    tuple_(log_nodes.c.level, log_nodes.c.position).in_(bindparam("places", expanding=True))
)
_LOGGED = (
    select(
        statements.c.digest,
        statements.c.key_id,
        statements.c.received_at,
        statements.c.leaf_index,
        statements.c.tree_size,
        checkpoints.c.note,
    )
    .join(checkpoints, checkpoints.c.size == statements.c.tree_size)
    .where(statements.c.digest.in_(bindparam("digests", expanding=True)))
)


class _Nodes:
    """The stored nodes, and over them those that this transaction completes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[int, int], bytes] = {}
        self.taken: list[dict[str, object]] = []

    def __call__(self, level: int, position: int) -> bytes:
        node = self._known.get((level, position))
        if node is None:
            node = self._connection.execute(
                _NODE, {"at_level": level, "at_position": position}
            ).scalar_one()
            self._known[level, position] = node
        return node

    def load_peaks(self, size: int) -> None:
        """Read at once what appending to a log of `size` entries will ask for: the largest
        complete subtrees, one for each binary digit of `size`.
        """
        levels = [level for level in range(size.bit_length()) if size >> level & 1]
        found = self._connection.execute(
            _PEAKS, {"places": [(level, (size >> level) - 1) for level in levels]}
        )
        for level, position, node in found:
            self._known[level, position] = node

    def take(self, completed: Iterable[tuple[int, int, bytes]]) -> None:
        for level, position, node in completed:
            self._known[level, position] = node
            self.taken.append({"level": level, "position": position, "hash": node})
