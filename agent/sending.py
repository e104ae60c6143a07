"""Sends what has no receipt yet to this host's server, and takes in what comes back."""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.config import Config
from agent.connection import Reply, Server, lacks_blobs, refused
from agent.errors import StateError
from agent.exchange import Taken, outgoing, read_parcel, take_in
from agent.spool import Spool
from agent.state import LOCK_WAIT_S, State
from evidence import parcel
from evidence.keys import SigningKey

_OK, _NOT_FOUND = 200, 404


@dataclass(frozen=True, slots=True)
class Sent:
    """What one transmission achieved."""

    receipts: int
    assignment: bool
    """Whether a newer assignment came back."""
    pending: int
    """Reports that still have no receipt."""


def send(state: State, config: Config) -> Sent:
    """Send the whole spool; with nothing to send, ask for a newer assignment.

    What was receipted stays receipted, whatever fails later. Sending a report twice is harmless:
    the same bytes get the same receipt.

    Raises:
        NotEnrolledError, StateError, ServerError, UntrustedServerError.
    """
    host = state.require_enrolled()
    server = Server(host.server or "", _ca_pem(state), timeout_s=config.send_timeout_s)
    key = state.signing_key()
    receipts, assignment = 0, False
    if Spool(state).pending():
        for reply in _answers(state, server, key):
            taken = _taken(state, server, reply)
            receipts += taken.receipts
            assignment |= taken.assignment
    else:
        reply = server.get_signed("/v1/assignment", key)
        if reply.status != _NOT_FOUND:
            assignment = _taken(state, server, reply).assignment
    with state.locked(LOCK_WAIT_S):
        Spool(state).prune(config.keep_reports)
    return Sent(receipts, assignment, len(Spool(state).pending()))


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


def _taken(state: State, server: Server, reply: Reply) -> Taken:
    if reply.status != _OK:
        raise refused(server.url, reply)
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
