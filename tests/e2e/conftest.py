"""What every test here needs, said once: whoever lacks it is told what to install."""

import os
import shutil

import pytest

PACKAGES = {
    "auditd": "auditd",
    "faketime": "faketime",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "redis-server": "redis-server",
    "setpriv": "util-linux",
    "sshd": "openssh-server",
    "umockdev-run": "umockdev",
    "unshare": "util-linux",
}
"""The Debian package of each program."""
SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture(scope="session", autouse=True)
def equipped() -> None:
    """Root, and the programs that scripts/test-packages.sh installs; nothing is skipped."""
    lacking = {
        name for program, name in PACKAGES.items() if shutil.which(program, path=SYSTEM) is None
    }
    if lacking:
        pytest.fail(f"missing: apt-get install {' '.join(sorted(lacking))} (make setup)")
    if os.geteuid() != 0:
        pytest.fail("these tests make namespaces and mounts of their own: run them as root")
