"""A real systemd as the first process of namespaces of its own, on a copy of this machine.

The copy is an overlay in memory, so nothing it does stays. It starts `basic.target` only.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "anfang-agent.service"
NOT_A_RESTRICTION = (
    *("ExecReload", "ExecStart", "NotifyAccess", "Restart", "RestartPreventExitStatus"),
    *("RestartSec", "Type", "WatchdogSec"),
)
"""Settings that say what runs and how it is watched, not what it may see."""
_SYSTEMD = "/usr/lib/systemd/systemd"
_BOOT = r"""
set -e
umask 022
mount --make-rprivate /
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
R=$1/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$R"
mount -t proc proc "$R/proc"
mount -t sysfs sysfs "$R/sys"
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup"
else
    mount -t tmpfs tmpfs "$R/sys/fs/cgroup"
    mkdir "$R/sys/fs/cgroup/systemd"
    mount -t cgroup -o none,name=systemd cgroup "$R/sys/fs/cgroup/systemd"
fi
mount -t tmpfs tmpfs "$R/run"
mount -t tmpfs tmpfs "$R/dev"
# An overlay does not show what is mounted below it, as the checkout may be.
mkdir -p "$R$3"
mount --bind "$3" "$R$3"
for node in null zero full random urandom tty; do cp -a "/dev/$node" "$R/dev/"; done
mkdir "$R/dev/pts" "$R/dev/shm"
ln -sf /usr/lib/systemd/system/basic.target "$R/etc/systemd/system/default.target"
# It would empty /tmp, where the checkout may lie.
ln -sf /dev/null "$R/etc/systemd/system/systemd-tmpfiles-setup.service"
# Without its kernel interfaces it is started over and over, and no two questions agree.
ln -sf /dev/null "$R/etc/systemd/system/usbguard.service"
exec chroot "$R" env -i container=other PATH=/usr/sbin:/usr/bin "$2" --log-target=null
"""


def possible() -> bool:
    """Whether this machine has systemd, and we may make namespaces."""
    return os.geteuid() == 0 and Path(_SYSTEMD).exists() and shutil.which("nsenter") is not None


def shipped() -> list[str]:
    """The restrictions of the shipped unit."""
    service = UNIT.read_text().partition("[Service]\n")[2].partition("\n[")[0]
    lines = [line.strip() for line in service.splitlines()]
    settings = [line for line in lines if "=" in line and not line.startswith("#")]
    return [line for line in settings if line.partition("=")[0] not in NOT_A_RESTRICTION]


def service(restrictions: Sequence[str]) -> list[str]:
    """The command line that starts a program as a service with these restrictions."""
    # A private /tmp would hide a checkout that lies there, as no installation does.
    shown = [f"BindReadOnlyPaths={ROOT}"] if ROOT.is_relative_to("/tmp") else []
    settings = [f"--property={line}" for line in [*restrictions, *shown]]
    run = ["systemd-run", "--wait", "--pipe", "--quiet", f"--working-directory={ROOT}"]
    return [*run, *settings]


@contextmanager
def systemd(directory: Path) -> Iterator[list[str]]:
    """The command line that starts a program inside, in this checkout.

    The copy is made below `directory`.

    Raises:
        TimeoutError: it does not come up here.
    """
    unshare = ["unshare", "--fork", "--kill-child", "--pid", "--mount", "--uts", "--ipc"]
    # A control group of its own, or two at a time would fight over one.
    own = Path(tempfile.mkdtemp(prefix="anfang-", dir=_cgroup()))
    boot = [*unshare, "--net", "--cgroup", "sh", "-c", _BOOT, "sh"]
    moved = ["sh", "-c", 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"', "sh"]
    told = [str(directory), _SYSTEMD, str(ROOT)]
    outer = subprocess.Popen(
        [*moved, str(own), *boot, *told],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _entered(outer.pid)
    finally:
        outer.send_signal(signal.SIGKILL)
        outer.wait(timeout=10)
        _removed(own)


def _cgroup() -> Path:
    """Where the namespaces' systemd makes its control groups: below the one we are in."""
    groups = Path("/proc/self/cgroup").read_text().splitlines()
    paths = dict(line.split(":", 2)[1:] for line in groups)
    if "name=systemd" in paths:
        return Path(f"/sys/fs/cgroup/systemd{paths['name=systemd']}")
    return Path(f"/sys/fs/cgroup{paths['']}")


def _removed(group: Path) -> None:
    """Remove an empty control group and those below it; one that is in use stays."""
    for below in [path for path in group.iterdir() if path.is_dir()]:
        _removed(below)
    for _ in range(50):
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.02)  # its last process is still being reaped
        else:
            return


def _entered(outer: int) -> list[str]:
    for _ in range(400):
        time.sleep(0.1)
        children = Path(f"/proc/{outer}/task/{outer}/children")
        inner = children.read_text().split() if children.exists() else []
        if not inner:
            continue
        target = ["nsenter", "--target", inner[0], "--mount", "--pid", "--uts", "--ipc", "--net"]
        prefix = [*target, "--root", "--wd=/", "--", "/usr/bin/env", f"--chdir={ROOT}"]
        asked = [*prefix, "/usr/bin/systemctl", "is-system-running"]
        answer = subprocess.run(asked, capture_output=True, check=False, text=True, timeout=10)
        if answer.stdout.strip() in ("running", "degraded"):
            return prefix
    raise TimeoutError("systemd did not come up in its namespaces")
