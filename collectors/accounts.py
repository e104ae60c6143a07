"""Local accounts, from the files themselves.

Every Linux host has these files, so one that is missing was not recorded or is hidden: it is
never read as "no accounts".
"""

import re
from collections.abc import Iterator

from collectors.config import decoded
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Status, condition

_MAX_ID = 2**32 - 1
_SHADOWED = "x"
"""In /etc/passwd: the password is in /etc/shadow."""
_NAMED = re.compile(r"\$([A-Za-z0-9-]{1,16})[$,]")
_DES = re.compile(r"[./0-9A-Za-z]{13}")
_BSDI = re.compile(r"_[./0-9A-Za-z]{19}")


def users(host: Host, columns: frozenset[str]) -> Observed:
    """The accounts of /etc/passwd."""
    del columns
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    for number, fields in _records(host, "/etc/passwd"):
        if len(fields) != 7 or not _is_id(fields[2]) or not _is_id(fields[3]):  # noqa: PLR2004 - passwd(5)
            observed = _malformed("/etc/passwd", number)
            continue
        uid, gid = int(fields[2]), int(fields[3])
        rows.append(
            {
                "uid": uid,
                "gid": gid,
                "uid_signed": _signed(uid),
                "gid_signed": _signed(gid),
                "username": fields[0],
                "description": fields[4],
                "directory": fields[5],
                "shell": fields[6],
            }
        )
    return Observed(rows, observed)


def groups(host: Host, columns: frozenset[str]) -> Observed:
    """The groups of /etc/group."""
    del columns
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    for number, fields in _records(host, "/etc/group"):
        if len(fields) != 4 or not _is_id(fields[2]):  # noqa: PLR2004 - group(5)
            observed = _malformed("/etc/group", number)
            continue
        gid = int(fields[2])
        rows.append({"gid": gid, "gid_signed": _signed(gid), "groupname": fields[0]})
    return Observed(rows, observed)


def user_groups(host: Host, columns: frozenset[str]) -> Observed:
    """Each account with its first group, and with every group that lists it."""
    del columns
    known = users(host, frozenset())
    ids = {str(row["username"]): row["uid"] for row in known.rows}
    pairs = dict.fromkeys((row["uid"], row["gid"]) for row in known.rows)
    observed = known.condition
    for number, fields in _records(host, "/etc/group"):
        if len(fields) != 4 or not _is_id(fields[2]):  # noqa: PLR2004 - group(5)
            observed = _malformed("/etc/group", number)
            continue
        members = filter(None, fields[3].split(","))
        pairs |= dict.fromkeys((ids[name], int(fields[2])) for name in members if name in ids)
    return Observed([{"uid": uid, "gid": gid} for uid, gid in pairs], observed)


def shadow(host: Host, columns: frozenset[str]) -> Observed:
    """States and ages of /etc/shadow; hashes are looked at here and go no further.

    An account whose field in /etc/passwd does not refer to it (`x`) is judged by that field when
    it signs in, so it is a row too: an empty one there lets anybody in.
    """
    del columns
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    for number, fields in _records(host, "/etc/shadow"):
        if len(fields) != 9 or not all(_is_days(field) for field in fields[2:]):  # noqa: PLR2004 - shadow(5)
            observed = _malformed("/etc/shadow", number)
            continue
        last_change, minimum, maximum, warning, inactive, expire, flag = map(_days, fields[2:])
        rows.append(
            {
                **_state(fields),
                "last_change": last_change,
                "min": minimum,
                "max": maximum,
                "warning": warning,
                "inactive": inactive,
                "expire": expire,
                "flag": flag,
            }
        )
    for number, fields in _records(host, "/etc/passwd"):
        if len(fields) < 2:  # noqa: PLR2004 - name and password
            observed = _malformed("/etc/passwd", number)
        elif fields[1] != _SHADOWED:
            rows.append(_state(fields))
    return Observed(rows, observed)


def _state(fields: list[str]) -> dict[str, Cell]:
    status, algorithm = password_state(fields[1])
    return {"username": fields[0], "password_status": status, "hash_alg": algorithm}


def password_state(field: str) -> tuple[str, str]:
    """State and algorithm of a password field; crypt(5), shadow(5).

    A lock (`!`) in front of a hash leaves the algorithm to be seen, as `usermod -L` does.
    """
    if not field:
        return "empty", ""
    if field == "!!":
        return "not_set", ""
    algorithm = _algorithm(field.lstrip("!"))
    return ("active" if algorithm and not field.startswith("!") else "locked"), algorithm


def _algorithm(hashed: str) -> str:
    named = _NAMED.match(hashed)
    if named:
        return named[1]
    if _DES.fullmatch(hashed):
        return "des"
    return "bsdi" if _BSDI.fullmatch(hashed) else ""


def _records(host: Host, path: str) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and colon-separated fields; the files know no comments, glibc skips `#`."""
    for number, line in enumerate(decoded(host.read(path)).split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line.split(":")


def _malformed(path: str, number: int) -> Condition:
    return condition(Status.PARTIAL, "malformed_source", f"{path}:{number}")


def _is_id(field: str) -> bool:
    return field.isascii() and field.isdecimal() and int(field[:11]) <= _MAX_ID


def _is_days(field: str) -> bool:
    digits = field.removeprefix("-")
    return not field or (digits.isascii() and digits.isdecimal() and len(digits) <= 18)  # noqa: PLR2004 - BIGINT


def _days(field: str) -> int | None:
    """Days; empty and -1 both mean that there is no limit (shadow(5), chage(1))."""
    return int(field) if field and int(field) >= 0 else None


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number
