"""A trust directory: the keys one believes, each put there by hand or at enrolment.

    <name>.server.pem    a collector server: what it says of assignments and hosts, and its log
    <name>.host.pem      a host: what it says of itself

Each file is a public key in PEM. A server's has its log's origin on a line above, as RFC 7468
allows: `Origin: log.example.org/cii`. Other files are passed over, but a `.pem` of neither name
is an error, since whoever put it there expects it to count; only `ca.pem`, the authority of the
server's TLS certificate, may lie beside them. Trust never comes from a parcel.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evidence import files, note
from evidence.errors import EvidenceError, KeyFileError, MalformedError
from evidence.keys import PublicKey, public_key

MAX_TRUST_FILE = 16 * 1024
"""The longest file that is read, in bytes."""

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}", re.ASCII)
_SERVER = ".server.pem"
_HOST = ".host.pem"
_TLS_AUTHORITY = "ca.pem"
_ORIGIN = "Origin: "


@dataclass(frozen=True)
class Server:
    """A collector server that is believed."""

    name: str
    key: PublicKey
    origin: str
    """The origin of its log's checkpoints."""


@dataclass(frozen=True)
class Trust:
    """Who is believed; the empty one believes nobody."""

    servers: tuple[Server, ...] = ()
    hosts: Mapping[str, PublicKey] = field(default_factory=dict)
    """By name."""

    def server_keys(self) -> dict[str, PublicKey]:
        """The servers' keys, by key id."""
        return {server.key.key_id: server.key for server in self.servers}

    def host_keys(self) -> dict[str, PublicKey]:
        """The hosts' keys, by key id."""
        return {key.key_id: key for key in self.hosts.values()}

    def log(self, origin: str) -> PublicKey | None:
        """The key of the log `origin`, or None if no believed server keeps it."""
        return next((s.key for s in self.servers if s.origin == origin), None)

    @staticmethod
    def load(directory: Path) -> "Trust":
        """The trust that `directory` holds.

        Raises:
            KeyFileError: the directory or a file in it cannot be read, or a file is not what its
                name says, or two servers have the same origin.
        """
        servers: list[Server] = []
        hosts: dict[str, PublicKey] = {}
        for path in _pem_files(directory):
            text = _read(path)
            try:
                if path.name.endswith(_SERVER):
                    name = path.name.removesuffix(_SERVER)
                    servers.append(Server(name, public_key(text), _origin(text)))
                else:
                    hosts[path.name.removesuffix(_HOST)] = public_key(text)
            except EvidenceError as e:
                raise KeyFileError(f"{path}: {e}") from e
        if len({server.origin for server in servers}) != len(servers):
            raise KeyFileError(f"{directory}: two servers have the same origin; remove one")
        return Trust(tuple(servers), hosts)


def save_server(directory: Path, server: Server) -> Path:
    """Put `server` into the trust directory, replacing what had its name; the file's path.

    Raises:
        MalformedError: a name or an origin that cannot be written.
    """
    note.check_name(server.origin)
    path = _path(directory, server.name, _SERVER)
    files.write_atomic(path, f"{_ORIGIN}{server.origin}\n{server.key.pem}".encode())
    return path


def save_host(directory: Path, name: str, key: PublicKey) -> Path:
    """Put a host's `key` into the trust directory, replacing what had its name; the file's path.

    Raises:
        MalformedError: a name that cannot be written.
    """
    path = _path(directory, name, _HOST)
    files.write_atomic(path, key.pem.encode())
    return path


def _path(directory: Path, name: str, ending: str) -> Path:
    if not _NAME.fullmatch(name):
        raise MalformedError(f"a name that is not letters, digits, dots, dashes: {name!r}")
    return directory / (name + ending)


def _pem_files(directory: Path) -> list[Path]:
    try:
        found = sorted(
            path
            for path in directory.iterdir()
            if path.name.endswith(".pem") and path.name != _TLS_AUTHORITY
        )
    except OSError as e:
        raise KeyFileError(f"cannot read the trust directory {directory}: {e.strerror}") from e
    for path in found:
        if not path.name.endswith((_SERVER, _HOST)):
            raise KeyFileError(f"{path} counts for nothing: name it NAME{_SERVER} or NAME{_HOST}")
    return found


def _read(path: Path) -> str:
    try:
        data = files.read_regular(path, MAX_TRUST_FILE + 1)
        if len(data) > MAX_TRUST_FILE:
            raise KeyFileError(f"{path} is longer than a key")
        return data.decode("utf-8")
    except OSError as e:
        raise KeyFileError(f"cannot read {path}: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise KeyFileError(f"{path} is not a PEM file") from e


def _origin(text: str) -> str:
    for line in text.split("-----BEGIN", 1)[0].splitlines():
        if line.startswith(_ORIGIN):
            return line.removeprefix(_ORIGIN).strip()
    raise MalformedError(f"a server's key without the line above it: {_ORIGIN}ORIGIN-OF-ITS-LOG")
