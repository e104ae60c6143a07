"""Requests signed by hosts (RFC 9421): who sends this, and is it what was sent.

Narrower than the standard lets it be, so that there is little to check and nothing to choose: one
Ed25519 signature over exactly method, target and Content-Digest (SHA-256, RFC 9530), with key id,
nonce and creation time. The host's clock decides nothing: how far it is off is handed back to be
recorded. A nonce is accepted once; as many are remembered as `Nonces` has room for, which is
enough, because a parcel that comes twice changes nothing.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from evidence.errors import NotAuthenticError
from evidence.keys import PublicKey
from server import clock
from server.errors import RefusedError

COMPONENTS = frozenset({'"@method"', '"@target-uri"', '"content-digest"'})
MAX_NONCE = 128
"""The longest nonce, in characters."""

_LABEL = r"(?P<label>[a-z*][a-z0-9_.*-]{0,63})"
_INPUT = re.compile(
    _LABEL + r'=(?P<params>\((?P<components>"[^"\\]{1,64}"(?: "[^"\\]{1,64}")*)\)'
    r'(?P<pairs>(?:;[a-z]{1,16}=(?:"[ -!#-\[\]-~]{0,256}"|-?[0-9]{1,15}))*))'
)
"""Signature-Input in the one form that structured fields have for it (RFC 8941 §4.1)."""
_PAIR = re.compile(r';([a-z]+)=(?:"([^"]*)"|(-?[0-9]+))')
_SIGNATURE = re.compile(_LABEL + r"=:(?P<value>[A-Za-z0-9+/]{86}==):")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_PARAMETERS = {"created", "keyid", "nonce", "alg"}


@dataclass(frozen=True, slots=True)
class Signed:
    """What a verified signature says; the body is still to be compared with its digest."""

    key_id: str
    skew_s: int
    """The host's clock minus ours, in seconds."""
    body_digest: bytes
    """SHA-256 of the body as it was sent."""

    def check_body(self, body: bytes) -> None:
        """Return if `body`, as it was sent, is what the signature covers.

        Raises:
            RefusedError: it is not.
        """
        if not hmac.compare_digest(hashlib.sha256(body).digest(), self.body_digest):
            raise RefusedError(
                400,
                "body_changed",
                "内容与其摘要（Content-Digest）不符，传输中被改动或截断；请重新发送",
                "the body is not what its Content-Digest says: changed or cut on the way; "
                "send it again",
            )


class Nonces:
    """The nonces seen last, at most `room` of them."""

    def __init__(self, room: int = 100_000) -> None:
        self._room = room
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def take(self, key_id: str, nonce: str) -> None:
        """Remember `nonce` of `key_id`.

        Raises:
            RefusedError: it was taken before.
        """
        if (key_id, nonce) in self._seen:
            raise RefusedError(
                401,
                "nonce_replayed",
                "该请求已经收到过（随机数重复）；重试时须重新签名",
                "this request was received before (same nonce); sign each attempt anew",
            )
        self._seen[key_id, nonce] = None
        if len(self._seen) > self._room:
            self._seen.popitem(last=False)


def verify(request: Request, key_of: Callable[[str], PublicKey | None], nonces: Nonces) -> Signed:
    """What the signature of `request` says, made with the key that `key_of` knows by its id.

    Raises:
        RefusedError: unsigned, by an unknown key, wrong, incomplete, or replayed.
    """
    said = _INPUT.fullmatch(_header(request, "signature-input"))
    signature = _SIGNATURE.fullmatch(_header(request, "signature"))
    digest_field = _header(request, "content-digest")
    digest = _DIGEST.fullmatch(digest_field)
    if said is None or signature is None or digest is None or said["label"] != signature["label"]:
        raise _invalid("one Ed25519 signature and a sha-256 Content-Digest are wanted")
    components = said["components"].split(" ")
    if len(components) != len(COMPONENTS) or set(components) != COMPONENTS:
        raise _invalid(f"it must cover {' '.join(sorted(COMPONENTS))}, no more and no less")
    values = {name: text or number for name, text, number in _PAIR.findall(said["pairs"])}
    key_id, nonce, created = (values.get(name, "") for name in ("keyid", "nonce", "created"))
    if not values.keys() <= _PARAMETERS or said["pairs"].count(";") != len(values):
        raise _invalid("its parameters are created, keyid, nonce and perhaps alg, each once")
    if values.get("alg", "ed25519") != "ed25519":
        raise _invalid("its algorithm must be ed25519")
    if not 0 < len(nonce) <= MAX_NONCE:
        raise _invalid(f"its nonce must have 1 to {MAX_NONCE} characters")
    if not re.fullmatch(r"-?[0-9]+", created):
        raise _invalid("it must say when it was created")
    key = key_of(key_id)
    if key is None:
        raise RefusedError(
            403,
            "host_unknown",
            "本服务器未纳管该密钥；请先纳管（anfang enroll）",
            "no host is enrolled here with this key; enrol first (anfang enroll)",
            key_id=key_id[:64],
        )
    covered = {
        '"@method"': request.method,
        '"@target-uri"': _target(request),
        '"content-digest"': digest_field,
    }
    base = "".join(f"{name}: {covered[name]}\n" for name in components)
    base += f'"@signature-params": {said["params"]}'
    try:
        key.verify(base64.b64decode(signature["value"], validate=True), base.encode())
        body_digest = base64.b64decode(digest[1], validate=True)
    except (NotAuthenticError, binascii.Error) as e:
        raise _invalid(str(e)) from e
    nonces.take(key_id, nonce)
    return Signed(key_id, int(created) - int(clock.now().timestamp()), body_digest)


def _header(request: Request, name: str) -> str:
    """The field `name`, its lines joined as RFC 9421 §2.1 says."""
    return ", ".join(value.strip(" \t") for value in request.headers.getlist(name))


def _target(request: Request) -> str:
    """The target URI (RFC 9421 §2.2.2) as the host must have written it."""
    scope = request.scope
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    authority = request.headers.get("host", "").lower()
    authority = authority.removesuffix(":443" if scope["scheme"] == "https" else ":80")
    suffix = "?" + query.decode("latin-1") if query else ""
    return f"{scope['scheme']}://{authority}{path.decode('latin-1')}{suffix}"


def _invalid(why: str) -> RefusedError:
    return RefusedError(
        401,
        "signature_invalid",
        "请求签名（RFC 9421）缺失或核验不通过",
        f"the request's signature (RFC 9421) is missing or wrong: {why}",
    )
