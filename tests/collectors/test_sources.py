"""What specifications declare as sources is what collectors read, and no recorder reads more."""

from pathlib import Path

import pytest

from collectors import netlink
from collectors.errors import NotRecordedError
from collectors.host import LiveHost
from collectors.registry import COLLECTORS, collector
from collectors.sources import dumped, is_path, is_program, sources
from facts.spec import Kind, Privacy
from facts.tables import SPECS
from tests.collectors.recordings import recorded
from tests.collectors.tracing import TracedHost

FULL = [name for name in COLLECTORS if SPECS[name].kind is Kind.FULL]


@pytest.mark.parametrize("table", FULL)
def test_a_collector_asks_for_nothing_that_its_specification_does_not_declare(
    table: str, tmp_path: Path
) -> None:
    """A recording of the declared sources knows an answer to every question the collector had."""
    public = {c.name for c in SPECS[table].columns if c.privacy is not Privacy.LOCAL}
    here = TracedHost(LiveHost())
    collector(table)(here, frozenset(public))

    then = recorded(tmp_path / "recording.tar", [table])

    undeclared = []
    for call, about in here.asked:
        try:
            answer = getattr(then, call)(about)
            if call == "chunks":
                list(answer)
        except NotRecordedError:
            # Of a file that the kernel calls gone the name is tried, which nobody can declare.
            if not str(about).endswith(" (deleted)"):
                undeclared.append((call, about))
        except OSError:
            continue  # what the kernel said then, or of what came later
    assert undeclared == []


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ("/etc/passwd", "path"),
        ("/run/udev/data/b<major>:<minor>", "path"),
        ("<home>/.ssh/authorized_keys", "path"),
        ("/usr/sbin/sshd -T", "program"),
        ("statvfs(2)", "words"),
        ("ip -j address show", "words"),
    ],
)
def test_an_entry_is_a_path_or_a_program_or_words(entry: str, kind: str) -> None:
    """Each of them one of three, so that a machine knows what to do with it."""
    assert (is_path(entry), is_program(entry)) == (kind == "path", kind == "program")


@pytest.mark.parametrize("table", SPECS)
def test_every_entry_of_a_specification_can_be_followed(table: str) -> None:
    """A path has no empty part, and `**` stands nowhere but at its end."""
    for entry in filter(is_path, SPECS[table].source):
        parts = entry.split("/")[1:]

        assert "" not in parts, entry
        assert "**" not in parts[:-1], entry


def test_words_for_ip_name_a_table_of_the_kernel() -> None:
    """What an auditor asks `ip`, the recorder asks the kernel."""
    assert dumped("ip -j -d -6 route show table all") == (netlink.GETROUTE,)
    assert dumped("ip -j -s -d link show") == (netlink.GETLINK,)
    assert dumped("statvfs(2)") == ()


def test_programs_come_with_their_arguments_unquoted() -> None:
    """As a shell would have taken the line apart."""
    (jobs, units, shown) = sources([SPECS["systemd_units"]]).programs

    assert jobs[-1] == "--no-legend"
    assert units[-2:] == ("list-units", "--all")
    assert shown[-1] == "*"


def test_what_is_the_agents_own_is_not_recorded() -> None:
    """Nor is what one has to ask by key, or what only happens while somebody watches."""
    found = sources(SPECS.values())

    assert {"users", "processes"} <= set(found.tables)
    assert not {"anfang_chain", "hash", "hardware_events"} & set(found.tables)
    assert not any(path.startswith("/var/lib/anfang") for path in found.paths)
