"""Registers (登记册) from CSV files, as an administrator keeps them.

Identifiers are de-identified here with the unit's key, as the agent does it with what it reads:
a column of a register holds the same identifier as the de-identified column of that name in what
the register's checks read (`identifiers`). A value that is a pseudonym already, copied from a
report, stays.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TypeAlias

from evidence.canonical import Cell
from evidence.statement import RegisterRef
from facts.pseudonym import PSEUDONYM, Pseudonym
from facts.spec import Privacy
from facts.tables import SPECS
from policies import judge
from policies.errors import PolicyError
from policies.model import Policy
from policies.registers import APPROVAL, MAX_REGISTER, write_register
from server import clock, files
from server.errors import UsageError

Identifiers: TypeAlias = Mapping[str, frozenset[str]]
"""What each column of a register may identify."""

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2})?))?")


@dataclass(frozen=True, slots=True)
class _Place:
    """A line of the file, to be named when something in it is wrong."""

    path: Path
    line: int

    def wrong(self, zh: str, en: str) -> UsageError:
        return UsageError(f"{self.path} 第 {self.line} 行：{zh}", f"{self.path}:{self.line}: {en}")


def identifiers(policies: Iterable[Policy]) -> Mapping[str, Identifiers]:
    """By register, what its columns identify in what the checks of `policies` compare it with.

    A name alone does not tell: the `address` of a listener is public, that of an adapter is not.
    """
    found: dict[str, dict[str, frozenset[str]]] = {}
    for read in (read for policy in policies for read in judge.reads([policy]).values()):
        held = [
            column
            for table in read.keys() & SPECS.keys()
            for column in SPECS[table].columns
            if column.name in read[table] and column.privacy is Privacy.DEIDENTIFIED
        ]
        for name in read.keys() - SPECS.keys():
            of = found.setdefault(name, {})
            for column in held:
                of[column.name] = of.get(column.name, frozenset()) | {column.identifier}
    return found


def read_register(
    path: Path,
    name: str,
    columns: tuple[str, ...],
    pseudonym: Pseudonym,
    now: datetime,
    *,
    identify: Identifiers,
) -> tuple[RegisterRef, bytes]:
    """The register `name` from the CSV file `path`, whose header names each of `columns` and of
    `approver`, `reason`, `valid_from`, `valid_until`, in any order.

    Times are entered as Beijing time, `2026-11-23` or `2026-11-23 16:00`, or with an offset; an
    empty `valid_from` is `now`, an empty `valid_until` has no end. Any other empty cell is null.

    Raises:
        UsageError: the file has to be corrected; the message names line and column.
    """
    try:
        text = files.read(path, MAX_REGISTER).decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise _Place(path, 1).wrong("应为 UTF-8 编码的 CSV", "not CSV in UTF-8; save it so") from e
    wanted = (*columns, *APPROVAL)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: list[dict[str, Cell]] = []
    try:
        header = tuple(reader.fieldnames or ())
        if sorted(header) != sorted(wanted):
            raise _Place(path, 1).wrong(
                f"表头应为 {','.join(wanted)}，现为 {','.join(header)}",
                f"the header must name {','.join(wanted)}, not {','.join(header)}",
            )
        for record in reader:
            place = _Place(path, reader.line_num)
            if None in record or None in record.values():
                raise place.wrong(f"应有 {len(wanted)} 列", f"must have {len(wanted)} fields")
            cells = {column: record[column].strip() for column in wanted}
            row = {
                column: _cell(place, column, cells[column], identify, pseudonym)
                for column in columns
            }
            rows.append(row | _approval(place, cells, now))
    except csv.Error as e:
        # The reader counts the lines it has finished.
        raise _Place(path, reader.line_num + 1).wrong(
            f"不是有效的 CSV: {e}", f"not valid CSV: {e}"
        ) from e
    try:
        return write_register(name, columns, rows)
    except PolicyError as e:
        raise UsageError(f"{path}: 登记册有误：{e}", f"{path}: {e}") from e


def _cell(
    place: _Place, column: str, value: str, identify: Identifiers, pseudonym: Pseudonym
) -> Cell:
    kinds = identify.get(column, frozenset())
    if not value or not kinds or PSEUDONYM.fullmatch(value):
        return value or None
    if len(kinds) > 1:
        raise place.wrong(
            f"{column} 含义不唯一，请填主机报告中显示的去标识化值（h:…）",
            f"{column} may be one of {', '.join(sorted(kinds))}; enter the de-identified "
            "value that reports show (h:…)",
        )
    (identifier,) = kinds
    return pseudonym(identifier, value)


def _approval(place: _Place, cells: Mapping[str, str], now: datetime) -> dict[str, Cell]:
    for column in ("approver", "reason"):
        if not cells[column]:
            raise place.wrong(f"{column} 不能为空", f"{column} must not be empty")
    start, end = cells["valid_from"], cells["valid_until"]
    valid_from = _moment(place, start, last=False) if start else clock.stamp(now)
    valid_until = _moment(place, end, last=True) if end else None
    if valid_until is not None and valid_until < valid_from:
        raise place.wrong("valid_until 早于 valid_from", "valid_until is before valid_from")
    return {
        "approver": cells["approver"],
        "reason": cells["reason"],
        "valid_from": valid_from,
        "valid_until": valid_until,
    }


def _moment(place: _Place, text: str, *, last: bool) -> str:
    """The moment `text` says; a day alone is its first second, or its `last`."""
    match = _DAY.fullmatch(text)
    try:
        if match is None:
            moment = datetime.fromisoformat(text)
        else:
            moment = datetime.fromisoformat(match[1]).replace(tzinfo=clock.BEIJING)
            if match[2] is not None:
                moment = datetime.combine(moment, time.fromisoformat(match[2]), clock.BEIJING)
            elif last:
                moment += timedelta(days=1, seconds=-1)
    except ValueError as e:
        raise _no_time(place, text) from e
    if moment.tzinfo is None:
        raise _no_time(place, text)
    return clock.stamp(moment)


def _no_time(place: _Place, text: str) -> UsageError:
    return place.wrong(
        f"时间应写作 2026-11-23 或 2026-11-23 16:00（北京时间），现为 {text!r}",
        f"write a time as 2026-11-23 or 2026-11-23 16:00 (Beijing time), not {text!r}",
    )
