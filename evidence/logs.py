"""What receipts and checkpoints show, as far as the logs' keys are trusted.

One checkpoint serves many receipts and is verified once. Every verified head is remembered, so
that a log that signs two roots of one size is found out, also across reports.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from evidence import checkpoint, receipt
from evidence.checkpoint import Checkpoint
from evidence.errors import EvidenceError, UnknownSignerError
from evidence.finding import Code, Finding, failed, held, not_checked, signer_unknown
from evidence.receipt import Logged
from evidence.trust import Trust


@dataclass
class Logs:
    """The logs of the servers in `trust`."""

    trust: Trust
    _heads: dict[str, Checkpoint | Finding] = field(default_factory=dict)

    def receipt(
        self, text: str | None, payload_digest: str, key_id: str
    ) -> tuple[Logged | None, Finding]:
        """What the receipt `text` shows of the payload that `key_id` signed, and what was found."""
        if text is None:
            return None, not_checked(Code.RECEIPT_MISSING, payload_digest)
        try:
            given = receipt.decode(text)
            head = self._head(given.checkpoint)
            if isinstance(head, Finding):
                return None, head
            logged = receipt.verify_within(given, payload_digest, key_id, head)
        except EvidenceError as e:
            return None, failed(Code.RECEIPT_WRONG, str(e))
        received = logged.leaf.received_at
        return logged, held(Code.RECEIPT_HELD, received, str(logged.index), head.origin)

    def last_seen(self, text: str, logged: Logged | None) -> list[Finding]:
        """What is wrong with the checkpoint `text` that a host had seen before it scanned, the
        result of which the log then received as `logged`.
        """
        head = self._head(text)
        if isinstance(head, Finding):
            return [head]
        if logged and logged.checkpoint.origin == head.origin and logged.index < head.size:
            return [failed(Code.LOG_ROLLED_BACK, str(logged.index), str(head.size))]
        return []

    @property
    def heads(self) -> frozenset[Checkpoint]:
        """The verified checkpoints so far."""
        return frozenset(head for head in self._heads.values() if isinstance(head, Checkpoint))

    def _head(self, text: str) -> Checkpoint | Finding:
        """The verified checkpoint in the note `text`, or what is wrong with it."""
        if text not in self._heads:
            self._heads[text] = self._verified(text)
        return self._heads[text]

    def _verified(self, text: str) -> Checkpoint | Finding:
        try:
            origin = checkpoint.read(text).origin
            key = self.trust.log(origin)
            if key is None:
                return signer_unknown(Code.LOG_UNKNOWN, origin)
            head = checkpoint.verify(text, key, origin)
        except UnknownSignerError as e:
            return signer_unknown(Code.LOG_UNKNOWN, str(e))
        except EvidenceError as e:
            return failed(Code.CHECKPOINT_WRONG, str(e))
        return head


def forks(heads: Iterable[Checkpoint]) -> list[Finding]:
    """The sizes of which some log has signed more than one root, among verified `heads`."""
    roots: dict[tuple[str, int], set[bytes]] = {}
    for head in heads:
        roots.setdefault((head.origin, head.size), set()).add(head.root)
    return [
        failed(Code.LOG_FORKED, origin, str(size))
        for (origin, size), signed in sorted(roots.items())
        if len(signed) > 1
    ]
