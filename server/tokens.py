"""Enrolment tokens (注册码): a secret, and what the agent must find before it tells the secret.

    anf1.<secret: 160 bits>.<SHA-256 of the authority's SubjectPublicKeyInfo, first 160 bits>

Both in lower-case base32 without padding, so that one can be read aloud. The server keeps only
the digest of the whole text.
"""

import base64
import hashlib
import re
import secrets

_BYTES = 20
_FORM = re.compile(r"anf1\.[a-z2-7]{32}\.[a-z2-7]{32}")


def create(ca_public_key: bytes) -> str:
    """A new token for the server whose authority has `ca_public_key` (DER)."""
    authority = hashlib.sha256(ca_public_key).digest()[:_BYTES]
    return f"anf1.{_base32(secrets.token_bytes(_BYTES))}.{_base32(authority)}"


def digest(token: str) -> str:
    """What is stored, and signed by the host, instead of `token`: SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def well_formed(token: str) -> bool:
    """Whether `token` looks like one."""
    return _FORM.fullmatch(token) is not None


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().lower()
