"""Hosts of other kinds than this one: what is read of them, and what is not claimed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest

from collectors.host import Host, RootHost
from collectors.recorded import RecordedHost
from collectors.registry import COLLECTORS
from collectors.source import HostSource
from evidence.canonical import Cell
from facts.source import Reading
from facts.spec import Kind, Privacy
from facts.tables import SPECS
from tests.collectors import rpms
from tests.hosts.built import HOSTS, built, unpacked

Rows: TypeAlias = Sequence[Mapping[str, Cell]]


class Read:
    """One host, table by table."""

    def __init__(self, host: Host) -> None:
        self._source = HostSource(host, None)

    def table(self, name: str) -> Reading:
        """The columns of a table that leave a host; the others nobody records."""
        return self._source.read(name, self._columns(name))

    def rows(self, name: str) -> Rows:
        """The rows of a table that is complete, columns apart."""
        reading = self.table(name)
        assert reading.condition.complete, reading.condition
        return [dict(zip(self._columns(name), row, strict=True)) for row in reading.rows]

    def one(self, table: str, /, **cells: Cell) -> Mapping[str, Cell]:
        """The only row with these cells."""
        (row,) = (r for r in self.rows(table) if all(r[k] == v for k, v in cells.items()))
        return row

    def why(self, name: str, column: str | None = None) -> tuple[str, str]:
        """Status and reason of a table, or of a column that differs."""
        reading = self.table(name)
        found = reading.condition if column is None else reading.columns[column]
        return found.status.value, "" if found.reason is None else found.reason.code

    @staticmethod
    def _columns(name: str) -> tuple[str, ...]:
        return tuple(c.name for c in SPECS[name].columns if c.privacy is not Privacy.LOCAL)


@pytest.fixture(scope="module", name="directory")
def _directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hosts")


@pytest.fixture(scope="module", name="debian")
def _debian(directory: Path) -> Read:
    return Read(RecordedHost.at(built("debian", directory / "debian.tar")))


@pytest.fixture(scope="module", name="kylin")
def _kylin(directory: Path) -> Read:
    """With a database that rpm itself made."""
    (directory / "rpm").mkdir()
    database = rpms.made(directory / "rpm") / "var/lib/rpm/rpmdb.sqlite"
    also = {"/var/lib/rpm/rpmdb.sqlite": database.read_bytes()}
    return Read(RecordedHost.at(built("kylin", directory / "kylin.tar.gz", also)))


@pytest.fixture(scope="module", name="container")
def _container(directory: Path) -> Read:
    return Read(RecordedHost.at(built("container", directory / "container.tar")))


@pytest.fixture(scope="module", name="container_host")
def _container_host(directory: Path) -> Read:
    return Read(RootHost(unpacked("container-host", directory / "container-host")))


@pytest.fixture(scope="module", name="laptop")
def _laptop() -> Read:
    return Read(RecordedHost.at(HOSTS / "laptop/host.tar.gz"))


@pytest.fixture(scope="module", name="gateway")
def _gateway() -> Read:
    return Read(RecordedHost.at(HOSTS / "gateway/host.tar.gz"))


def test_debian_is_what_it_says(debian: Read) -> None:
    """The distribution through a link, the machine, the packages of dpkg and none of rpm."""
    assert debian.one("os_version") == {
        **debian.one("os_version"),
        "name": "Debian GNU/Linux", "major": 12, "arch": "x86_64", "codename": "bookworm",
    }  # fmt: skip
    assert debian.one("system_info")["cpu_logical_cores"] == 2
    assert debian.one("system_info")["hostname"] == "web01"
    assert {row["name"]: row["status"] for row in debian.rows("deb_packages")} == {
        "openssh-server": "install ok installed",
        "telnetd": "deinstall ok config-files",
    }
    assert debian.rows("rpm_packages") == []


def test_debians_units_are_as_systemd_and_their_files_say(debian: Read) -> None:
    """State in memory from systemctl's answer of the time, enablement from the files."""
    states = {
        row["id"]: (row["unit_file_state"], row["active_state"])
        for row in debian.rows("systemd_units")
    }

    assert states["ssh.service"] == ("enabled", "active")
    assert states["rsyslog.service"] == ("enabled", "failed")
    assert states["bluetooth.service"] == ("masked", "inactive")


def test_debians_ssh_server_answered_for_itself(debian: Read) -> None:
    """What is in force from `sshd -T`, Match blocks from the files."""
    said = {row["key"]: row["value"] for row in debian.rows("sshd_config")}

    assert said["permitrootlogin"] == "no"
    assert said["match:User ops:passwordauthentication"] == "no"


def test_debians_processes_hold_its_sockets(debian: Read) -> None:
    """By time, memory and file as of then; one whose file is gone is told."""
    sshd = debian.one("processes", name="sshd")
    gone = debian.one("processes", pid=700)
    listening = debian.one("listening_ports", port=22, family=2)

    assert (sshd["path"], sshd["start_time"], sshd["resident_size"]) == (
        "/usr/sbin/sshd", 1795300003, 900 * 4096,
    )  # fmt: skip
    assert (gone["on_disk"], gone["path"]) == (0, "/opt/app/agent")
    assert (listening["pid"], listening["address"]) == (512, "0.0.0.0")
    assert debian.one("listening_ports", port=5432)["pid"] == -1


def test_debians_logs_are_kept_and_sent_on(debian: Read) -> None:
    """Journald's days, logrotate's count, the target that rsyslog sends to."""
    kept = {row["kind"]: row for row in debian.rows("log_retention")}

    assert kept["journald"]["retention_days"] == 200
    assert kept["logrotate"]["retention_days"] == 200
    assert kept["forward"]["target"] == "logs.example.org:6514"


def test_what_only_a_live_debian_answers_is_unsupported(debian: Read) -> None:
    """Sizes of filesystems come from a call; what was not asked of the kernel is not recorded."""
    assert debian.why("mounts", "blocks_free") == ("unsupported", "not_live")
    assert debian.why("interface_details") == ("unreadable", "not_recorded")


def test_kylin_is_an_rpm_host_on_another_machine(kylin: Read) -> None:
    """Its version with a letter, its architecture, its pages of 64 KiB, its packages."""
    version = kylin.one("os_version")

    assert (version["platform"], version["major"], version["arch"]) == ("kylin", 10, "aarch64")
    assert kylin.one("system_info")["cpu_brand"] is None
    assert kylin.one("processes", name="sshd")["resident_size"] == 100 * 65536
    assert {row["name"] for row in kylin.rows("rpm_packages")} == {"sample", "other"}
    assert kylin.rows("deb_packages") == []


def test_kylins_accounts_are_told_apart(kylin: Read) -> None:
    """Active with SM3, locked in three ways, and one that anybody can use."""
    states = {
        row["username"]: (row["password_status"], row["hash_alg"]) for row in kylin.rows("shadow")
    }

    assert states == {
        "root": ("active", "sm3"),
        "bin": ("locked", ""),
        "secadm": ("not_set", ""),
        "audadm": ("locked", "6"),
        "old": ("empty", ""),
    }


def test_a_server_that_refused_to_answer_then_is_partial_now(kylin: Read) -> None:
    """`sshd -T` failed when it was recorded, and no check passes on what the files say."""
    assert kylin.why("sshd_config") == ("partial", "program_failed")


def test_kylins_audit_is_set_up_and_does_not_run(kylin: Read) -> None:
    """The service is inactive though its records would go elsewhere."""
    kept = {row["name"]: row for row in kylin.rows("log_retention")}

    assert kylin.one("systemd_units", id="auditd.service")["active_state"] == "inactive"
    assert kept["10.1.1.9:60"]["kind"] == "forward"
    assert kept["audit"]["rotations"] == 5


def test_a_container_is_not_taken_for_a_host(container: Read) -> None:
    """It is told as a container, and what it cannot see is not claimed to be complete."""
    assert container.one("virtualization")["container"]
    assert container.why("processes") == ("unreadable", "container")
    assert container.why("listening_ports") == ("partial", "container")
    assert container.why("kernel_module_files") == ("unreadable", "source_missing")


def test_a_container_has_what_its_image_has(container: Read) -> None:
    """Accounts are read; units, packages and an SSH server it has none of."""
    assert container.one("os_version")["platform"] == "alpine"
    assert [row["username"] for row in container.rows("users")] == ["root", "nobody"]
    for table in ("systemd_units", "deb_packages", "sshd_config"):
        assert container.rows(table) == [], table


def test_a_container_hosts_disk_shows_its_containers(container_host: Read) -> None:
    """What Docker wrote down: a privileged container with a directory of the host."""
    found = container_host.one("docker_containers")

    assert (found["image"], found["privileged"], found["network_mode"]) == (
        "nginx:1.26", 1, "host",
    )  # fmt: skip
    assert container_host.one("docker_container_mounts")["source"] == "/srv/data"
    assert container_host.one("systemd_units", id="docker.service")["unit_file_state"] == "enabled"


def test_a_disk_has_no_kernel(container_host: Read) -> None:
    """What runs is not known, and an empty /sys is not a host without devices."""
    for table in ("processes", "listening_ports", "usb_devices", "routes"):
        assert container_host.why(table) == ("unsupported", "not_live"), table
    assert container_host.why("systemd_units", "active_state") == ("unsupported", "not_live")
    assert not container_host.table("system_controls").condition.complete


def test_the_laptops_radios_and_eyes_are_listed(laptop: Read) -> None:
    """Wi-Fi, Bluetooth, a camera and a microphone, and the stick with its number."""
    radios = {(row["kind"], row["driver"]) for row in laptop.rows("wireless_devices")}
    capture = {row["kind"] for row in laptop.rows("capture_devices")}

    assert {("wifi", "rtw_8822bu"), ("bluetooth", "btusb")} <= radios
    assert capture == {"video", "audio"}
    assert laptop.one("block_devices", name="/dev/sdb")["removable"] == 1
    assert laptop.one("tpm_info")["spec_version"] == "2.0"


def test_the_laptops_other_tables_were_not_recorded(laptop: Read) -> None:
    """Nobody asked for its accounts, which is not the same as it having none."""
    assert laptop.why("users") == ("unreadable", "not_recorded")
    assert laptop.why("processes") == ("unreadable", "not_recorded")


def test_the_gateways_networks_are_those_it_joins(gateway: Read) -> None:
    """Interfaces, addresses and routes from the kernel's own dumps of the time."""
    addresses = {
        row["interface"]: row["address"]
        for row in gateway.rows("interface_addresses")
        if ":" not in str(row["address"])
    }
    way_out = gateway.one("routes", netmask=0, type="gateway")
    kinds = {row["interface"]: row["kind"] for row in gateway.rows("network_links")}

    assert addresses["wan0"] == "203.0.113.2"
    assert (addresses["br-lan"], addresses["eth2"]) == ("10.10.0.1", "10.20.0.1")
    assert (way_out["gateway"], way_out["interface"]) == ("203.0.113.1", "wan0")
    assert (kinds["br-lan"], kinds["tun0"]) == ("bridge", "tun")
    assert gateway.one("arp_cache")["address"] == "10.10.0.7"


def test_the_gateway_forwards_and_translates(gateway: Read) -> None:
    """The setting in force and the rules, both as they were."""
    rules = [row["expression"] for row in gateway.rows("nftables_rules")]

    assert gateway.one("system_controls", name="net.ipv4.ip_forward")["current_value"] == "1"
    assert 'oifname "wan0" masquerade' in rules
    assert 'iifname "br-lan" oifname "wan0" accept' in rules


def test_speed_was_a_call(gateway: Read) -> None:
    """What an ioctl would have told nobody recorded."""
    assert gateway.why("interface_details", "link_speed") == ("unsupported", "not_live")


@pytest.mark.parametrize(
    "name", ["debian", "kylin", "container", "container_host", "laptop", "gateway"]
)
def test_no_collector_crashes_on_it(name: str, request: pytest.FixtureRequest) -> None:
    """Every full table is read, or says why not."""
    host: Read = request.getfixturevalue(name)
    full = [table for table in COLLECTORS if SPECS[table].kind is Kind.FULL]

    crashed = [table for table in full if host.why(table)[1] == "collector_failed"]

    assert crashed == []
