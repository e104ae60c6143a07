"""The recorder that is handed out: one file, any Python from 3.6, and the same judgement."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from collectors import recorder
from collectors.accounts import password_state
from collectors.host import LiveHost
from collectors.recorded import RecordedHost
from collectors.recording import manifest
from collectors.reducing import forbidden, nameless, reduced
from collectors.registry import COLLECTORS
from collectors.source import HostSource
from evidence.canonical import Cell
from facts.source import Reading
from facts.spec import Kind, Privacy
from facts.status import Status
from facts.tables import SPECS

ROOT = Path(__file__).parents[2]
NOBODY = 65534
FULL = [name for name in COLLECTORS if SPECS[name].kind is Kind.FULL]
SAME = (
    *("account_activity", "authorized_keys", "block_devices", "deb_packages", "groups"),
    *("interface_addresses", "kernel_info", "kernel_module_files", "kernel_modules", "last"),
    *("log_retention", "login_defs", "modprobe_config", "os_version", "pam_rules", "processes"),
    *("routes", "shadow", "ssh_configs", "sshd_config", "sudoers", "system_controls"),
    *("system_info", "systemd_units", "usb_devices", "usb_interfaces", "user_groups", "users"),
    "wireless_devices",
)
"""Tables that a recording answers as completely as the host does."""
MOVING = frozenset({"state", "threads", "resident_size", "total_size", "cgroup_path"})
"""What a process may change and change back between two readings."""
STILL = (
    *("account_activity", "deb_packages", "groups", "kernel_info", "login_defs", "os_version"),
    *("modprobe_config", "pam_rules", "shadow", "sshd_config", "sudoers", "systemd_units"),
    *("user_groups", "users"),
)
"""Tables that nothing changes here while tests run."""

Rows: TypeAlias = Sequence[tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Thrice:
    """What a host said before it was recorded, what the recording says, and what it said after."""

    before: dict[str, Reading]
    then: dict[str, Reading]
    after: dict[str, Reading]


def public(table: str) -> tuple[str, ...]:
    """The columns that leave a host."""
    return tuple(c.name for c in SPECS[table].columns if c.privacy is not Privacy.LOCAL)


def readings(host: LiveHost | RecordedHost) -> dict[str, Reading]:
    """Every full table of `host`."""
    source = HostSource(host, None)
    return {table: source.read(table, public(table)) for table in FULL}


def interpreters() -> Sequence[str]:
    """This Python, and the oldest other one that starts here, if there is any."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in (6, 7, 8):
        for found in (*versions.glob(f"3.{minor}.*/bin/python3"), shutil.which(f"python3.{minor}")):
            if (
                found is not None
                and not subprocess.run(
                    [found, "-c", ""], capture_output=True, check=False
                ).returncode
            ):
                return (sys.executable, str(found))
    return (sys.executable,)


@pytest.fixture(scope="module", name="program")
def _program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recorder as it is handed out."""
    out = tmp_path_factory.mktemp("recorder") / "anfang-record.py"
    subprocess.run([sys.executable, ROOT / "scripts/recorder.py", out], cwd=ROOT, check=True,
                   env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True)  # fmt: skip
    return out


def start(python: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """What a program says that `python` runs, where nothing of this checkout can be seen."""
    argv = [python, "-I", *map(str, arguments)]
    return subprocess.run(argv, cwd="/", env={"LC_ALL": "C"}, capture_output=True, check=False)


@pytest.fixture(scope="module", name="thrice", params=interpreters())
def _thrice(
    request: pytest.FixtureRequest, program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Thrice:
    """This host, recorded by each Python there is."""
    file = tmp_path_factory.mktemp("recorded") / "host.tar.gz"
    before = readings(LiveHost())
    said = start(request.param, program, "--out", file)
    assert said.returncode == 0, said.stderr.decode()
    return Thrice(before, readings(RecordedHost.at(file)), readings(LiveHost()))


def lasting(table: str, before: Reading, after: Reading) -> tuple[Rows, Rows]:
    """The rows of both readings but those of processes that came or went between them."""
    if "pid" not in public(table):
        return before.rows, after.rows
    place = public(table).index("pid")
    both = {row[place] for row in before.rows} & {row[place] for row in after.rows}
    first, last = ([row for row in r.rows if row[place] in both] for r in (before, after))
    return first, last


@pytest.mark.parametrize("table", FULL)
def test_it_judges_the_same_as_the_live_host(table: str, thrice: Thrice) -> None:
    """What is complete in a recording is complete here, and what was here all the time is in it.

    Two live readings tell what stayed: whatever else runs here comes and goes as it likes.
    """
    before, then, after = thrice.before[table], thrice.then[table], thrice.after[table]
    assert then.condition.complete or then.condition.reason is not None
    if not then.condition.complete:
        return

    assert before.condition.complete
    first, last = lasting(table, before, after)
    moving = MOVING | {
        column
        for place, column in enumerate(public(table))
        if column in then.columns or {row[place] for row in first} != {row[place] for row in last}
    }
    places = [place for place, column in enumerate(public(table)) if column not in moving]
    stayed, recorded, later = (
        Counter(tuple(str(row[place]) for place in places) for row in rows)
        for rows in (first, then.rows, last)
    )
    assert not (stayed & later) - recorded
    if table in STILL:
        assert stayed == recorded


@pytest.mark.parametrize("table", SAME)
def test_the_tables_that_checks_read_are_as_complete_as_here(table: str, thrice: Thrice) -> None:
    """Neither the table nor a column of it is worse off for having been recorded."""
    assert thrice.then[table].condition == thrice.before[table].condition
    assert thrice.then[table].columns == thrice.before[table].columns


def test_the_program_is_python_3_6(program: Path) -> None:
    """Its syntax is, its imports are the standard library's, and it comes in one piece."""
    tree = ast.parse(program.read_text("utf-8"), feature_version=(3, 6))

    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert imported <= sys.stdlib_module_names
    assert not {"urllib", "http", "ssl", "ctypes", "importlib"} & imported


def test_it_says_what_it_does_before_it_does_anything(program: Path, tmp_path: Path) -> None:
    """Without a file to write it only says so, and lists its sources."""
    told = start(sys.executable, program)
    listed = start(sys.executable, program, "--list")

    assert (told.returncode, listed.returncode) == (2, 0)
    assert "只读取所列的" in told.stderr.decode()
    assert b"keep it under control" in told.stderr
    assert {b"/etc/shadow", b"/usr/sbin/sshd -T"} <= set(listed.stdout.splitlines())


def test_it_writes_one_file_for_its_owner_and_nothing_else(program: Path, tmp_path: Path) -> None:
    """Traced: one file is opened for writing, no connection is made."""
    file, log = tmp_path / "host.tar", tmp_path / "trace"
    watched = (
        f"import sys; sys.argv = ['r', '--out', {str(file)!r}]; log = open({str(log)!r}, 'w')\n"
    )
    watched += (
        "def hook(event, args):\n"
        "    known = isinstance(args[0], int) or args[0] == '/dev/null' if event == 'open' else 0\n"
        "    if event == 'open' and args[2] & 3 and not known:\n"
        "        log.write(f'write {args[0]}\\n')\n"
        "    elif event.startswith(('socket.connect', 'socket.bind', 'os.remove', 'os.rename')):\n"
        "        log.write(event + '\\n')\n"
        "sys.addaudithook(hook)\n"
        f"exec(compile(open({str(program)!r}, encoding='utf-8').read(), 'r', 'exec'))\n"
    )

    said = start(sys.executable, "-c", watched)

    assert said.returncode == 0, said.stderr.decode()
    assert file.stat().st_mode & 0o777 == 0o600
    assert log.read_text().splitlines() == [f"write {file}"]
    assert f"{file}: {file.stat().st_size} bytes" in said.stderr.decode()


def test_a_file_that_is_there_is_not_replaced(program: Path, tmp_path: Path) -> None:
    """Somebody's file stays somebody's file."""
    (tmp_path / "mine").write_text("mine")

    said = start(sys.executable, program, "--out", tmp_path / "mine")

    assert said.returncode == 3
    assert (tmp_path / "mine").read_text() == "mine"


def test_the_head_says_when_by_whom_and_of_what(program: Path, tmp_path: Path) -> None:
    """What a judge has to know of a recording."""
    start(sys.executable, program, "--out", tmp_path / "host.tar")

    head = manifest(tmp_path / "host.tar")

    assert head.program.startswith("anfang-record ")
    assert head.view.uid == os.geteuid()
    assert head.view.namespaces["net"] == str(Path("/proc/self/ns/net").readlink())[5:-1]
    assert head.architecture == os.uname().machine
    assert head.page_size == os.sysconf("SC_PAGE_SIZE")
    assert "/etc/passwd" in head.paths
    assert head.limits == ()


def test_command_lines_environments_and_hashes_are_nowhere_in_it(
    program: Path, tmp_path: Path
) -> None:
    """A secret of a process that runs meanwhile, and every password hash of this host."""
    secret = "correct-horse-battery-staple"
    sleeper = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)", secret], env={"SECRET": secret}
    )
    try:
        start(sys.executable, program, "--out", tmp_path / "host.tar")
    finally:
        sleeper.kill()
        sleeper.wait()

    data = (tmp_path / "host.tar").read_bytes()
    hashes = [line.split(":")[1] for line in Path("/etc/shadow").read_text().splitlines()]

    assert secret.encode() not in data
    assert f"/proc/{sleeper.pid}".encode() in data
    assert not [found for found in hashes if len(found) > 5 and found.encode() in data]


def test_what_was_denied_to_the_recorder_is_denied_to_the_judge(
    program: Path, tmp_path: Path
) -> None:
    """A plain user's recording says that it was one's, and misses nothing in silence."""
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        os.chown(place, NOBODY, NOBODY)
        said = subprocess.run(
            ["/usr/bin/python3", "-I", "-", "--out", place / "host.tar"],
            input=program.read_bytes(), cwd="/", user=NOBODY, group=NOBODY, extra_groups=[],
            capture_output=True, check=False,
        )  # fmt: skip
        assert said.returncode == 0, said.stderr.decode()
        source = HostSource(RecordedHost.at(place / "host.tar"), None)
        shadow = source.read("shadow", public("shadow"))
        controls = source.read("system_controls", public("system_controls"))
    finally:
        shutil.rmtree(place)

    assert (shadow.condition.status, shadow.rows) == (Status.DENIED, ())
    assert controls.columns["current_value"].status is Status.PARTIAL


HASH = "$6$rounds=5000$salt$" + "h" * 86


@pytest.mark.parametrize(
    ("path", "content", "kept"),
    [
        ("/etc/shadow", f"a:{HASH}:1:0:9:7:::", "a:$6$...:1:0:9:7:::"),
        ("/etc/shadow", f"a:!{HASH}:1:0:9:7:::", "a:!$6$...:1:0:9:7:::"),
        ("/etc/shadow", "a:$y$j9T$salt$hash:1::::::", "a:$y$...:1::::::"),
        ("/etc/shadow", "a:ab01234567890:1::::::", "a:.............:1::::::"),
        ("/etc/shadow", "a:!!:1::::::\nb:*:1::::::", "a:!!:1::::::\nb:*:1::::::"),
        ("/etc/shadow", "c::1::::::", "c::1::::::"),
        ("/etc/shadow", "a:plaintext:1::::::", "a:*:1::::::"),
        ("/etc/passwd", f"a:{HASH}:0:0:::", "a:$6$...:0:0:::"),
        ("/etc/passwd", "a:x:0:0:A,B:/root:/bin/sh", "a:x:0:0:A,B:/root:/bin/sh"),
        ("/etc/NetworkManager/system-connections/x", "ssid=Net\npsk=abc\npsk-flags=0",
         "ssid=...\npsk=...\npsk-flags=0"),
        ("/etc/wpa_supplicant/wpa_supplicant.conf", 'ssid="n"\n\tpsk="p"',
         "ssid=...\n\tpsk=..."),
        ("/etc/apt/sources.list", "deb https://u:p@ss@h/x y", "deb https://u:...@h/x y"),
        ("/etc/apt/sources.list", "deb https://h/x y # a:b@c", "deb https://h/x y # a:b@c"),
        ("/etc/x", "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nq",
         "-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----\nq"),
        ("/etc/x", f"rootpw {HASH}", "rootpw $6$..."),
        ("/etc/ssh/sshd_config", "PasswordAuthentication no\n", "PasswordAuthentication no\n"),
        ("/etc/nsswitch.conf", "passwd: files sss\n", "passwd: files sss\n"),
        ("/etc/npmrc", "//h/:_authToken=abc\nproxy=x", "//h/:_authToken=...\nproxy=x"),
        ("/etc/wgetrc", "proxy_password = abc\nx = y", "proxy_password = ...\nx = y"),
        ("/etc/profile.d/x.sh", "export DB_PASSWORD=abc\nPATH=/bin",
         "export DB_PASSWORD=...\nPATH=/bin"),
        ("/etc/yum.repos.d/x.repo", "username=u\npassword=abc", "username=u\npassword=..."),
        ("/etc/proxychains.conf", "socks5 1.2.3.4 1080 u p", "socks5 1.2.3.4 1080 ..."),
        ("/etc/cron.d/x", "0 1 * * * root mysqldump -pabc --password abc db",
         "0 1 * * * root mysqldump -p... --password ... db"),
        ("/etc/sysconfig/network-scripts/ifcfg-x", 'ESSID="n"\nNAME=n\nKEY1=k\nONBOOT=yes',
         "ESSID=...\nNAME=...\nKEY1=...\nONBOOT=yes"),
        ("/etc/NetworkManager/system-connections/x", "id=office\ntype=ethernet",
         "id=office\ntype=ethernet"),
        ("/var/lib/docker/containers/a/config.v2.json",
         '{"Config": {"Env": ["A=b"], "Cmd": ["x", "-p", "y"], "Image": "i"}, "Args": []}',
         '{"Config": {"Cmd": ["x"], "Image": "i"}, "Args": []}'),
        ("/etc/login.defs", "PASS_MAX_DAYS 90\n", "PASS_MAX_DAYS 90\n"),
    ],
)  # fmt: skip
def test_what_a_recording_may_hold_of_a_file(path: str, content: str, kept: str) -> None:
    """Hashes become their kind, keys and names of networks vanish, settings stay."""
    assert (reduced(path, content.encode()) or b"").decode() == kept


def test_reducing_does_not_change_what_the_accounts_are() -> None:
    """Every state and algorithm of a password is told from what is left of it."""
    fields = ["", "*", "!", "!!", "!*", "x", HASH, f"!{HASH}", f"!!{HASH}", "$y$j9T$s$h", "garbage",
              "!garbage", "$2b$12$" + "a" * 53, "ab01234567890", "!ab01234567890",
              "_" + "a" * 19, "$md5,rounds=5$salt$h", "$1$s$h", "x*", "*LK*"]  # fmt: skip
    for field in fields:
        left = (reduced("/etc/shadow", f"a:{field}:::::::".encode()) or b"").decode()

        assert password_state(left.split(":")[1]) == password_state(field), field


def test_what_nobody_can_take_the_secrets_out_of_is_left_out() -> None:
    """A description that is no JSON, keys, logs, and what processes were started with."""
    assert reduced("/var/lib/docker/containers/a/config.v2.json", b'{"Env": ["A=b"]') is None
    for path in ("/proc/1/environ", "/proc/1/cmdline", "/etc/chrony/chrony.keys", "/var/log/syslog",
                 "/etc/ssh/ssh_host_rsa_key", "/sys/firmware/acpi/tables/MSDM1",
                 "/proc/sys/net/ipv4/tcp_fastopen_key"):  # fmt: skip
        assert forbidden(path), path
    for path in ("/proc/cmdline", "/etc/ssh/ssh_host_rsa_key.pub", "/var/log/wtmp", "/etc/passwd"):
        assert not forbidden(path), path


def test_a_file_called_by_a_network_loses_its_name(tmp_path: Path) -> None:
    """Names of Wi-Fi connections are their networks'; those of wired ones say what they are for."""
    directory = "/etc/NetworkManager/system-connections"
    wifi, wired = b"[connection]\ntype=wifi\n", b"[connection]\ntype=ethernet\n"

    assert nameless(f"{directory}/Cafe.nmconnection", wifi) == "network-%d.nmconnection"
    assert nameless(f"{directory}/Unread.nmconnection", None) == "network-%d.nmconnection"
    assert nameless(f"{directory}/office.nmconnection", wired) is None
    assert (
        nameless("/etc/sysconfig/network-scripts/ifcfg-Cafe", b"ESSID=Cafe\n") == "ifcfg-network-%d"
    )
    assert nameless("/etc/passwd", wifi) is None


def test_a_renamed_file_is_found_by_its_listing(tmp_path: Path) -> None:
    """The listing and the entry have the same new name, and the old one stands nowhere."""
    directory = "/etc/NetworkManager/system-connections"
    made = recorder.Recording()
    made.entries = {
        directory: {"stat": [0o40755, *[1] * 11], "names": ["Cafe.nmconnection"]},
        f"{directory}/Cafe.nmconnection": {"stat": [0o100600, *[1] * 11], "left": "secret"},
    }

    told = dict(recorder.members({}, made))["entries.jsonl"]

    assert b"Cafe" not in told
    assert told.count(b"network-1.nmconnection") == 2


def test_the_request_in_the_program_is_what_specifications_declare(program: Path) -> None:
    """What an auditor reads at its end is what is read."""
    tree = ast.parse(program.read_text("utf-8"))
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "REQUEST"
    )

    request = ast.literal_eval(value)

    declared = {entry for table in FULL for entry in SPECS[table].source}
    assert set(request["tables"]) == set(FULL)
    assert {p for p in declared if p.startswith("/") and " " not in p} <= set(request["paths"])
    assert json.loads(json.dumps(request)) == request
