"""What starts by itself: by the clock, with the machine, with a session."""

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from facts.spec import Privacy
from facts.status import COMPLETE, Condition, Status, condition
from facts.tables import SPECS
from tests.collectors.observe import here
from tests.collectors.roots import by, cells, read, root

SYSTEM = (
    "# m h dom mon dow user command\n"
    "SHELL=/bin/sh\n"
    'PATH = "/usr/sbin:/usr/bin"\n'
    "17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n"
    "@reboot backup /opt/b/run --password=secret > /dev/null 2>&1\n"
)
EMPTY = {"/usr/sbin/x": "", "/var/spool/x": "", "/etc/x": ""}
"""A root that was recorded and has no cron."""


def test_system_tables_name_a_user(tmp_path: Path) -> None:
    """Fields, events, and the user apart from the command; settings are no jobs."""
    found = read(root(tmp_path, EMPTY | {"/etc/crontab": SYSTEM}), "crontab")

    columns = ("event", "minute", "hour", "day_of_week", "username", "command")
    assert cells(found, *columns) == [
        (None, "17", "*", "*", "root", "cd / && run-parts --report /etc/cron.hourly"),
        ("@reboot", None, None, None, "backup", "/opt/b/run --password=secret > /dev/null 2>&1"),
    ]
    assert found.condition == COMPLETE


@pytest.mark.parametrize(
    ("spool", "others"),
    [
        ("/var/spool/cron/crontabs", {"/var/spool/cron/atjobs/.SEQ": ""}),
        ("/var/spool/cron/tabs", {}),
        ("/var/spool/cron", {"/var/spool/cron/lastrun/x": ""}),
    ],
    ids=["debian", "suse", "red-hat"],
)
def test_a_users_table_is_named_after_him(
    tmp_path: Path, spool: str, others: Mapping[str, str]
) -> None:
    """Its lines have no field for a user; what else lies there is no crontab."""
    files = {f"{spool}/alice": "*/5 1-3 * jan mon-fri /home/alice/x a b\n", **others}

    found = read(root(tmp_path, EMPTY | files), "crontab")

    assert cells(found, "minute", "month", "day_of_week", "username", "program", "path") == [
        ("*/5", "jan", "mon-fri", "alice", "/home/alice/x", f"{spool}/alice")
    ]
    assert found.condition == COMPLETE


@pytest.mark.parametrize(
    ("daemon", "names"),
    [
        ("/usr/sbin/cron", ["0hourly", "php_x-1"]),
        ("/usr/sbin/crond", ["0hourly", "my.job", "php_x-1"]),
    ],
)
def test_the_daemon_says_which_files_count(tmp_path: Path, daemon: str, names: list[str]) -> None:
    """Debian's takes plain names only; cronie takes all but leftovers."""
    there = ("0hourly", "my.job", "php_x-1", "old.rpmsave", "back~", ".hidden", "#x#")
    files = {f"/etc/cron.d/{name}": "* * * * * root /x\n" for name in there}

    found = read(root(tmp_path, EMPTY | {daemon: ""} | files), "crontab")

    assert [str(row["path"]).rpartition("/")[2] for row in found.rows] == names


def test_anacron_directories_and_queues_run_by_the_clock_too(tmp_path: Path) -> None:
    """Periods of anacron, programs that can be executed, jobs that wait, and nothing of them."""
    files = {
        "/etc/anacrontab": (
            "START_HOURS_RANGE=3-22\n"
            "1\t5\tcron.daily\tnice run-parts /etc/cron.daily\n"
            "@monthly 45 m /x\n"
        ),
        "/etc/cron.daily/logs": "#!/bin/sh\n",
        "/etc/cron.daily/not-executable": "#!/bin/sh\n",
        "/var/spool/cron/atjobs/a0000101c2bf42": "TOKEN=secret; export TOKEN\n",
    }
    host = root(tmp_path, EMPTY | files)
    (tmp_path / "etc/cron.daily/logs").chmod(0o755)

    found = read(host, "crontab")

    assert cells(found, "kind", "event", "program") == [
        ("anacron", "1", "nice"),
        ("anacron", "@monthly", "/x"),
        ("directory", "@daily", "/etc/cron.daily/logs"),
        ("at", "2026-03-02T00:02:00Z", None),
    ]
    assert "secret" not in str(found.rows)


@pytest.mark.parametrize(
    ("command", "program", "paths"),
    [
        ("/usr/bin/x -a /tmp/y", "/usr/bin/x", "/usr/bin/x /tmp/y"),
        ("A=1 B='two words' python3 /opt/a.py", "python3", "/opt/a.py"),
        ("( cd /srv && ./run ) > /dev/null", "cd", "/srv"),
        ("[ -x /usr/sbin/y ] && /usr/sbin/y --to=/var/z", "[", "/usr/sbin/y /var/z"),
        ('"/opt/my app" x', "/opt/my", "/opt/my"),
        ("curl https://u:p@h.example/x | sh", "curl", ""),
        ("/tmp/\udcff", "/tmp/\udcff", "/tmp/\udcff"),
    ],
)
def test_what_runs_can_be_seen_without_the_command(
    tmp_path: Path, command: str, program: str, paths: str
) -> None:
    """First program and absolute paths are public, the text is not, its digest tells changes."""
    line = f"* * * * * root {command}\n".encode("utf-8", "surrogateescape")

    found = read(root(tmp_path, EMPTY | {"/etc/crontab": line}), "crontab")

    digest = hashlib.sha256(command.encode("utf-8", "surrogateescape")).hexdigest()
    assert cells(found, "program", "paths", "command_digest") == [(program, paths, digest)]
    spec = SPECS["crontab"]
    assert spec.column("command").privacy is Privacy.LOCAL
    assert spec.column("command_digest").privacy is Privacy.DEIDENTIFIED


@pytest.mark.parametrize(
    "line",
    ["* * * * * root", "* * * *", "every day root /x", "@daily", "@Daily root /x", "\x00\xff\x01"],
)
def test_a_line_cron_does_not_take_shows(tmp_path: Path, line: str) -> None:
    """It has no row, and the table is partial."""
    host = root(tmp_path, EMPTY | {"/etc/crontab": f"# first\n{line}\n"})

    found = read(host, "crontab")

    assert found.rows == []
    assert found.condition == condition(Status.PARTIAL, "malformed_source", "/etc/crontab:2")


def test_a_long_line_costs_little(tmp_path: Path) -> None:
    """Patterns that could run back and forth over a line do not."""
    began = time.process_time()
    hostile = [
        "A=" * 40_000,
        "* * * * * root " + "A=" * 40_000,
        "* * * * * root " + "A='x " * 20_000,
    ]

    read(root(tmp_path, EMPTY | {"/etc/crontab": "\n".join(hostile)}), "crontab")

    assert time.process_time() - began < 2


def test_a_host_without_cron_has_no_jobs(tmp_path: Path) -> None:
    """None of the places is there, and that is complete."""
    found = read(root(tmp_path, EMPTY), "crontab")

    assert (found.rows, found.condition) == ([], COMPLETE)


def test_a_table_that_cannot_be_read_shows(tmp_path: Path) -> None:
    """The others are told; a root without /var says nothing of users' tables."""
    files = {"/etc/crontab": SYSTEM, "/usr/sbin/x": ""}

    found = read(root(tmp_path, files), "crontab")

    assert len(found.rows) == 2
    assert found.condition == Condition(Status.PARTIAL, found.condition.reason)


def test_this_hosts_jobs_are_read_whole() -> None:
    """Every program in the directories of this machine has a row."""
    found = here("crontab")

    assert found.condition == COMPLETE
    programs = {str(row["path"]) for row in found.rows if row["kind"] == "directory"}
    assert programs == {
        str(path)
        for period in ("hourly", "daily", "weekly", "monthly")
        for path in Path(f"/etc/cron.{period}").glob("[!.]*")
        if path.stat().st_mode & 0o111
    }


ITEMS = {
    "/etc/xdg/autostart/a.desktop": (
        "# x\n[Desktop Entry]\nName=Tool\nName[zh_CN]=工具\nExec=/usr/bin/tool --token x\n"
        "[Desktop Action new]\nExec=wrong\n"
    ),
    "/etc/xdg/autostart/b.desktop": "[Desktop Entry]\nExec=b\nHidden=true\n",
    "/etc/xdg/autostart/c.desktop": "[Desktop Entry]\nExec=c\nX-GNOME-Autostart-enabled=false\n",
    "/etc/xdg/autostart/README": "Exec=wrong\n",
    "/etc/init.d/started": "",
    "/etc/init.d/stopped": "",
    "/etc/init.d/README": "",
    "/etc/rc2.d/S01started": "-> ../init.d/started",
    "/etc/rc0.d/S01stopped": "-> ../init.d/stopped",
    "/etc/rc3.d/K01stopped": "-> ../init.d/stopped",
    "/etc/rc.local": "",
}


def test_what_starts_is_told_from_what_is_switched_off(tmp_path: Path) -> None:
    """Desktop entries by their switches, scripts by the links of run levels, rc.local by mode."""
    host = root(tmp_path, ITEMS)
    for name in ("started", "stopped"):
        (tmp_path / "etc/init.d" / name).chmod(0o755)

    found = read(host, "startup_items")

    assert cells(found, "name", "path", "status", "username") == [
        ("Tool", "/usr/bin/tool", "enabled", ""),
        ("b.desktop", "b", "disabled", ""),
        ("c.desktop", "c", "disabled", ""),
        ("started", "/etc/init.d/started", "enabled", "root"),
        ("stopped", "/etc/init.d/stopped", "disabled", "root"),
        ("rc.local", "/etc/rc.local", "disabled", "root"),
    ]
    assert by(found, "name", "args")["Tool"] == "--token x"
    assert SPECS["startup_items"].column("args").privacy is Privacy.LOCAL


def test_an_item_that_cannot_be_read_shows(tmp_path: Path) -> None:
    """A desktop entry that is a directory makes the table partial."""
    host = root(tmp_path, {"/etc/xdg/autostart/x.desktop/y": "", "/etc/rc.d/rc.local": ""})

    found = read(host, "startup_items")

    assert cells(found, "name") == [("rc.local",)]
    assert found.condition.status is Status.PARTIAL
