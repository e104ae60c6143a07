"""The spool: this host's reports in the order of its chain, their tables, their receipts.

The last entry is the head of the chain, so nothing else has to be kept in step with it. An entry
is written after its tables and is never changed; what has no receipt is never removed. One that
the server refused for good keeps its place, with the reason beside it.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from agent.errors import StateError
from agent.state import State, replaceable
from evidence import canonical, dsse, receipt
from evidence.errors import EvidenceError
from evidence.receipt import Leaf
from evidence.statement import Report, Statement, decode_statement, judged_by, rests_on

_SHA256_HEX = 64
_ENTRY = re.compile(r"([0-9]{10})\.json", re.ASCII)
_REFUSAL = re.compile(r"([0-9]{10})\.refused", re.ASCII)
_RECEIPT = re.compile(r"([0-9]{10})\.txt", re.ASCII)


class Entry(msgspec.Struct, frozen=True):
    """One report in the spool."""

    sequence: int
    envelope: bytes
    digest: str
    """SHA-256 of the payload: what the next report's `previous` and a receipt name."""
    key_id: str
    """Whose key it says signed it."""
    statement: Statement[Report]
    """What it says."""


class Place(msgspec.Struct, frozen=True):
    """A place in the chain, and the digest of what took it."""

    sequence: int
    digest: str


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The server's word that it will never take a report."""

    code: str
    zh: str
    en: str
    at: str
    """When it said so, by this host's clock."""


class Spool(msgspec.Struct, frozen=True):
    """The spool of one state directory."""

    state: State

    def sequences(self) -> list[int]:
        """The places in the chain that are still here, in order."""
        return _numbers(self.state, "spool", _ENTRY)

    def unreceipted(self) -> list[int]:
        """Those of them that have no receipt, in order."""
        receipted = set(_numbers(self.state, "receipts", _RECEIPT))
        return [sequence for sequence in self.sequences() if sequence not in receipted]

    def pending(self) -> list[int]:
        """Those of them that are to be sent: without a receipt, and not refused, in order."""
        refused = set(_numbers(self.state, "spool", _REFUSAL))
        return [sequence for sequence in self.unreceipted() if sequence not in refused]

    def refused(self) -> dict[int, Refusal]:
        """Why the server will never take those that it refused, by place.

        Raises:
            StateError: one cannot be read.
        """
        unreceipted = set(self.unreceipted())
        refused = _numbers(self.state, "spool", _REFUSAL)
        return {
            sequence: self._refusal(sequence) for sequence in refused if sequence in unreceipted
        }

    def _refusal(self, sequence: int) -> Refusal:
        name = _refusal(sequence)
        data = self.state.read(name) or b""
        try:
            return msgspec.json.decode(data, type=Refusal)
        except msgspec.DecodeError as e:
            raise replaceable(self.state.root / name, e) from e

    def path(self, sequence: int) -> Path:
        """Where the report at that place is kept."""
        return self.state.root / _entry(sequence)

    def entry(self, sequence: int) -> Entry:
        """The report at that place.

        Raises:
            StateError: it is missing or damaged.
        """
        data = self.state.read(_entry(sequence))
        path = self.path(sequence)
        if data is None:
            raise StateError(f"{path}: 不存在", f"{path}: is missing")
        try:
            opened = dsse.open_envelope(data)
            statement = decode_statement(opened.payload, Report)
        except EvidenceError as e:
            raise damaged_entry(path, e) from e
        signed_by = opened.signatures[0].keyid
        return Entry(sequence, data, opened.payload_digest, signed_by, statement)

    def head(self) -> Entry | None:
        """The newest report; None where the chain has not begun."""
        sequences = self.sequences()
        return self.entry(sequences[-1]) if sequences else None

    def taken(self) -> Place | None:
        """The newest place of the chain that is taken; None where it has not begun.

        A report that is lost here but was receipted keeps its place: another in it would be a fork.
        """
        sequences, receipted = self.sequences(), _numbers(self.state, "receipts", _RECEIPT)
        if receipted and receipted[-1] > (sequences[-1] if sequences else 0):
            leaf = self.leaf(receipted[-1])
            return None if leaf is None else Place(receipted[-1], leaf.payload_digest)
        head = self.head()
        return None if head is None else Place(head.sequence, head.digest)

    def receipt(self, sequence: int) -> str | None:
        """The receipt (tlog-proof) for the report at that place."""
        return self._receipted(sequence)[0]

    def leaf(self, sequence: int) -> Leaf | None:
        """What the receipt for the report at that place says."""
        return self._receipted(sequence)[1]

    def _receipted(self, sequence: int) -> tuple[str, Leaf] | tuple[None, None]:
        """The receipt at that place, which was verified before it was stored, and what it says.

        Raises:
            StateError: it is damaged.
        """
        name = _receipt(sequence)
        data = self.state.read(name)
        if data is None:
            return None, None
        try:
            text = data.decode("utf-8")
            return text, receipt.read_leaf(receipt.decode(text))
        except (UnicodeDecodeError, EvidenceError) as e:
            raise replaceable(self.state.root / name, e) from e

    def add(self, sequence: int, envelope: bytes, blobs: Mapping[str, bytes]) -> None:
        """Store a report and whatever it names by digest; the report last."""
        self.add_blobs(blobs)
        self.state.write(_entry(sequence), envelope)

    def add_blobs(self, blobs: Mapping[str, bytes]) -> None:
        """Store what is named by digest, unless it is there."""
        for digest, data in blobs.items():
            if not (self.state.root / "blobs" / digest).exists():
                self.state.write(f"blobs/{digest}", data)

    def add_receipt(self, sequence: int, proof: str) -> None:
        """Store a receipt, which the caller has verified."""
        self.state.write(_receipt(sequence), proof.encode("utf-8"))

    def set_aside(self, sequence: int, refusal: Refusal) -> None:
        """Send the report at that place no more; it stays where it is, with the reason beside."""
        self.state.write(_refusal(sequence), canonical.encode(msgspec.to_builtins(refusal)))

    def blob(self, digest: str) -> bytes:
        """What `digest` names, checked against it.

        Raises:
            StateError: it is missing or damaged.
        """
        data = self.state.read(f"blobs/{digest}")
        path = self.state.root / "blobs" / digest
        if data is None or hashlib.sha256(data).hexdigest() != digest:
            what_zh, what_en = (
                ("不存在", "is missing") if data is None else ("已损坏", "is damaged")
            )
            raise StateError(
                f"{path}: {what_zh}。执行 anfang send 可向服务器重新取得检查策略和登记册",
                f"{path}: {what_en}. anfang send fetches policies and registers again",
            )
        return data

    def prune(self, keep: int) -> None:
        """Remove receipted reports beyond the newest `keep`, and what nothing names any more."""
        self.state.sweep()
        unreceipted = set(self.unreceipted())
        sequences = self.sequences()
        removed = [s for s in sequences[: -max(1, keep)] if s not in unreceipted]
        for sequence in removed:
            (self.state.root / _entry(sequence)).unlink(missing_ok=True)
            (self.state.root / _receipt(sequence)).unlink(missing_ok=True)
            (self.state.root / _refusal(sequence)).unlink(missing_ok=True)
        if removed:
            self._sweep()

    def _sweep(self) -> None:
        named, assignments = set[str](), set[str]()
        for sequence in self.sequences():
            statement = self.entry(sequence).statement
            named |= rests_on(statement)
            if (made_under := statement.predicate.assignment) is not None:
                assignments.add(made_under.sha256)
        assigned = self.state.assigned
        if assigned is not None:
            named |= judged_by(assigned.assignment)
            assignments.add(assigned.digest)
        for directory, still in (("blobs", named), ("assignments", assignments)):
            for path in (self.state.root / directory).iterdir():
                if len(path.stem) == _SHA256_HEX and path.stem not in still:
                    path.unlink(missing_ok=True)


def damaged_entry(path: Path, error: Exception) -> StateError:
    """The error for a report in the spool that is not as it was written."""
    return StateError(
        f"{path}: 内容已损坏：{error}。请移走该文件并保留以备查；如服务器已收到而本机没有回执，"
        "服务器会显示分叉",
        f"{path}: damaged: {error}. Move the file away and keep it; if the server received the "
        "report and its receipt is not here, the server will show a fork",
    )


def _entry(sequence: int) -> str:
    return f"spool/{sequence:010d}.json"


def _receipt(sequence: int) -> str:
    return f"receipts/{sequence:010d}.txt"


def _refusal(sequence: int) -> str:
    return f"spool/{sequence:010d}.refused"


def _numbers(state: State, directory: str, form: re.Pattern[str]) -> list[int]:
    try:
        names = [path.name for path in (state.root / directory).iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as e:
        raise StateError(
            f"{state.root / directory}: 无法读取：{e.strerror}。请以 root 执行",
            f"{state.root / directory}: cannot be read: {e.strerror}. Run as root",
        ) from e
    return sorted(int(found[1]) for name in names if (found := form.fullmatch(name)))
