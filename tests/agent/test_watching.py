"""The watcher, through the real libudev: emulated USB devices, and the kernel's own announcements
of network interfaces in a namespace, which come as fast as a kernel can make them.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from agent.journal import Journal, Row
from tests.collectors.testbed import LISTENER, STICK, STICK_DISK, Testbed, testbed

ROOT = Path(__file__).parents[2]
WITHIN_S = 30.0
STORAGE = f"{STICK}/1-1:1.0"
BURST, LINKS = 1000, 20
"""Events at once, and the interfaces that they are about."""


class Watched:
    """A watcher at work, and what it has written."""

    def __init__(self, process: "subprocess.Popen[bytes]", journal: Journal) -> None:
        self.process = process
        self.journal = journal

    @property
    def rows(self) -> list[Row]:
        """Every event, in the order of its number."""
        return self.journal.rows()

    def until(self, condition: Callable[[list[Row]], object]) -> list[Row]:
        """The events, as soon as `condition` holds for them."""
        deadline = time.monotonic() + WITHIN_S
        while not condition(rows := self.rows):
            assert self.process.poll() is None
            assert time.monotonic() < deadline, rows
            time.sleep(0.02)
        return rows

    def begin(self, before: int) -> None:
        """Wait until it has written what it found, after the events numbered up to `before`."""
        deadline = time.monotonic() + WITHIN_S
        while _written(self.journal) <= before:
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def stop(self) -> None:
        """End it as the daemon does."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(WITHIN_S)


def _written(journal: Journal) -> int:
    """The number of the last event; 0 if there is none that can be read."""
    with suppress(ValueError):
        return max((int(row["eid"]) for row in journal.rows()), default=0)
    return 0


@contextmanager
def _watching(
    state: Path, bed: Testbed | None = None, *options: str, prefix: tuple[str, ...] = ()
) -> Iterator[Watched]:
    before = _written(Journal(state))
    listener = prefix if bed is None else LISTENER
    argv = [*listener, sys.executable, "-m", "tests.agent.watcher", str(state), *options]
    env = None if bed is None else bed.environment
    with subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.DEVNULL) as process:
        watched = Watched(process, Journal(state))
        try:
            watched.begin(before)
            yield watched
        finally:
            process.kill()


def _of(rows: list[Row], path: str) -> list[Row]:
    return [row for row in rows if row["path"] == path]


def _actions(rows: list[Row], path: str) -> list[str]:
    return [row["action"] for row in _of(rows, path)]


def test_a_stick_comes_and_goes(tmp_path: Path) -> None:
    """Each step is an event with the stick's identity, also when it can no longer be asked."""
    with testbed() as bed, _watching(tmp_path, bed) as watched:
        bed.plug("stick")
        bed.announce(STORAGE, "bind")
        watched.until(lambda rows: _actions(rows, STORAGE) == ["add", "bind"])
        bed.unplug(f"{STICK_DISK}/sdb1", STICK_DISK, STORAGE, STICK)
        rows = watched.until(lambda rows: "remove" in _actions(rows, STICK))

    gap, *_ = rows
    assert (gap["action"], gap["type"]) == ("gap", "unwatched")
    assert [int(row["eid"]) for row in rows] == list(range(1, len(rows) + 1))
    for row in (*_of(rows, STICK), *_of(rows, STORAGE), *_of(rows, STICK_DISK)):
        assert (row["vendor_id"], row["model_id"], row["revision"]) == ("0781", "5567", "0126")
        assert (row["vendor"], row["model"]) == ("SanDisk", "Cruzer Blade")
        assert row["serial"] == "4C530001230823112233"
        assert (row["port_path"], row["sysfs_path"]) == ("1-1", STICK)
    assert _of(rows, STORAGE)[1]["driver"] == "usb-storage"
    assert _of(rows, STICK)[-1]["duration"] >= 0


def test_what_went_through_a_disk_is_told_when_it_goes(tmp_path: Path) -> None:
    """The kernel's counters vanish with the disk; those of the last look are a lower bound."""
    with testbed("stick") as bed, _watching(tmp_path, bed) as watched:
        bed.write(STICK_DISK, "stat", "9 0 4096 7 5 0 81920 9 0 3 16")
        time.sleep(3)
        bed.unplug(f"{STICK_DISK}/sdb1", STICK_DISK)
        rows = watched.until(lambda rows: "remove" in _actions(rows, STICK_DISK))

    gone = _of(rows, STICK_DISK)[-1]
    assert (gone["sectors_read"], gone["sectors_written"]) == (4096, 81920)
    assert gone["duration"] >= 3
    assert gone["mounted"] == 0
    assert 0 <= gone["time"] - gone["sampled"] <= 3


def test_two_sticks_with_one_serial_number_and_one_with_none(tmp_path: Path) -> None:
    """What is the same on two ports stays two; what says nothing is empty, which is not unknown."""
    with testbed() as bed, _watching(tmp_path, bed) as watched:
        bed.plug("hubs")
        rows = watched.until(lambda rows: any(r.get("port_path") == "2-1.4.3" for r in rows))

    sticks = [r for r in rows if r["type"] == "usb_device" and r["vendor_id"] == "090c"]
    assert sorted((r["port_path"], r["serial"]) for r in sticks) == [
        ("2-1.4.1", "0123456789ABCDEF"),
        ("2-1.4.2", "0123456789ABCDEF"),
        ("2-1.4.3", ""),
    ]
    assert all("why" not in row for row in sticks)


def test_an_authorisation_that_changes_is_an_event(tmp_path: Path) -> None:
    """Whoever holds a device back, or lets it work again, is seen to do so."""
    with testbed("stick") as bed, _watching(tmp_path, bed) as watched:
        bed.write(STICK, "authorized", "0")
        bed.announce(STORAGE, "unbind")
        watched.until(lambda rows: "change" in _actions(rows, STICK))
        bed.write(STICK, "authorized", "1")
        bed.announce(STORAGE, "bind")
        rows = watched.until(lambda rows: _actions(rows, STICK).count("change") == 2)

    changes = [row for row in _of(rows, STICK) if row["action"] == "change"]
    assert [row["authorized"] for row in changes] == [0, 1]
    assert _actions(rows, STORAGE) == ["seen", "unbind", "bind"]


def test_a_device_that_is_held_back(tmp_path: Path) -> None:
    """It is there, and the event says that it may not work."""
    with testbed() as bed, _watching(tmp_path, bed) as watched:
        bed.plug("held-back")
        rows = watched.until(lambda rows: any(r.get("port_path") == "9-1" for r in rows))

    (row,) = [r for r in rows if r.get("port_path") == "9-1"]
    assert (row["action"], row["authorized"]) == ("add", 0)


def test_what_was_attached_before_is_seen(tmp_path: Path) -> None:
    """Nobody saw it come, and it is listed; what nobody plugged in is not."""
    with testbed("stick") as bed, _watching(tmp_path, bed) as watched:
        rows = watched.rows

    assert [row["action"] for row in rows] == ["gap", *["seen"] * 4]
    assert {row["port_path"] for row in rows[1:]} == {"1-1"}


def test_watching_again_tells_what_changed_meanwhile(tmp_path: Path) -> None:
    """A restart is a gap of known length, and what came or went in it is found by looking."""
    with testbed("stick", "bmc") as bed:
        with _watching(tmp_path, bed) as first:
            first.stop()
        before = len(first.rows)
        bed.unplug(f"{STICK_DISK}/sdb1", STICK_DISK, STORAGE, STICK)
        bed.plug("keystroke")
        with _watching(tmp_path, bed) as again:
            rows = again.until(lambda rows: len(rows) > before)[before:]

    assert rows[0]["action"] == "gap"
    assert 0 <= rows[0]["duration"] <= WITHIN_S
    assert {r["port_path"] for r in rows if r["action"] == "gone"} == {"1-1"}
    assert _of(rows, STICK)[0]["serial"] == "4C530001230823112233"
    assert {r["port_path"][:2] for r in rows if r["action"] == "seen" and r["port_path"]} <= {
        "us",
        "3-",
    }


def test_only_one_watches(tmp_path: Path) -> None:
    """A second watcher would number the same events again."""
    with testbed() as bed, _watching(tmp_path, bed) as watched:
        second = subprocess.run(
            [sys.executable, "-m", "tests.agent.watcher", str(tmp_path)],
            cwd=ROOT,
            env=bed.environment,
            capture_output=True,
            check=False,
            timeout=60,
        )
        alive = watched.journal.is_watched()

    assert second.returncode
    assert b"BlockingIOError" in second.stderr
    assert alive
    assert not watched.journal.is_watched()


NAMESPACE = ("unshare", "-nm", "sh", "-c", 'mount -t sysfs sysfs /sys && exec "$@"', "sh")


def _links(watched: Watched, commands: str) -> None:
    """Have ip(8) make network interfaces where the watcher is, all at once."""
    enter = ["nsenter", "-n", "-t", str(watched.process.pid)]
    subprocess.run([*enter, "ip", "-b", "-"], input=commands.encode(), check=True, timeout=60)


def _announced(watched: Watched, count: int) -> list[tuple[str, str]]:
    """Have the kernel announce interfaces where the watcher is, in a known order, at once."""
    said = [(f"test{n % LINKS}", ("add", "remove")[n // LINKS % 2]) for n in range(count)]
    lines = "".join(f"/sys/class/net/{name}/uevent {action}\n" for name, action in said)
    enter = ["nsenter", "-n", "-m", "-t", str(watched.process.pid)]
    program = [sys.executable, "-c", _ANNOUNCE]
    subprocess.run([*enter, *program], input=lines.encode(), check=True, timeout=60)
    return said


_ANNOUNCE = """
import sys
for line in sys.stdin.read().splitlines():
    path, action = line.split()
    with open(path, "w") as file:
        file.write(action)
"""


def test_a_burst_of_a_thousand_events(tmp_path: Path) -> None:
    """From a real kernel, as fast as it announces: none is lost, and their order is kept."""
    with _watching(tmp_path, None, "--net", prefix=NAMESPACE) as watched:
        _links(watched, "".join(f"link add test{n} type bridge\n" for n in range(LINKS)))
        made = watched.until(lambda rows: len(_present(rows)) == LINKS)
        said = _announced(watched, BURST)
        rows = watched.until(lambda rows: len(_own(rows)) >= LINKS + BURST)

    assert _own(rows)[LINKS:] == said
    assert [int(row["eid"]) for row in rows] == list(range(1, len(rows) + 1))
    assert [row["type"] for row in rows if row["action"] == "gap"] == ["unwatched"]
    assert len(made) < len(rows)


def _own(rows: list[Row]) -> list[tuple[str, str]]:
    """The test's own interfaces, and not their queues."""
    return [
        (row["path"].rpartition("/")[2], row["action"])
        for row in rows
        if "/net/test" in row["path"]
    ]


def test_what_the_buffer_could_not_hold_is_a_gap_and_looked_for(tmp_path: Path) -> None:
    """The kernel says that it lost something (ENOBUFS); what is there now is found all the same."""
    options = ("--net", "--buffer", "2048")
    with _watching(tmp_path, None, *options, prefix=NAMESPACE) as watched:
        watched.process.send_signal(signal.SIGSTOP)
        _links(watched, "".join(f"link add test{n} type bridge\n" for n in range(200)))
        watched.process.send_signal(signal.SIGCONT)
        rows = watched.until(lambda rows: len(_present(rows)) == 200)
        _links(watched, "link del test7\n")
        rows = watched.until(lambda rows: len(_present(rows)) == 199)

    gaps = [row["type"] for row in rows if row["action"] == "gap"]
    assert gaps[0] == "unwatched"
    assert set(gaps[1:]) == {"overflow"}
    assert any(row["action"] == "seen" for row in rows)
    assert "test7" not in _present(rows)


def _present(rows: list[Row]) -> set[str]:
    """Which of the test's interfaces are attached, by what the events say."""
    here: set[str] = set()
    for row in rows:
        name = row["path"].rpartition("/")[2]
        if "/net/test" in row["path"] and row["action"] in {"add", "seen"}:
            here.add(name)
        elif row["action"] in {"remove", "gone"}:
            here.discard(name)
    return here


def test_a_device_that_will_not_stop_is_counted(tmp_path: Path) -> None:
    """It gets few rows, which say how many events they stand for: it can fill no disk."""
    with _watching(tmp_path, None, "--net", "--rows", "10", prefix=NAMESPACE) as watched:
        _links(watched, "".join(f"link add test{n} type bridge\n" for n in range(LINKS)))
        said = _announced(watched, BURST)
        time.sleep(1)
        watched.stop()
    rows = watched.rows

    assert len(rows) <= 10 + 3 * 17
    counted = sum(row.get("count", 1) for row in rows if "/net/test" in row["path"])
    lost = sum(row["count"] for row in rows if row["type"] == "flood")
    assert counted + lost >= LINKS + len(said)
    assert lost
    assert all(row["first_time"] <= row["time"] for row in rows if "first_time" in row)


@pytest.mark.parametrize("damage", [b'{"eid":"7"', b"\x00\xff\n", b"[]\n"])
def test_a_damaged_journal_is_put_aside(tmp_path: Path, damage: bytes) -> None:
    """A line that was broken off goes; what nobody can read stays beside, and watching goes on."""
    with testbed("stick") as bed:
        with _watching(tmp_path, bed) as first:
            first.stop()
        events = tmp_path / "watch" / "events.jsonl"
        with events.open("ab") as file:
            file.write(damage)
        with _watching(tmp_path, bed) as again:
            again.stop()

    assert again.rows[-1]["action"] == "gap"
    assert events.with_suffix(".damaged").exists() is (damage.endswith(b"\n"))
