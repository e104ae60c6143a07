"""Keys that may sign in, found where sshd looks, and the settings of the client."""

import subprocess
from pathlib import Path

import pytest

from collectors.source import HostSource
from facts.pseudonym import Pseudonym
from facts.status import COMPLETE, Status, condition
from tests.collectors.roots import cells, read, root

NO_SSHD = "/usr/bin/true"
"""Some program, so that it is known that sshd is none of them."""
PASSWD = "root:x:0:0::/root:/bin/sh\nops:x:1000:1000::/home/ops:/bin/sh\n"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A fresh public key, kind and base64."""
    path = tmp_path_factory.mktemp("key") / "id"
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "a person", "-f", str(path)]
    subprocess.run(argv, check=True)
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


def test_keys_are_found_with_their_options(tmp_path: Path, key: str) -> None:
    """Options are parted from the key also where they hold blanks, commas and quotes."""
    lines = [
        "# a comment",
        f"{key} ops@desk",
        f'command="/bin/echo \\"a, b\\" ssh-rsa",from="192.0.2.0/24",no-pty {key} two words',
        f'cert-authority,Principals="x" {key}',
        "this is no key at all",
    ]
    files = {NO_SSHD: "", "/etc/passwd": PASSWD, "/home/ops/.ssh/authorized_keys": "\n".join(lines)}

    found = read(root(tmp_path, files), "authorized_keys")

    kind, text = key.split()
    assert found.condition == COMPLETE
    assert cells(found, "uid", "algorithm", "key", "option_names", "comment") == [
        (1000, kind, text, "", "ops@desk"),
        (1000, kind, text, "command from no-pty", "two words"),
        (1000, kind, text, "cert-authority principals", ""),
    ]


def test_sshd_says_where_keys_are(tmp_path: Path, key: str) -> None:
    """Other places, tokens and a place for some users only are followed."""
    config = (
        "AuthorizedKeysFile /etc/ssh/keys/%u .ssh/%U%%k\nMatch User ops\nAuthorizedKeysFile %h/k\n"
    )
    files = {
        "/etc/passwd": PASSWD,
        "/etc/ssh/sshd_config": config,
        "/usr/sbin/sshd": "",
        "/etc/ssh/keys/root": key,
        "/home/ops/.ssh/1000%k": key,
        "/home/ops/k": key,
        "/home/ops/.ssh/authorized_keys": key,
    }

    found = read(root(tmp_path, files), "authorized_keys")

    assert cells(found, "uid", "key_file") == [
        (0, "/etc/ssh/keys/root"),
        (1000, "/home/ops/.ssh/1000%k"),
        (1000, "/home/ops/k"),
    ]


def test_keys_that_a_program_supplies_are_missed(tmp_path: Path) -> None:
    """With AuthorizedKeysCommand the files are not all there is."""
    files = {
        "/etc/passwd": PASSWD,
        "/etc/ssh/sshd_config": "AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys %u\n",
        "/usr/sbin/sshd": "",
    }

    found = read(root(tmp_path, files), "authorized_keys")

    assert found.condition == condition(
        Status.PARTIAL, "keys_elsewhere", "/usr/bin/sss_ssh_authorizedkeys"
    )


def test_a_key_file_that_is_none_is_said(tmp_path: Path) -> None:
    """A directory in its place hides what is there."""
    files = {NO_SSHD: "", "/etc/passwd": PASSWD, "/root/.ssh/authorized_keys/x": ""}

    found = read(root(tmp_path, files), "authorized_keys")

    assert found.condition.status is Status.PARTIAL


def test_a_link_to_a_secret_gives_nothing_away(tmp_path: Path) -> None:
    """What is no key is no row, whatever file a user pointed us to."""
    files = {
        NO_SSHD: "",
        "/etc/passwd": PASSWD,
        "/etc/shadow": "root:$6$SALT$HASH:1::::::\n",
        "/home/ops/.ssh/authorized_keys": "-> /etc/shadow",
    }

    found = read(root(tmp_path, files), "authorized_keys")

    assert list(found.rows) == []


def test_keys_leave_as_pseudonyms(tmp_path: Path, key: str) -> None:
    """One key has one pseudonym, whoever may use it."""
    files = {
        NO_SSHD: "",
        "/etc/passwd": PASSWD,
        "/root/.ssh/authorized_keys": key,
        "/home/ops/.ssh/authorized_keys": key,
    }
    source = HostSource(root(tmp_path, files), Pseudonym(b"k" * 32))

    rows = source.read("authorized_keys", ("key",)).rows

    assert len(rows) == 2
    assert rows[0] == rows[1]
    assert str(rows[0][0]).startswith("h:")


def test_settings_of_the_client(tmp_path: Path) -> None:
    """Blocks, `=`, included files; what people set for themselves is not read."""
    files = {
        "/etc/ssh/ssh_config": "Include ssh_config.d/*.conf\nHost *\n  HashKnownHosts=yes\n",
        "/etc/ssh/ssh_config.d/a.conf": "StrictHostKeyChecking yes\n",
        "/root/.ssh/config": "Host secret\n  User me\n",
    }

    found = read(root(tmp_path, files), "ssh_configs")

    assert cells(found, "block", "option", "ssh_config_file") == [
        ("", "stricthostkeychecking yes", "/etc/ssh/ssh_config.d/a.conf"),
        ("host *", "hashknownhosts yes", "/etc/ssh/ssh_config"),
    ]
