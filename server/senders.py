"""Who may deliver, and what need not be delivered again, remembered between requests.

Both only ever grow: a host keeps its key, and a stored blob stays. What is not remembered is
looked up, so that forgetting costs time and nothing else.
"""

from collections.abc import Iterable

from sqlalchemy import select

from evidence.keys import public_key
from server.delivery import Sender
from server.store.engine import Store
from server.store.schema import hosts

MAX_SENDERS = 100_000
MAX_BLOBS = 500_000
"""How many are remembered: about 60 MB of digests."""


class Senders:
    """The enrolled hosts, by key id, and digests of stored blobs."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Sender] = {}
        self._stored: set[str] = set()

    def get(self, key_id: str) -> Sender | None:
        """The host whose key has this id."""
        known = self._known.get(key_id)
        if known is not None:
            return known
        with self._store.read() as connection:
            row = connection.execute(select(hosts).where(hosts.c.key_id == key_id)).first()
        if row is None:
            return None
        if len(self._known) >= MAX_SENDERS:
            self._known.clear()
        sender = self._known[key_id] = Sender(row.id, row.unit_id, public_key(row.public_key))
        return sender

    def is_stored(self, digest: str) -> bool:
        """Whether the blob is known to be stored; if not it may be all the same."""
        return digest in self._stored

    def stored(self, digests: Iterable[str]) -> None:
        """Remember that these blobs are stored."""
        if len(self._stored) >= MAX_BLOBS:
            self._stored.clear()
        self._stored.update(digests)
