"""Rules of iptables in a namespace made for the tests, in both places where a kernel keeps them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from collectors.host import Completed, LiveHost, RootHost
from collectors.iptables import iptables
from collectors.iptables_rule import cells
from collectors.reading import MAX_READ
from facts.status import Status, condition
from facts.tables import SPECS
from tests.collectors.namespaces import Namespace, namespace
from tests.collectors.observe import Seen, observe

ALL = frozenset(column.name for column in SPECS["iptables"].columns)
SAVES = {
    ("ip", "legacy"): "iptables-legacy-save",
    ("ip6", "legacy"): "ip6tables-legacy-save",
    ("ip", "nf_tables"): "iptables-nft-save",
    ("ip6", "nf_tables"): "ip6tables-nft-save",
}
RULES = """
iptables-nft -P FORWARD DROP
iptables-nft -N mine
iptables-nft -A INPUT -s 192.0.2.0/24 ! -i lo -p tcp --dport 22 -m comment --comment "-j" -j ACCEPT
iptables-nft -A INPUT -j mine
iptables-nft -t nat -A POSTROUTING ! -o eth0 -j MASQUERADE
ip6tables-nft -A INPUT -d 2001:db8::/32 -p udp -m multiport --sports 1:5,9 -j DROP
iptables-legacy -A INPUT -i br+ -p udp --sport 67 -j ACCEPT
iptables-legacy -A INPUT -m conntrack ! --ctstate NEW -m tcp -p tcp --dport 80 -g CHAIN
"""
"""Each as an administrator types it; the last but one is of the kernel's old tables."""


@pytest.fixture(scope="module")
def net() -> Iterator[Namespace]:
    """A namespace with rules in both places."""
    with namespace() as made:
        made.answer(["iptables-legacy", "-N", "CHAIN"])
        for line in RULES.strip().splitlines():
            made.answer(["sh", "-c", line])
        yield made


@pytest.fixture(scope="module")
def seen(net: Namespace) -> Seen:
    """What the collector sees there."""
    return observe("iptables", prefix=net.prefix)


@pytest.mark.parametrize("place", SAVES, ids="-".join)
def test_rules_are_those_of_iptables_save(
    net: Namespace, seen: Seen, place: tuple[str, str]
) -> None:
    """Every chain with its policy, every rule as it is written, in order, in each place."""
    saved = net.answer([SAVES[place]])

    table = ""
    wanted: list[tuple[str, str, str, str | None]] = []
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif match := re.fullmatch(r":(\S+) (\S+) .*", line):
            wanted.append((table, match[1], match[2].replace("-", ""), None))
        elif line.startswith("-A "):
            wanted.append((table, line.split()[1], "", line))
    rows = seen.all(family=place[0], backend=place[1])
    assert seen.status == "complete"
    assert [
        (r["filter_name"], r["chain"], "" if r.get("rule") else r["policy"], r.get("rule"))
        for r in rows
    ] == wanted


def test_a_rule_has_the_cells_that_osquery_has(seen: Seen) -> None:
    """Addresses with masks, interfaces, protocol and ports; the policy is its chain's."""
    rule = seen.one(target="ACCEPT", backend="nf_tables")

    assert (rule["filter_name"], rule["chain"], rule["policy"]) == ("filter", "INPUT", "ACCEPT")
    assert (rule["src_ip"], rule["src_mask"]) == ("192.0.2.0", "255.255.255.0")
    assert (rule["dst_ip"], rule["dst_mask"]) == ("0.0.0.0", "0.0.0.0")
    assert (rule["protocol"], rule["src_port"], rule["dst_port"]) == (6, "", "22")
    assert (rule["iniface"], rule["iniface_mask"]) == ("!lo", "FFFFFF")
    assert (rule["outiface"], rule["match"], rule["position"]) == ("all", "yes", 1)
    assert seen.one(target="mine")["match"] == "no"
    assert seen.one(target="MASQUERADE")["outiface"] == "!eth0"
    sixth = seen.one(target="DROP")
    assert (sixth["dst_ip"], sixth["dst_mask"]) == ("2001:db8::", "ffff:ffff::")
    assert (sixth["protocol"], sixth["src_port"]) == (17, "1:5,9")


def test_the_old_tables_are_seen_beside_the_new(seen: Seen) -> None:
    """Both are in force; a rule only in the old ones is what `iptables -S` would not show."""
    rule = seen.one(target="ACCEPT", backend="legacy")

    assert (rule["iniface"], rule["iniface_mask"]) == ("br", "FFFF")
    assert seen.one(target="CHAIN", backend="legacy")["dst_port"] == "80"


def test_a_host_without_rules_is_complete() -> None:
    """No table of its own in the kernel and none of iptables-nft: no rows, and nothing missing."""
    with namespace() as bare:
        found = observe("iptables", prefix=bare.prefix)

    assert (found.status, found.rows) == ("complete", [])


@pytest.mark.parametrize(
    ("rule", "column", "cell"),
    [
        ("-A C ! -p tcp -j DROP", "protocol", -6),
        ("-A C -p 99 -j DROP", "protocol", 99),
        ("-A C -p something -j DROP", "protocol", None),
        ("-A C -s 192.0.2.0/255.0.255.0 -j DROP", "src_mask", "255.0.255.0"),
        ("-A C ! -s 192.0.2.1/32 -j DROP", "src_ip", "!192.0.2.1"),
        ("-A C -m tcp ! --dport 22 -j DROP", "dst_port", "!22"),
        ("-A C ! --ctstate NEW -m tcp --dport 22 -j DROP", "dst_port", "22"),
        ('-A C -m comment --comment "-p udp" -j DROP', "protocol", 0),
        ("-A C -j LOG --log-prefix -j", "target", "LOG"),
        ("-A C", "target", ""),
        ("-A C -j", "target", ""),
    ],
)
def test_odd_rules(rule: str, column: str, cell: str | int | None) -> None:
    """Inverted and unnamed conditions, and values that look like options."""
    assert cells(rule, "ip")[column] == cell


class Answering(LiveHost):
    """This machine, with programs and tables of its own."""

    def __init__(self, tables: bytes, programs: dict[str, bytes]) -> None:
        super().__init__()
        self.tables = tables
        self.programs = programs

    def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
        """The names of the kernel's own tables."""
        if path == "/proc/modules":
            return b"nf_tables 1 0 - Live 0x0\n"
        return self.tables if "_tables_names" in path else super().read(path, limit=limit)

    def run(
        self, argv: Sequence[str], *, timeout_s: float = 5.0, limit: int = MAX_READ
    ) -> Completed:
        """What the program of that name says."""
        del timeout_s, limit
        program = argv[0].removeprefix("/usr/sbin/")
        if program not in self.programs:
            raise FileNotFoundError(2, "not there", argv[0])
        return Completed(0, self.programs[program], b"")


OLD = b"# Generated by iptables-save v1.4.21 on Mon\n*filter\n:INPUT ACCEPT [1:2]\nCOMMIT\n"
NEW = OLD.replace(b"v1.4.21", b"v1.8.9 (nf_tables)")


def test_an_old_program_tells_old_tables() -> None:
    """Where iptables is of before nf_tables, its plain name is the one to ask."""
    observed = iptables(Answering(b"filter\n", {"iptables-save": OLD, "ip6tables-save": OLD}), ALL)

    assert observed.condition.complete
    assert {(row["backend"], row["packets"]) for row in observed.rows} == {("legacy", 1)}


@pytest.mark.parametrize("programs", [{}, {"iptables-save": NEW, "ip6tables-save": NEW}])
def test_old_tables_that_no_program_tells_are_not_silent(programs: dict[str, bytes]) -> None:
    """A container may bring rules that the host's own programs do not know."""
    observed = iptables(Answering(b"nat\n", programs), ALL)

    assert observed.rows == []
    assert observed.condition.status is Status.UNSUPPORTED


@pytest.mark.parametrize("damage", [OLD[:-8], b"\0\xff\n", b"[0:0] -A INPUT\n", b"*filter\n:x\n"])
def test_a_damaged_answer_is_unreadable(damage: bytes) -> None:
    """Rules cut short are no fewer rules."""
    observed = iptables(Answering(b"", {"iptables-nft-save": damage}), ALL)

    assert observed.condition.reason is not None
    assert observed.condition.reason.code == "malformed_source"


def test_a_mounted_root_has_no_rules_in_force(tmp_path: Path) -> None:
    """Files cannot say what the kernel lets through."""
    collect: Any = iptables

    observed = collect(RootHost(tmp_path), ALL)

    assert observed.condition == condition(
        Status.UNSUPPORTED, "not_live", "/usr/sbin/iptables-save"
    )
