"""Who signed in, told from records that utmpdump wrote, without telling who it was."""

import struct
import subprocess
from pathlib import Path

import pytest

from collectors.logins import network
from collectors.source import HostSource
from facts.pseudonym import Pseudonym
from facts.status import COMPLETE, Status, condition
from tests.collectors.roots import cells, read, root

PASSWD = (
    "root:x:0:0::/root:/bin/sh\nops:x:1000:1000::/home/ops:/bin/sh\nold:x:1001:1001::/:/bin/sh\n"
)
RECORDS = """\
[2] [00000] [~~  ] [reboot  ] [~           ] [6.1.0-18-amd64      ] [0.0.0.0        ] \
[2026-11-01T02:00:00,000000+00:00]
[7] [00812] [ts/0] [ops     ] [pts/0       ] [192.0.2.77          ] [192.0.2.77     ] \
[2026-11-02T03:04:05,000000+00:00]
[8] [00812] [ts/0] [        ] [pts/0       ] [                    ] [0.0.0.0        ] \
[2026-11-02T04:00:00,000000+00:00]
[7] [00900] [tty1] [root    ] [tty1        ] [                    ] [0.0.0.0        ] \
[2026-11-03T08:00:00,000000+00:00]
"""


def records() -> bytes:
    """RECORDS as util-linux writes them on this machine."""
    done = subprocess.run(
        ["utmpdump", "--reverse"], input=RECORDS.encode(), capture_output=True, check=True
    )
    return done.stdout


def test_last_is_what_was_recorded(tmp_path: Path) -> None:
    """Kind, account, terminal, process, time and source of every record, in order."""
    host = root(tmp_path, {"/var/log/wtmp": records()})

    found = read(host, "last")

    assert found.condition == COMPLETE
    assert cells(found, "type_name", "username", "tty", "pid", "time", "host", "host_network") == [
        ("boot-time", "reboot", "~", 0, 1793498400, "6.1.0-18-amd64", ""),
        ("user-process", "ops", "pts/0", 812, 1793588645, "192.0.2.77", "192.0.2.0/24"),
        ("dead-process", "", "pts/0", 812, 1793592000, "", ""),
        ("user-process", "root", "tty1", 900, 1793692800, "", ""),
    ]


def test_records_with_long_times_are_read(tmp_path: Path) -> None:
    """On arm64 and others a record is 400 bytes and its times are 64 bits wide."""
    wide = struct.pack(
        "<h2xi32s4s32s256s4x8xqq16s20x4x", 7, 5, b"pts/1", b"s/1", b"ops", b"", 1793588645, 1, b""
    )
    host = root(tmp_path, {"/var/log/wtmp": wide * 3})

    found = read(host, "last")

    assert found.condition == COMPLETE
    assert cells(found, "username", "tty", "time") == [("ops", "pts/1", 1793588645)] * 3


@pytest.mark.parametrize("broken", [b"x", b"\xff" * 384, b"\x07\x00" + b"\xff" * 382])
def test_a_damaged_end_is_partial(tmp_path: Path, broken: bytes) -> None:
    """What can be read is kept, and that it is not all is said."""
    host = root(tmp_path, {"/var/log/wtmp": records() + broken})

    found = read(host, "last")

    assert found.condition == condition(Status.PARTIAL, "malformed_source", "/var/log/wtmp")
    assert len(found.rows) == 4


def test_no_person_and_no_address_leaves_the_host(tmp_path: Path) -> None:
    """Account and source are pseudonyms; the network and the rest are as they are."""
    source = HostSource(root(tmp_path, {"/var/log/wtmp": records()}), Pseudonym(b"k" * 32))

    rows = source.read("last", ("username", "host", "host_network")).rows

    assert all(user in ("", None) or str(user).startswith("h:") for user, _, _ in rows)
    assert "192.0.2.77" not in str(rows)
    assert rows[1][2] == "192.0.2.0/24"


def test_a_missing_record_is_not_no_login(tmp_path: Path) -> None:
    """Without wtmp nothing is known."""
    host = root(tmp_path, {"/etc/passwd": PASSWD})

    with pytest.raises(FileNotFoundError):
        read(host, "last")


def test_activity_tells_the_day_and_no_more(tmp_path: Path) -> None:
    """The newest of wtmp and lastlog, by account; since when there are records; NULL for never."""
    lastlog = struct.pack("<i32s256s", 0, b"", b"") * 1000
    lastlog += struct.pack("<i32s256s", 1793952000, b"pts/0", b"192.0.2.77")
    host = root(
        tmp_path,
        {"/etc/passwd": PASSWD, "/var/log/wtmp": records(), "/var/log/lastlog": lastlog},
    )

    found = read(host, "account_activity")

    assert cells(found, "username", "last_seen", "records_from") == [
        ("root", "2026-11-03", "2026-11-01"),
        ("ops", "2026-11-06", "2026-11-01"),
        ("old", None, "2026-11-01"),
    ]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::5", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("bastion.example", ""),
        (":0", ""),
        ("", ""),
    ],
)
def test_the_network_of_a_source(host: str, expected: str) -> None:
    """An address is told by its network; a name or a display is none."""
    assert network(host) == expected
