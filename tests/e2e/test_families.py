"""One host of each family built bad fails, built good passes, and without its source is unknown.

Through `anfang scan`, with the shipped policy. Each scan is also judged again from its own signed
tables and has to come out the same (tests/e2e/hosts.py).
"""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.agent.collector_server import CollectorServer, serving
from tests.collectors import umockdev
from tests.collectors.namespaces import WITHOUT_HANDLES, Namespace, mounted, namespace, run
from tests.e2e import hosts, refusing
from tests.e2e.hiding import HIDDEN_PROCESSES, IN_A_CONTAINER, NOBODY
from tests.e2e.hosts import Host
from tests.e2e.joined import assign, joined, send
from tests.e2e.machine import Machine, machine
from tests.e2e.preloaded import interpreter

pytestmark = pytest.mark.xdist_group("processes of this machine")
"""Processes that one test starts would be found by another's scan."""

WITHIN_S = 20.0


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host with the shipped policy."""
    directory = tmp_path / "host"
    directory.mkdir()
    with hosts.host(directory) as made:
        yield made


@pytest.fixture
def copy(host: Host, tmp_path: Path) -> Iterator[Machine]:
    """A copy of this machine on which `host` can be scanned."""
    with machine(tmp_path / "copy", host.state.root) as made:
        yield made


@pytest.fixture
def net() -> Iterator[Namespace]:
    """A network for this test."""
    with namespace() as made:
        yield made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorServer]:
    """A collector server with one unit."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


def test_usb(server: CollectorServer, tmp_path: Path) -> None:
    """A stick the unit never registered; the same stick by its own serial number; /sys covered."""
    assign(server, tmp_path, sticks="")
    emulated = umockdev.devices("stick")
    python = interpreter(tmp_path / "python")
    with joined(server, tmp_path) as host:
        bad = host.scan(*emulated, python=python)
        assign(server, tmp_path, "0781,5567,4C530001230823112233,甲,运维专用,,\n")
        send(host)
        good = host.scan(*emulated, python=python)
        away = host.scan(*mounted("mount -t tmpfs tmpfs /sys"))

    (serial,) = bad.cells("CEP-USB-003", "serial")
    assert bad.verdict("CEP-USB-003") == "fail"
    assert str(serial).startswith("h:")
    assert not any(b"4C530001230823112233" in data for data in bad.tables.values())
    assert good.verdict("CEP-USB-003") == "pass"
    assert not any(b"4C530001230823112233" in data for data in good.blobs.values())
    assert away.verdict("CEP-USB-003") == "unknown"
    assert away.why("CEP-USB-003") == {"foreign_mount"}


def test_rad(host: Host, tmp_path: Path) -> None:
    """A Wi-Fi stick that listens and a modem; a Wi-Fi stick switched off; /sys covered."""
    checks = ("CEP-RAD-001", "CEP-RAD-005")
    python = interpreter(tmp_path / "python")

    bad = host.scan(*umockdev.devices("monitor", "modem"), python=python)
    good = host.scan(*umockdev.devices("radio"), python=python)
    away = host.scan(*mounted("mount -t tmpfs tmpfs /sys"))

    assert [bad.verdict(check) for check in checks] == ["fail", "fail"]
    assert bad.verdict("CEP-RAD-003") == "fail"
    assert [good.verdict(check) for check in checks] == ["pass", "pass"]
    assert [away.verdict(check) for check in checks] == ["unknown", "unknown"]


def test_egr(host: Host, net: Namespace) -> None:
    """Feet in two zones; in one; and no way to ask the kernel for addresses."""
    host.adopt(
        zones=[
            {"zone": "生产控制大区", "cidr": "10.1.0.0/16"},
            {"zone": "管理信息大区", "cidr": "10.2.0.0/16"},
        ]
    )
    net.ip("link add inside type veth peer name cable")
    net.ip("address add 10.1.0.5/24 dev inside")
    net.ip("link set inside up")

    good = host.scan(*net.prefix)
    away = host.scan(*net.prefix, *refusing.netlink())
    net.ip("link add outside type veth peer name other")
    net.ip("address add 10.2.0.5/24 dev outside")
    net.ip("link set outside up")
    bad = host.scan(*net.prefix)

    assert bad.verdict("CEP-EGR-001") == "fail"
    assert bad.cells("CEP-EGR-001", "zone") == ["生产控制大区", "管理信息大区"]
    assert good.verdict("CEP-EGR-001") == "pass"
    assert away.verdict("CEP-EGR-001") == "unknown"


def test_egr_gateway(host: Host, net: Namespace) -> None:
    """A default route by a gateway nobody approved; by the approved one; routes refused."""
    host.adopt(approved_gateways=[{"gateway": "10.1.0.1", "mac": "*"}])
    net.ip("link add inside type veth peer name cable")
    net.ip("address add 10.1.0.5/24 dev inside")
    net.ip("link set inside up")
    net.ip("route add default via 10.1.0.1 dev inside")

    good = host.scan(*net.prefix)
    away = host.scan(*net.prefix, *refusing.netlink())
    net.ip("route add 128.0.0.0/1 via 10.1.0.66 dev inside")
    bad = host.scan(*net.prefix)

    assert good.verdict("CEP-EGR-002") == "pass"
    assert away.verdict("CEP-EGR-002") == "unknown"
    assert bad.verdict("CEP-EGR-002") == "fail"
    assert bad.of("CEP-EGR-002").rows == (("10.1.0.66", "inside", "gateway"),)


def test_egr_proxy(host: Host, copy: Machine) -> None:
    """A proxy nobody approved; the approved one; and its file covered."""
    host.adopt(approved_proxies=[{"host": "10.1.1.8", "port": "3128"}])
    copy.write("/etc/environment", "http_proxy=http://u:Pz7Kq94w@114.114.114.114:8080\n")
    bad = host.scan(*copy.prefix)
    copy.write("/etc/environment", "http_proxy=http://10.1.1.8:3128\n")
    good = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount --bind /dev/null /etc/environment"))

    assert bad.verdict("CEP-EGR-005") == "fail"
    found = ("http_proxy", "/etc/environment", "114.114.114.114", 8080)
    assert found in bad.of("CEP-EGR-005").rows
    assert not any(b"Pz7Kq94w" in data for data in bad.tables.values())
    assert good.verdict("CEP-EGR-005") == "pass"
    assert away.verdict("CEP-EGR-005") == "unknown"


@pytest.mark.parametrize(
    ("check", "tool", "program"),
    [
        ("CEP-RMT-001", "ToDesk", "/opt/todesk/bin/ToDesk"),
        ("CEP-RMT-002", "RustDesk", "/usr/lib/rustdesk/rustdesk"),
        ("CEP-TUN-001", "frp", "/usr/local/bin/frpc"),
        ("CEP-TUN-005", "Clash/mihomo", "/usr/local/bin/mihomo"),
    ],
)
def test_rmt_and_tun(host: Host, copy: Machine, check: str, tool: str, program: str) -> None:
    """A program that is named and placed like the tool; none; and all processes hidden."""
    copy.run("install", "-D", "/bin/sleep", program)
    with copy.running(program, "60"):
        bad = host.scan(*copy.prefix)
        hidden = host.scan(*copy.prefix, *HIDDEN_PROCESSES)
        contained = host.scan(*copy.prefix, *IN_A_CONTAINER)
    copy.run("rm", program)
    good = host.scan(*copy.prefix)

    assert bad.cells(check, "tool") == [tool]
    assert program in str(bad.cells(check, "paths")[0]).split(",")
    assert host.shown_init(bad).verdict(check) == "fail"
    assert good.cells(check, "tool") == []
    assert host.shown_init(good).verdict(check) == "pass"
    assert (hidden.verdict(check), hidden.why(check)) == ("unknown", {"hidepid"})
    assert (contained.verdict(check), contained.why(check)) == ("unknown", {"container"})


def test_net(host: Host, net: Namespace, tmp_path: Path) -> None:
    """A real Redis open to others; in another namespace, as in a container; its process hidden."""
    with redis((), tmp_path, "0.0.0.0"):
        bad = host.scan(*WITHOUT_HANDLES)
        away = host.scan(*IN_A_CONTAINER)
    with redis(net.prefix, tmp_path, "0.0.0.0"):
        good = host.scan(*WITHOUT_HANDLES)

    found = host.shown_init(bad)
    assert found.verdict("CEP-NET-007") == "fail"
    assert found.cells("CEP-NET-007", "address") == ["0.0.0.0"]
    assert host.shown_init(good).verdict("CEP-NET-007") == "pass"
    assert away.verdict("CEP-NET-007") == "unknown"


@contextmanager
def redis(prefix: Sequence[str], directory: Path, address: str) -> Iterator[None]:
    """A Redis server behind `prefix` that listens on `address` and answers this host only."""
    settings = ["--port", "6379", "--bind", address, "--protected-mode", "yes", "--save", ""]
    server = subprocess.Popen(
        [*prefix, "redis-server", *settings, "--dir", str(directory)],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: ":6379" in run([*prefix, "ss", "-Hltn"]))
        yield
    finally:
        server.terminate()
        server.wait(WITHIN_S)


def test_net_gateway(host: Host, net: Namespace) -> None:
    """Translation, a promiscuous link and redirects taken; none of it; the kernel not asked."""
    checks = ("CEP-NET-003", "CEP-NET-005", "CEP-NET-006")
    host.adopt(zones=[], approved_listeners=[])
    net.answer(["sysctl", "-qw", "net.ipv4.conf.default.accept_redirects=0"])
    net.answer(["sysctl", "-qw", "net.ipv4.conf.all.accept_redirects=0"])
    net.answer(["sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1"])
    net.answer(["sysctl", "-qw", "net.ipv4.conf.all.accept_source_route=0"])
    net.answer(["sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"])
    net.ip("link add left type veth peer name right")
    net.ip("link set left up")

    good = host.scan(*net.prefix, *WITHOUT_HANDLES)
    away = host.scan(*net.prefix, *refusing.netlink())
    net.answer(["nft", "add table ip own"])
    net.answer(["nft", "add chain ip own post { type nat hook postrouting priority 100; }"])
    net.answer(["nft", "add rule ip own post masquerade"])
    net.ip("link set left promisc on")
    net.answer(["sysctl", "-qw", "net.ipv4.conf.left.accept_redirects=1"])
    bad = host.scan(*net.prefix)

    assert good.verdict("CEP-NET-005") == "pass"
    assert [good.of(check).rows for check in checks] == [(), (), ()]
    assert [away.verdict(check) for check in checks] == ["unknown", "unknown", "unknown"]
    assert ("promiscuous", "-", "left") in bad.of("CEP-NET-003").rows
    assert bad.of("CEP-NET-005").rows == (("translation", "ip masquerade"),)
    assert ("left", "ipv4 accept_redirects", 1) in bad.of("CEP-NET-006").rows


def test_fw(host: Host, net: Namespace) -> None:
    """A firewall that accepts everything; one that denies; and no way to ask the kernel for it."""
    checks = ("CEP-FW-002", "CEP-FW-003")
    chain = "type filter hook {0} priority 0; policy {1};"
    net.answer(["nft", "add table inet own"])
    for hook in ("input", "forward"):
        net.answer(["nft", f"add chain inet own {hook} {{ {chain.format(hook, 'accept')} }}"])
    net.answer(["nft", "add rule inet own input accept"])

    bad = host.scan(*net.prefix)
    net.answer(["nft", "flush table inet own"])
    for hook in ("input", "forward"):
        net.answer(["nft", f"add chain inet own {hook} {{ {chain.format(hook, 'drop')} }}"])
    net.answer(["nft", "add rule inet own input iif lo accept"])
    good = host.scan(*net.prefix)
    away = host.scan(*net.prefix, *refusing.netlink())

    assert [bad.verdict(check) for check in checks] == ["fail", "fail"]
    assert bad.cells("CEP-FW-002", "hook") == ["forward", "input"]
    assert bad.cells("CEP-FW-003", "chain") == ["input"]
    assert [good.verdict(check) for check in checks] == ["pass", "pass"]
    assert [away.verdict(check) for check in checks] == ["unknown", "unknown"]


def test_dns(host: Host, copy: Machine) -> None:
    """A resolver outside, updates led nowhere; inside ones; and the files covered."""
    checks = ("CEP-DNS-001", "CEP-DNS-002")
    host.adopt(approved_resolvers=[{"address": "10.1.1.2"}], unit_networks=[])
    copy.write("/etc/resolv.conf", "nameserver 10.1.1.2\nnameserver 114.114.114.114\n")
    copy.write("/etc/hosts", "127.0.0.1 localhost\n0.0.0.0 security.debian.org\n")
    bad = host.scan(*copy.prefix)
    copy.write("/etc/resolv.conf", "nameserver 10.1.1.2\n")
    copy.write("/etc/hosts", "127.0.0.1 localhost\n10.1.1.8 security.debian.org\n")
    good = host.scan(*copy.prefix, *WITHOUT_HANDLES)
    covered = [f"mount --bind /dev/null /etc/{name}" for name in ("resolv.conf", "hosts")]
    away = host.scan(*copy.prefix, *mounted(*covered))

    assert bad.cells("CEP-DNS-001", "address") == ["114.114.114.114"]
    assert bad.verdict("CEP-DNS-001") == "fail"
    assert "security.debian.org 0.0.0.0" in bad.cells("CEP-DNS-002", "detail")
    assert [good.verdict(check) for check in checks] == ["pass", "pass"]
    assert [away.verdict(check) for check in checks] == ["unknown", "unknown"]


def test_acc(host: Host, copy: Machine) -> None:
    """A second root without a password; two ordinary accounts; the files covered."""
    copy.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nops:x:1000:1000::/home/ops:/bin/sh\n")
    copy.write("/etc/shadow", "root:*:20000:0:99999:7:::\nops:!:20000:0:99999:7:::\n")
    good = host.scan(*copy.prefix)
    covered = [f"mount --bind /dev/null /etc/{name}" for name in ("passwd", "shadow")]
    away = host.scan(*copy.prefix, *mounted(*covered))
    copy.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n")
    copy.write("/etc/shadow", "root:*:20000:0:99999:7:::\ntoor::20000:0:99999:7:::\n")
    bad = host.scan(*copy.prefix)

    for check in ("CEP-ACC-001", "CEP-ACC-002"):
        assert bad.verdict(check) == "fail"
        assert bad.of(check).row_count == 1
        assert good.verdict(check) == "pass"
        assert away.verdict(check) == "unknown"


def test_ssh(host: Host, copy: Machine) -> None:
    """As a real sshd says it would do: let root in; not; and with its files covered."""
    copy.run("ssh-keygen", "-A")
    copy.write("/etc/ssh/sshd_config", "PermitRootLogin yes\n")
    bad = host.scan(*copy.prefix)
    copy.write("/etc/ssh/sshd_config", "PermitRootLogin no\n")
    good = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount -t tmpfs tmpfs /etc/ssh"))

    assert bad.verdict("CEP-SSH-001") == "fail"
    assert bad.of("CEP-SSH-001").rows == (("permitrootlogin", "yes", "no", "sshd -T"),)
    assert good.verdict("CEP-SSH-001") == "pass"
    assert away.verdict("CEP-SSH-001") == "unknown"


def test_aud(host: Host, copy: Machine) -> None:
    """A masked service and a week of logs; a real auditd and logs sent on; all of it hidden."""
    copy.run("ln", "-sf", "/dev/null", "/etc/systemd/system/auditd.service")
    copy.write("/etc/systemd/journald.conf", "[Journal]\nStorage=persistent\nMaxRetentionSec=7d\n")
    bad = host.scan(*copy.prefix)
    copy.run("rm", "/etc/systemd/system/auditd.service")
    copy.write("/etc/rsyslog.conf", "*.* @@10.1.1.9:6514\n")
    with copy.running("auditd", "-n", "-s", "nochange"):
        good = host.scan(*copy.prefix)
        hidden = [*mounted("mount -t tmpfs tmpfs /etc/systemd"), *HIDDEN_PROCESSES]
        away = host.scan(*copy.prefix, *hidden)

    assert (bad.verdict("CEP-AUD-001"), bad.verdict("CEP-AUD-004")) == ("fail", "fail")
    assert "masked" in bad.cells("CEP-AUD-001", "state")
    assert (good.verdict("CEP-AUD-001"), good.verdict("CEP-AUD-004")) == ("pass", "pass")
    assert (away.verdict("CEP-AUD-001"), away.verdict("CEP-AUD-004")) == ("unknown", "unknown")


SSH_SETTINGS = """\
AuthenticationMethods {methods}
AllowUsers {users}
AllowTcpForwarding {forwarding}
AllowStreamLocalForwarding {forwarding}
AllowAgentForwarding {forwarding}
X11Forwarding {forwarding}
MaxAuthTries {tries}
LoginGraceTime 60
ClientAliveInterval 300
MACs {macs}
"""
SSH_CHECKS = ("CEP-SSH-002", "CEP-SSH-003", "CEP-SSH-004", "CEP-SSH-005", "CEP-SSH-006")


def test_ssh_settings(host: Host, copy: Machine) -> None:
    """What a real sshd makes of five careless settings; of careful ones; its files covered."""
    copy.run("ssh-keygen", "-A")
    copy.run("truncate", "--size=0", "/var/log/wtmp")
    careless = {
        "methods": "any",
        "users": "ops",
        "forwarding": "yes",
        "tries": "6",
        "macs": "hmac-sha2-256,hmac-sha1",
    }
    copy.write("/etc/ssh/sshd_config", SSH_SETTINGS.format(**careless))
    bad = host.scan(*copy.prefix)
    careful = {
        "methods": "publickey,password",
        "users": "ops@10.9.0.8",
        "forwarding": "no",
        "tries": "4",
        "macs": "-hmac-sha1*,umac-64*",
    }
    copy.write("/etc/ssh/sshd_config", SSH_SETTINGS.format(**careful))
    good = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount -t tmpfs tmpfs /etc/ssh"))

    assert [bad.verdict(check) for check in SSH_CHECKS] == ["fail"] * len(SSH_CHECKS)
    assert bad.cells("CEP-SSH-004", "algorithm") == ["hmac-sha1"]
    assert [good.verdict(check) for check in SSH_CHECKS] == ["pass"] * len(SSH_CHECKS)
    assert [away.verdict(check) for check in SSH_CHECKS] == ["unknown"] * len(SSH_CHECKS)


def test_ssh_keys(host: Host, copy: Machine) -> None:
    """A key nobody registered; none; and the list of accounts covered."""
    copy.run("ssh-keygen", "-A")
    copy.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/.ssh/id")
    copy.run("cp", "/root/.ssh/id.pub", "/root/.ssh/authorized_keys")
    bad = host.scan(*copy.prefix)
    copy.run("rm", "/root/.ssh/authorized_keys")
    good = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount --bind /dev/null /etc/passwd"))

    assert bad.verdict("CEP-SSH-007") == "fail"
    assert bad.cells("CEP-SSH-007", "problem") == ["not registered"]
    assert good.verdict("CEP-SSH-007") == "pass"
    assert away.verdict("CEP-SSH-007") == "unknown"


FAILLOCK = """\
auth required pam_faillock.so preauth
auth [success=1 default=ignore] pam_unix.so
auth [default=die] pam_faillock.so authfail
auth required pam_permit.so
"""


def test_acc_lock_out(host: Host, copy: Machine) -> None:
    """Log-ins as Debian comes; faillock for everybody, root too; PAM's directory covered."""
    bad = host.scan(*copy.prefix)
    copy.write("/etc/pam.d/common-auth", FAILLOCK)
    copy.write("/etc/security/faillock.conf", "deny = 5\nunlock_time = 900\neven_deny_root\n")
    good = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount -t tmpfs tmpfs /etc/pam.d"))

    assert bad.verdict("CEP-ACC-004") == "fail"
    assert set(bad.cells("CEP-ACC-004", "item")) == {"lock-out"}
    assert good.verdict("CEP-ACC-004") == "pass"
    assert away.verdict("CEP-ACC-004") == "unknown"


def test_aud_log_files(host: Host, copy: Machine) -> None:
    """A record of log-ins that leads nowhere; a file again; and all logs covered."""
    copy.run("sh", "-c", "rm -rf /var/log/*; ln -s /dev/null /var/log/wtmp")
    bad = host.scan(*copy.prefix)
    copy.run("rm", "/var/log/wtmp")
    copy.run("install", "-m", "664", "/dev/null", "/var/log/wtmp")
    good = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount -t tmpfs tmpfs /var/log"))

    assert bad.verdict("CEP-AUD-006") == "fail"
    assert bad.of("CEP-AUD-006").rows == (("/var/log/wtmp", "not a file", "/dev/null"),)
    assert good.verdict("CEP-AUD-006") == "pass"
    assert away.verdict("CEP-AUD-006") == "unknown"


FORWARD = """\
action(type="omfwd" target="10.1.1.9" port="6514" protocol="tcp" StreamDriver="gtls"
       StreamDriverMode="{mode}" StreamDriverAuthMode="x509/name")
"""


def test_aud_forwarding(host: Host, copy: Machine) -> None:
    """Logs sent in clear; encrypted to a receiver that is checked; and all of it hidden."""
    copy.write("/etc/rsyslog.conf", FORWARD.format(mode=0))
    bad = host.scan(*copy.prefix)
    copy.write("/etc/rsyslog.conf", FORWARD.format(mode=1))
    good = host.scan(*copy.prefix)
    away = host.scan(*copy.prefix, *mounted("mount --bind /dev/null /etc/rsyslog.conf"))

    assert bad.verdict("CEP-AUD-005") == "fail"
    assert bad.cells("CEP-AUD-005", "problem") == ["not encrypted"]
    assert good.verdict("CEP-AUD-005") == "pass"
    assert away.verdict("CEP-AUD-005") == "unknown"


def test_agt(server: CollectorServer, tmp_path: Path) -> None:
    """A chain with a report taken out of it; a whole one that the server has receipted."""
    assign(server, tmp_path, sticks="")
    with joined(server, tmp_path) as host:
        host.scan()
        send(host)
        good = host.scan()
        host.scan()
        (host.state.root / "spool" / "0000000002.json").unlink()
        bad = host.scan()

    assert good.verdict("CEP-AGT-001") == "pass"
    assert bad.verdict("CEP-AGT-001") == "fail"
    assert bad.of("CEP-AGT-001").rows == (("chain", "gap"),)


@pytest.mark.parametrize(
    ("hiding", "code"),
    [
        (NOBODY, "permission_denied"),
        (mounted("mount -t tmpfs tmpfs /var/lib/anfang"), "foreign_mount"),
    ],
)
def test_agt_away(copy: Machine, hiding: list[str], code: str) -> None:
    """A state that may not be read, or that something lies over, is no missing enrolment."""
    copy.run("install", "-d", "-m", "700", "/var/lib/anfang")

    report = hosts.scan_json([], [*copy.prefix, *hiding])

    (verdict,) = (v for v in report.verdicts if v.check == "CEP-AGT-001")
    assert verdict.verdict == "unknown"
    assert [reason.code for reason in verdict.reasons] == [code]


def wait_until(holds: Callable[[], bool]) -> None:
    """Return once `holds`."""
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
