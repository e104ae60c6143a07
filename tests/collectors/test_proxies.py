"""Proxy settings, on roots made for the tests."""

import json
import subprocess
from pathlib import Path

import pytest

from collectors.proxies import PATHS
from facts.status import Status
from facts.tables import SPECS
from tests.collectors.roots import cells, read, root

HOST = {"/etc/hostname": "a", "/usr/lib/os-release": ""}
"""What makes these roots recorded ones of a whole host."""
FILES = {
    "/etc/environment": 'HTTPS_PROXY="http://proxy.example:3128/"\n# http_proxy=http://no:1\n',
    "/etc/profile.d/proxy.sh": (
        "export http_proxy=10.0.0.1:8080 ftp_proxy='http://10.0.0.2:21'; export ftp_proxy\n"
        'if [ "$http_proxy" = "" ]; then unset https_proxy; fi\n'
        "export all_proxy= # none\n"
        "NO_PROXY=localhost\n"
    ),
    "/etc/profile.d/proxy.csh": "setenv https_proxy socks5h://[2001:db8::1]:1080\n",
    "/etc/systemd/system.conf.d/p.conf": (
        '[Manager]\nDefaultEnvironment="HTTP_PROXY=http://mgr:1" "NO_PROXY=x" ALL_PROXY=http://all:2\n'
    ),
    "/etc/systemd/system/docker.service.d/http-proxy.conf": (
        "[Service]\nEnvironment=HTTPS_PROXY=http://docker:3\n"
    ),
    "/etc/sysconfig/proxy": 'HTTP_PROXY="http://suse:4"\n',
    "/etc/apt/apt.conf.d/95proxy": (
        'Acquire::http::Proxy "http://apt:5"; // Acquire::ftp::Proxy "http://no:1";\n'
        'Acquire { https { Proxy "http://apt:6"; }; http::Proxy::internal.example "DIRECT"; };\n'
        '#clear x;\nAPT::Periodic::Enable "1";\n'
    ),
    "/etc/apt/apt.conf.d/old.dpkg-dist": 'Acquire::http::Proxy "http://no:1";\n',
    "/etc/yum.repos.d/a.repo": "[base]\nname=x\nproxy=http://dnf:7\n[extra]\nproxy=_none_\n",
    "/etc/wgetrc": "use_proxy = on\nhttps_proxy = http://wget:8/\n",
    "/etc/npmrc": "proxy=http://npm:9/\nhttps-proxy=${HTTPS_PROXY}\n",
    "/etc/pip.conf": "[global]\nproxy = pip.example:10\nindex-url = https://x/\n",
    "/etc/gitconfig": '[user]\n\tproxy = no\n[http "https://x/"]\n\tproxy = http://git:11\n',
    "/etc/docker/daemon.json": '{"proxies": {"http-proxy": "http://daemon:12"}}',
    "/etc/dconf/db/local.d/00-proxy": (
        "[system/proxy]\nmode='auto'\nautoconfig-url='http://pac:13/proxy.pac'\n"
        "[system/proxy/socks]\nhost='socks.example'\nport=14\n"
    ),
    "/etc/proxychains4.conf": "[ProxyList]\n# http 1.1.1.1 1\nsocks5 127.0.0.1 1080 u p\n",
}
WANTED = [
    ("environment", "https", "http", "proxy.example", 3128, 0),
    ("profile", "https", "socks5h", "2001:db8::1", 1080, 0),
    ("profile", "http", "", "10.0.0.1", 8080, 0),
    ("profile", "ftp", "http", "10.0.0.2", 21, 0),
    ("systemd", "http", "http", "mgr", 1, 0),
    ("systemd", "all", "http", "all", 2, 0),
    ("systemd", "https", "http", "docker", 3, 0),
    ("sysconfig", "http", "http", "suse", 4, 0),
    ("apt", "http", "http", "apt", 5, 0),
    ("apt", "https", "http", "apt", 6, 0),
    ("dnf", "all", "http", "dnf", 7, 0),
    ("wget", "https", "http", "wget", 8, 0),
    ("npm", "http", "http", "npm", 9, 0),
    ("npm", "https", "", None, None, 0),
    ("pip", "all", "", "pip.example", 10, 0),
    ("git", "http", "http", "git", 11, 0),
    ("docker", "http", "http", "daemon", 12, 0),
    ("dconf", "pac", "http", "pac", 13, 0),
    ("dconf", "all", "", "socks.example", 14, 0),
    ("proxychains", "all", "socks5", "127.0.0.1", 1080, 1),
]
SHOWN = ("kind", "protocol", "scheme", "host", "port", "credentials")


def test_every_kind_of_file_is_read(tmp_path: Path) -> None:
    """Variables, units, package managers, the desktop's; comments and exceptions name no proxy."""
    observed = read(root(tmp_path, HOST | FILES), "proxy_settings")

    assert observed.condition.complete
    assert sorted(map(str, cells(observed, *SHOWN))) == sorted(map(str, WANTED))
    assert {row["path"] for row in observed.rows} <= FILES.keys()


def test_a_value_that_is_worked_out_later_is_partial(tmp_path: Path) -> None:
    """A variable in the value leaves host and port unknown, and says so."""
    files = {"/etc/profile.d/p.sh": 'export http_proxy="http://$HOST:3128"\nftp_proxy="http://a\n'}

    observed = read(root(tmp_path, HOST | files), "proxy_settings")

    assert cells(observed, "name", "host", "port") == [
        ("http_proxy", None, None),
        ("ftp_proxy", None, None),
    ]
    assert {name: said.status for name, said in observed.columns.items()} == {
        "host": Status.PARTIAL,
        "port": Status.PARTIAL,
    }


@pytest.mark.parametrize(
    "value",
    [
        "http://someone:hunter2@proxy:3128",
        "http://someone:hunter2/x@proxy:3128/",
        "http://someone:hunter2@x?y#z@proxy:3128",
        "http://someone:hun'ter2@pro'xy:3128",
        "http://someone:'hunter2'@proxy:3128",
        "someone:hunter2@proxy:3128",
        'http://someone:55"66"@proxy:3128',
        "http://DOMAIN\\\\someone:hunter2@proxy:3128",
    ],
)
@pytest.mark.parametrize("path", ["/etc/environment", "/etc/wgetrc", "/etc/profile"])
def test_no_account_is_kept(tmp_path: Path, value: str, path: str) -> None:
    """Whatever a password is made of, only that there is one is told."""
    observed = read(root(tmp_path, HOST | {path: f"http_proxy={value}\n"}), "proxy_settings")

    (row,) = observed.rows
    assert (row["host"], row["port"], row["credentials"]) == ("proxy", 3128, 1)
    said = json.dumps(list(observed.rows))
    assert not any(part in said for part in ("someone", "hunter", "hun", "55", "66"))


def test_the_shell_agrees(tmp_path: Path) -> None:
    """What the collector reads in a script is what the shell makes of it."""
    script = (
        "export http_proxy=\"http://quo\"'ted':3128 # comment\n"
        "https_proxy=http://bare:3129; export https_proxy\n"
        "export ftp_proxy=http://esc\\aped:3130\n"
    )
    said = subprocess.run(
        ["sh", "-c", f"{script}\nprintf '%s\\n' $http_proxy $https_proxy $ftp_proxy"],
        capture_output=True, check=True, text=True, timeout=10,
    ).stdout.split()  # fmt: skip

    observed = read(root(tmp_path, HOST | {"/etc/profile": script}), "proxy_settings")

    assert [f"http://{host}:{port}" for host, port in cells(observed, "host", "port")] == said


@pytest.mark.parametrize(
    ("path", "damage"),
    [
        ("/etc/environment", b"\0\xff"),
        ("/etc/apt/apt.conf", b'Acquire { http { Proxy "http://a:1";'),
        ("/etc/apt/apt.conf", b"};"),
        ("/etc/pip.conf", b"[global\nproxy = a:1\n"),
        ("/etc/docker/daemon.json", b'{"proxies": '),
        ("/etc/docker/daemon.json", b"[" * 100_000),
    ],
)
def test_a_damaged_file_is_told(tmp_path: Path, path: str, damage: bytes) -> None:
    """What cannot be read to its end may name a proxy."""
    observed = read(root(tmp_path, {**HOST, path: damage}), "proxy_settings")

    assert observed.condition.reason is not None
    assert (observed.condition.reason.code, observed.condition.reason.args) == (
        "malformed_source",
        (path,),
    )


def test_files_that_are_none_are_told_and_masked_units_are_not(tmp_path: Path) -> None:
    """A link in a circle is not passed over; a unit masked by /dev/null sets nothing."""
    masked = {"/etc/systemd/system/a.service": "-> /dev/null", "/dev/null": ""}

    fine = read(root(tmp_path / "a", HOST | masked), "proxy_settings")
    wrong = read(root(tmp_path / "b", HOST | {"/etc/wgetrc": "-> wgetrc"}), "proxy_settings")

    assert fine.condition.complete
    assert wrong.condition.status is Status.UNREADABLE


def test_a_host_without_settings_is_complete_and_a_record_without_etc_is_not(
    tmp_path: Path,
) -> None:
    """No file names a proxy; where /etc was not recorded nothing is known."""
    none = read(root(tmp_path / "a", HOST), "proxy_settings")
    nothing = read(root(tmp_path / "b", {"/var/x": ""}), "proxy_settings")

    assert (none.rows, none.condition.complete) == ([], True)
    assert nothing.condition.status is Status.UNREADABLE


def test_the_specification_names_every_file() -> None:
    """An auditor reads the same files."""
    assert SPECS["proxy_settings"].source == PATHS
