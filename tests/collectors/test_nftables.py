"""Rules of nftables in a namespace made for the tests, beside what `nft` says of them."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from collectors.host import Completed, LiveHost, RootHost
from collectors.nftables import nftables_rules
from collectors.reading import MAX_READ
from facts.status import Status, condition
from facts.tables import SPECS
from tests.collectors.namespaces import Namespace, namespace
from tests.collectors.observe import NOBODY, Seen, observe

ALL = frozenset(column.name for column in SPECS["nftables_rules"].columns)
DROP_IN = Path(__file__).parents[2] / "docs/examples/anfang-agent-firewall.conf"
SERVICE = ("dac_read_search", "sys_ptrace")
"""The capabilities the service keeps."""
RULES = """
table inet filter {
  set bad { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2 }; }
  chain other {
  }
  chain forward { type filter hook forward priority 5; policy drop;
  }
  chain input { type filter hook input priority filter; policy drop;
    tcp dport { 22, 80 } counter accept comment "said # handle 1"
    ip saddr @bad drop
    tcp dport vmap { 22 : accept, 23 : drop }
    jump other
    log prefix "x" reject
    limit rate 5/second accept
    accept
  }
}
table ip nat {
  chain out { type nat hook postrouting priority srcnat;
    oifname "eth0" masquerade
  }
}
table ip asleep {
  flags dormant
  chain c { type filter hook input priority 0; policy drop;
    meta mark set 5
  }
}
"""


@pytest.fixture(scope="module")
def net() -> Iterator[Namespace]:
    """A namespace with rules, some of them put in by iptables-nft."""
    with namespace() as made:
        argv = [*made.prefix, "/usr/sbin/nft", "-f", "-"]
        subprocess.run(argv, input=RULES, check=True, text=True, timeout=30)
        made.answer(["iptables-nft", "-A", "INPUT", "-p", "tcp", "--dport", "9", "-j", "ACCEPT"])
        yield made


@pytest.fixture(scope="module")
def seen(net: Namespace) -> Seen:
    """What the collector sees there."""
    return observe("nftables_rules", prefix=net.prefix)


@pytest.fixture(scope="module")
def listed(net: Namespace) -> list[dict[str, Any]]:
    """What `nft -j` says there."""
    answer = net.answer(["/usr/sbin/nft", "-j", "list", "ruleset"])
    found: list[dict[str, Any]] = json.loads(answer)["nftables"]
    return found


def place(found: dict[str, Any]) -> tuple[str, str, str]:
    """Family, table and chain of a chain or a rule of nft's."""
    return found["family"], found["table"], found.get("chain", found.get("name", ""))


def test_rules_are_those_of_nft(seen: Seen, listed: list[dict[str, Any]]) -> None:
    """Every rule once, in order, by its handle, with counts and comment."""
    wanted: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for item in listed:
        if "rule" in item:
            wanted.setdefault(place(item["rule"]), []).append(item["rule"])
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in seen.rows:
        if row["position"]:
            found.setdefault((row["family"], row["table_name"], row["chain"]), []).append(row)

    assert seen.status == "complete"
    assert not seen.columns
    assert found.keys() == wanted.keys()
    for chain, rules in wanted.items():
        assert [row["position"] for row in found[chain]] == list(range(1, len(rules) + 1))
        for rule, row in zip(rules, found[chain], strict=True):
            said = {key: value for part in rule["expr"] for key, value in part.items()}
            counter = said.get("counter", {})
            assert row["handle"] == rule["handle"]
            assert row["comment"] == rule.get("comment", "")
            assert (row["packets"], row["bytes"]) == (counter.get("packets"), counter.get("bytes"))
            assert row["verdict"] in {*said, ""}


def test_chains_are_those_of_nft(seen: Seen, listed: list[dict[str, Any]]) -> None:
    """Hook, type, priority and policy of every chain, with rules or without."""
    for item in listed:
        if "chain" in item:
            chain = item["chain"]
            rows = seen.all(family=chain["family"], table_name=chain["table"], chain=chain["name"])
            assert rows
            assert {(r["type"], r["hook"], r["priority"], r["policy"]) for r in rows} == {
                tuple(
                    chain.get(key, none)
                    for key, none in (("type", ""), ("hook", ""), ("prio", None), ("policy", ""))
                )
            }
    (empty,) = seen.all(chain="forward", position=0)
    assert (empty["policy"], empty.get("handle")) == ("drop", None)


def test_a_rule_reads_as_nft_writes_it(net: Namespace, seen: Seen) -> None:
    """The words are those of the listing, also behind a comment that looks like a handle."""
    listing = net.answer(["/usr/sbin/nft", "-a", "-s", "list", "ruleset"])

    rules = [row for row in seen.rows if row["position"]]
    assert [f"\t\t{row['expression']} # handle {row['handle']}" for row in rules] == [
        line for line in listing.splitlines() if line.startswith("\t\t") and " # handle " in line
    ]
    assert seen.one(comment="said # handle 1")["expression"] == (
        'tcp dport { 22, 80 } counter accept comment "said # handle 1"'
    )


def test_what_takes_every_packet_is_told(seen: Seen) -> None:
    """An accept of anything is what a check looks for; logging before it changes nothing."""
    rules = {row["expression"]: row for row in seen.all(chain="input", table_name="filter")}

    assert rules["accept"]["unconditional"] == 1
    assert rules['log prefix "x" reject']["unconditional"] == 1
    assert rules["limit rate 5/second accept"]["unconditional"] == 0
    assert rules["ip saddr @bad drop"]["unconditional"] == 0
    assert (rules["jump other"]["verdict"], rules["jump other"]["target"]) == ("jump", "other")
    assert rules["tcp dport vmap { 22 : accept, 23 : drop }"]["verdict"] == "vmap"
    assert seen.one(table_name="nat")["verdict"] == "masquerade"


def test_a_table_that_is_switched_off_is_told(seen: Seen) -> None:
    """A policy to drop protects nothing in a dormant table, which nft's JSON does not tell."""
    assert seen.one(table_name="asleep")["dormant"] == 1
    assert {row["dormant"] for row in seen.rows if row["table_name"] != "asleep"} == {0}


def test_elements_of_named_sets_are_not_asked(seen: Seen) -> None:
    """A list of blocked addresses is a list of somebody's addresses."""
    assert "192.0.2.1" not in json.dumps(seen.rows)


def test_a_host_without_rules_is_complete() -> None:
    """An empty ruleset is what nft says, not what could not be read."""
    with namespace() as bare:
        found = observe("nftables_rules", prefix=bare.prefix)

    assert (found.status, found.rows) == ("complete", [])


@pytest.mark.parametrize("table", ["nftables_rules", "iptables"])
def test_the_service_is_denied_and_says_which_privilege(net: Namespace, table: str) -> None:
    """The capabilities that the unit keeps are not enough: denied, never a host without rules."""
    kept = ["setpriv", f"--bounding-set=-all,{','.join(f'+{name}' for name in SERVICE)}", "--"]

    found = observe(table, prefix=[*net.prefix, *kept])

    assert (found.status, found.reason[0], found.rows) == ("denied", "missing_privilege", [])
    assert "CAP_NET_ADMIN" in found.reason[1]


@pytest.mark.parametrize("table", ["nftables_rules", "iptables"])
def test_the_drop_in_of_the_documents_is_enough(net: Namespace, table: str) -> None:
    """With what the example adds to the unit the rules are read."""
    lines = DROP_IN.read_text(encoding="utf-8").splitlines()
    (added,) = (line.partition("=")[2] for line in lines if line.startswith("CapabilityBounding"))
    names = [*SERVICE, *(name.removeprefix("CAP_").lower() for name in added.split())]
    kept = ["setpriv", f"--bounding-set=-all,{','.join(f'+{name}' for name in names)}", "--"]

    found = observe(table, prefix=[*net.prefix, *kept])

    assert found.status == "complete"
    assert found.rows


def test_a_plain_user_is_denied(net: Namespace) -> None:
    """So is anybody else."""
    found = observe("nftables_rules", prefix=net.prefix, user=NOBODY)

    assert (found.status, found.reason) == ("denied", ("missing_privilege", "CAP_NET_ADMIN"))


LOADED = b"ext4 1 0 - Live 0x0\nnf_tables 290816 0 - Live 0x0000000000000000\n"
"""What /proc/modules has where nf_tables is loaded."""


class Answering(LiveHost):
    """This machine, with an nft that says something else."""

    def __init__(self, *answers: bytes, missing: bool = False, modules: bytes = LOADED) -> None:
        super().__init__()
        self.answers = list(answers)
        self.missing = missing
        self.modules = modules

    def read(self, path: str, *, limit: int = MAX_READ) -> bytes:
        """The modules as given."""
        if path.startswith("/lib/modules/"):
            return b"kernel/fs/ext4/ext4.ko\n"
        return self.modules if path == "/proc/modules" else super().read(path, limit=limit)

    def run(
        self, argv: Sequence[str], *, timeout_s: float = 5.0, limit: int = MAX_READ
    ) -> Completed:
        """The next answer."""
        del timeout_s, limit
        if self.missing:
            raise FileNotFoundError(2, "not there", argv[0])
        return Completed(0, self.answers.pop(0), b"")


CHAIN = b'{"chain": {"family": "ip", "table": "t", "name": "c"}}'
RULE = b'{"rule": {"family": "ip", "table": "t", "chain": "c", "handle": 2, "expr": [{"drop": 1}]}}'
WHOLE = b'{"nftables": [' + CHAIN + b", " + RULE + b"]}"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        WHOLE[:-3],
        b"[]",
        b"\0\xff",
        b'{"nftables": ' + b"[" * 100_000,
        b'{"nftables": 1}',
    ],
)
def test_a_damaged_answer_is_unreadable(answer: bytes) -> None:
    """What is not a ruleset to its end says nothing."""
    observed = nftables_rules(Answering(answer), ALL)

    damaged = condition(Status.UNREADABLE, "malformed_source", "/usr/sbin/nft")
    assert (observed.condition, observed.rows) == (damaged, ())


@pytest.mark.parametrize(
    "text",
    [
        b"table ip t {\n\tchain c {\n",
        b"table ip t {\n\tchain c {\n\t\tdrop # handle 2\n\t\taccept # handle 2\n\t}\n}\n",
    ],
    ids=["cut", "forged"],
)
def test_words_that_are_missing_or_contested_are_partial(text: bytes) -> None:
    """A rule whose words are not found, or found twice, is kept and has none."""
    observed = nftables_rules(Answering(WHOLE, text), ALL)

    (row,) = observed.rows
    assert (row["verdict"], row["expression"]) == ("drop", None)
    assert observed.columns["expression"].status is Status.PARTIAL


def test_a_kernel_without_nf_tables_has_no_rules_and_is_not_made_to_load_it() -> None:
    """Asking nft would load the module: where it is not loaded, there is nothing to ask."""
    host = Answering(WHOLE, modules=b"ext4 1 0 - Live 0x0\n")

    observed = nftables_rules(host, ALL)

    assert (observed.rows, observed.condition.complete) == ((), True)
    assert host.answers == [WHOLE]


@pytest.mark.parametrize("modules", [b"", b"ext4 1 0 - Live 0x0", b"\0\xff"])
def test_a_damaged_list_of_modules_spares_no_question(modules: bytes) -> None:
    """What is cut may have had nf_tables in it."""
    observed = nftables_rules(Answering(WHOLE, b"", modules=modules), ALL)

    assert len(observed.rows) == 1


def test_without_nft_nothing_is_known() -> None:
    """The kernel has nf_tables, and nobody can say what is in there."""
    observed = nftables_rules(Answering(missing=True, modules=LOADED), ALL)

    assert observed.condition == condition(Status.UNSUPPORTED, "program_missing", "nft")


def test_a_mounted_root_has_no_rules_in_force(tmp_path: Path) -> None:
    """Files cannot say what the kernel lets through."""
    observed = nftables_rules(RootHost(tmp_path), ALL)

    assert observed.condition == condition(Status.UNSUPPORTED, "not_live", "/usr/sbin/nft")
