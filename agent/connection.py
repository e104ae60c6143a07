"""Requests to the one server this host is enrolled with: TLS pinned to its authority, and signed.

Nothing here asks the system's certificate store, a proxy variable or the clock: who the server is
was settled at enrolment. Requests are signed as RFC 9421 says, over method, target and content.
"""

import gzip
import secrets
import ssl
from dataclasses import dataclass, field

import msgspec
import urllib3
from http_message_signatures import HTTPMessageSigner, algorithms

from agent.errors import ServerError, StateError, UntrustedServerError
from evidence import __version__
from evidence.keys import SigningKey
from evidence.parcel import MEDIA_TYPE
from policies.plain import visible

MAX_REPLY = 64 * 1024 * 1024
"""The longest reply that is read, in bytes."""
_GZIP_FROM = 1024
"""Bodies shorter than this travel as they are, in bytes."""
_BAD_REQUEST = 400
_SAID = 400
"""How much of a refusal is shown, in characters."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered."""

    status: int
    body: bytes


@dataclass(slots=True)
class _Message:
    """A request as the signature library looks at it."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


class Server:
    """A server at `url`, whose certificate must come from the authority `ca_pem`."""

    def __init__(self, url: str, ca_pem: str | None, *, timeout_s: float) -> None:
        self.url = url.rstrip("/")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if ca_pem is None:
            # Only `authority_of` asks like this: what comes back is held against the token.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        else:
            try:
                context.load_verify_locations(cadata=ca_pem)
            except (ssl.SSLError, ValueError) as e:
                raise StateError(
                    f"已保存的服务器证书损坏：{e}。请重新纳管",
                    f"the stored certificate of the server is damaged: {e}. Enrol again",
                ) from e
        self._pool = urllib3.PoolManager(
            ssl_context=context,
            timeout=urllib3.Timeout(connect=timeout_s, read=timeout_s),
            retries=False,
            assert_hostname=None if ca_pem is not None else False,
        )

    def get(self, path: str) -> Reply:
        """An unsigned GET."""
        return self._exchange(_Message("GET", self.url + path), b"")

    def get_signed(self, path: str, key: SigningKey) -> Reply:
        """A GET, signed by `key`."""
        return self._signed(_Message("GET", self.url + path), b"", key)

    def post_parcel(
        self, path: str, body: bytes, key: SigningKey, *, headers: dict[str, str] | None = None
    ) -> Reply:
        """A POST of the parcel `body`, signed by `key`."""
        message = _Message("POST", self.url + path, {"Content-Type": MEDIA_TYPE, **(headers or {})})
        if len(body) >= _GZIP_FROM:
            body = gzip.compress(body, 6, mtime=0)
            message.headers["Content-Encoding"] = "gzip"
        return self._signed(message, body, key)

    def _signed(self, message: _Message, body: bytes, key: SigningKey) -> Reply:
        signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519)
        prepared = signer.prepare(
            message,
            key_id=key.key_id,
            nonce=secrets.token_urlsafe(16),
            label="anfang",
            covered_component_ids=("@method", "@target-uri"),
            body=body,
        )
        signer.apply(message, prepared, key.sign(prepared.signature_base))
        return self._exchange(message, body)

    def _exchange(self, message: _Message, body: bytes) -> Reply:
        headers = {"User-Agent": f"anfang/{__version__}", **message.headers}
        try:
            response = self._pool.request(
                message.method,
                message.url,
                body=body or None,
                headers=headers,
                redirect=False,
                preload_content=False,
            )
            try:
                data = response.read(MAX_REPLY + 1, decode_content=True)
            finally:
                response.release_conn()
        except urllib3.exceptions.SSLError as e:
            raise UntrustedServerError(
                f"{self.url}: 对方不是纳管时确认的服务器，已拒绝：{e}。"
                "若服务器重建过，请重新纳管；否则请按可疑情况处理",
                f"{self.url}: what answered is not the server this host was enrolled with: {e}. "
                "Enrol again if the server was rebuilt; else treat it as suspicious",
            ) from e
        except (urllib3.exceptions.HTTPError, OSError) as e:
            raise ServerError(
                f"{self.url}: 无法连接服务器：{_cause(e)}。待发队列已保留，恢复后会自动补报",
                f"{self.url}: cannot reach the server: {_cause(e)}. The spool keeps everything "
                "until it can",
            ) from e
        if len(data) > MAX_REPLY:
            raise ServerError(
                f"{self.url}: 应答超过 {MAX_REPLY} 字节，已拒绝",
                f"{self.url}: a reply longer than {MAX_REPLY} bytes was refused",
            )
        return Reply(response.status, data)


class _Refusal(msgspec.Struct, frozen=True):
    """What a refusing server says; further fields are for programs."""

    code: str
    zh: str
    en: str


_FOR_GOOD = frozenset({"report_broken", "report_not_authentic", "report_unsigned"})
"""Codes that speak of one report, and will be the same for the same bytes."""


class ReportRefusal(_Refusal, frozen=True):
    """What a server says that will never take one of the reports that were sent."""

    payload_digest: str


def refused_report(reply: Reply) -> ReportRefusal | None:
    """Which report the server refuses for good, and why; None if it says no such thing."""
    if reply.status != _BAD_REQUEST:
        return None
    try:
        said = msgspec.json.decode(reply.body, type=ReportRefusal)
    except msgspec.DecodeError:
        return None
    return said if said.code in _FOR_GOOD else None


def lacks_blobs(reply: Reply) -> bool:
    """Whether the server refuses because it has not what a report names and did not come along."""
    try:
        return msgspec.json.decode(reply.body, type=_Refusal).code == "blobs_missing"
    except msgspec.DecodeError:
        return False


def refused(url: str, reply: Reply) -> ServerError:
    """The error for a reply that is not the wanted one, with what the server said about it."""
    try:
        said = msgspec.json.decode(reply.body, type=_Refusal)
    except msgspec.DecodeError:
        return ServerError(
            f"{url}: 应答不是本系统服务器的应答（HTTP {reply.status}）。请检查地址和端口",
            f"{url}: not the answer of a server of ours (HTTP {reply.status}). Check address and "
            "port",
        )
    return ServerError(
        f"{url}: 服务器拒绝：{visible(said.zh[:_SAID])}",
        f"{url}: the server refused: {visible(said.en[:_SAID])} ({visible(said.code[:_SAID])})",
    )


def _cause(error: BaseException) -> str:
    """The innermost reason, which is what a person can act on."""
    while isinstance(error, urllib3.exceptions.HTTPError) and error.__cause__ is not None:
        error = error.__cause__
    return str(error)
