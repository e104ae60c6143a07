"""Enrolment (纳管): from a token to a pinned server, a known key and an assignment.

There is no trust on first use. The token carries the digest of the server's certificate
authority; the agent fetches that certificate, holds it against the token, pins it, and only then
tells the token, over a connection that the authority vouches for.

    GET  /v1/ca       the authority's certificate, PEM
    POST /v1/enrol    a parcel with the enrolment request (DSSE, signed by the new key), itself
                      signed as RFC 9421 says; `Authorization: Anfang-Token <token>`

The answer is JSON, not a parcel, because it holds a secret and parcels are evidence:

    {"parcel": "…", "unit_key": "<64 hex>", "server": {"key": "<PEM>", "origin": "…"}}

The parcel holds the enrolment, the assignment and what it names. Asking again with the same key
and token, after an answer got lost, gets the same answer.
"""

import hashlib
import hmac
import re
import ssl
from base64 import b32encode
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from agent import clock
from agent.connection import Reply, Server, refused
from agent.errors import InputError, ServerError, StateError, UntrustedServerError
from agent.exchange import MAX_REPLY, take_in
from agent.state import HostFile, State, new_host_id, this_host
from evidence import dsse, keys, parcel, trust
from evidence.errors import EvidenceError
from evidence.keys import SigningKey, public_key
from evidence.parcel import Parcel
from evidence.statement import (
    ENROLMENT,
    Digest,
    Enrolment,
    EnrolmentRequest,
    Subject,
    decode_statement,
    encode_statement,
    predicate_type,
)
from facts.pseudonym import Pseudonym

_TOKEN = re.compile(r"anf1\.[a-z2-7]{32}\.([a-z2-7]{32})")
_DIGEST_BYTES = 20
_SERVER_NAME = "server"
"""Under which name the server's key lies in the trust directory."""


class _ServerIdentity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    origin: str


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    parcel: str
    unit_key: str
    server: _ServerIdentity


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What enrolment led to."""

    unit: str
    zone: str
    host_id: str
    key_id: str
    assignment: bool
    """Whether policies were assigned with it."""


def enrol(state: State, url: str, token: str, *, timeout_s: float) -> Enrolled:
    """Enrol this host with the server at `url`; the caller holds the lock.

    Whatever fails, the host is afterwards enrolled wholly or not at all; its key stays, so that
    it can be tried again with the same token.

    Raises:
        InputError: the URL or the token is none.
        UntrustedServerError: the server is not the one the token was made by.
        ServerError: it cannot be reached, or refuses.
        StateError: this host is enrolled already, or the state directory cannot be used.
    """
    url = _checked_url(url)
    token = token.strip().lower()
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise InputError(
            "注册码格式不对，应形如 anf1.….…；请完整复制，或向管理员重新索取",
            "not an enrolment token (anf1.….…): ask the administrator again, copy all of it",
        )
    host = state.host
    if host is not None and host.server is not None:
        raise StateError(
            f"本机已纳管到 {host.server}。如需改接其他服务器，请先移走 {state.root}",
            f"this host is enrolled with {host.server}. To enrol elsewhere, first move "
            f"{state.root} away",
        )
    ca_pem = authority(url, match[1], timeout_s=timeout_s)
    host = host or HostFile(id=new_host_id())
    state.write_host(host)
    key = _key(state)
    request = EnrolmentRequest(
        host=this_host(host.id),
        public_key=key.public.pem,
        token_digest=hashlib.sha256(token.encode("ascii")).hexdigest(),
        requested=clock.now(),
    )
    subject = Subject(name="public-key", digest=Digest(sha256=key.key_id))
    envelope = dsse.seal(encode_statement((subject,), request), key)
    reply = Server(url, ca_pem, timeout_s=timeout_s).post_parcel(
        "/v1/enrol",
        parcel.write(Parcel(envelopes=(envelope,))),
        key,
        headers={"Authorization": f"Anfang-Token {token}"},
    )
    if reply.status != 200:  # noqa: PLR2004  # OK
        raise refused(url, reply)
    state.write("ca.pem", ca_pem.encode("ascii"), mode=0o644)
    return _settle(state, host, key, url, reply)


def authority(url: str, digest: str, *, timeout_s: float) -> str:
    """The certificate (PEM) of the authority whose public key has `digest`, asked of `url`.

    Raises:
        UntrustedServerError: the server has another one.
    """
    from cryptography import x509  # noqa: PLC0415  # heavy, and needed once in a host's life
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        PublicFormat,
    )

    reply = Server(url, None, timeout_s=timeout_s).get("/v1/ca")
    if reply.status != 200:  # noqa: PLR2004  # OK
        raise refused(url, reply)
    try:
        certificate = x509.load_pem_x509_certificate(reply.body)
        spki = certificate.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        found = b32encode(hashlib.sha256(spki).digest()[:_DIGEST_BYTES]).decode().lower()
        # Nothing but what was held against the token is pinned: the server's own certificate is no
        # secret, and whoever answers can put one of his own behind it.
        pem = certificate.public_bytes(Encoding.PEM).decode("ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except ValueError as e:
        raise ServerError(
            f"{url}: 应答不是证书。请检查地址和端口",
            f"{url}: answered with no certificate. Check address and port",
        ) from e
    if not hmac.compare_digest(found, digest):
        raise UntrustedServerError(
            f"{url}: 服务器证书与注册码不符，注册码未发送。请核对地址；地址无误则按可疑情况处理",
            f"{url}: the server's certificate is not the one the token names; the token was not "
            "sent. Check the address; if it is right, treat this as suspicious",
        )
    return pem


def _settle(state: State, host: HostFile, key: SigningKey, url: str, reply: Reply) -> Enrolled:
    """Check the server's answer and store it; host.json last, since it decides."""
    try:
        answer = msgspec.json.decode(reply.body, type=_Answer)
        Pseudonym(bytes.fromhex(answer.unit_key))  # refuses a key of another length
        incoming = parcel.read(answer.parcel.encode("utf-8"), limit=MAX_REPLY)
        server = trust.Server(
            name=_SERVER_NAME, key=public_key(answer.server.key), origin=answer.server.origin
        )
        envelope, enrolment = _enrolment(incoming, server)
    except (msgspec.DecodeError, ValueError, EvidenceError) as e:
        raise ServerError(
            f"{url}: 纳管应答有误：{e}", f"{url}: a malformed answer to enrolment: {e}"
        ) from e
    if enrolment.key_id != key.key_id or enrolment.host.id != host.id:
        raise UntrustedServerError(
            f"{url}: 纳管应答不是给本机密钥的，已拒绝",
            f"{url}: an enrolment of another key or host; refused",
        )
    state.write("unit.key", f"{answer.unit_key}\n".encode("ascii"))
    state.write("enrolment.json", envelope)
    state.trust_directory.mkdir(mode=0o755, exist_ok=True)
    trust.save_server(state.trust_directory, server)
    trust.save_host(state.trust_directory, host.id, key.public)
    enrolled = HostFile(
        id=host.id,
        server=url,
        unit=enrolment.unit,
        zone=enrolment.zone,
        enrolled=enrolment.enrolled,
    )
    state.write_host(enrolled)
    taken = take_in(state, incoming)
    return Enrolled(enrolment.unit, enrolment.zone, host.id, key.key_id, taken.assignment)


def _enrolment(incoming: Parcel, server: trust.Server) -> tuple[bytes, Enrolment]:
    """The one enrolment in `incoming`, which `server` must have signed."""
    for envelope in incoming.envelopes:
        opened = dsse.open_envelope(envelope)
        if predicate_type(opened.payload) == ENROLMENT:
            dsse.verify(opened, {server.key.key_id: server.key})
            return envelope, decode_statement(opened.payload, Enrolment).predicate
    raise ValueError("no enrolment in it")


def _key(state: State) -> SigningKey:
    """This host's key, made now unless an earlier attempt made it."""
    try:
        if state.key_file.exists():
            return keys.load_key(state.key_file)
        return keys.create_key(state.key_file)
    except EvidenceError as e:
        raise StateError(str(e), str(e)) from e


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        named = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    else:
        named = named and parts.path in ("", "/") and not parts.query and "@" not in parts.netloc
    if not named:
        raise InputError(
            f"{url!r} 不是服务器地址，应形如 https://服务器:8443",
            f"{url!r} is no server address; write it like https://server:8443",
        )
    return url.rstrip("/")
