"""Whether the stick in the hand is the one on record, although serial numbers there are none."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.event import report_events
from agent.journal import Journal
from agent.state import State
from tests.agent.enrolled import enrolled
from tests.agent.running import anfang
from tests.collectors import umockdev

ROOT = Path(__file__).parents[2]
SERIAL = "4C530001230823112233"
BATCH = "0123456789ABCDEF"
STICK = {
    "action": "add",
    "path": "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1",
    "type": "usb_device",
    "driver": "usb",
    "vendor_id": "0781",
    "model_id": "5567",
    "vendor": "SanDisk",
    "model": "Cruzer Blade",
    "port_path": "1-1",
    "time": 1795420000,
}


def _recorded(directory: Path, *rows: dict[str, object]) -> State:
    """A host whose report of events has these rows."""
    state = enrolled(directory).state
    journal = Journal(state.root)
    journal.take()
    journal.append([{**STICK, **row} for row in rows])
    report_events(state)
    return state


def _asked(state: State, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = anfang("match", "--json", *arguments, state=state)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_the_stick_on_record_is_known_by_its_pseudonym(tmp_path: Path) -> None:
    """The serial number is nowhere in the report, and yet it is told that this is the one."""
    state = _recorded(tmp_path, {"serial": SERIAL})
    blobs = b"".join(path.read_bytes() for path in (state.root / "blobs").iterdir())

    code, (found,) = _asked(state, "--serial", SERIAL, "--id", "0781:5567")

    assert SERIAL.encode() not in blobs
    assert str(found["pseudonym"]).encode() in blobs
    assert (code, found["certainty"]) == (0, "same")


@pytest.mark.parametrize(
    ("recorded", "asked", "code", "certainty"),
    [
        ({"serial": SERIAL}, ("--serial", "X1", "--id", "0781:5567"), 1, "absent"),
        ({"serial": SERIAL}, ("--serial", SERIAL, "--id", "0951:1666"), 3, "serial_only"),
        ({"serial": SERIAL}, ("--serial", SERIAL), 3, "serial_only"),
        ({"serial": ""}, ("--id", "0781:5567"), 3, "model_only"),
        ({"serial": ""}, ("--id", "0951:1666"), 1, "absent"),
        ({"serial": SERIAL}, ("--id", "0781:5567"), 1, "absent"),
        ({"serial": BATCH}, ("--serial", BATCH, "--id", "0781:5567"), 3, "shared"),
        ({"serial": "000000"}, ("--serial", "000000", "--id", "0781:5567"), 3, "shared"),
        ({"serial": ""}, ("--serial", "", "--id", ":"), 3, "unknown"),
    ],
)  # fmt: skip
def test_how_sure_it_is(
    tmp_path: Path, recorded: dict[str, object], asked: tuple[str, ...], code: int, certainty: str
) -> None:
    """A serial number that a batch shares, or that is missing, decides nothing."""
    state = _recorded(tmp_path, recorded)

    found, (answer,) = _asked(state, *asked)

    assert (found, answer["certainty"]) == (code, certainty)


def test_the_devices_attached_now_and_a_parcel(tmp_path: Path) -> None:
    """Without a serial number the attached devices are looked for, also in what was exported."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    other = _recorded(tmp_path / "a", {"serial": SERIAL})
    parcel = tmp_path / "parcel"
    anfang("export", str(parcel), state=other)
    state = enrolled(tmp_path / "b").state
    argv = [sys.executable, "-m", "agent", "match", str(parcel), "--json", "--lang", "en"]

    done = subprocess.run(
        [*umockdev.devices("stick"), *argv, "--state", str(state.root), "--config", "/dev/null"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=60,
    )

    (found,) = json.loads(done.stdout)
    assert done.returncode == 0
    assert (found["port_path"], found["certainty"]) == ("1-1", "same")
    assert found["records"][0]["action"] == "add"


def test_two_at_once_with_one_serial_number_are_told_apart_by_nobody(tmp_path: Path) -> None:
    """Where one report shows two of them attached, it may be either."""
    state = enrolled(tmp_path).state
    journal = Journal(state.root)
    journal.take()
    journal.append([STICK])
    description = tmp_path / "two.umockdev"
    text = (umockdev.DEVICES / "hubs.umockdev").read_text("utf-8")
    description.write_text(text.replace("0123456789ABCDEF", "A1B2C3D4"), "utf-8")
    argv = [sys.executable, "-m", "agent.event", "--state", str(state.root)]
    hubs = umockdev.devices(described=[description])
    subprocess.run([*hubs, *argv, "--config", "/dev/null"], cwd=ROOT, check=True, timeout=60)

    code, (found,) = _asked(state, "--serial", "A1B2C3D4", "--id", "090c:1000")

    assert (code, found["certainty"]) == (3, "shared")
    assert {record["port_path"] for record in found["records"]} == {"2-1.4.1", "2-1.4.2"}


def test_what_it_says(tmp_path: Path) -> None:
    """In words: which report, when, where; and that nothing was verified."""
    state = _recorded(tmp_path, {"serial": SERIAL})

    chinese = anfang("match", "--serial", SERIAL, "--id", "0781:5567", state=state, lang="zh")
    english = anfang("match", "--serial", "-", state=state, stdin=f"{SERIAL}\n")

    assert "记录在案" in chinese.stdout
    assert "第 1 份" in chinese.stdout
    assert "不核验签名" in chinese.stderr
    assert "cannot tell" in english.stdout


def test_a_host_that_is_not_enrolled_cannot_tell(tmp_path: Path) -> None:
    """Without the unit's key there is no pseudonym to look for."""
    done = anfang("match", "--serial", SERIAL, state=State(tmp_path / "none"))

    assert done.returncode == 3
    assert "not enrolled" in done.stderr


def test_usage(tmp_path: Path) -> None:
    """What is no pair of numbers, and what is no parcel, is told."""
    state = _recorded(tmp_path, {"serial": SERIAL})
    file = tmp_path / "file"
    file.write_text("no parcel")

    wrong = anfang("match", "--id", "0781", state=state)
    broken = anfang("match", "--serial", SERIAL, str(file), state=state)
    missing = anfang("match", "--serial", SERIAL, str(tmp_path / "none"), state=state)

    assert [each.returncode for each in (wrong, broken, missing)] == [2, 2, 2]
    assert "0781:5567" in wrong.stderr
