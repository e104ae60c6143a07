"""Public keys that may sign in, from the files where sshd looks for each account; sshd(8)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from collectors.accounts import users
from collectors.config import decoded
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.sshd import sshd_config
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_DEFAULT = (".ssh/authorized_keys", ".ssh/authorized_keys2")
_KINDS = re.compile(
    r"(?:ssh-(?:rsa|dss|ed25519|ed448)|ecdsa-sha2-nistp(?:256|384|521)|sm2"
    r"|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256))(?:-cert-v01)?(?:@openssh\.com)?$"
)
_KEY = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}$")
_OPTION = re.compile(r'\s*([A-Za-z0-9-]+)(?:="(?:[^"\\]|\\.)*")?\s*(?:,|$)')
_LIMIT = 1024 * 1024
"""The most bytes of one file; sshd reads it line by line without a limit."""


def authorized_keys(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each key of each local account."""
    del columns
    accounts = users(host, frozenset())
    patterns, observed = _patterns(host)
    if not accounts.condition.complete:
        observed = accounts.condition
    rows: list[dict[str, Cell]] = []
    for account in accounts.rows:
        for pattern in patterns:
            path = _path(pattern, account)
            try:
                rows += _keys(host, path, account["uid"])
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as e:
                observed = Condition(Status.PARTIAL, condition_of(e, path).reason)
    return Observed(rows, observed)


def _patterns(host: Host) -> tuple[Sequence[str], Condition]:
    """Where sshd looks, and whether a program of its own can name more keys."""
    settings = sshd_config(host, frozenset())
    patterns: dict[str, None] = {}
    observed = COMPLETE
    for row in settings.rows:
        key, value = str(row["key"]).rpartition(":")[2], str(row["value"])
        if key == "authorizedkeysfile":
            patterns |= dict.fromkeys(value.split())
        elif key == "authorizedkeyscommand" and value.lower() != "none":
            observed = condition(Status.PARTIAL, "keys_elsewhere", value.partition(" ")[0])
    patterns.pop("none", None)
    return tuple(patterns) or _DEFAULT, observed


def _path(pattern: str, account: Mapping[str, Cell]) -> str:
    """`pattern` with its tokens replaced; relative to the account's home directory."""
    home = str(account["directory"]) or "/"
    tokens = {"%%": "%", "%h": home, "%u": str(account["username"]), "%U": str(account["uid"])}
    path = re.sub("%[%huU]", lambda token: tokens[token.group()], pattern)
    return path if path.startswith("/") else f"{home.rstrip('/')}/{path}"


def _keys(host: Host, path: str, uid: Cell) -> Iterator[dict[str, Cell]]:
    text = decoded(host.read(path, limit=_LIMIT))
    changed = datetime.fromtimestamp(int(host.stat(path).st_mtime), UTC)
    for line in text.splitlines():
        found = _parsed(line.strip())
        if found is not None:
            options, algorithm, key, comment = found
            yield {
                "uid": uid,
                "algorithm": algorithm,
                "key": key,
                "options": options,
                "comment": comment,
                "key_file": path,
                "option_names": " ".join(
                    dict.fromkeys(name.lower() for name in _OPTION.findall(options))
                ),
                "modified": changed.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }


def _parsed(line: str) -> tuple[str, str, str, str] | None:
    """Options, kind, key and comment; None if sshd would skip the line."""
    if not line or line.startswith("#"):
        return None
    options = ""
    words = line.split(None, 2)
    if not _KINDS.match(words[0]):
        options, _, rest = _parted(line)
        words = rest.split(None, 2)
    if len(words) < 2 or not _KINDS.match(words[0]) or not _KEY.match(words[1]):  # noqa: PLR2004 - kind and key
        return None
    return options, words[0], words[1], words[2] if len(words) > 2 else ""  # noqa: PLR2004


def _parted(line: str) -> tuple[str, str, str]:
    """`line` parted at the first blank that is not inside quotes."""
    quoted = False
    for at, sign in enumerate(line):
        if sign == '"' and line[at - 1 : at] != "\\":
            quoted = not quoted
        elif sign in " \t" and not quoted:
            return line[:at], sign, line[at + 1 :]
    return line, "", ""
