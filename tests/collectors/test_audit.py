"""How long logs are kept and where they go, by each logging system's own rules."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from collectors.logs import size_bytes, span_s
from evidence.canonical import Cell
from facts.status import COMPLETE
from tests.collectors.observe import here
from tests.collectors.roots import cells, read, root

JOURNALD = {"/usr/lib/systemd/systemd-journald": "", "/var/log/journal/README": ""}
DAY = 86400


def _row(tmp_path: Path, files: Mapping[str, str | bytes], kind: str) -> dict[str, Cell]:
    observed = read(root(tmp_path, files), "log_retention")
    assert observed.condition == COMPLETE
    (row,) = (dict(row) for row in observed.rows if row["kind"] == kind)
    return row


def test_this_host_is_read_whole() -> None:
    """As root every part of this host's logging can be read."""
    found = here("log_retention")

    assert found.condition == COMPLETE
    assert not found.columns


def test_journald_drop_ins_count_in_order(tmp_path: Path) -> None:
    """The last drop-in wins over the main file; its path is the source."""
    row = _row(
        tmp_path,
        JOURNALD
        | {
            "/etc/systemd/journald.conf": "[Journal]\n#SystemMaxUse=1\nMaxRetentionSec=1month\n",
            "/usr/lib/systemd/journald.conf.d/10-vendor.conf": "[Journal]\nSystemMaxUse=1G\n",
            "/etc/systemd/journald.conf.d/50-law.conf": "[Journal]\nMaxRetentionSec=200day\n",
            "/etc/systemd/journald.conf.d/60-other.conf": "[Other]\nMaxRetentionSec=1day\n",
        },
        "journald",
    )

    assert row["retention_days"] == 200
    assert row["max_size_bytes"] == 1024**3
    assert row["source"] == "/etc/systemd/journald.conf.d/50-law.conf"
    assert row["persistent"] == 1


@pytest.mark.parametrize(
    ("storage", "directory", "persistent"),
    [
        ("auto", "/var/log/journal", 1),
        ("auto", "/var/log/other", 0),
        ("persistent", "/var/log/other", 1),
        ("volatile", "/var/log/journal", 0),
        ("none", "/var/log/journal", 0),
    ],
)
def test_storage_decides_what_outlives_a_restart(
    tmp_path: Path, storage: str, directory: str, persistent: int
) -> None:
    """`auto` keeps records only where /var/log/journal is there."""
    files: dict[str, str | bytes] = {
        "/usr/lib/systemd/systemd-journald": "",
        f"{directory}/README": "",
        "/etc/systemd/journald.conf": f"[Journal]\nStorage={storage}\n",
    }

    assert _row(tmp_path, files, "journald")["persistent"] == persistent


def test_the_oldest_journal_is_dated_by_its_name(tmp_path: Path) -> None:
    """An archived journal carries the time of its first record in its name."""
    micros = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
    name = f"system@{'0' * 32}-{'0' * 16}-{micros:016x}.journal"
    files = JOURNALD | {f"/var/log/journal/{'a' * 32}/{name}": "", "/etc/systemd/x": ""}

    assert _row(tmp_path, files, "journald")["oldest_record"] == "2026-01-01T00:00:00Z"


def test_a_host_without_logging_systems_has_no_rows(tmp_path: Path) -> None:
    """Nothing installed: complete, without rows."""
    found = read(root(tmp_path, {"/etc/hostname": "h", "/usr/bin/x": ""}), "log_retention")

    assert (list(found.rows), found.condition) == ([], COMPLETE)


@pytest.mark.parametrize(
    ("action", "rotations", "size"),
    [("ROTATE", 5, 8 * 1024**2), ("keep_logs", None, None), ("ignore", None, None)],
)
def test_auditd_counts_files_only_when_it_rotates(
    tmp_path: Path, action: str, rotations: int | None, size: int | None
) -> None:
    """Five files of 8 MiB are no promise of days; kept logs are never deleted."""
    row = _row(
        tmp_path,
        {
            "/etc/audit/auditd.conf": (
                "log_file = /var/log/audit/audit.log\nmax_log_file = 8\nnum_logs = 5\n"
                f"max_log_file_action = {action}\n"
            ),
            "/usr/x": "",
        },
        "auditd",
    )

    assert (row["rotations"], row["max_size_bytes"]) == (rotations, size)
    assert (row["retention_days"], row["persistent"]) == (None, 1)


def test_the_oldest_rotated_file_dates_the_log(tmp_path: Path) -> None:
    """The last change of the oldest rotated file is what is told."""
    host = root(
        tmp_path,
        {
            "/etc/audit/auditd.conf": "num_logs = 5\n",
            "/var/log/audit/audit.log": "",
            "/var/log/audit/audit.log.1": "",
            "/usr/x": "",
        },
    )
    os.utime(tmp_path / "var/log/audit/audit.log.1", (DAY, DAY))

    assert cells(read(host, "log_retention"), "oldest_record") == [("1970-01-02T00:00:00Z",)]


LOGROTATE = {
    "/etc/logrotate.conf": "# all\nweekly\nrotate 26\ninclude /etc/logrotate.d\ncompress\n",
    "/etc/logrotate.d/app": (
        '"/var/log/app/*.log" /var/log/app.err {\n'
        "  daily\n  rotate 200\n  maxage 190\n"
        "  postrotate\n    rotate 1 }\n  endscript\n"
        "}\n"
        "/var/log/big.log {\n  size 100M\n  rotate 9\n}\n"
    ),
    "/etc/logrotate.d/default": "/var/log/plain.log\n{\n  missingok\n}\n",
    "/etc/logrotate.d/keep": "/var/log/keep.log {\n monthly\n rotate -1\n}\n",
    "/etc/logrotate.d/app.dpkg-old": "/var/log/old.log {\n rotate 1\n}\n",
    "/var/log/x": "",
    "/usr/x": "",
}


def test_logrotate_blocks_take_what_is_set_before(tmp_path: Path) -> None:
    """Global settings hold in included files; a block's own win; scripts are not settings."""
    found = read(root(tmp_path, dict(LOGROTATE)), "log_retention")

    assert cells(found, "name", "retention_days", "rotations", "max_size_bytes", "source") == [
        ("/var/log/app/*.log", 190, 200, None, "/etc/logrotate.d/app"),
        ("/var/log/app.err", 190, 200, None, "/etc/logrotate.d/app"),
        ("/var/log/big.log", None, 9, 100 * 1024**2, "/etc/logrotate.d/app"),
        ("/var/log/plain.log", 182, 26, None, "/etc/logrotate.d/default"),
        ("/var/log/keep.log", None, None, None, "/etc/logrotate.d/keep"),
    ]


def test_logrotate_without_its_main_file_is_not_in_use(tmp_path: Path) -> None:
    """Packages leave rules behind on hosts that never run logrotate."""
    files = {path: text for path, text in LOGROTATE.items() if path != "/etc/logrotate.conf"}

    assert list(read(root(tmp_path, dict(files)), "log_retention").rows) == []


def test_a_rule_without_period_rotates_by_size(tmp_path: Path) -> None:
    """logrotate's own default is 1 MiB, which promises no days."""
    files = {"/etc/logrotate.conf": "rotate 4\n/var/log/a {\n}\n", "/var/log/a": "", "/usr/x": ""}

    row = _row(tmp_path, dict(files), "logrotate")

    assert (row["retention_days"], row["max_size_bytes"]) == (None, 1024**2)


@pytest.mark.parametrize(
    ("files", "targets"),
    [
        (
            {
                "/etc/rsyslog.conf": (
                    "#*.* @commented.example\n"
                    "*.* @@(o)log.example:10514;RSYSLOG_ForwardFormat\n"
                    "auth.* @[fd00::1]:514\n"
                    "mail.* /var/log/mail.log\n"
                ),
                "/etc/rsyslog.d/relp.conf": (
                    'action(type="omrelp"\n  target="relp.example" port="2514")\n'
                    'action(type="omfile" file="/var/log/x")\n'
                    "kern.* :omrelp:kern.example:20514\n"
                ),
            },
            ["log.example:10514", "[fd00::1]:514", "kern.example:20514", "relp.example:2514"],
        ),
        (
            {
                "/etc/syslog-ng/syslog-ng.conf": (
                    'source s_net { network(ip("0.0.0.0") port(514)); };\n'
                    'destination d_up { network("up.example" port(6514) transport("tls")); };\n'
                    'destination d_file { file("/var/log/x"); };\n'
                    'destination d_udp { udp("udp.example"); };\n'
                )
            },
            ["up.example:6514", "udp.example:514"],
        ),
        (
            {"/etc/systemd/journal-upload.conf": "[Upload]\nURL=https://me:pw@up.example:19532\n"},
            ["up.example:19532"],
        ),
        (
            {
                "/etc/audit/plugins.d/au-remote.conf": "active = yes\n",
                "/etc/audit/audisp-remote.conf": "remote_server = audit.example\nport = 60\n",
            },
            ["audit.example:60"],
        ),
        (
            {
                "/etc/audit/plugins.d/au-remote.conf": "active = no\n",
                "/etc/audit/audisp-remote.conf": "remote_server = audit.example\n",
            },
            [],
        ),
    ],
    ids=["rsyslog", "syslog-ng", "journal-upload", "audisp", "audisp-off"],
)
def test_forwarders_name_their_targets(
    tmp_path: Path, files: dict[str, str | bytes], targets: list[str]
) -> None:
    """Every form in use is found, without credentials; what receives is not taken for it."""
    found = read(root(tmp_path, files | {"/usr/x": "", "/run/x": ""}), "log_retention")

    assert [row["target"] for row in found.rows if row["kind"] == "forward"] == targets
    assert "pw" not in str(list(found.rows))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("180day", 180 * DAY),
        ("1month 2w", 2629800 + 14 * DAY),
        ("1y", 31557600),
        ("90", 90),
        ("2 h 30min", 9000),
        ("0", None),
        ("", None),
    ],
)
def test_spans_are_read_as_systemd_does(text: str, seconds: int | None) -> None:
    """Months and years have systemd.time(7)'s lengths; zero means without end."""
    assert span_s(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("500M", 500 * 1024**2), ("4G", 4 * 1024**3), ("100", 100), ("", None), ("x", None)],
)
def test_sizes_are_read_in_powers_of_1024(text: str, size: int | None) -> None:
    """K, M, G and T count in 1024."""
    assert size_bytes(text) == size


OMFWD = 'action(type="omfwd" target="10.0.0.1" protocol="tcp" {})\n'
OLD_TLS = "$ActionSendStreamDriverMode 1\n$ActionSendStreamDriverAuthMode x509/name\n"
NETWORK = 'destination d {{ network("10.0.0.1" port(6514) transport("tls") tls({})); }};\n'


@pytest.mark.parametrize(
    ("path", "text", "encrypted"),
    [
        ("rsyslog.conf", "*.* @@10.0.0.1\n", 0),
        (
            "rsyslog.conf",
            OLD_TLS + "*.* @@10.0.0.1\n",
            1,
        ),
        ("rsyslog.conf", "$ActionSendStreamDriverMode 1\n*.* @@10.0.0.1\n", 0),
        ("rsyslog.conf", OMFWD.format(""), 0),
        ("rsyslog.conf", OMFWD.format('StreamDriverMode="1" StreamDriverAuthMode="anon"'), 0),
        ("rsyslog.conf", OMFWD.format('StreamDriverMode="1" StreamDriverAuthMode="x509/name"'), 1),
        ("rsyslog.conf", OMFWD.format('StreamDriverMode="0" StreamDriverAuthMode="x509/name"'), 0),
        (
            "rsyslog.conf",
            'action(type="omrelp" target="10.0.0.1" tls="on" tls.authMode="name")\n',
            1,
        ),
        ("syslog-ng/syslog-ng.conf", 'destination d { network("10.0.0.1" port(514)); };\n', 0),
        ("syslog-ng/syslog-ng.conf", NETWORK.format('ca-dir("/etc/ca")'), 1),
        ("syslog-ng/syslog-ng.conf", NETWORK.format("peer-verify(no)"), 0),
        ("systemd/journal-upload.conf", "[Upload]\nURL=http://10.0.0.1\n", 0),
        ("systemd/journal-upload.conf", "[Upload]\nURL=https://10.0.0.1\n", 1),
        (
            "systemd/journal-upload.conf",
            "[Upload]\nURL=https://10.0.0.1\nTrustedCertificateFile=all\n",
            0,
        ),
    ],
)
def test_encrypted_is_what_also_checks_the_other_end(
    tmp_path: Path, path: str, text: str, encrypted: int
) -> None:
    """TLS to whoever answers is no protection, and counts as none."""
    row = _row(tmp_path, {f"/etc/{path}": text, "/usr/x": ""}, "forward")

    assert row["encrypted"] == encrypted
