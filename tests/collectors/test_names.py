"""Names the host knows itself, and whom it asks for the others."""

import ctypes
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from evidence.canonical import Cell
from facts.status import Condition, Status, condition
from tests.collectors.answering import running
from tests.collectors.namespaces import mounted
from tests.collectors.observe import here
from tests.collectors.roots import cells, read, root

RESOLV_CONF = "/etc/resolv.conf"


def test_hosts_are_those_of_the_resolver() -> None:
    """Every name in the table resolves, by files alone, to one of its addresses."""
    told: dict[str, set[Cell]] = {}
    for row in here("etc_hosts").rows:
        for name in str(row["hostnames"]).split():
            told.setdefault(name, set()).add(row["address"])

    for name, addresses in told.items():
        argv = ["getent", "--service=files", "ahosts", name]
        said = subprocess.run(argv, capture_output=True, check=True, text=True).stdout
        assert {line.split()[0] for line in said.splitlines()} & addresses, name


def test_services_and_protocols_are_those_of_getent() -> None:
    """Names, aliases and numbers, line by line, as the C library lists its files."""
    services = here("etc_services")
    protocols = here("etc_protocols")

    assert services.condition.complete
    assert protocols.condition.complete
    assert _getent("services") == [
        [str(row["name"]), *str(row["aliases"]).split(), f"{row['port']}/{row['protocol']}"]
        for row in services.rows
    ]
    assert _getent("protocols") == [
        [str(row["name"]), *str(row["alias"]).split(), str(row["number"])] for row in protocols.rows
    ]


def _getent(database: str) -> list[list[str]]:
    """Name, aliases and number of each entry; getent(1) prints the number second."""
    argv = ["getent", "--service=files", database]
    said = subprocess.run(argv, capture_output=True, check=True, text=True).stdout
    lines = [line.split() for line in said.splitlines()]
    return [[name, *aliases, number] for name, number, *aliases in lines]


def test_comments_are_kept_apart(tmp_path: Path) -> None:
    """A comment ends the line; a line of comment is none; blanks of any kind part words."""
    files = {
        "/etc/hosts": "# c\n\n10.0.0.1\ta  b # near\n::1 localhost\n",
        "/etc/services": "smtp\t\t25/tcp\tmail # Mail\n",
        "/etc/protocols": "icmp 1 ICMP ping # Control\n",
    }
    host = root(tmp_path, files)

    hosts = cells(read(host, "etc_hosts"), "address", "hostnames")
    services = cells(read(host, "etc_services"), "name", "port", "protocol", "aliases", "comment")
    protocols = cells(read(host, "etc_protocols"), "name", "number", "alias", "comment")

    assert hosts == [("10.0.0.1", "a b"), ("::1", "localhost")]
    assert services == [("smtp", 25, "tcp", "mail", "Mail")]
    assert protocols == [("icmp", 1, "ICMP ping", "Control")]


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("etc_hosts", "10.0.0.1"),
        ("etc_hosts", "not-an-address name"),
        ("etc_protocols", "name"),
        ("etc_protocols", "name -1"),
        ("etc_services", "name 99999/tcp"),
        ("etc_services", "name 25"),
        ("etc_services", "name ٢٥/tcp"),
    ],
)
def test_a_line_nobody_understands_shows(tmp_path: Path, table: str, line: str) -> None:
    """It has no row, and the table is partial."""
    path = f"/etc/{table.removeprefix('etc_')}"

    found = read(root(tmp_path, {path: f"# first\n{line}\n"}), table)

    assert found.rows == []
    assert found.condition == condition(Status.PARTIAL, "malformed_source", f"{path}:2")


def test_a_host_does_without_these_files(tmp_path: Path) -> None:
    """Minimal containers have none of them; a root without /etc says nothing of them."""
    host = root(tmp_path, {"/etc/passwd": ""})

    for table in ("etc_hosts", "etc_protocols", "etc_services", "dns_resolvers"):
        assert read(host, table).rows in ([], ())
        assert read(host, table).condition.complete
    with pytest.raises(FileNotFoundError):
        read(root(tmp_path / "empty", {"/usr/x": ""}), "etc_hosts")


CONFIGURED = (
    "# made by hand\n"
    "domain old.example\n"
    "search a.example b.example\n"
    "nameserver 10.0.0.1\n"
    "nameserver fd00::1\n"
    "nameserver 10.0.0.3\n"
    "nameserver 10.0.0.4\n"
    "sortlist 10.0.0.0/255.0.0.0 192.168.0.0\n"
    "options rotate edns0 trust-ad timeout:3\n"
)


def test_resolv_conf_is_read_as_the_resolver_does(tmp_path: Path) -> None:
    """Three servers count, the last list of domains, and all options."""
    found = read(root(tmp_path, {RESOLV_CONF: CONFIGURED}), "dns_resolvers")

    assert cells(found, "id", "type", "address", "netmask") == [
        (0, "nameserver", "10.0.0.1", None),
        (1, "nameserver", "fd00::1", None),
        (2, "nameserver", "10.0.0.3", None),
        (0, "sortlist", "10.0.0.0", "255.0.0.0"),
        (1, "sortlist", "192.168.0.0", ""),
        (0, "search", "a.example", None),
        (1, "search", "b.example", None),
    ]
    assert found.condition.complete


def test_the_c_library_has_the_same_options_and_servers(tmp_path: Path) -> None:
    """What res_init(3) makes of the file: its first fields are timeout, tries, options, count."""
    file = tmp_path / "resolv.conf"
    file.write_text(CONFIGURED)
    script = (
        "import ctypes; libc = ctypes.CDLL('libresolv.so.2'); libc.__res_init()\n"
        "state = getattr(libc, '__res_state'); state.restype = ctypes.POINTER(ctypes.c_ulong)\n"
        "words = state(); print(words[1], ctypes.c_uint(words[2] & 0xffffffff).value)"
    )
    prefix = mounted(f"mount --bind {file} {RESOLV_CONF}")
    said = subprocess.run(
        [*prefix, sys.executable, "-c", script], capture_output=True, check=True, text=True
    ).stdout.split()

    found = read(root(tmp_path / "root", {RESOLV_CONF: CONFIGURED}), "dns_resolvers")

    options, servers = int(said[0]), int(said[1])
    assert ctypes.sizeof(ctypes.c_ulong) == 8
    assert {row["options"] for row in found.rows} == {options}
    assert len([row for row in found.rows if row["type"] == "nameserver"]) == servers


@pytest.mark.parametrize(
    "line", [" nameserver 10.0.0.9", "nameserver example", "nameservr 10.0.0.9", "sortlist x"]
)
def test_a_line_the_resolver_passes_over_shows(tmp_path: Path, line: str) -> None:
    """Somebody meant something by it."""
    host = root(tmp_path, {RESOLV_CONF: f"nameserver 10.0.0.1\n{line}\n"})

    found = read(host, "dns_resolvers")

    assert cells(found, "address") == [("10.0.0.1",)]
    expected = condition(Status.PARTIAL, "malformed_source", f"{RESOLV_CONF}:2")
    assert found.condition == expected


RESOLVED = {
    RESOLV_CONF: "-> ../run/systemd/resolve/stub-resolv.conf",
    "/run/systemd/resolve/stub-resolv.conf": "nameserver 127.0.0.53\noptions edns0 trust-ad\n",
    "/run/systemd/resolve/resolv.conf": (
        "# made by resolved\nnameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n"
        "# Too many DNS servers configured, the following entries may be ignored.\n"
        "nameserver 10.0.0.4\nsearch .\n"
    ),
    "/run/systemd/resolve/netif/3": "LLMNR=yes\nDNSOVERTLS=yes\nSERVERS=10.8.0.1:853#vpn.example\n",
    "/run/systemd/netif/links/2": "ADMIN_STATE=configured\nDNS=10.0.0.1 fd00::1%eth0\nNTP=x\n",
    "/sys/class/net/eth0/ifindex": "2\n",
    "/sys/class/net/tun0/ifindex": "3\n",
    "/etc/systemd/resolved.conf": "[Resolve]\nDNS=10.0.0.4 10.0.0.9\nDNSOverTLS=opportunistic\n",
    "/usr/lib/systemd/resolved.conf.d/10.conf": "[Resolve]\nDNS=\nDNS=10.0.0.4\n",
}


def test_the_servers_behind_resolved_are_told(tmp_path: Path) -> None:
    """Those of links with their interface, then all others it uses, each once."""
    found = read(running(tmp_path, RESOLVED), "dns_resolvers")

    upstream = [row for row in found.rows if row["type"] == "upstream"]
    assert [(row["address"], row["interface"], row["dns_over_tls"]) for row in upstream] == [
        ("10.8.0.1", "tun0", "yes"),
        ("10.0.0.1", "eth0", "opportunistic"),
        ("fd00::1", "eth0", "opportunistic"),
        ("10.0.0.2", "", "opportunistic"),
        ("10.0.0.3", "", "opportunistic"),
        ("10.0.0.4", "", "opportunistic"),
    ]
    assert {row["service"] for row in upstream} == {"systemd-resolved"}
    assert found.condition.complete


def test_nsswitch_can_ask_resolved_past_resolv_conf(tmp_path: Path) -> None:
    """Programs that ask it through nss-resolve use its servers, whatever resolv.conf says."""
    past = {
        **RESOLVED,
        RESOLV_CONF: "nameserver 10.5.5.5\n",
        "/etc/nsswitch.conf": "hosts: files resolve [!UNAVAIL=return] dns\n",
    }
    without = {**past, "/etc/nsswitch.conf": "hosts: files dns\n"}

    asked = read(running(tmp_path / "a", past), "dns_resolvers")
    not_asked = read(running(tmp_path / "b", without), "dns_resolvers")

    assert ("upstream", "10.8.0.1") in cells(asked, "type", "address")
    assert cells(not_asked, "type", "address") == [("nameserver", "10.5.5.5")]


def test_an_image_knows_only_what_resolved_is_told(tmp_path: Path) -> None:
    """Without /run the servers in use are unknown, those configured are told."""
    image = {
        RESOLV_CONF: "nameserver 127.0.0.53\n",
        "/etc/systemd/resolved.conf": "[Resolve]\nDNS=10.0.0.4\n",
        "/run/x": "",
    }

    found = read(root(tmp_path, image), "dns_resolvers")

    assert cells(found, "type", "address") == [
        ("nameserver", "127.0.0.53"),
        ("upstream", "10.0.0.4"),
    ]
    assert found.condition.status is Status.PARTIAL


def test_a_link_to_what_was_not_recorded_is_no_empty_file(tmp_path: Path) -> None:
    """An image whose resolv.conf leads into /run says nothing about its servers."""
    image = {RESOLV_CONF: RESOLVED[RESOLV_CONF], "/run/x": ""}

    with pytest.raises(FileNotFoundError):
        read(root(tmp_path, image), "dns_resolvers")


STUB = {RESOLV_CONF: "nameserver 127.0.0.1\n", "/run/x": "", "/usr/sbin/x": ""}


@pytest.mark.parametrize(
    ("files", "servers"),
    [
        (
            {"/run/NetworkManager/no-stub-resolv.conf": "search x\nnameserver 10.0.0.1\n"},
            [("NetworkManager", "10.0.0.1")],
        ),
        (
            {
                "/usr/sbin/dnsmasq": "",
                "/etc/dnsmasq.conf": (
                    "no-resolv\nserver=10.0.0.1#5353\nserver=/corp/10.0.0.2@eth0\n"
                ),
                "/etc/dnsmasq.d/site": "server=fd00::1\n",
                "/etc/dnsmasq.d/site.dpkg-old": "server=10.9.9.9\n",
            },
            [("dnsmasq", "10.0.0.1"), ("dnsmasq", "10.0.0.2"), ("dnsmasq", "fd00::1")],
        ),
        (
            {
                "/usr/sbin/dnsmasq": "",
                "/etc/dnsmasq.conf": "resolv-file=/etc/dnsmasq-resolv.conf\n",
                "/etc/dnsmasq-resolv.conf": "nameserver 10.0.0.7\nnameserver 127.0.0.1\n",
            },
            [("dnsmasq", "10.0.0.7")],
        ),
    ],
    ids=["network-manager", "dnsmasq", "dnsmasq-file"],
)
def test_the_servers_behind_other_stubs_are_told(
    tmp_path: Path, files: Mapping[str, str], servers: list[tuple[str, str]]
) -> None:
    """Each kind of stub says them in its own place."""
    found = read(root(tmp_path, {**STUB, **files}), "dns_resolvers")

    upstream = [row for row in found.rows if row["type"] == "upstream"]
    assert [(row["service"], row["address"]) for row in upstream] == servers
    assert found.condition.complete


@pytest.mark.parametrize("extra", [{}, {"/usr/sbin/dnsmasq": "", "/etc/dnsmasq.conf": "\n"}])
def test_a_stub_nobody_explains_makes_the_table_partial(
    tmp_path: Path, extra: Mapping[str, str]
) -> None:
    """127.0.0.1 may stand in a register of approved servers; whom it asks is not known."""
    found = read(root(tmp_path, {**STUB, **extra}), "dns_resolvers")

    assert cells(found, "address") == [("127.0.0.1",)]
    expected = condition(Status.PARTIAL, "stub_upstream_unknown", "127.0.0.1")
    assert found.condition == expected


def test_a_state_file_that_cannot_be_read_shows(tmp_path: Path) -> None:
    """What resolv.conf says stays; what is behind it is missing."""
    host = running(tmp_path, RESOLVED | {"/run/systemd/netif/links/9/x": ""})

    found = read(host, "dns_resolvers")

    assert ("nameserver", "127.0.0.53") in cells(found, "type", "address")
    assert found.condition == Condition(Status.PARTIAL, found.condition.reason)
