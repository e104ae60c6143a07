"""Time: what the clock says, who keeps it, and by which servers."""

import ctypes
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from collectors.clock_sync import _Timex
from evidence.canonical import Cell
from facts.status import Condition, Status, condition
from tests.collectors.answering import INITIAL_VIEW, running
from tests.collectors.observe import here, observe
from tests.collectors.roots import by, cells, read, root

TRACKING = "/usr/bin/chronyc -c -n tracking"
CHRONYD = {"/usr/sbin/chronyd": "", "/usr/x": "", "/proc/7/comm": "chronyd\n", **INITIAL_VIEW}
SYNCHRONISED = (
    "0A000001,10.0.0.1,3,1795465737.999142580,-0.000012345,0.000001,0.000002,-1.5,0.001,0.02,"
    "0.000500000,0.000250000,64.2,Normal\n"
)
ALONE = (
    "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,"
    "1.000000000,0.0,Not synchronised\n"
)
"""Both as chronyd 4.3 answers."""


def test_uptime_is_that_of_the_kernel() -> None:
    """All of it is the clock that counts from the start; the parts add up."""
    before = int(time.clock_gettime(time.CLOCK_BOOTTIME))

    (row,) = here("uptime").rows

    after = int(time.clock_gettime(time.CLOCK_BOOTTIME))
    parts = [int(row[name] or 0) for name in ("days", "hours", "minutes", "seconds")]
    total = int(row["total_seconds"] or 0)
    assert before <= total <= after
    assert ((parts[0] * 24 + parts[1]) * 60 + parts[2]) * 60 + parts[3] == total
    assert max(parts[1:]) < 60


def test_the_time_is_what_date_says() -> None:
    """Each column is what date(1) prints for the same second, in the zone of the host."""
    (row,) = here("time").rows

    shapes = {
        "weekday": "%A",
        "iso_8601": "%Y-%m-%dT%H:%M:%SZ",
        "timestamp": "%a %b %e %H:%M:%S %Y UTC",
        "unix_time": "%s",
    }
    for column, shape in shapes.items():
        argv = ["date", "--utc", f"--date=@{row['unix_time']}", f"+{shape}"]
        told = subprocess.run(argv, capture_output=True, check=True, text=True, env={"LC_ALL": "C"})
        assert told.stdout.strip() == str(row[column])
    zone = subprocess.run(["date", "+%Z"], capture_output=True, check=True, text=True)
    assert row["local_timezone"] == zone.stdout.strip()
    assert abs(int(row["unix_time"] or 0) - time.time()) < 60


def test_files_know_no_time(tmp_path: Path) -> None:
    """A recorded root has neither a clock nor an uptime."""
    host = root(tmp_path, {"/proc/uptime": "1.0 2.0\n"})

    assert read(host, "time").condition.status is Status.UNSUPPORTED
    assert read(host, "uptime").condition.status is Status.UNSUPPORTED


def test_an_uptime_that_is_none_is_not_believed(tmp_path: Path) -> None:
    """A file that holds something else gives no row."""
    found = read(running(tmp_path, {"/proc/uptime": "soon\n"}), "uptime")

    assert found.rows == ()
    assert found.condition == condition(Status.UNREADABLE, "malformed_source", "/proc/uptime")


def test_the_kernel_says_whether_its_clock_is_right() -> None:
    """The kernel's row agrees with adjtimex(2), whose structure ends where the kernel's does."""
    assert ctypes.sizeof(_Timex) >= 208
    timex = _Timex()
    state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))

    found = here("clock_sync")

    (kernel,) = (row for row in found.rows if row["service"] == "kernel")
    assert found.condition.complete
    assert kernel["synchronized"] == int(state != 5 and not timex.status & 64)


def test_a_service_that_does_not_run_keeps_no_clock() -> None:
    """This machine's timesyncd is installed and not started, so nothing is said of its state."""
    rows = {str(row["service"]): row for row in here("clock_sync").rows}

    timesyncd = rows["systemd-timesyncd"]
    assert timesyncd["running"] == 0
    assert "synchronized" not in timesyncd
    assert Path(str(timesyncd["path"])).exists()


def test_chronyd_says_how_far_it_is_off(tmp_path: Path) -> None:
    """Reference, stratum, offset in microseconds and the last update, as chronyc prints them."""
    found = read(running(tmp_path, CHRONYD, {TRACKING: SYNCHRONISED}), "clock_sync")

    assert cells(
        found,
        *("service", "running", "synchronized", "reference", "stratum", "offset_us", "last_sync"),
    ) == [("chronyd", 1, 1, "10.0.0.1", 3, -12, 1795465738)]
    assert not found.columns


def test_chronyd_without_a_server_is_not_synchronised(tmp_path: Path) -> None:
    """A daemon that found nobody has no stratum and no offset."""
    found = read(running(tmp_path, CHRONYD, {TRACKING: ALONE}), "clock_sync")

    columns = ("synchronized", "reference", "stratum", "offset_us", "last_sync")
    assert cells(found, *columns) == [(0, None, None, None, None)]


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {TRACKING: b"506 Cannot talk to daemon\n"},
        {TRACKING: "rubbish\n"},
        {TRACKING: SYNCHRONISED.replace("3,", "1e999,", 1)},
        {TRACKING: ""},
    ],
)
def test_a_daemon_that_does_not_answer_is_not_right(
    tmp_path: Path, answers: Mapping[str, str | bytes]
) -> None:
    """It runs, and whether its clock is right is unknown."""
    found = read(running(tmp_path, CHRONYD, answers), "clock_sync")

    assert cells(found, "running", "synchronized") == [(1, None)]
    assert not found.columns["synchronized"].complete
    assert not found.columns["offset_us"].complete


def test_ntpd_says_it_in_milliseconds(tmp_path: Path) -> None:
    """The system variables of ntpq, spread over lines."""
    files = {"/usr/sbin/ntpd": "", "/proc/9/comm": "ntpd\n", **INITIAL_VIEW}
    answer = (
        'associd=0 status=0615 leap_none, sync_ntp, 1 event, clock_sync,\nversion="ntpd 4",\n'
        "leap=00, stratum=2, precision=-23, rootdelay=0.400, refid=10.0.0.9,\noffset=-1.250000\n"
    )

    found = read(running(tmp_path, files, {"/usr/bin/ntpq -n -c rv": answer}), "clock_sync")

    assert cells(found, "synchronized", "reference", "stratum", "offset_us") == [
        (1, "10.0.0.9", 2, -1250)
    ]


def test_timesyncd_leaves_a_mark_when_it_set_the_clock(tmp_path: Path) -> None:
    """The date of its mark is when it last did; its server and stratum are as it says."""
    files = {
        "/usr/lib/systemd/systemd-timesyncd": "",
        "/proc/9/comm": "systemd-timesyn\n",
        "/run/systemd/timesync/synchronized": "",
        **INITIAL_VIEW,
    }
    asked = "/usr/bin/timedatectl show-timesync --property=ServerAddress --property=NTPMessage"
    said = "ServerAddress=10.0.0.1\nNTPMessage={ Leap=0, Version=4, Mode=4, Stratum=2, Jitter=0 }\n"
    host = running(tmp_path, files, {asked: said})
    os.utime(tmp_path / "run/systemd/timesync/synchronized", (0, 1795465737))

    found = read(host, "clock_sync")

    assert cells(found, "synchronized", "reference", "stratum", "last_sync") == [
        (1, "10.0.0.1", 2, 1795465737)
    ]


def test_a_recorded_root_cannot_tell_whether_a_clock_is_right(tmp_path: Path) -> None:
    """The programs are there; whether they run, and how well, is not."""
    found = read(root(tmp_path, {"/usr/sbin/chronyd": ""}), "clock_sync")

    assert cells(found, "service", "running") == [("chronyd", None)]
    assert found.columns["running"].status is Status.UNSUPPORTED
    assert found.columns["synchronized"].status is Status.UNSUPPORTED


def test_a_plain_user_learns_the_kernels_state_too() -> None:
    """Asking the clock needs no privilege."""
    seen = observe("clock_sync", user=65534)

    assert seen.status == "complete"
    assert seen.one(service="kernel")["synchronized"] in (0, 1)


CHRONY = {
    "/usr/sbin/chronyd": "",
    "/etc/chrony/chrony.conf": (
        "! a comment\n% another\n"
        "pool ntp.inside.example iburst\n"
        "SERVER 10.0.0.1 iburst key 7\n"
        "server nts.example nts\n"
        "refclock PHC /dev/ptp0 poll 2\n"
        "keyfile /etc/chrony/chrony.keys\n"
        "confdir /etc/chrony/conf.d /usr/share/chrony/conf.d\n"
        "sourcedir /run/chrony-dhcp\n"
        "include /etc/chrony/more*.conf\n"
    ),
    "/etc/chrony/conf.d/10-site.conf": "peer 10.0.0.2\n",
    "/etc/chrony/conf.d/README": "server wrong.example\n",
    "/usr/share/chrony/conf.d/10-site.conf": "server masked.example\n",
    "/usr/share/chrony/conf.d/20-vendor.conf": "server vendor.example\n",
    "/run/chrony-dhcp/eth0.sources": "server 10.9.9.9 iburst\n",
    "/run/chrony-dhcp/eth0.conf": "server wrong.example\n",
    "/etc/chrony/more1.conf": "server more.example\n",
}


def test_chronys_files_are_merged_as_chronyd_merges_them(tmp_path: Path) -> None:
    """Directories by suffix, one name once for all directories of a line, wildcards."""
    found = read(root(tmp_path, CHRONY), "clock_servers")

    assert cells(found, "kind", "address", "authenticated") == [
        ("pool", "ntp.inside.example", 0),
        ("server", "10.0.0.1", 1),
        ("server", "nts.example", 1),
        ("refclock", "PHC /dev/ptp0", 0),
        ("peer", "10.0.0.2", 0),
        ("server", "vendor.example", 0),
        ("server", "10.9.9.9", 0),
        ("server", "more.example", 0),
    ]
    assert by(found, "address", "source")["10.0.0.2"] == "/etc/chrony/conf.d/10-site.conf"
    assert found.condition.complete


def test_a_file_that_includes_itself_ends(tmp_path: Path) -> None:
    """A circle of includes is cut, and shows."""
    files = {"/usr/sbin/chronyd": "", "/etc/chrony.conf": "server a\ninclude /etc/chrony.conf\n"}

    found = read(root(tmp_path, files), "clock_servers")

    assert found.condition.status is Status.PARTIAL


@pytest.mark.parametrize(
    ("files", "servers"),
    [
        (
            {
                "/etc/ntp.conf": (
                    "driftfile /x\npool -4 0.pool.example iburst # near\n"
                    "server 127.127.1.0\nincludefile /etc/ntp/more.conf\n"
                ),
                "/etc/ntp/more.conf": "server 10.0.0.1 key 3\n",
            },
            [("pool", "0.pool.example"), ("refclock", "127.127.1.0"), ("server", "10.0.0.1")],
        ),
        (
            {
                "/etc/ntpsec/ntp.conf": "server 10.0.0.1\n",
                "/etc/ntpsec/ntp.d/a.conf": "server 10.0.0.2\n",
                "/etc/ntp.conf": "server wrong.example\n",
            },
            [("server", "10.0.0.1"), ("server", "10.0.0.2")],
        ),
        ({"/etc/openntpd/ntpd.conf": "servers pool.example\n"}, [("pool", "pool.example")]),
    ],
)
def test_every_ntpd_names_its_servers(
    tmp_path: Path, files: dict[str, str | bytes], servers: list[tuple[Cell, ...]]
) -> None:
    """The reference implementation, NTPsec and OpenNTPD, each with its own file."""
    host = root(tmp_path, {"/usr/sbin/ntpd": "", "/run/x": "", **files})

    assert cells(read(host, "clock_servers"), "kind", "address") == servers


TIMESYNCD = {"/usr/lib/systemd/systemd-timesyncd": "", "/run/x": ""}


def test_timesyncds_lists_grow_from_file_to_file(tmp_path: Path) -> None:
    """Each assignment adds, an empty one starts anew, a masked drop-in does not count."""
    files = {
        "/etc/systemd/timesyncd.conf": "[Time]\nNTP=old.example\nFallbackNTP=far.example\n",
        "/etc/systemd/timesyncd.conf.d/10-a.conf": "[Time]\nNTP=\nNTP=a.example b.example\n",
        "/usr/lib/systemd/timesyncd.conf.d/20-b.conf": "[Time]\nNTP=c.example\n",
        "/usr/lib/systemd/timesyncd.conf.d/30-masked.conf": "[Time]\nNTP=\n",
        "/etc/systemd/timesyncd.conf.d/30-masked.conf": "-> /dev/null",
        "/run/systemd/netif/links/2": "NTP=10.0.0.5\nDNS=10.0.0.6\n",
    }

    found = read(root(tmp_path, TIMESYNCD | files), "clock_servers")

    assert cells(found, "kind", "address") == [
        ("server", "a.example"),
        ("server", "b.example"),
        ("server", "c.example"),
        ("fallback", "far.example"),
        ("server", "10.0.0.5"),
    ]


def test_a_built_in_fallback_is_a_server_too(tmp_path: Path) -> None:
    """Without any setting timesyncd asks servers that no file names."""
    found = read(root(tmp_path, TIMESYNCD | {"/etc/x": ""}), "clock_servers")

    assert cells(found, "kind", "address", "source") == [("fallback", None, None)]


def test_a_host_without_a_clock_service_has_no_row(tmp_path: Path) -> None:
    """Nothing is installed, and that is complete."""
    found = read(root(tmp_path, {"/usr/bin/x": "", "/etc/x": ""}), "clock_servers")

    assert found.rows == []
    assert found.condition.complete


def test_a_drop_in_that_cannot_be_read_shows(tmp_path: Path) -> None:
    """A file that is a directory makes the table partial, and the reason names it."""
    host = root(tmp_path, CHRONY | {"/etc/chrony/conf.d/30-x.conf/x": ""})

    found = read(host, "clock_servers")

    assert found.condition == Condition(Status.PARTIAL, found.condition.reason)
    assert found.condition.reason is not None
    assert found.condition.reason.args[0] == "/etc/chrony/conf.d/30-x.conf"
