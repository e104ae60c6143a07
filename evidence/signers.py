"""Who signed a statement, and whether that is someone who may say it.

Keys come from two sides and are never mixed up. A key that is *offered* (a host's key inside an
enrolment or a request for one) can show that a signature is right or wrong, since its id is its
own digest. Only a key that is *trusted*, or that a trusted server binds to a host, can establish
who said something.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from evidence import dsse
from evidence.dsse import Envelope
from evidence.errors import MalformedError, NotAuthenticError
from evidence.finding import Code, Finding, failed, held, not_checked, signer_unknown
from evidence.keys import PublicKey, public_key
from evidence.statement import Enrolment, EnrolmentRequest, Statement
from evidence.trust import Trust


class Role(Enum):
    """What a key may speak of."""

    SERVER = "server"
    """Enrolments and assignments."""
    HOST = "host"
    """Reports and requests."""


@dataclass(frozen=True)
class Bound:
    """What a trusted server says of a key."""

    host_id: str
    unit: str


class Signers:
    """Everyone who can have signed, told apart by how far they are believed."""

    def __init__(self, trust: Trust, offered: Iterable[PublicKey]) -> None:
        self._servers = trust.server_keys()
        self._hosts = trust.host_keys()
        self._known: dict[str, PublicKey] = {
            **{key.key_id: key for key in offered},
            **self._servers,
            **self._hosts,
        }
        self._bound: dict[str, set[Bound]] = {}

    def bind(self, enrolment: Enrolment) -> None:
        """Believe `enrolment`, which a trusted server signed."""
        binding = Bound(enrolment.host.id, enrolment.unit)
        self._bound.setdefault(enrolment.key_id, set()).add(binding)

    def bindings(self, key_id: str) -> frozenset[Bound]:
        """What trusted servers say of that key; empty if nothing."""
        return frozenset(self._bound.get(key_id, ()))

    def judge(self, envelope: Envelope, role: Role) -> tuple[str | None, list[Finding]]:
        """The id of the key that says, as `role`, what `envelope` holds, and what was found.

        None if that could not be established.
        """
        encoding = dsse.pre_authentication_encoding(envelope.payload)
        right: list[str] = []
        unknown: list[str] = []
        for signature in envelope.signatures:
            key = self._known.get(signature.keyid)
            if key is None:
                unknown.append(signature.keyid)
                continue
            try:
                key.verify(signature.sig, encoding)
            except NotAuthenticError:
                return None, [failed(Code.SIGNATURE_WRONG, signature.keyid)]
            right.append(signature.keyid)
        able = self._able(role)
        signer = next((key_id for key_id in right if key_id in able), None)
        if signer is not None:
            also = [not_checked(Code.COSIGNER_UNKNOWN, key_id) for key_id in unknown]
            return signer, [held(Code.SIGNATURE_VALID, signer), *also]
        misplaced = next((key_id for key_id in right if self._is_trusted(key_id)), None)
        if misplaced is not None:
            return None, [failed(Code.SIGNER_ROLE, misplaced)]
        if right:
            return None, [signer_unknown(Code.SIGNER_NOT_TRUSTED, right[0])]
        return None, [signer_unknown(Code.SIGNER_UNKNOWN, unknown[0])]

    def _able(self, role: Role) -> Mapping[str, object]:
        return self._servers if role is Role.SERVER else {**self._bound, **self._hosts}

    def _is_trusted(self, key_id: str) -> bool:
        return any(key_id in keys for keys in (self._servers, self._hosts, self._bound))


def offered_key(statement: Statement[Enrolment] | Statement[EnrolmentRequest]) -> PublicKey:
    """The key that an enrolment, or a request for one, brings.

    Raises:
        MalformedError: it is none, or not the one that the enrolment names.
    """
    predicate = statement.predicate
    key = public_key(predicate.public_key)
    if isinstance(predicate, Enrolment) and predicate.key_id != key.key_id:
        raise MalformedError(f"an enrolment of key {predicate.key_id} that brings {key.key_id}")
    return key
