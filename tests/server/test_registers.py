"""Registers from CSV files, as administrators keep them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence import canonical
from facts.pseudonym import Pseudonym
from server import assigning
from server.errors import UsageError
from server.registers import Identifiers, identifiers, read_register

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
PSEUDONYM = Pseudonym(bytes(32))
SERIAL = {"serial": frozenset({"device_serial"})}
COLUMNS = ("vendor_id", "model_id", "serial")
HEADER = "vendor_id,model_id,serial,approver,reason,valid_from,valid_until\n"


def _rows(
    directory: Path,
    text: str,
    columns: tuple[str, ...] = COLUMNS,
    identify: Identifiers = SERIAL,
) -> list[tuple[object, ...]]:
    file = directory / "register.csv"
    file.write_text(text, encoding="utf-8")
    reference, data = read_register(
        file, "approved_usb", columns, PSEUDONYM, NOW, identify=identify
    )
    return [*canonical.decode_table(data, width=len(reference.columns), limit=10**6)]


def test_serials_are_deidentified_as_the_agent_does_it(tmp_path: Path) -> None:
    """So that the stick in the register equals the stick on the host."""
    ((_, _, serial, *_),) = _rows(tmp_path, HEADER + "0781,5581,4C530001,李,工作票 7,,\n")

    assert serial == PSEUDONYM("device_serial", "4C530001")


def test_a_pseudonym_from_a_report_stays(tmp_path: Path) -> None:
    """Administrators copy from reports what they never saw in clear."""
    known = PSEUDONYM("device_serial", "4C530001")

    ((_, _, serial, *_),) = _rows(tmp_path, HEADER + f"0781,5581,{known},李,x,,\n")

    assert serial == known


def test_a_device_without_serial_has_none(tmp_path: Path) -> None:
    """An empty cell is null, never the pseudonym of nothing."""
    ((_, _, serial, *_),) = _rows(tmp_path, HEADER + "0781,5581,,李,x,,\n")

    assert serial is None


def test_times_are_entered_as_beijing_time(tmp_path: Path) -> None:
    """A day begins and ends in Beijing, `until` a day includes it; offsets are heeded."""
    rows = _rows(
        tmp_path,
        HEADER
        + "a,b,,李,x,2026-11-01,2026-12-31\n"
        + "c,d,,李,x,2026-11-01 09:30,2026-12-31T18:00+00:00\n"
        + "e,f,,李,x,,\n",
    )

    assert [row[-2:] for row in rows] == [
        ("2026-10-31T16:00:00Z", "2026-12-31T15:59:59Z"),
        ("2026-11-01T01:30:00Z", "2026-12-31T18:00:00Z"),
        ("2026-11-23T08:00:00Z", None),
    ]


def test_columns_may_stand_in_any_order_and_excel_may_have_written_them(tmp_path: Path) -> None:
    """A byte order mark and another order are what spreadsheets make."""
    text = "\ufeffapprover,reason,serial,model_id,vendor_id,valid_until,valid_from\r\n"

    ((vendor, model, *_),) = _rows(tmp_path, text + "李,x,,5581,0781,,\r\n")

    assert (vendor, model) == ("0781", "5581")


def test_an_empty_register_is_adopted(tmp_path: Path) -> None:
    """No stick approved is something else than no register."""
    assert _rows(tmp_path, HEADER) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("vendor_id,model_id\n", r":1: the header must name vendor_id,model_id,serial,approver"),
        ("", r":1: the header must name"),
        (HEADER + "0781,5581,x,,reason,,\n", ":2: approver must not be empty"),
        (HEADER + "0781,5581,x,李,,,\n", ":2: reason must not be empty"),
        (HEADER + "0781,5581,x,李\n", ":2: must have 7 fields"),
        (HEADER + "0781,5581,x,李,r,,,more\n", ":2: must have 7 fields"),
        (HEADER + "a,b,c,李,r,,\na,b,c,李,r,soon,\n", ":3: write a time as"),
        (HEADER + "a,b,c,李,r,2026-12-01T09:30:00.5,\n", ":2: write a time as"),
        (HEADER + "a,b,c,李,r,2026-13-01,\n", ":2: write a time as"),
        (HEADER + "a,b,c,李,r,2026-12-01,2026-11-01\n", ":2: valid_until is before"),
        (HEADER + 'a,b,"c"d,李,r,,\n', ":2: not valid CSV"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    """Whoever keeps the file finds the place."""
    with pytest.raises(UsageError, match=told):
        _rows(tmp_path, text)


def test_other_encodings_are_told(tmp_path: Path) -> None:
    """GBK from an old spreadsheet is refused with what to do."""
    file = tmp_path / "register.csv"
    file.write_bytes((HEADER + "a,b,c,李,理由,,\n").encode("gbk"))

    with pytest.raises(UsageError, match="UTF-8"):
        read_register(file, "approved_usb", COLUMNS, PSEUDONYM, NOW, identify=SERIAL)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """By its path."""
    with pytest.raises(UsageError, match=r"none\.csv: cannot be read"):
        read_register(
            tmp_path / "none.csv", "approved_usb", COLUMNS, PSEUDONYM, NOW, identify=SERIAL
        )


def test_an_ambiguous_identifier_must_come_as_a_pseudonym(tmp_path: Path) -> None:
    """A `uuid` may be a host's in one check and a file system's in another: nobody guesses."""
    identify = {"uuid": frozenset({"filesystem_uuid", "host_uuid"})}
    header = "uuid,approver,reason,valid_from,valid_until\n"
    known = PSEUDONYM("host_uuid", "1")

    with pytest.raises(UsageError, match="may be one of filesystem_uuid, host_uuid"):
        _rows(tmp_path, header + "1234,李,x,,\n", ("uuid",), identify)
    ((uuid, *_),) = _rows(tmp_path, header + f"{known},李,x,,\n", ("uuid",), identify)

    assert uuid == known


def test_what_a_column_identifies_is_what_its_checks_compare_it_with() -> None:
    """Serials and keys do; an address, a name or a UUID that reports show in clear does not."""
    found = identifiers([assigning.read_policy("cii-host").policy])

    assert found["approved_usb"]["serial"] == {"device_serial"}
    assert found["approved_keys"]["key"] == {"ssh_public_key"}
    for name, column in (
        ("approved_listeners", "address"),
        ("approved_printers", "host"),
        ("approved_resolvers", "address"),
        ("approved_wifi", "uuid"),
    ):
        assert column not in found[name]
