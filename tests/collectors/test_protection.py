"""What protects a host: encryption of its disks, SELinux, AppArmor, KySEC and the other modules."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from collectors.host import RootHost
from facts.status import COMPLETE, Condition, Status, condition
from tests.collectors.answering import running
from tests.collectors.observe import here
from tests.collectors.roots import by, cells, read, root

UUID = "0123456789abcdef0123456789abcdef"
SECURITYFS = "/sys/kernel/security"


def disks(directory: Path, *devices: tuple[str, Mapping[str, str]]) -> RootHost:
    """A running host with these block devices.

    Of each: `uuid` of its mapping, `below` what it lies on, `disk` what it is a partition of,
    `type` and `version` of what udev found on it.
    """
    files: dict[str, str | bytes] = {"/run/udev/data/x": ""}
    for number, (name, said) in enumerate(devices):
        place = f"{said['disk']}/{name}" if "disk" in said else name
        base = f"/sys/devices/block/{place}"
        kind = "partition" if "disk" in said else "disk"
        files[f"/sys/class/block/{name}"] = f"-> ../../devices/block/{place}"
        files[f"{base}/uevent"] = f"MAJOR=8\nMINOR={number}\nDEVNAME={name}\nDEVTYPE={kind}\n"
        if "uuid" in said:
            files[f"{base}/dm/uuid"] = f"{said['uuid']}\n"
        for below in said.get("below", "").split():
            files[f"{base}/slaves/{below}"] = ""
        found = [("TYPE", "type"), ("VERSION", "version")]
        lines = [f"E:ID_FS_{key}={said[word]}" for key, word in found if word in said]
        files[f"/run/udev/data/b8:{number}"] = "\n".join(["I:1", *lines, ""])
    return running(directory, files)


def test_encryption_is_passed_on_to_what_lies_on_it(tmp_path: Path) -> None:
    """Container, mapping and logical volume are encrypted, the disk they are on is not."""
    host = disks(
        tmp_path,
        ("sda", {}),
        ("sda1", {"disk": "sda", "type": "ext4"}),
        ("sda2", {"disk": "sda", "type": "crypto_LUKS", "version": "2"}),
        ("dm-0", {"uuid": f"CRYPT-LUKS2-{UUID}-root", "below": "sda2"}),
        ("dm-1", {"uuid": "LVM-abc", "below": "dm-0"}),
    )

    found = read(host, "disk_encryption")

    assert cells(found, "name", "parent", "encrypted", "type", "encryption_status") == [
        ("/dev/dm-0", "/dev/sda2", 1, "LUKS2", "encrypted"),
        ("/dev/dm-1", "/dev/dm-0", 1, "LUKS2", "encrypted"),
        ("/dev/sda", "", 0, "", "not encrypted"),
        ("/dev/sda1", "/dev/sda", 0, "", "not encrypted"),
        ("/dev/sda2", "/dev/sda", 1, "LUKS2", "encrypted"),
    ]
    assert found.condition == COMPLETE
    assert not found.columns


@pytest.mark.parametrize(
    ("uuid", "encrypted", "kind"),
    [
        (f"CRYPT-LUKS1-{UUID}-a", 1, "LUKS1"),
        ("CRYPT-PLAIN-swap", 1, "PLAIN"),
        (f"CRYPT-BITLK-{UUID}-a", 1, "BITLK"),
        (f"CRYPT-VERITY-{UUID}-usr", 0, ""),
        ("CRYPT-INTEGRITY-a", 0, ""),
        ("mpath-360000", 0, ""),
        ("", None, ""),
        ("own-mapping", None, ""),
        ("CRYPT-NEWKIND-a", None, ""),
    ],
)
def test_only_mappings_that_encrypt_count(
    tmp_path: Path, uuid: str, encrypted: int | None, kind: str
) -> None:
    """Checking is not encrypting, and a mapping of unknown purpose tells nothing."""
    host = disks(tmp_path, ("sda", {}), ("dm-0", {"uuid": uuid, "below": "sda"}))

    found = read(host, "disk_encryption")

    assert by(found, "name", "encrypted")["/dev/dm-0"] == encrypted
    assert by(found, "name", "type")["/dev/dm-0"] == kind


@pytest.mark.parametrize(("second", "encrypted"), [("dm-1", 1), ("sdb", 0), ("gone", None)])
def test_one_part_in_the_clear_is_enough(
    tmp_path: Path, second: str, encrypted: int | None
) -> None:
    """An array over an encrypted and another device is encrypted only if both are."""
    host = disks(
        tmp_path,
        ("sdb", {}),
        ("dm-0", {"uuid": f"CRYPT-LUKS2-{UUID}-a"}),
        ("dm-1", {"uuid": f"CRYPT-LUKS1-{UUID}-b"}),
        ("md0", {"below": f"dm-0 {second}"}),
    )

    found = read(host, "disk_encryption")

    assert by(found, "name", "encrypted")["/dev/md0"] == encrypted


def test_devices_in_a_circle_end(tmp_path: Path) -> None:
    """A damaged tree is not followed for ever."""
    host = disks(
        tmp_path,
        ("dm-0", {"uuid": "LVM-a", "below": "dm-1"}),
        ("dm-1", {"uuid": "LVM-b", "below": "dm-0"}),
    )

    assert cells(read(host, "disk_encryption"), "encrypted") == [(None,), (None,)]


def test_without_udev_a_locked_container_is_not_in_the_clear(tmp_path: Path) -> None:
    """Nobody looked at what is on the disk, so the column says so."""
    host = running(
        tmp_path,
        {
            "/sys/class/block/sda": "-> ../../devices/sda",
            "/sys/devices/sda/uevent": "MAJOR=8\nMINOR=0\nDEVNAME=sda\nDEVTYPE=disk\n",
        },
    )

    found = read(host, "disk_encryption")

    expected = condition(Status.UNSUPPORTED, "program_missing", "systemd-udevd")
    assert found.columns["encrypted"] == expected
    assert read(root(tmp_path, {}), "disk_encryption").condition.status is Status.UNSUPPORTED


SELINUX: dict[str, str | bytes] = {
    "/sys/fs/selinux/enforce": "1",
    "/sys/fs/selinux/mls": "1",
    "/sys/fs/selinux/status": b"\0\0\0",
    "/sys/fs/selinux/booleans/httpd_can_network_connect": "0 1",
    "/sys/fs/selinux/booleans/ssh_sysadm_login": "1 1",
    "/sys/fs/selinux/policy_capabilities/open_perms": "1",
    "/sys/fs/selinux/initial_contexts/kernel": "system_u:system_r:kernel_t:s0\0",
    "/sys/fs/selinux/class/file/index": "6",
    "/sys/fs/selinux/class/file/perms/read": "1",
}


def test_selinux_is_told_as_osquery_tells_it(tmp_path: Path) -> None:
    """Settings, booleans as in force, capabilities, contexts and permissions."""
    found = read(running(tmp_path, SELINUX), "selinux_settings")

    assert cells(found, "scope", "key", "value") == [
        ("", "enforce", "1"),
        ("", "mls", "1"),
        ("booleans", "httpd_can_network_connect", "off"),
        ("booleans", "ssh_sysadm_login", "on"),
        ("policy_capabilities", "open_perms", "1"),
        ("initial_contexts", "kernel", "system_u:system_r:kernel_t:s0"),
        ("class", "file/perms", "read"),
    ]
    assert found.condition == COMPLETE


def test_a_boolean_that_is_none_shows(tmp_path: Path) -> None:
    """It has no row, and the table is partial."""
    boolean = "/sys/fs/selinux/booleans/x"

    found = read(running(tmp_path, {**SELINUX, boolean: "maybe"}), "selinux_settings")

    assert len(found.rows) == 7
    assert found.condition == condition(Status.PARTIAL, "malformed_source", boolean)


def test_selinux_off_and_selinux_hidden_are_told_apart(tmp_path: Path) -> None:
    """Without its directory it is off; an empty directory was not mounted."""
    off = running(tmp_path / "off", {"/sys/fs/cgroup/x": ""})
    hidden = running(tmp_path / "hidden", {"/sys/fs/cgroup/x": ""})
    (tmp_path / "hidden/sys/fs/selinux").mkdir()

    assert read(off, "selinux_settings").condition == COMPLETE
    expected = condition(Status.UNREADABLE, "source_missing", "/sys/fs/selinux")
    assert read(hidden, "selinux_settings").condition == expected


MAN = f"{SECURITYFS}/apparmor/policy/profiles/man.1"
APPARMOR = {
    "/sys/module/apparmor/parameters/enabled": "Y\n",
    f"{SECURITYFS}/lsm": "lockdown,capability,yama,apparmor",
    f"{SECURITYFS}/lockdown": "none [integrity] confidentiality\n",
    f"{SECURITYFS}/apparmor/profiles": "man (enforce)\nman//filter (enforce)\na b (complain)\n",
    f"{MAN}/name": "man\n",
    f"{MAN}/attach": "/usr/bin/man\n",
    f"{MAN}/mode": "enforce\n",
    f"{MAN}/sha1": "ab\n",
    f"{MAN}/profiles/filter.2/name": "filter\n",
    f"{MAN}/profiles/filter.2/attach": "<unknown>\n",
    f"{MAN}/profiles/filter.2/mode": "enforce\n",
    f"{MAN}/profiles/filter.2/sha256": "cd\n",
    "/proc/sys/kernel/yama/ptrace_scope": "1\n",
    "/sys/fs/cgroup/x": "",
}


def test_profiles_are_told_with_those_inside(tmp_path: Path) -> None:
    """A hat is named after its profile; the digest is whichever the kernel makes."""
    found = read(running(tmp_path, APPARMOR), "apparmor_profiles")

    assert cells(found, "path", "name", "attach", "mode", "sha1", "sha256") == [
        ("man", "man", "/usr/bin/man", "enforce", "ab", None),
        ("man//filter", "filter", "<unknown>", "enforce", None, "cd"),
    ]
    assert found.condition == COMPLETE


def test_apparmor_off_and_apparmor_hidden_are_told_apart(tmp_path: Path) -> None:
    """Off or not in the kernel, there are no profiles; on without its files, who knows."""
    enabled = "/sys/module/apparmor/parameters/enabled"
    off = running(tmp_path / "off", {enabled: "N\n"})
    without = running(tmp_path / "without", {"/sys/module/x": ""})
    hidden = running(tmp_path / "hidden", {enabled: "Y\n"})

    assert read(off, "apparmor_profiles").condition == COMPLETE
    assert read(without, "apparmor_profiles").condition == COMPLETE
    assert read(hidden, "apparmor_profiles").condition.status is Status.UNREADABLE


def test_the_modules_of_an_apparmor_host(tmp_path: Path) -> None:
    """What the kernel lists, with the state of those that say it."""
    found = read(running(tmp_path, APPARMOR), "security_modules")

    assert cells(found, "name", "enabled", "enforcing", "mode") == [
        ("apparmor", 1, 1, "enabled"),
        ("capability", 1, None, None),
        ("lockdown", 1, 1, "integrity"),
        ("yama", 1, 1, "1"),
    ]
    counts = cells(found, "profiles", "profiles_enforce", "profiles_complain")[0]
    assert counts == (3, 2, 1)
    assert found.condition == COMPLETE


CONFIG = "# comment\nSELINUX=enforcing\nSELINUXTYPE=targeted\n"
LISTED = {f"{SECURITYFS}/lsm": "capability,selinux", "/sys/module/x": "", "/sys/fs/cgroup/x": ""}


@pytest.mark.parametrize(
    ("files", "row"),
    [
        (
            {**LISTED, "/sys/fs/selinux/enforce": "1", "/etc/selinux/config": CONFIG},
            (1, 1, "enforcing", "enforcing", "targeted"),
        ),
        (
            {**LISTED, "/sys/fs/selinux/enforce": "0", "/etc/selinux/config": CONFIG},
            (1, 0, "permissive", "enforcing", "targeted"),
        ),
        (
            {
                **LISTED,
                f"{SECURITYFS}/lsm": "capability",
                "/etc/selinux/config": "SELINUX=disabled\n",
            },
            (0, 0, "disabled", "disabled", None),
        ),
    ],
    ids=["enforcing", "permissive", "disabled"],
)
def test_selinux_now_and_at_the_next_start(
    tmp_path: Path, files: Mapping[str, str], row: tuple[object, ...]
) -> None:
    """The mode in force and the mode in its file are two things."""
    found = read(running(tmp_path, {"/etc/x": "", **files}), "security_modules")

    columns = ("enabled", "enforcing", "mode", "configured_mode", "policy")
    assert cells(found, *columns)[-1] == row
    assert found.condition == COMPLETE


KYLIN = {
    "/etc/kysec/x": "",
    f"{SECURITYFS}/lsm": "capability,kysec",
    "/sys/module/x": "",
    "/sys/fs/cgroup/x": "",
}
GETSTATUS = "/usr/sbin/getstatus"
NORMAL = (
    "KySec status: {}\n\nexec control: warning\nfile protect: on\nkmod protect: on\n"
    "three admin : off\n"
)


@pytest.mark.parametrize(
    ("said", "row"),
    [
        ("Normal", (1, 1, "normal")),
        ("enabled", (1, 1, "enabled")),
        ("Softmode", (1, 0, "softmode")),
        ("disabled", (0, 0, "disabled")),
        ("something else", (1, None, "something else")),
    ],
)
def test_kysec_is_what_kylins_own_program_says(
    tmp_path: Path, said: str, row: tuple[object, ...]
) -> None:
    """A word nobody knows is kept, and whether it refuses anything is then unknown."""
    found = read(running(tmp_path, KYLIN, {GETSTATUS: NORMAL.format(said)}), "security_modules")

    assert cells(found, "enabled", "enforcing", "mode")[-1] == row
    assert by(found, "name", "features")["kysec"] == (
        "exec control=warning; file protect=on; kmod protect=on; three admin=off"
    )
    assert found.condition == COMPLETE


@pytest.mark.parametrize("answers", [{}, {GETSTATUS: b"refused"}, {GETSTATUS: "hello\n"}])
def test_kysec_that_does_not_answer_is_not_off(
    tmp_path: Path, answers: Mapping[str, str | bytes]
) -> None:
    """The module is there, and how it stands is unknown."""
    found = read(running(tmp_path, KYLIN, answers), "security_modules")

    assert cells(found, "name", "enforcing")[-1] == ("kysec", None)
    assert found.condition == Condition(Status.PARTIAL, found.condition.reason)


def test_a_host_of_another_kind_is_not_asked_for_kysec(tmp_path: Path) -> None:
    """A program of that name elsewhere is somebody else's and is not started."""
    host = running(tmp_path, APPARMOR, {GETSTATUS: NORMAL.format("Normal")})

    assert "kysec" not in by(read(host, "security_modules"), "name", "mode")


def test_modules_that_nobody_mounted_the_list_of_show(tmp_path: Path) -> None:
    """A kernel that could tell, and an empty directory, make the table partial."""
    files = {"/proc/filesystems": "nodev\tsecurityfs\n", "/sys/module/x": "", "/sys/fs/x": ""}
    host = running(tmp_path, files)
    (tmp_path / "sys/kernel/security").mkdir(parents=True)

    found = read(host, "security_modules")

    assert found.condition.status is Status.PARTIAL


def test_an_image_knows_only_what_is_configured(tmp_path: Path) -> None:
    """What guards the host when it runs cannot be told from files."""
    found = read(root(tmp_path, {"/etc/selinux/config": CONFIG}), "security_modules")

    assert cells(found, "name", "configured_mode", "mode") == [("selinux", "enforcing", None)]
    for column in ("enabled", "enforcing", "mode"):
        assert found.columns[column].status is Status.UNSUPPORTED


def test_this_machines_disks_all_have_a_row() -> None:
    """Every block device of the kernel is there, as lsblk and others list them."""
    names = {str(row["name"]).removeprefix("/dev/") for row in here("disk_encryption").rows}

    assert names == {path.name.replace("!", "/") for path in Path("/sys/class/block").iterdir()}
