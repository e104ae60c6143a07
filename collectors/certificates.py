"""Certificates that this host trusts or shows, in the places where systems and services keep them.

Files named as keys are never opened, nor is a `.pem` that not everybody may read: it may hold the
key as well. No certificate in any of the places is a complete answer, as hosts need not have one.
"""

import re
import stat
from binascii import Error as BadBase64
from binascii import a2b_base64
from collections.abc import Iterator
from typing import NamedTuple

from collectors.config import entries, present
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
)
"""What programs trust, by distribution."""
ANCHORS = (
    "/usr/local/share/ca-certificates",
    "/etc/pki/ca-trust/source/anchors",
    "/etc/pki/trust/anchors",
)
"""What a host's administrators added to it."""
SERVICES = (
    *("/etc/ssl", "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/nginx", "/etc/httpd"),
    *("/etc/apache2", "/etc/haproxy", "/etc/postfix", "/etc/dovecot", "/etc/openvpn"),
    *("/etc/ipsec.d", "/etc/swanctl", "/etc/etcd", "/etc/kubernetes/pki"),
    *("/etc/docker/certs.d", "/etc/letsencrypt/live"),
)
SUFFIXES = (".crt", ".cer", ".pem")
_LINKS = "/etc/ssl/certs"
"""Full of links to what the bundle holds."""
_PRIVATE = ("private", "keys")
_MAX = 8 * 1024 * 1024
_BLOCK = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([^-]*)-----END (?:X509 |TRUSTED )?CERTIFICATE"
)
_ARMOUR, _SEQUENCE = b"-----BEGIN ", 0x30


class _Place(NamedTuple):
    """A file that may hold certificates, and what for."""

    path: str
    purpose: str


def certificates(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each certificate in each file."""
    from collectors import x509  # noqa: PLC0415 - the library is large, and seldom needed

    present(host, *BUNDLES, *ANCHORS)
    rows: list[dict[str, Cell]] = []
    seen: set[tuple[int, int]] = set()
    search = _Search(host)
    for path, purpose in search.places():
        try:
            found = host.stat(path)
            if (found.st_dev, found.st_ino) in seen or not stat.S_ISREG(found.st_mode):
                continue
            seen.add((found.st_dev, found.st_ino))
            if path.endswith(".pem") and not found.st_mode & stat.S_IROTH:
                search.condition = condition(Status.PARTIAL, "may_hold_key", path)
                continue
            blocks = _blocks(host.read(path, limit=_MAX))
        except FileNotFoundError:
            continue
        except OSError as e:
            search.condition = condition_of(e, path)
            continue
        except ValueError:
            search.condition = condition(Status.PARTIAL, "malformed_source", path)
            continue
        for block in blocks:
            try:
                row = x509.described(block, columns)
            except ValueError:
                search.condition = condition(Status.PARTIAL, "malformed_source", path)
                continue
            rows.append({**row, "path": path, "purpose": purpose})
    return Observed(rows, search.condition)


class _Search:
    """Looks for files that may hold certificates, and notes where it could not look."""

    def __init__(self, host: Host) -> None:
        self.condition: Condition = COMPLETE
        self._host = host

    def places(self) -> Iterator[_Place]:
        """Each file, the trusted ones first."""
        for path in BUNDLES:
            yield _Place(path, "trust")
        for directories, purpose in ((ANCHORS, "anchor"), (SERVICES, "service")):
            for directory in directories:
                for path in self._files(directory):
                    yield _Place(path, purpose)

    def _files(self, directory: str) -> Iterator[str]:
        """The files in `directory` and in the directories in it."""
        for name in self._names(directory):
            path = f"{directory}/{name}"
            if name.endswith(SUFFIXES):
                if directory != _LINKS or not self._is_link(path):
                    yield path
            elif name not in _PRIVATE and path not in SERVICES and directory != _LINKS:
                yield from (
                    f"{path}/{inner}" for inner in self._names(path) if inner.endswith(SUFFIXES)
                )

    def _names(self, directory: str) -> list[str]:
        """What may be certificates and directories there; never what is named a key."""
        try:
            names = entries(self._host, directory)
        except OSError as e:
            self.condition = condition_of(e, directory)
            return []
        return [name for name in names if "key" not in name.lower()]

    def _is_link(self, path: str) -> bool:
        try:
            self._host.link(path)
        except OSError:
            return False
        return True


def _blocks(data: bytes) -> list[bytes]:
    """The certificates in a file as DER; none in a file of other armoured things.

    Raises:
        ValueError: it is neither armoured nor a certificate.
    """
    if data[:1] == bytes([_SEQUENCE]):
        return [data]
    if _ARMOUR not in data and data.strip():
        raise ValueError("neither armoured nor DER")
    found = []
    for match in _BLOCK.finditer(data):
        try:
            found.append(_trimmed(a2b_base64(match[1])))
        except BadBase64:
            found.append(b"")  # which is no certificate, and will be said so
    return found


def _trimmed(data: bytes) -> bytes:
    """The first element of DER, without the trust settings that OpenSSL may add to it."""
    if len(data) < 2 or data[1] < 0x80:  # noqa: PLR2004 - header; short form of a length
        return data
    octets = data[1] & 0x7F
    length = int.from_bytes(data[2 : 2 + octets], "big")
    return data[: 2 + octets + length]
