"""The distribution, kernel, machine, mounts, settings and modules, beside independent tools."""

import os
import platform
import subprocess
from pathlib import Path

import pytest

from collectors.modules import normal
from collectors.system import os_release
from evidence.canonical import Cell
from facts.status import Condition, Status, condition
from tests.collectors.observe import here
from tests.collectors.roots import by, cells, read, root


def _output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, check=True, text=True).stdout


def test_the_distribution_is_what_python_reads() -> None:
    """os-release is read as the standard library reads it, and the kernel's architecture added."""
    told = platform.freedesktop_os_release()

    found = here("os_version").rows[0]

    assert found["name"] == told["NAME"]
    assert found["version"] == told["VERSION"]
    assert found["codename"] == told["VERSION_CODENAME"]
    assert found["arch"] == _output("uname", "-m").strip()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=plain", "plain"),
        ('NAME="Kylin Linux Advanced Server"', "Kylin Linux Advanced Server"),
        ("NAME='single $HOME'", "single $HOME"),
        (r'NAME="a \"b\" \$c \`d\` \\e"', r'a "b" $c `d` \e'),
        ("  NAME=indented  ", "indented"),
        ('NAME=""', ""),
    ],
)
def test_os_release_is_unquoted_as_a_shell_does(line: str, value: str) -> None:
    """The quoting rules of os-release(5)."""
    assert os_release(f"# comment\n{line}\nnonsense\n")["NAME"] == value


@pytest.mark.parametrize(
    ("version_id", "numbers"),
    [
        ("12", (12, None, None)),
        ("22.04", (22, 4, None)),
        ("3.18.4", (3, 18, 4)),
        ("V10", (10, None, None)),
        ("", (None, None, None)),
    ],
)
def test_parts_of_a_version_that_are_not_stated_are_null(
    tmp_path: Path, version_id: str, numbers: tuple[int | None, ...]
) -> None:
    """A rolling release has no version 0.0.0; Kylin writes V10."""
    host = root(tmp_path, {"/usr/lib/os-release": f"ID=x\nVERSION_ID={version_id}\n"})

    found = read(host, "os_version")

    assert cells(found, "major", "minor", "patch") == [numbers]
    assert found.columns["arch"].status is Status.UNREADABLE


def test_the_kernel_is_the_running_one() -> None:
    """The release is that of uname."""
    assert here("kernel_info").rows[0]["version"] == _output("uname", "-r").strip()


def test_the_command_line_is_told_apart(tmp_path: Path) -> None:
    """Image and root device have columns of their own; all else stays in arguments."""
    host = root(
        tmp_path,
        {
            "/proc/version": "Linux version 6.1.0-18-amd64 (a@b) (gcc) #1 SMP\n",
            "/proc/cmdline": "BOOT_IMAGE=/boot/vmlinuz root=UUID=1 ro audit=1 quiet\n",
        },
    )

    assert cells(read(host, "kernel_info"), "version", "path", "device", "arguments") == [
        ("6.1.0-18-amd64", "/boot/vmlinuz", "UUID=1", "ro audit=1 quiet")
    ]


def test_the_machine_is_what_other_tools_say() -> None:
    """Name, processors and memory agree with hostname, nproc and sysconf."""
    found = here("system_info").rows[0]

    assert found["hostname"] == _output("uname", "-n").strip()
    assert found["cpu_logical_cores"] == int(_output("nproc", "--all"))
    assert found["physical_memory"] == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_cores_and_sockets_are_counted_once(tmp_path: Path) -> None:
    """Two threads of a core are one core; processors off line do not count."""
    files: dict[str, str | bytes] = {"/sys/devices/system/cpu/online": "0-2\n"}
    for number, siblings in ((0, "0-1"), (1, "0-1"), (2, "2-3")):
        topology = f"/sys/devices/system/cpu/cpu{number}/topology"
        files[f"{topology}/core_cpus_list"] = siblings
        files[f"{topology}/physical_package_id"] = "0\n"

    found = read(root(tmp_path, files), "system_info")

    assert cells(found, "cpu_logical_cores", "cpu_physical_cores", "cpu_sockets") == [(3, 2, 1)]


def test_mounts_are_those_of_findmnt() -> None:
    """Device, place, type and options of every mount are what findmnt reads.

    Findmnt is asked before and after, because other tests mount and unmount meanwhile.
    """
    before = _findmnt()

    found = set(cells(here("mounts", ["device"]), "device", "path", "type", "flags"))

    after = _findmnt()
    assert before & after <= found <= before | after


def _findmnt() -> set[tuple[Cell, ...]]:
    first = ("--task", "1")  # whose mounts are the host's, whatever this process was given
    columns = (
        *first,
        "--nofsroot",
        "--noheadings",
        "--list",
        "--output",
        "SOURCE,TARGET,FSTYPE,OPTIONS",
    )
    return {tuple(line.split()) for line in _output("findmnt", *columns).splitlines()}


def test_sizes_are_those_of_stat() -> None:
    """The figures of the root filesystem are what `stat --file-system` prints."""
    told = _output("stat", "--file-system", "--format", "%S %b %c", "/").split()

    seen = here("mounts")

    if seen.columns:  # seen from other mounts than the first process's, which nobody may enter
        assert "permission_denied" in str(seen.columns["blocks"].reason)
        return
    (found,) = (row for row in seen.rows if row["path"] == "/")
    assert [str(found[name]) for name in ("blocks_size", "blocks", "inodes")] == told


def test_a_recorded_root_has_no_sizes(tmp_path: Path) -> None:
    """Escapes are undone; what only a live host can tell is unsupported."""
    host = root(tmp_path, {"/proc/1/mounts": "/dev/sda1 /mnt/a\\040b ext4 ro,nodev 0 0\n"})

    found = read(host, "mounts")

    assert cells(found, "device", "path", "flags") == [("/dev/sda1", "/mnt/a b", "ro,nodev")]
    assert found.columns["blocks"] == condition(Status.UNSUPPORTED, "not_live", "statvfs")


MOVING = ("fs.dentry", "fs.file-nr", "fs.inode", "kernel.ns_last_pid", "kernel.random")
SECRET = "net.ipv4.tcp_fastopen_key"


def test_settings_are_those_of_sysctl() -> None:
    """Every setting sysctl prints is here with the same value, names with dots included."""
    told: dict[str, str] = {}
    for line in _output("sysctl", "--all").splitlines():
        name, _, value = line.partition(" = ")
        told.setdefault(name, value.strip())

    found = by(here("system_controls"), "name", "current_value")

    assert set(told) - set(found) == set()
    firsts = {name: str(value).partition("\n")[0].strip() for name, value in found.items()}
    steady = {n for n in told if not n.startswith((*MOVING, SECRET, "net.netfilter"))}
    assert {n: firsts[n] for n in steady} == {n: told[n] for n in steady}


def test_keys_among_the_settings_are_never_read() -> None:
    """Two settings are secrets, and their value is not in the table."""
    found = by(here("system_controls"), "name", "current_value")

    assert found["net.ipv6.conf.default.stable_secret"] is None
    assert found["net.ipv4.tcp_fastopen_key"] is None


def test_configured_settings_follow_sysctl_d(tmp_path: Path) -> None:
    """Order, masks, patterns, exclusions and both spellings, as sysctl.d(5) has them."""
    host = root(
        tmp_path,
        {
            "/proc/sys/net/ipv4/conf/all/rp_filter": "0\n",
            "/proc/sys/net/ipv4/conf/eth0/rp_filter": "0\n",
            "/proc/sys/net/ipv4/conf/eth0.100/rp_filter": "0\n",
            "/proc/sys/net/ipv4/conf/eth1/rp_filter": "0\n",
            "/proc/sys/kernel/dmesg_restrict": "0\n",
            "/proc/sys/kernel/kptr_restrict": "0\n",
            "/proc/sys/kernel/sysrq": "1\n",
            "/usr/lib/sysctl.d/10-vendor.conf": "kernel.dmesg_restrict = 0\nkernel.sysrq = 16\n",
            "/usr/lib/sysctl.d/50-masked.conf": "kernel.kptr_restrict = 9\n",
            "/etc/sysctl.d/50-masked.conf": "-> /dev/null",
            "/etc/sysctl.d/60-net.conf": (
                "net.ipv4.conf.*.rp_filter = 2\n"
                "-net.ipv4.conf.eth1.rp_filter\n"
                "; a comment\n"
                "net/ipv4/conf/eth0.100/rp_filter=1\n"
                "-kernel/dmesg_restrict = 1\n"
            ),
            "/etc/sysctl.conf": "kernel.sysrq = 0\n",
        },
    )

    found = by(read(host, "system_controls"), "name", "config_value")

    assert found == {
        "kernel.dmesg_restrict": "1",
        "kernel.kptr_restrict": None,
        "kernel.sysrq": "0",
        "net.ipv4.conf.all.rp_filter": "2",
        "net.ipv4.conf.eth0.rp_filter": "2",
        "net.ipv4.conf.eth0/100.rp_filter": "1",
        "net.ipv4.conf.eth1.rp_filter": None,
    }


def test_loaded_modules_are_told(tmp_path: Path) -> None:
    """Name, size, users and state of a loaded module."""
    lines = (
        "usb_storage 86016 1 uas, Live 0xffffffffc0a00000\n"
        "uas 32768 0 - Live 0xffffffffc0a20000 (OE)\n"
    )
    host = root(tmp_path, {"/proc/modules": lines})

    assert cells(read(host, "kernel_modules"), "name", "size", "used_by", "status") == [
        ("usb_storage", 86016, "uas", "Live"),
        ("uas", 32768, "-", "Live"),
    ]


def test_a_root_without_proc_modules_is_not_a_kernel_without_modules(tmp_path: Path) -> None:
    """Nobody recorded them, so nothing is known about them."""
    with pytest.raises(FileNotFoundError):
        read(root(tmp_path, {"/proc/cmdline": "\n"}), "kernel_modules")


@pytest.mark.skipif(Path("/proc/modules").exists(), reason="this kernel loads modules")
def test_a_kernel_without_modules_has_none() -> None:
    """This kernel has no module support, which is complete, with no rows."""
    assert (here("kernel_modules").rows, here("kernel_modules").condition.complete) == ((), True)
    assert here("kernel_module_files").condition.complete


def test_module_files_are_told(tmp_path: Path) -> None:
    """Loadable and built-in modules of the running kernel, however they are packed."""
    host = root(
        tmp_path,
        {
            "/proc/version": "Linux version 6.1.0 (x)\n",
            "/proc/sys/kernel/modules_disabled": "0\n",
            "/lib/modules/6.1.0/modules.dep": (
                "kernel/drivers/usb/storage/usb-storage.ko.xz: kernel/drivers/scsi/sd_mod.ko.xz\n"
            ),
            "/lib/modules/6.1.0/modules.builtin": "kernel/fs/ext4/ext4.ko\n",
            "/lib/modules/5.9.0/modules.dep": "kernel/old.ko:\n",
        },
    )

    assert cells(read(host, "kernel_module_files"), "name", "builtin", "path") == [
        ("usb_storage", 0, "/lib/modules/6.1.0/kernel/drivers/usb/storage/usb-storage.ko.xz"),
        ("ext4", 1, "/lib/modules/6.1.0/kernel/fs/ext4/ext4.ko"),
    ]


def test_modules_on_disk_that_cannot_be_seen_are_not_absent(tmp_path: Path) -> None:
    """In a container the kernel's modules lie elsewhere: unreadable, not empty."""
    host = root(
        tmp_path,
        {"/proc/version": "Linux version 6.1.0 (x)\n", "/proc/sys/kernel/modules_disabled": "0\n"},
    )

    with pytest.raises(FileNotFoundError):
        read(host, "kernel_module_files")


MODPROBE = {
    "/proc/cmdline": "quiet modprobe.blacklist=pcspkr,uvcvideo usbcore.authorized_default=0\n",
    "/etc/modprobe.d/usb.conf": (
        "# no storage\n"
        "install usb-storage /bin/false\n"
        "blacklist uas\n"
        "options snd-hda-intel \\\n  power_save=1\n"
        "softdep a pre: b\n"
        "wrong usb\n"
    ),
    "/usr/lib/modprobe.d/usb.conf": "blacklist masked\n",
    "/usr/lib/modprobe.d/vendor.conf": "alias net-pf-10 off\nalias usb:v12[0-9]4-x y\n",
    "/usr/lib/modprobe.d/notes.txt": "blacklist notes\n",
}


def test_modprobe_config_is_what_counts(tmp_path: Path) -> None:
    """Masked files and other suffixes are left out; continuations joined; names normal."""
    found = read(root(tmp_path, MODPROBE), "modprobe_config")

    assert cells(found, "directive", "name", "value", "path", "line") == [
        ("install", "usb_storage", "/bin/false", "/etc/modprobe.d/usb.conf", 2),
        ("blacklist", "uas", "", "/etc/modprobe.d/usb.conf", 3),
        ("options", "snd_hda_intel", "power_save=1", "/etc/modprobe.d/usb.conf", 4),
        ("softdep", "a", "pre: b", "/etc/modprobe.d/usb.conf", 6),
        ("alias", "net_pf_10", "off", "/usr/lib/modprobe.d/vendor.conf", 1),
        ("alias", "usb:v12[0-9]4_x", "y", "/usr/lib/modprobe.d/vendor.conf", 2),
        ("blacklist", "pcspkr", "", "/proc/cmdline", None),
        ("blacklist", "uvcvideo", "", "/proc/cmdline", None),
        ("options", "usbcore", "authorized_default=0", "/proc/cmdline", None),
    ]


def test_modprobe_agrees(tmp_path: Path) -> None:
    """`modprobe --showconfig` reads the same lines from the same directory."""
    root(tmp_path, MODPROBE)
    argv = ("modprobe", "--showconfig", "--config", str(tmp_path / "etc/modprobe.d"))

    told = [line.split() for line in _output(*argv).splitlines() if "modprobe.d" not in line]

    found = cells(
        read(root(tmp_path / "again", MODPROBE), "modprobe_config"), "directive", "name", "path"
    )
    ours = {(directive, name) for directive, name, path in found if str(path).startswith("/etc")}
    assert ours <= {(words[0], normal(words[1])) for words in told if len(words) > 1}


def test_without_the_command_line_the_table_is_partial(tmp_path: Path) -> None:
    """What the boot loader adds cannot be told from files."""
    host = root(tmp_path, {"/etc/modprobe.d/a.conf": "blacklist a\n"})

    found = read(host, "modprobe_config")

    assert cells(found, "name") == [("a",)]
    expected = condition(Status.UNREADABLE, "source_missing", "/proc/cmdline").reason
    assert found.condition == Condition(Status.PARTIAL, expected)
