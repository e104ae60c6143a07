"""Silence never passes: whatever is taken away, what read it is unknown, and the score falls.

Through `anfang scan`, beside a scan of the same machine with nothing taken away. Which tables say
what about which path is shown table by table in tests/collectors; here it is verdicts and score.
"""

import subprocess
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from evidence.statement import Report
from facts.plan import Planner
from policies.judge import catalogue, needs
from policies.model import Policy
from tests.collectors import booted, umockdev
from tests.collectors.namespaces import mounted
from tests.e2e import hosts
from tests.e2e.hiding import HIDDEN_PROCESSES, IN_A_CONTAINER, NOBODY
from tests.e2e.hosts import POLICY, Host, Scan
from tests.e2e.machine import Machine, machine
from tests.e2e.preloaded import interpreter

pytestmark = pytest.mark.xdist_group("processes of this machine")

DROP_IN = booted.ROOT / "docs/examples/anfang-agent-firewall.conf"
FIREWALL = DROP_IN.read_text().partition("[Service]\n")[2].splitlines()
"""What an administrator may add so that firewall rules are seen."""
SOURCES = {
    "/etc": {"log_retention", "modprobe_config", "shadow", "sshd_config", "systemd_units", "users"},
    "/etc/audit": {"log_retention"},
    "/etc/modprobe.d": {"modprobe_config"},
    "/etc/passwd": {"shadow", "users"},
    "/etc/rsyslog.conf": {"log_retention"},
    "/etc/shadow": {"shadow"},
    "/etc/ssh": {"sshd_config"},
    "/etc/systemd": {"log_retention", "systemd_units"},
    "/proc": {
        *("kernel_info", "kernel_module_files", "kernel_modules", "listening_ports"),
        *("modprobe_config", "process_open_sockets", "processes"),
    },
    "/proc/cmdline": {"kernel_info", "modprobe_config"},
    "/run": {"log_retention", "modprobe_config", "systemd_units"},
    "/sys": {"usb_devices", "usb_interfaces", "wireless_devices"},
    "/sys/bus": {"usb_devices", "usb_interfaces"},
    "/sys/class": {"wireless_devices"},
    "/usr/lib/modprobe.d": {"modprobe_config"},
    "/usr/lib/systemd": {"log_retention", "systemd_units"},
    "/usr/local": {"modprobe_config", "systemd_units"},
    "/usr/sbin/sshd": {"sshd_config"},
    "/var/log": {"log_retention"},
    "/var/log/audit": {"log_retention"},
}
"""Tables that read something at or below each path, of those the policy reads whole."""


class Observed:
    """A machine built so that what can pass does, and what a scan of it found."""

    def __init__(self, host: Host, copy: Machine, python: Path) -> None:
        self._host = host
        self._copy = copy
        self._python = python
        self._prefix = [*copy.prefix, *umockdev.devices("stick")]
        self.whole = self.scan()
        host.receipt()

    def scan(self, *hiding: str) -> Scan:
        """A scan with something hidden."""
        found = self._host.scan(*self._prefix, *hiding, python=self._python)
        return self._host.shown_init(found)

    def unsigned(self, *prefix: str) -> Report:
        """An unsigned scan of the machine, its devices those of this machine."""
        return hosts.scan_json([], [*self._copy.prefix, *prefix])

    def covering(self, path: str) -> list[str]:
        """The command line that starts a program with something empty over `path`."""
        if self._copy.path(path).is_dir():
            return mounted(f"mount -t tmpfs tmpfs {path}")
        return mounted(f"mount --bind /dev/null {path}")


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """The machine, its processes and devices included."""
    directory = tmp_path_factory.mktemp("silence")
    (directory / "host").mkdir()
    python = interpreter(directory / "python")
    with (
        hosts.host(directory / "host") as host,
        machine(directory / "copy", host.state.root, directory / "python") as copy,
    ):
        copy.run("ssh-keygen", "-A")
        copy.write("/etc/ssh/sshd_config", "PermitRootLogin no\n")
        copy.write("/etc/modprobe.d/usb.conf", "install usb-storage /bin/false\n")
        copy.write("/etc/rsyslog.conf", "*.* @@10.1.1.9:6514\n")
        copy.run("install", "-d", "-m", "700", "/var/lib/anfang")
        with copy.running("auditd", "-n", "-s", "nochange"):
            yield Observed(host, copy, python)


def reading(tables: set[str]) -> set[str]:
    """The checks that read one of these tables, as the planner has it."""
    planner = Planner(catalogue([POLICY]))
    return {
        check.id
        for check in POLICY.checks
        if not tables.isdisjoint(needs([_alone(check.id)], planner))
    }


@pytest.mark.parametrize("table", sorted(set().union(*SOURCES.values())))
def test_there_is_something_to_lose(observed: Observed, table: str) -> None:
    """A check that reads the table passes on this machine, so that hiding it has to show."""
    assert observed.whole.passed & reading({table})


@pytest.mark.parametrize("path", SOURCES)
def test_an_empty_source_passes_nothing(observed: Observed, path: str) -> None:
    """With something empty over a source its tables say so, nothing passes, the score falls."""
    tables = SOURCES[path]

    covered = observed.scan(*observed.covering(path))

    assert {table for table in tables if covered.complete(table)} == set()
    _nothing_gained(observed.whole, covered, reading(tables))


def test_an_empty_place_of_a_file_passes_nothing(observed: Observed) -> None:
    """A file that was asked for by its path is not absent where something empty lies over it."""
    covered = observed.scan(*observed.covering("/opt"))

    assert not covered.complete("file")
    _nothing_gained(observed.whole, covered, {"CEP-RMT-001", "CEP-RMT-002"})


@pytest.mark.parametrize("hiding", [HIDDEN_PROCESSES, IN_A_CONTAINER], ids=["hidepid", "container"])
def test_hidden_processes_pass_nothing(observed: Observed, hiding: list[str]) -> None:
    """What reads processes is unknown, whatever it would have found."""
    hidden = observed.scan(*hiding)

    assert not hidden.complete("processes")
    _nothing_gained(observed.whole, hidden, reading({"processes"}))


def test_a_plain_user_passes_less(observed: Observed) -> None:
    """Without root what only root may read is unknown; what everybody may read is not."""
    root = observed.unsigned()

    plain = observed.unsigned(*NOBODY)

    lost = {"CEP-ACC-002", "CEP-AGT-001", "CEP-AUD-004", "CEP-SSH-001"}
    assert _passed(root) - _passed(plain) >= lost - {"CEP-AGT-001"}
    assert _passed(plain) >= {"CEP-ACC-001", "CEP-KRN-002", "CEP-RAD-001"}
    assert _unknown(plain) >= lost
    assert not _passed(plain) - _passed(root)
    assert _share(plain) < _share(root)


def test_the_shipped_unit(tmp_path: Path) -> None:
    """Under its restrictions the program finds what it finds without; under more of them less."""
    if not booted.possible():
        pytest.fail("needs root, nsenter (util-linux) and systemd")
    hidden = ["InaccessiblePaths=/etc/ssh /etc/passwd", "RestrictAddressFamilies=AF_UNIX"]
    with booted.systemd(tmp_path) as inside:
        subprocess.run([*inside, "mkdir", "-p", "/run/sshd", "/var/lib/anfang"], check=True)
        free = hosts.scan_json([], inside)
        shipped = hosts.scan_json([], [*inside, *booted.service(booted.shipped())])
        granted = hosts.scan_json([], [*inside, *booted.service([*booted.shipped(), *FIREWALL])])
        more = hosts.scan_json([], [*inside, *booted.service([*booted.shipped(), *hidden])])

    assert _outcomes(granted) == _outcomes(free)
    assert granted.score.pass_weight == free.score.pass_weight
    refused = {check for check, out in _outcomes(shipped).items() if out != _outcomes(free)[check]}
    assert refused == _unknown(shipped) - _unknown(free)
    assert all(check.startswith("CEP-FW-") for check in refused)
    lost = {"CEP-SSH-001", "CEP-ACC-001", "CEP-ACC-002", "CEP-EGR-001"}
    assert lost <= _unknown(more)
    assert not _passed(more) - _passed(free)
    assert _share(more) < _share(free)


def _nothing_gained(whole: Scan, hidden: Scan, affected: set[str]) -> None:
    """That nothing which rests on what is hidden passes, nor anything else instead."""
    assert hidden.passed & affected == set()
    assert hidden.passed <= whole.passed
    assert hidden.share < whole.share


def _alone(check: str) -> Policy:
    return msgspec.structs.replace(POLICY, checks=(POLICY.check(check),))


def _outcomes(report: Report) -> Mapping[str, str]:
    return {verdict.check: verdict.verdict for verdict in report.verdicts}


def _passed(report: Report) -> set[str]:
    return {check for check, outcome in _outcomes(report).items() if outcome == "pass"}


def _unknown(report: Report) -> set[str]:
    return {check for check, outcome in _outcomes(report).items() if outcome == "unknown"}


def _share(report: Report) -> Fraction:
    return Fraction(report.score.pass_weight, report.score.applicable_weight)
