"""Addresses in configuration, without what only their owner is to know."""

import re

_USER = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")
_SECRET = re.compile(
    r"([?&;][^=&;#]*(?:token|key|secret|passw|auth|sig|cred)[^=&;#]*=)[^&;#]*", re.IGNORECASE
)


def without_credentials(address: str) -> str:
    """`address` without user name and password, and without the values of telling parameters."""
    return _SECRET.sub(r"\1***", _USER.sub(r"\1", address))
