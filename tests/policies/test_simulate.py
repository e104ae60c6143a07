"""What a proposed register of USB storage would have refused, where, and by which row."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.event import report_events
from agent.exchange import whole
from agent.journal import Journal
from agent.spool import Spool
from agent.state import State
from evidence import parcel
from policies.simulate import Inserted, Row, insertions, simulate
from tests.agent.enrolled import enrolled
from tests.agent.running import anfang

STICK: dict[str, Any] = {
    "action": "bind",
    "path": "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0",
    "type": "usb_interface",
    "driver": "usb-storage",
    "vendor_id": "0781",
    "model_id": "5567",
    "serial": "AAA",
    "vendor": "SanDisk",
    "model": "Cruzer Blade",
    "port_path": "1-1",
    "time": 1795420000,
}
DIGEST = "h:" + "a" * 32
OTHER = "h:" + "b" * 32


def answer(serial: str | None, *rows: Row, model: str = "5581") -> tuple[str, int | None]:
    (found,) = simulate([(Inserted("h", "0781", model, serial, "1-1"), 1)], rows)
    return found.answer, found.row


@pytest.mark.parametrize(
    ("serial", "rows", "told"),
    [
        (DIGEST, [], ("refused", None)),
        (DIGEST, [Row(2, "0781", "5581", DIGEST)], ("allowed", 2)),
        (DIGEST, [Row(2, "0781", "5582", DIGEST)], ("refused", None)),
        (DIGEST, [Row(2, "0782", "5581", DIGEST)], ("refused", None)),
        (DIGEST, [Row(2, "0781", "5581", OTHER)], ("refused", 2)),
        (DIGEST, [Row(2, "0781", "5581", "")], ("refused", 2)),
        (DIGEST, [Row(2, "0781", "5581", "AAA")], ("unknown", 2)),
        (DIGEST, [Row(2, "0781", "5581", "AAA"), Row(3, "0781", "5581", DIGEST)], ("allowed", 3)),
        ("", [Row(2, "0781", "5581", "")], ("allowed", 2)),
        ("", [Row(2, "0781", "5581", DIGEST)], ("refused", 2)),
        (None, [Row(2, "0781", "5581", DIGEST)], ("unknown", 2)),
        (None, [Row(2, "0781", "5581", "")], ("unknown", 2)),
        (None, [], ("refused", None)),
    ],
)
def test_a_row_allows_one_device(
    serial: str | None, rows: list[Row], told: tuple[str, int | None]
) -> None:
    """The row that does, or the one that comes nearest."""
    assert answer(serial, *rows) == told


def test_letters_of_numbers_may_be_capitals() -> None:
    """As in the checks."""
    assert answer(DIGEST, Row(2, "0781", "AB81", DIGEST), model="ab81") == ("allowed", 2)


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({}, True),
        ({"action": "seen"}, True),
        ({"action": "add", "driver": "uas"}, True),
        ({"action": "unbind"}, False),
        ({"action": "gap", "driver": ""}, False),
        ({"driver": "usbhid"}, False),
        ({"time": None}, False),
        ({"time": 2**52}, False),
        ({"time": -1}, False),
    ],
)
def test_only_storage_that_came_counts(changed: dict[str, Any], counts: bool) -> None:  # noqa: FBT001
    """A driver took it, or it was there when watching began; and that at a time there is."""
    assert bool(list(insertions("h", [{**STICK, **changed}]))) is counts


def test_one_device_is_one_line_refused_ones_first() -> None:
    """The same event in two reports counts once."""
    one, two = (Inserted("h", "0781", "5581", serial, "1-1") for serial in (DIGEST, OTHER))

    found = simulate([(one, 5), (one, 5), (one, 9), (two, 1)], [Row(2, "0781", "5581", DIGEST)])

    assert [(each.answer, each.times, each.first, each.last) for each in found] == [
        ("refused", 1, 1, 1),
        ("allowed", 2, 5, 9),
    ]


def recorded(directory: Path, *rows: dict[str, object]) -> tuple[State, Path]:
    """An enrolled host that saw these, and its reports in a parcel."""
    state = enrolled(directory).state
    journal = Journal(state.root)
    journal.take()
    journal.append([{**STICK, **row} for row in rows])
    report_events(state)
    out = directory / "out.parcel"
    out.write_bytes(parcel.write(whole(state, Spool(state).sequences())))
    return state, out


def test_the_command_tells_of_real_reports(tmp_path: Path) -> None:
    """On a host with the unit's key, serial numbers in plain text are compared as pseudonyms."""
    state, out = recorded(tmp_path, {}, {"serial": "BBB", "port_path": "1-2"})
    register = tmp_path / "usb.csv"
    register.write_text("vendor_id,model_id,serial\n0781,5567,AAA\n", encoding="utf-8")

    here = anfang("policy", "simulate", str(register), str(out), state=state)
    away = anfang("policy", "simulate", str(register), str(out), "--json", state=tmp_path / "no")

    assert here.returncode == 1, here.stderr
    first, _, second, *_ = here.stdout.splitlines()
    assert first.startswith("✗ refused  0781:5567 h:")
    assert first.endswith("line 2 has another serial")
    assert second.startswith("✓ allowed  0781:5567 h:")
    assert second.endswith("line 2")
    answers = [device["answer"] for device in json.loads(away.stdout)["devices"]]
    assert (away.returncode, answers) == (3, ["unknown", "unknown"])


def test_a_host_that_was_not_watched_is_no_good_news(tmp_path: Path) -> None:
    """Exit 3, and its name: silence is no pass."""
    state = enrolled(tmp_path).state
    out, register = tmp_path / "out.parcel", tmp_path / "usb.csv"
    anfang("scan", "--out", str(out), state=state)
    register.write_text("vendor_id,model_id,serial\n", encoding="utf-8")

    done = anfang("policy", "simulate", str(register), str(out), state=state)

    assert done.returncode == 3
    assert "Not watched throughout: " in done.stdout
