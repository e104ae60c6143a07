"""What leaves this host in a parcel and what comes back, whichever way it is carried.

Out: reports without a receipt, oldest first, with the tables, policies and registers that the
server cannot have. In: receipts, and a newer assignment with what it names. Nothing is believed
because it came over a pinned connection: receipts and assignments are verified here, in the same
way as when they come on a medium, and are stored only if all they name is there.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.config import INTERVAL_S
from agent.errors import InputError, ServerError, StateError, UntrustedServerError
from agent.spool import Entry, Spool
from agent.state import State
from evidence import agreement, checkpoint, dsse, parcel, receipt
from evidence.errors import (
    EvidenceError,
    MalformedError,
    NotAuthenticError,
    UnknownSignerError,
)
from evidence.parcel import Parcel
from evidence.statement import (
    ASSIGNMENT,
    Assignment,
    decode_statement,
    judged_by,
    predicate_type,
    rests_on,
)
from evidence.trust import Server, Trust
from policies.compile import read_compiled
from policies.errors import PolicyError
from policies.registers import read_register

PARCEL_BYTES = 8 * 1024 * 1024
"""About how much one parcel to the server holds; a longer spool goes in several."""
PARCEL_REPORTS = 500
"""The most reports in one parcel to the server."""
MAX_REPLY = 64 * 1024 * 1024
"""The longest parcel that is taken in, in bytes."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken in."""

    receipts: int
    assignment: bool
    """Whether a newer assignment is in force now."""


def outgoing(state: State, *, complete: bool = False) -> Iterator[Parcel]:
    """What the server has not receipted, in parcels of about `PARCEL_BYTES`, oldest first.

    What the server should have already stays here, unless it has to be `complete`.
    """
    spool = Spool(state)
    known = set[str]() if complete else _known(state, spool)
    envelopes: list[bytes] = []
    blobs: dict[str, bytes] = {}
    size = 0
    for sequence in spool.pending():
        entry = spool.entry(sequence)
        wanted = sorted(rests_on(entry.statement) - known - blobs.keys())
        new = {digest: spool.blob(digest) for digest in wanted}
        grown = len(entry.envelope) + sum(map(len, new.values()))
        full = size + grown > PARCEL_BYTES or len(envelopes) == PARCEL_REPORTS
        if envelopes and full:
            yield Parcel(envelopes=tuple(envelopes), blobs=blobs)
            known |= blobs.keys()
            envelopes, blobs, size = [], {}, 0
        envelopes.append(entry.envelope)
        blobs |= new
        size += grown
    if envelopes:
        yield Parcel(envelopes=tuple(envelopes), blobs=blobs)


def export(state: State, *, everything: bool = False) -> Parcel:
    """What the server has not receipted, or `everything` that is here, as one parcel.

    It stands by itself: it may be read where nothing else of this host is at hand.
    """
    spool = Spool(state)
    return whole(state, spool.sequences() if everything else spool.pending())


def whole(state: State, sequences: Sequence[int]) -> Parcel:
    """The reports at `sequences` with all that they rest on, and their receipts."""
    spool = Spool(state)
    entries = [spool.entry(sequence) for sequence in sequences]
    named = set[str]()
    said: dict[bytes, None] = {}
    if (enrolment := state.read("enrolment.json")) is not None:
        said[enrolment] = None
    for entry in entries:
        statement = entry.statement
        named |= rests_on(statement)
        if (assignment := statement.predicate.assignment) is not None:
            envelope = state.read(_assignment(assignment.sha256))
            if envelope is not None:
                said[envelope] = None
                named |= _named(envelope)
    receipts = {
        entry.digest: proof
        for entry in entries
        if (proof := spool.receipt(entry.sequence)) is not None
    }
    return Parcel(
        envelopes=(*said, *(entry.envelope for entry in entries)),
        blobs={digest: spool.blob(digest) for digest in named},
        receipts=receipts,
    )


def _named(assignment: bytes) -> set[str]:
    """What an assignment (DSSE) names by digest."""
    predicate = decode_statement(dsse.open_envelope(assignment).payload, Assignment).predicate
    return judged_by(predicate)


def _assignment(digest: str) -> str:
    return f"assignments/{digest}.json"


def _known(state: State, spool: Spool) -> set[str]:
    """Digests of what the server has: its own assignment's, and the last receipted report's."""
    known = set[str]()
    assigned = state.assigned
    if assigned is not None:
        known |= judged_by(assigned.assignment)
    unreceipted = set(spool.unreceipted())
    receipted = [s for s in spool.sequences() if s not in unreceipted]
    if receipted:
        known |= rests_on(spool.entry(receipted[-1]).statement)
    return known


def read_parcel(data: bytes) -> Parcel:
    """The parcel in `data`.

    Raises:
        InputError: it is none, or damaged.
    """
    try:
        return parcel.read(data, limit=MAX_REPLY)
    except EvidenceError as e:
        raise InputError(
            f"文件已损坏或格式不符：{e}。请重新导出或重新复制",
            f"not an intact parcel: {e}. Export or copy it again",
        ) from e


def take_in(state: State, incoming: Parcel) -> Taken:
    """Verify and store what `incoming` holds for this host; the caller holds the lock.

    Receipts come first, so that an assignment which is refused does not take them along.

    Raises:
        UntrustedServerError: a receipt or an assignment that this host's server did not make.
        ServerError: an assignment that cannot be put in force as it is.
    """
    server = trusted_server(state)
    spool = Spool(state)
    count = 0
    for sequence in spool.unreceipted():
        entry = spool.entry(sequence)
        proof = incoming.receipts.get(entry.digest)
        if proof is not None:
            _take_receipt(state, server, entry, proof)
            count += 1
    newer = False
    for envelope in incoming.envelopes:
        newer |= _take_assignment(state, server, incoming, envelope)
    return Taken(receipts=count, assignment=newer)


def trusted_server(state: State) -> Server:
    """The server that this host is enrolled with.

    Raises:
        StateError: the trust directory does not name exactly one.
    """
    try:
        servers = Trust.load(state.trust_directory).servers
    except EvidenceError as e:
        raise StateError(f"{state.trust_directory}: {e}", f"{state.trust_directory}: {e}") from e
    if len(servers) != 1:
        raise StateError(
            f"{state.trust_directory}: 应恰有一个服务器公钥，现有 {len(servers)} 个。请重新纳管",
            f"{state.trust_directory}: must hold exactly one server key, holds {len(servers)}. "
            "Enrol again",
        )
    return servers[0]


def _take_receipt(state: State, server: Server, entry: Entry, proof: str) -> None:
    try:
        decoded = receipt.decode(proof)
        logged = receipt.verify(decoded, entry.digest, entry.key_id, server.key, server.origin)
        if agreement.seconds(logged.leaf.received_at) is None:
            # Without a time no lag shows, and a lag that does not show would pass.
            raise MalformedError(f"received at {logged.leaf.received_at[:40]!r}, which is no time")
    except EvidenceError as e:
        raise UntrustedServerError(
            f"第 {entry.sequence} 份主机报告的回执核验不通过：{e}。回执未保存，报告仍在待发队列",
            f"the receipt for report {entry.sequence} is not authentic: {e}. It was not stored; "
            "the report stays in the spool",
        ) from e
    Spool(state).add_receipt(entry.sequence, proof)
    seen = state.last_seen
    if seen is None or checkpoint.read(seen).size < logged.checkpoint.size:
        state.write("seen-checkpoint", decoded.checkpoint.encode("utf-8"))


def _take_assignment(state: State, server: Server, incoming: Parcel, envelope: bytes) -> bool:
    """Put an assignment in force if it is newer; whether it was. Other statements are left."""
    try:
        opened = dsse.open_envelope(envelope)
        if predicate_type(opened.payload) != ASSIGNMENT:
            return False
        dsse.verify(opened, {server.key.key_id: server.key})
        assignment = decode_statement(opened.payload, Assignment).predicate
    except (UnknownSignerError, NotAuthenticError) as e:
        raise UntrustedServerError(
            f"下发配置不是本机所属服务器签发的：{e}。已拒绝",
            f"an assignment that this host's server did not sign: {e}. Refused",
        ) from e
    except EvidenceError as e:
        raise ServerError(f"下发配置有误：{e}", f"what was sent is malformed: {e}") from e
    unit = state.require_enrolled().unit
    if assignment.unit != unit:
        raise ServerError(
            f"下发配置属于另一个单位 {assignment.unit!r}，本机属于 {unit!r}。已拒绝",
            f"an assignment of unit {assignment.unit!r}; this host is of {unit!r}. Refused",
        )
    shortest, longest = INTERVAL_S
    if not shortest <= assignment.interval_s <= longest:
        raise ServerError(
            f"下发配置的上报间隔为 {assignment.interval_s} 秒，应在 {shortest} 至 {longest} "
            "秒之间。已拒绝，沿用原有配置",
            f"an assignment whose interval is {assignment.interval_s} s, not {shortest} to "
            f"{longest} s. Refused; the old one stays in force",
        )
    current = state.assigned
    if current is not None:
        if current.digest == hashlib.sha256(opened.payload).hexdigest():
            return False
        if assignment.serial <= current.assignment.serial:
            raise UntrustedServerError(
                f"下发配置的序号 {assignment.serial} 不高于已生效的 "
                f"{current.assignment.serial}，疑似回退。已拒绝",
                f"an assignment with serial {assignment.serial}, not above the one in force "
                f"({current.assignment.serial}): a rollback. Refused",
            )
    blobs = _named_blobs(state, incoming, assignment)
    Spool(state).add_blobs(blobs)
    state.write(_assignment(hashlib.sha256(opened.payload).hexdigest()), envelope)
    state.write("assignment.json", envelope)
    return True


def _named_blobs(state: State, incoming: Parcel, assignment: Assignment) -> dict[str, bytes]:
    """The policies and registers of `assignment`, each readable by this agent."""
    spool = Spool(state)
    blobs: dict[str, bytes] = {}
    try:
        for policy in assignment.policies:
            digest = policy.digest.sha256
            blobs[digest] = _blob(incoming, spool, digest)
            read_compiled(blobs[digest])
        for register in assignment.registers:
            digest = register.digest.sha256
            blobs[digest] = _blob(incoming, spool, digest)
            read_register(register, blobs[digest])
    except PolicyError as e:
        raise ServerError(
            f"下发的检查策略或登记册本机无法使用：{e}。沿用原有配置；可能需要升级客户端",
            f"a policy or register that this agent cannot use: {e}. The old ones stay in force; "
            "the agent may have to be upgraded",
        ) from e
    return blobs


def _blob(incoming: Parcel, spool: Spool, digest: str) -> bytes:
    data = incoming.blobs.get(digest)
    return spool.blob(digest) if data is None else data
