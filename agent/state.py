"""The state directory: what a host is, and what it must not lose.

    key.pem            the host's signing key, 0600
    host.json          its identity and, once enrolled, its server
    enrolment.json     the server's word that this key is this host (DSSE)
    assignment.json    the newest assignment (DSSE)
    assignments/<sha256>.json  every assignment that a report here may name, by payload digest
    unit.key           hex; pseudonyms of the unit's identifiers are made with it, 0600
    ca.pem             the certificate authority of the server, pinned at enrolment
    trust/             whom this host believes: its server's key
    seen-checkpoint    the last checkpoint of the server's log that this host has seen
    blobs/<sha256>     tables, policies and registers, by digest
    spool/<sequence>   reports (DSSE); the last one is the head of the chain
    receipts/<sequence>  the server's receipt (tlog-proof) for each
    lock               held while a report takes its place in the chain
    scan.lock          held while the host is scanned
    watch/             what the watcher saw come and go (agent.journal)

Every write is atomic and fsynced. Whoever may write here is the host's administrator.
"""

import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from agent.errors import BusyError, NotEnrolledError, StateError
from agent.say import progress
from evidence import canonical, checkpoint, dsse, keys
from evidence.errors import EvidenceError, NotCanonicalError
from evidence.files import read_regular, write_atomic
from evidence.keys import SigningKey
from evidence.statement import MAX_PAYLOAD, Assignment, Host, decode_statement
from evidence.trust import Trust
from facts.pseudonym import KEY_BYTES

LOCK_WAIT_S = 120.0
"""How long to wait for a scan to end before something else is stored, in seconds."""

MAX_HOST_NAME = 255
"""The longest name by which a host calls itself, in characters."""

NAMELESS = "(none)"
"""What a host without a name is called, as the kernel calls it before it is given one."""

_MAX_FILE = 2 * MAX_PAYLOAD
"""The longest file of our own that is read back, in bytes."""

_WRITTEN = ("assignments", "blobs", "receipts", "spool", "trust")
"""The directories that are written to."""


class HostFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What host.json holds."""

    id: str
    """32 hex digits, made with the host's first key."""
    server: str | None = None
    """The server's URL; null before enrolment."""
    unit: str | None = None
    zone: str | None = None
    enrolled: str | None = None
    """When the server said so."""


class Assigned(msgspec.Struct, frozen=True):
    """The newest assignment and the digest of its payload."""

    assignment: Assignment
    digest: str


class State(msgspec.Struct, frozen=True):
    """A state directory, whether or not it exists yet."""

    root: Path

    @property
    def key_file(self) -> Path:
        """The host's signing key."""
        return self.root / "key.pem"

    @property
    def trust_directory(self) -> Path:
        """Whom this host believes."""
        return self.root / "trust"

    @property
    def ca_file(self) -> Path:
        """The certificate authority that was pinned at enrolment."""
        return self.root / "ca.pem"

    @property
    def host(self) -> HostFile | None:
        """This host's identity; None where it has none yet, or it is not ours to read."""
        data = self.read("host.json")
        if data is None:
            return None
        try:
            return msgspec.convert(canonical.decode(data, limit=_MAX_FILE), HostFile)
        except (msgspec.ValidationError, NotCanonicalError) as e:
            raise _damaged(self.root / "host.json", e) from e

    @property
    def enrolled(self) -> bool:
        """Whether a server has taken this host on."""
        host = self.host
        return host is not None and host.server is not None

    def require_enrolled(self) -> HostFile:
        """This host's identity; NotEnrolledError if it has no server."""
        host = self.host
        if host is None or host.server is None:
            raise NotEnrolledError
        return host

    @property
    def assigned(self) -> Assigned | None:
        """The newest assignment, which this host's server signed."""
        data = self.read("assignment.json")
        if data is None:
            return None
        try:
            opened = dsse.open_envelope(data)
            dsse.verify(opened, Trust.load(self.trust_directory).server_keys())
            statement = decode_statement(opened.payload, Assignment)
        except EvidenceError as e:
            raise replaceable(self.root / "assignment.json", e) from e
        return Assigned(statement.predicate, opened.payload_digest)

    @property
    def last_seen(self) -> str | None:
        """The last checkpoint of the server's log that this host has seen, verbatim."""
        data = self.read("seen-checkpoint")
        if data is None:
            return None
        try:
            text = data.decode("utf-8")
            checkpoint.read(text)
        except (UnicodeDecodeError, EvidenceError) as e:
            raise replaceable(self.root / "seen-checkpoint", e) from e
        return text

    @property
    def pseudonym_key(self) -> str | None:
        """The unit's pseudonym key in hex; None before enrolment."""
        data = self.read("unit.key")
        if data is None:
            return None
        try:
            key = bytes.fromhex(data.decode("ascii"))
        except ValueError as e:
            raise _damaged(self.root / "unit.key", e) from e
        if len(key) != KEY_BYTES:
            why = ValueError(f"{len(key)} bytes, not {KEY_BYTES}")
            raise _damaged(self.root / "unit.key", why)
        return key.hex()

    def signing_key(self) -> SigningKey:
        """This host's key.

        Raises:
            StateError: it is missing, unreadable, or open to others; the message says what to do.
        """
        try:
            return keys.load_key(self.key_file)
        except EvidenceError as e:
            raise StateError(str(e), str(e)) from e

    def read(self, name: str) -> bytes | None:
        """The file `name`, or None if there is none.

        Raises:
            StateError: it is there and cannot be read.
        """
        try:
            return read_regular(self.root / name, _MAX_FILE)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as e:
            raise StateError(
                f"{self.root / name}: 无法读取：{e.strerror}。状态目录归 root 使用，请以 root 执行",
                f"{self.root / name}: cannot be read: {e.strerror}. The state directory is "
                "root's: run as root",
            ) from e

    def write(self, name: str, data: bytes, *, mode: int = 0o600) -> None:
        """Write the file `name`, atomically and durably; it is complete or as it was before.

        Raises:
            StateError: it cannot be written; on a full disk the old content is still there.
        """
        path = self.root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomic(path, data, mode=mode)
        except OSError as e:
            raise StateError(
                f"{path}: 无法写入：{e.strerror}。请检查磁盘空间和目录权限；原有内容未受影响",
                f"{path}: cannot be written: {e.strerror}. Check disk space and the directory's "
                "mode; what was there is unharmed",
            ) from e

    def write_host(self, host: HostFile) -> None:
        """Store this host's identity."""
        self.write("host.json", canonical.encode(msgspec.to_builtins(host)))

    def sweep(self) -> None:
        """Remove what writes that were killed have left; the caller holds the lock."""
        for directory in (self.root, *(self.root / name for name in _WRITTEN)):
            with suppress(FileNotFoundError, NotADirectoryError):
                for path in directory.iterdir():
                    if path.name.startswith(".") and path.name.endswith(".tmp"):
                        path.unlink(missing_ok=True)

    @contextmanager
    def locked(self, wait_s: float, lock: str = "lock") -> Iterator[None]:
        """Hold the one lock under which reports take their places and the server is talked to.

        `scan.lock` is the one under which a host is scanned, by one scan at a time.

        Raises:
            BusyError: another process held it for `wait_s` seconds.
            StateError: the directory cannot be used.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            _check_owner(self.root)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.root / lock, flags, 0o600)
        except OSError as e:
            raise StateError(
                f"{self.root}: 状态目录不可用：{e.strerror}。请以 root 执行，或用 --state 另行指定",
                f"{self.root}: the state directory cannot be used: {e.strerror}. Run as root, or "
                "name another with --state",
            ) from e
        try:
            _take(descriptor, self.root, wait_s)
            yield
        finally:
            os.close(descriptor)


def new_host_id() -> str:
    """A new host's identity."""
    return secrets.token_hex(16)


def this_host(host_id: str) -> Host:
    """This host as its reports name it."""
    # Servers take a name of this length; escaped, the kernel's 64 bytes may be 256 characters.
    name = canonical.text(os.fsencode(os.uname().nodename))[:MAX_HOST_NAME]
    return Host(id=host_id, name=name or NAMELESS)


def _check_owner(root: Path) -> None:
    """That nobody else can exchange what is in `root`: keys, whom to believe, where writes go.

    Raises:
        StateError: somebody can.
    """
    found = root.stat()
    if found.st_uid in {0, os.geteuid()} and not found.st_mode & 0o022:
        return
    raise StateError(
        f"{root}: 其他用户可以改动该状态目录（属主 uid {found.st_uid}，权限 "
        f"{stat.S_IMODE(found.st_mode):04o}）。请核对其中内容后执行 chown 和 chmod 700，"
        "或用 --state 另行指定",
        f"{root}: others may change this state directory (owner uid {found.st_uid}, mode "
        f"{stat.S_IMODE(found.st_mode):04o}). Check what is in it, then chown it and chmod 700, or "
        "name another with --state",
    )


def _take(descriptor: int, root: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise BusyError(
                    f"{root}: 另一个扫描或发送正在进行，等待 {wait_s:.0f} 秒后仍未结束。请稍后再试",
                    f"{root}: another scan or transmission was still at work after "
                    f"{wait_s:.0f} s. Try again later",
                ) from None
            if not told:
                progress("等待另一个扫描或发送结束 … waiting for another scan or transmission")
                told = True
            time.sleep(0.05)
        else:
            return


def replaceable(path: Path, error: Exception) -> StateError:
    """The error for a damaged file that the server can give again."""
    return StateError(
        f"{path}: 内容已损坏，或不是本机所属服务器签发的：{error}。请移走该文件，"
        "再执行 anfang send 重新取得",
        f"{path}: damaged, or not by this host's server: {error}. Move the file away; anfang send "
        "fetches it again",
    )


def _damaged(path: Path, error: Exception) -> StateError:
    return StateError(
        f"{path}: 内容已损坏：{error}。请从备份恢复，或移走状态目录后重新纳管",
        f"{path}: damaged: {error}. Restore it from a backup, or move the state directory away "
        "and enrol again",
    )
