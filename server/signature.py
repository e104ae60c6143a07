"""Requests signed by hosts (RFC 9421): who sends this, and is it what was sent.

Method, target and content must be covered, key id, nonce and creation time be said. The host's
clock decides nothing: how far it is off is handed back to be recorded. A nonce is accepted once;
as many are remembered as `Nonces` has room for, which is enough, because a parcel that comes
twice changes nothing.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)
from http_message_signatures.structures import VerifyResult
from starlette.requests import Request

from evidence.keys import PublicKey
from server import clock
from server.errors import RefusedError

COMPONENTS = ("@method", "@target-uri", "content-digest")
MAX_NONCE = 128
"""The longest nonce, in characters."""

_MAX_SKEW = 10**10
"""Seconds; a clock that is off by more is recorded as off by this."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a verified signature says; the body is still to be compared with its digest."""

    key_id: str
    skew_s: int
    """The host's clock minus ours, in seconds."""
    _verifier: "_Verifier"
    _result: VerifyResult

    def check_body(self, body: bytes) -> None:
        """Return if `body`, as it was sent, is what the signature covers.

        Raises:
            RefusedError: it is not.
        """
        try:
            self._verifier.content_digest_class.verify_components(
                self._result.covered_components, body
            )
        except HTTPMessageSignaturesException as e:
            raise RefusedError(
                400,
                "body_changed",
                "内容与其摘要(Content-Digest)不符, 传输中被改动或截断; 请重新发送",
                "the body is not what its Content-Digest says: changed or cut on the way; "
                "send it again",
            ) from e


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
                "该请求已经收到过(随机数重复); 重试时须重新签名",
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
    resolver = _Resolver(key_of)
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=resolver)
    message = _Message(request.method, str(request.url), request.headers)
    try:
        results = verifier.verify(message, max_age=None, require_components=COMPONENTS)
    except HTTPMessageSignaturesException as e:
        if resolver.unknown is not None:
            raise RefusedError(
                403,
                "host_unknown",
                "本服务器未纳管该密钥; 请先纳管(anfang enroll)",
                "no host is enrolled here with this key; enrol first (anfang enroll)",
                key_id=resolver.unknown[:64],
            ) from e
        raise RefusedError(
            401,
            "signature_invalid",
            "请求签名(RFC 9421)缺失或核验不通过",
            f"the request's signature (RFC 9421) is missing or wrong: {e}",
        ) from e
    (result,) = results
    key_id, created, nonce = (result.parameters.get(name) for name in ("keyid", "created", "nonce"))
    if not isinstance(nonce, str) or not 0 < len(nonce) <= MAX_NONCE:
        raise RefusedError(
            401,
            "signature_invalid",
            "请求签名(RFC 9421)缺少随机数 nonce",
            f"the request's signature (RFC 9421) needs a nonce of 1 to {MAX_NONCE} characters",
        )
    nonces.take(str(key_id), nonce)
    skew = int(created or 0) - int(clock.now().timestamp())
    return Signed(str(key_id), max(-_MAX_SKEW, min(skew, _MAX_SKEW)), verifier, result)


@dataclass(frozen=True, slots=True)
class _Message:
    """A request, as the library looks at one."""

    method: str
    url: str
    headers: object


class _Resolver(HTTPSignatureKeyResolver):
    def __init__(self, key_of: Callable[[str], PublicKey | None]) -> None:
        self._key_of = key_of
        self.unknown: str | None = None

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        key = self._key_of(key_id)
        if key is None:
            self.unknown = key_id
            return None
        return Ed25519PublicKey.from_public_bytes(key.raw)


class _Verifier(HTTPMessageVerifier):
    """As the library's, except that `created` must be said but may say any time."""

    def validate_created_and_expires(self, sig_input, max_age=None) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001, ARG002  # the library's
        if type(sig_input.params.get("created")) is not int:
            raise InvalidSignature("the creation time (created) is missing")
