"""The spool: this host's reports in the order of its chain, their tables, their receipts.

The last entry is the head of the chain, so nothing else has to be kept in step with it. An entry
is written after its tables and is never changed; what has no receipt is never removed.
"""

import hashlib
from collections.abc import Mapping

import msgspec

from agent.errors import StateError
from agent.state import State
from evidence import dsse
from evidence.errors import EvidenceError
from evidence.statement import Report, Statement, decode_statement

_SHA256_HEX = 64


class Entry(msgspec.Struct, frozen=True):
    """One report in the spool."""

    sequence: int
    envelope: bytes
    payload: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the payload: what the next report's `previous` and a receipt name."""
        return hashlib.sha256(self.payload).hexdigest()

    @property
    def statement(self) -> Statement[Report]:
        """What it says."""
        return decode_statement(self.payload, Report)


class Spool(msgspec.Struct, frozen=True):
    """The spool of one state directory."""

    state: State

    def sequences(self) -> list[int]:
        """The places in the chain that are still here, in order."""
        return _numbers(self.state, "spool")

    def pending(self) -> list[int]:
        """Those of them that have no receipt yet, in order."""
        receipted = set(_numbers(self.state, "receipts"))
        return [sequence for sequence in self.sequences() if sequence not in receipted]

    def entry(self, sequence: int) -> Entry:
        """The report at that place.

        Raises:
            StateError: it is missing or damaged.
        """
        name = _entry(sequence)
        data = self.state.read(name)
        path = self.state.root / name
        if data is None:
            raise StateError(f"{path}: 不存在", f"{path}: is missing")
        try:
            return Entry(sequence, data, dsse.open_envelope(data).payload)
        except EvidenceError as e:
            raise StateError(
                f"{path}: 内容已损坏：{e}。请移走该文件并保留以备查；服务器会显示断档",
                f"{path}: damaged: {e}. Move the file away and keep it; the server will show a gap",
            ) from e

    def head(self) -> Entry | None:
        """The newest report; None where the chain has not begun."""
        sequences = self.sequences()
        return self.entry(sequences[-1]) if sequences else None

    def receipt(self, sequence: int) -> str | None:
        """The receipt (tlog-proof) for the report at that place."""
        data = self.state.read(_receipt(sequence))
        return None if data is None else data.decode("utf-8")

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
        """Remove receipted reports beyond the newest `keep`, and blobs that nothing names."""
        pending = set(self.pending())
        sequences = self.sequences()
        removed = [s for s in sequences[: -max(1, keep)] if s not in pending]
        for sequence in removed:
            (self.state.root / _entry(sequence)).unlink(missing_ok=True)
            (self.state.root / _receipt(sequence)).unlink(missing_ok=True)
        if removed:
            self._sweep()

    def _sweep(self) -> None:
        named = set[str]()
        for sequence in self.sequences():
            named |= digests(self.entry(sequence).statement)
        assigned = self.state.assigned
        if assigned is not None:
            named |= {ref.digest.sha256 for ref in assigned.assignment.policies}
            named |= {ref.digest.sha256 for ref in assigned.assignment.registers}
        for path in (self.state.root / "blobs").iterdir():
            if len(path.name) == _SHA256_HEX and path.name not in named:
                path.unlink(missing_ok=True)


def digests(statement: Statement[Report]) -> set[str]:
    """What a report names by digest: tables, policies and registers."""
    report = statement.predicate
    return {
        *(subject.digest.sha256 for subject in statement.subject),
        *(ref.digest.sha256 for ref in report.policies),
        *(ref.digest.sha256 for ref in report.registers),
    }


def _entry(sequence: int) -> str:
    return f"spool/{sequence:010d}.json"


def _receipt(sequence: int) -> str:
    return f"receipts/{sequence:010d}.txt"


def _numbers(state: State, directory: str) -> list[int]:
    try:
        stems = [path.stem for path in (state.root / directory).iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as e:
        raise StateError(
            f"{state.root / directory}: 无法读取：{e.strerror}。请以 root 执行",
            f"{state.root / directory}: cannot be read: {e.strerror}. Run as root",
        ) from e
    return sorted(int(stem) for stem in stems if stem.isascii() and stem.isdigit())
