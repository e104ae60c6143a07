"""Sends what has no receipt yet to this host's server, and takes in what comes back."""

from dataclasses import dataclass

from agent.config import Config
from agent.connection import Server, refused
from agent.errors import StateError
from agent.exchange import outgoing, read_parcel, take_in
from agent.spool import Spool
from agent.state import State
from evidence import keys, parcel
from evidence.errors import EvidenceError
from evidence.keys import SigningKey
from evidence.parcel import Parcel

LOCK_WAIT_S = 120.0
"""How long to wait for a scan to end before what came back is stored, in seconds."""


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
    key = signing_key(state)
    receipts, assignment = 0, False
    for sending in outgoing(state) if Spool(state).pending() else (Parcel(),):
        reply = server.post("/v1/parcels", parcel.write(sending), key)
        if reply.status != 200:  # noqa: PLR2004  # OK
            raise refused(server.url, reply)
        with state.locked(LOCK_WAIT_S):
            taken = take_in(state, read_parcel(reply.body))
        receipts += taken.receipts
        assignment |= taken.assignment
    with state.locked(LOCK_WAIT_S):
        Spool(state).prune(config.keep_reports)
    return Sent(receipts, assignment, len(Spool(state).pending()))


def signing_key(state: State) -> SigningKey:
    """This host's key.

    Raises:
        StateError: it is missing, unreadable, or open to others; the message says what to do.
    """
    try:
        return keys.load_key(state.key_file)
    except EvidenceError as e:
        raise StateError(str(e), str(e)) from e


def _ca_pem(state: State) -> str:
    data = state.read("ca.pem")
    if data is None:
        raise StateError(
            f"{state.ca_file}: 不存在, 无法确认服务器身份。请重新纳管",
            f"{state.ca_file}: is missing, so the server cannot be identified. Enrol again",
        )
    return data.decode("ascii", "replace")
