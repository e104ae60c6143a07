"""Registers: written and read in one form, and valid only within their time."""

import hashlib
from typing import Any

import pytest

from evidence import canonical
from evidence.statement import Digest, RegisterRef
from policies.errors import RegisterError
from policies.registers import APPROVAL, read_register, write_register

NOW = "2026-11-23T08:00:00Z"
COLUMNS = ("vendor_id", "serial")


def reference(data: bytes, columns: tuple[str, ...] = COLUMNS + APPROVAL) -> RegisterRef:
    digest = Digest(sha256=hashlib.sha256(data).hexdigest())
    return RegisterRef(name="approved_usb", columns=columns, digest=digest)


@pytest.mark.parametrize(
    ("start", "end", "seen"),
    [
        (None, None, 1),
        (NOW, NOW, 1),
        ("2026-11-23T08:00:01Z", None, 0),
        (None, "2026-11-23T07:59:59Z", 0),
        ("2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z", 1),
    ],
)
def test_only_rows_valid_at_the_scan_are_seen(
    start: str | None, end: str | None, seen: int
) -> None:
    """Both ends are included; null has no end."""
    row: dict[str, Any] = {"vendor_id": "0781", "valid_from": start, "valid_until": end}

    register = read_register(*write_register("approved_usb", COLUMNS, [row]))

    assert register.valid_at(NOW, ("vendor_id",)) == (("0781",),) * seen


def test_sql_sees_the_declared_columns_in_their_order() -> None:
    """A policy may declare fewer columns than the unit keeps, and in another order."""
    row = {"vendor_id": "0781", "serial": "h:1", "approver": "王"}

    register = read_register(*write_register("approved_usb", COLUMNS, [row]))

    assert register.valid_at(NOW, ("serial", "vendor_id")) == (("h:1", "0781"),)


def test_a_column_the_register_lacks_is_null() -> None:
    """Whether that will do is for the judge to say."""
    register = read_register(*write_register("approved_usb", COLUMNS, [{"vendor_id": "0781"}]))

    assert register.valid_at(NOW, ("model_id", "vendor_id")) == ((None, "0781"),)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"vendor": "0781"}, "no column vendor"),
        ({"valid_until": "2026-12-31"}, "is no time"),
        ({"valid_from": "2026-12-31T00:00:00+08:00"}, "is no time"),
        ({"valid_from": 20261231}, "is no time"),
        ({"vendor_id": "\ud800"}, "not Unicode"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused(row: dict[str, Any], said: str) -> None:
    """Nothing is written that could not be read again."""
    with pytest.raises(RegisterError, match=said):
        write_register("approved_usb", COLUMNS, [row])


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (COLUMNS, "the last columns must be"),
        (APPROVAL, "the last columns must be"),
        (("vendor_id", "vendor_id", *APPROVAL), "named twice"),
        (("vendor_id", *APPROVAL), "array of 5 cells"),
    ],
)
def test_a_reference_that_does_not_fit_is_refused(columns: tuple[str, ...], said: str) -> None:
    """The columns come from signed bytes, but not from a friend."""
    data = canonical.encode_table([["0781", None, None, None, None, None]])

    with pytest.raises(RegisterError, match=said):
        read_register(reference(data, columns), data)


def test_other_bytes_than_promised_are_refused() -> None:
    """The digest binds the bytes to the name."""
    named, data = write_register("approved_usb", COLUMNS, [{"vendor_id": "0781"}])

    with pytest.raises(RegisterError, match="another digest"):
        read_register(named, data.replace(b"0781", b"0782"))


def test_bytes_not_in_canonical_form_are_refused() -> None:
    """Sorted lines of JSON, and nothing else."""
    data = b'["b",null,null,null,null,null]\n["a",null,null,null,null,null]\n'

    with pytest.raises(RegisterError, match="not sorted"):
        read_register(reference(data), data)
