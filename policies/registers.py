"""Registers as they travel: what a unit approved, by whom, why, from when until when.

A register is a canonical table whose last columns are `approver`, `reason`, `valid_from` and
`valid_until`. SQL sees the columns before them, of the rows valid at the time of the scan.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evidence import canonical
from evidence.canonical import Cell
from evidence.errors import NotCanonicalError
from evidence.statement import Digest, RegisterRef
from policies.errors import RegisterError

APPROVAL = ("approver", "reason", "valid_from", "valid_until")
"""The columns that every register ends with. The times are RFC 3339, UTC, whole seconds; null:
from the beginning, or until revoked. Both ends are included."""

MAX_REGISTER = 16 * 1024 * 1024
"""The longest register that is read, in bytes."""

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")


@dataclass(frozen=True, slots=True)
class Register:
    """An adopted register."""

    name: str
    columns: tuple[str, ...]
    """Without those of the approval."""
    rows: tuple[tuple[Cell, ...], ...]
    """With those of the approval."""

    def valid_at(self, now: str, columns: tuple[str, ...]) -> tuple[tuple[Cell, ...], ...]:
        """These `columns` of the rows valid at `now`; one that the register lacks is null."""
        places = [
            self.columns.index(column) if column in self.columns else None for column in columns
        ]
        return tuple(
            tuple(None if place is None else row[place] for place in places)
            for row in self.rows
            if _is_valid(row, now)
        )


def write_register(
    name: str, columns: tuple[str, ...], rows: Iterable[Mapping[str, Cell]]
) -> tuple[RegisterRef, bytes]:
    """The reference and the bytes of a register with these declared `columns`.

    A row may leave out any column, which is then null.

    Raises:
        RegisterError: a row with a column that is none, or an approval without a proper time.
    """
    every = columns + APPROVAL
    table = []
    for row in rows:
        if unknown := row.keys() - set(every):
            raise RegisterError(f"{name}: no column {min(unknown)}; use {', '.join(every)}")
        table.append(tuple(row.get(column) for column in every))
    try:
        data = canonical.encode_table(table)
    except NotCanonicalError as e:
        raise RegisterError(f"{name}: {e}") from e
    digest = Digest(sha256=hashlib.sha256(data).hexdigest())
    reference = RegisterRef(name=name, columns=every, digest=digest)
    read_register(reference, data)
    return reference, data


def read_register(reference: RegisterRef, data: bytes) -> Register:
    """The register that `reference` names and `data` holds.

    Raises:
        RegisterError: other bytes than the reference's digest, or not a register.
    """
    if hashlib.sha256(data).hexdigest() != reference.digest.sha256:
        raise RegisterError(f"{reference.name}: the bytes have another digest")
    columns = reference.columns[: -len(APPROVAL)]
    if reference.columns != columns + APPROVAL or not columns:
        raise RegisterError(f"{reference.name}: the last columns must be {', '.join(APPROVAL)}")
    if len(set(reference.columns)) != len(reference.columns):
        raise RegisterError(f"{reference.name}: a column named twice")
    try:
        rows = canonical.decode_table(data, width=len(reference.columns), limit=MAX_REGISTER)
    except NotCanonicalError as e:
        raise RegisterError(f"{reference.name}: {e}") from e
    for row in rows:
        for time in row[-2:]:
            if time is not None and not (isinstance(time, str) and _TIME.match(time)):
                raise RegisterError(
                    f"{reference.name}: {time!r} is no time; write it like 2026-11-23T08:00:00Z"
                )
    return Register(reference.name, columns, tuple(rows))


def _is_valid(row: tuple[Cell, ...], now: str) -> bool:
    """Times of one form compare as text."""
    start, end = row[-2:]
    return (start is None or str(start) <= now) and (end is None or now <= str(end))
