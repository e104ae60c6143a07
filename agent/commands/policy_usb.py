"""Registers of USB storage as CSV, for the commands that try one before it is adopted."""

import csv
import io
from pathlib import Path

from agent.errors import InputError
from facts.pseudonym import PSEUDONYM, Pseudonym
from policies.registers import MAX_REGISTER
from policies.simulate import Row

_WANTED = ("vendor_id", "model_id", "serial")


def register(path: Path, key: str | None) -> list[Row]:
    """The rows of the CSV file at `path`; with the unit's `key`, serial numbers de-identified.

    The first line names the columns; those of the approval, and others, may be there.

    Raises:
        InputError: it cannot be read, or not as such a file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_REGISTER + 1)
        text = data.decode("utf-8-sig")
    except OSError as e:
        raise InputError(
            f"{path}: 无法读取：{e.strerror}", f"{path}: cannot be read: {e.strerror}"
        ) from e
    except UnicodeDecodeError as e:
        raise InputError(f"{path}: 不是 UTF-8", f"{path}: not UTF-8") from e
    if len(data) > MAX_REGISTER:
        raise InputError(f"{path}: 文件过大", f"{path}: too large")
    pseudonym = None if key is None else Pseudonym(bytes.fromhex(key))
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows = []
    try:
        if missing := [name for name in _WANTED if name not in (reader.fieldnames or ())]:
            named = ", ".join(missing)
            raise InputError(f"{path}: 缺少列 {named}", f"{path}: no column {named}")
        for record in reader:
            if None in record or None in record.values():
                line = reader.line_num
                raise InputError(
                    f"{path}:{line}: 字段数与表头不符",
                    f"{path}:{line}: not as many fields as columns",
                )
            vendor, model, serial = (record[name].strip() for name in _WANTED)
            if serial and pseudonym is not None and not PSEUDONYM.fullmatch(serial):
                serial = pseudonym("device_serial", serial)
            rows.append(Row(reader.line_num, vendor, model, serial))
    except csv.Error as e:
        raise InputError(
            f"{path}:{reader.line_num + 1}: 不是有效的 CSV：{e}",
            f"{path}:{reader.line_num + 1}: not valid CSV: {e}",
        ) from e
    return rows
