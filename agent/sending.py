"""Sends what has no receipt yet to this host's server, and takes in what comes back."""

from collections.abc import Iterator
from dataclasses import dataclass

from agent import clock
from agent.config import Config
from agent.connection import Reply, Server, lacks_blobs, refused_report
from agent.connection import refused as refusal
from agent.errors import StateError
from agent.exchange import Taken, outgoing, read_parcel, take_in
from agent.spool import Refusal, Spool
from agent.state import LOCK_WAIT_S, State
from evidence import parcel
from evidence.keys import SigningKey

MAX_REASON = 1000
"""How much of the server's reason is kept, in characters."""
_OK, _NOT_FOUND = 200, 404


@dataclass(frozen=True, slots=True)
class Sent:
    """What one transmission achieved."""

    receipts: int
    assignment: bool
    """Whether a newer assignment came back."""
    pending: int
    """Reports that are still to be sent."""
    refused: tuple[int, ...]
    """The places of those that the server refused for good just now, and that were set aside."""


def send(state: State, config: Config) -> Sent:
    """Send the whole spool; with nothing to send, ask for a newer assignment.

    What was receipted stays receipted, whatever fails later. A report that the server refuses for
    good is set aside, and what follows it in the chain is sent without it. Sending a report twice
    is harmless: the same bytes get the same receipt.

    Raises:
        NotEnrolledError, StateError, ServerError, UntrustedServerError.
    """
    host = state.require_enrolled()
    server = Server(host.server or "", _ca_pem(state), timeout_s=config.send_timeout_s)
    key = state.signing_key()
    receipts, assignment = 0, False
    refused: list[int] = []
    if Spool(state).pending():
        while True:
            place = None
            for reply in _answers(state, server, key):
                place = _set_aside(state, reply)
                if place is not None:
                    break
                taken = _taken(state, server, reply)
                receipts += taken.receipts
                assignment |= taken.assignment
            if place is None:
                break
            refused.append(place)
    else:
        reply = server.get_signed("/v1/assignment", key)
        if reply.status != _NOT_FOUND:
            assignment = _taken(state, server, reply).assignment
    with state.locked(LOCK_WAIT_S):
        Spool(state).prune(config.keep_reports)
    return Sent(receipts, assignment, len(Spool(state).pending()), tuple(refused))


def _answers(state: State, server: Server, key: SigningKey) -> Iterator[Reply]:
    """What the server answers to each parcel of the spool, each taken in before the next is sent.

    A server that was restored from a backup has not all that it once receipted: it gets the rest
    with nothing left out.
    """
    for sending in outgoing(state):
        reply = server.post_parcel("/v1/parcels", parcel.write(sending), key)
        if lacks_blobs(reply):
            break
        yield reply
    else:
        return
    for sending in outgoing(state, complete=True):
        yield server.post_parcel("/v1/parcels", parcel.write(sending), key)


def _set_aside(state: State, reply: Reply) -> int | None:
    """The place of the one report that the server refuses for good, set aside; None: there is none.

    What is refused with it, or for any other reason, is sent again.
    """
    said = refused_report(reply)
    if said is None:
        return None
    spool = Spool(state)
    for sequence in spool.pending():
        if spool.entry(sequence).digest == said.payload_digest:
            why = Refusal(said.code, said.zh[:MAX_REASON], said.en[:MAX_REASON], clock.now())
            with state.locked(LOCK_WAIT_S):
                spool.set_aside(sequence, why)
            return sequence
    return None


def _taken(state: State, server: Server, reply: Reply) -> Taken:
    if reply.status != _OK:
        raise refusal(server.url, reply)
    with state.locked(LOCK_WAIT_S):
        return take_in(state, read_parcel(reply.body))


def _ca_pem(state: State) -> str:
    data = state.read("ca.pem")
    if data is None:
        raise StateError(
            f"{state.ca_file}: 不存在，无法确认服务器身份。请重新纳管",
            f"{state.ca_file}: is missing, so the server cannot be identified. Enrol again",
        )
    return data.decode("ascii", "replace")
