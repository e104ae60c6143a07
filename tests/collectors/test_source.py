"""One host as a source of facts: asked columns only, no identifiers, no crash, one clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from collectors import accounts, registry
from collectors.host import Host, LiveHost
from collectors.interface import Observed
from collectors.source import HostSource
from facts.pseudonym import Pseudonym
from facts.source import Key
from facts.spec import Kind
from facts.status import COMPLETE, Status, condition
from facts.tables import SPECS, agent
from tests.collectors.roots import root

PASSWD = {"/etc/passwd": "root:x:0:0:Boss:/root:/bin/sh\n"}
NOON = datetime(2026, 11, 23, 12, 0, 0, 999999, tzinfo=timezone(timedelta(hours=8)))


def test_columns_come_as_asked(tmp_path: Path) -> None:
    """A row has the asked columns in the asked order, and no other."""
    source = HostSource(root(tmp_path, PASSWD), None)

    reading = source.read("users", ("uid", "username", "shell"))

    assert reading.rows == ((0, "root", "/bin/sh"),)
    assert reading.condition == COMPLETE


def test_the_time_is_utc_in_whole_seconds(tmp_path: Path) -> None:
    """The clock that was given is read once, in any zone, and told in UTC."""
    source = HostSource(root(tmp_path, PASSWD), None, lambda: NOON)

    assert source.read("users", ("uid",)).read_at == "2026-11-23T04:00:00Z"


def test_identifiers_are_replaced(tmp_path: Path) -> None:
    """An identifier becomes its keyed digest; empty and NULL stay what they are."""
    host = root(
        tmp_path,
        {
            "/sys/class/dmi/id/product_uuid": "8bf5\n",
            "/sys/class/dmi/id/product_serial": "\n",
            "/sys/class/dmi/id/sys_vendor": "Maker\n",
        },
    )
    hide = Pseudonym(b"k" * 32)

    columns = ("uuid", "hardware_vendor", "hardware_serial", "board_serial")
    ((uuid, vendor, serial, board),) = HostSource(host, hide).read("system_info", columns).rows

    assert uuid == hide("host_uuid", "8bf5")
    assert (vendor, serial, board) == ("Maker", "", None)


def test_without_a_key_identifiers_stay(tmp_path: Path) -> None:
    """At the host's own keyboard the identifier itself is shown."""
    host = root(tmp_path, {"/sys/class/dmi/id/product_uuid": "8bf5\n"})

    assert HostSource(host, None).read("system_info", ("uuid",)).rows == (("8bf5",),)


def test_a_crash_is_a_condition(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A collector that crashes makes its own table unreadable, with a traceback in the log."""

    def broken(host: Host, columns: frozenset[str]) -> Observed:
        raise ZeroDivisionError

    monkeypatch.setattr(accounts, "users", broken)

    reading = HostSource(LiveHost(), None).read("users", ("uid",))

    assert reading.condition == condition(
        Status.UNREADABLE, "collector_failed", "users", "ZeroDivisionError"
    )
    assert "Traceback" in caplog.text


def test_a_crash_of_loading_is_a_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    """A collector whose module is not there is a condition too."""
    monkeypatch.setattr(registry, "COLLECTORS", {"users": "collectors.nowhere:users"})

    reading = HostSource(LiveHost(), None).read("users", ("uid",))

    assert reading.condition.status is Status.UNREADABLE


def test_text_is_portable(tmp_path: Path) -> None:
    """Undecodable bytes and NUL leave as backslash escapes."""
    host = root(tmp_path, {"/etc/passwd": b"caf\xe9\0:x:0:0::/:/bin/sh\n"})

    assert HostSource(host, None).read("users", ("username",)).rows == (("caf\\xe9\\x00",),)


def test_given_tables_are_served(tmp_path: Path) -> None:
    """The agent's own state is a table like any other; without it, it was not recorded."""
    own = {"anfang_chain": Observed([{"enrolled": 1}])}
    host = root(tmp_path, PASSWD)

    given = HostSource(host, None, given=own).read("anfang_chain", ("enrolled", "sequence"))
    missing = HostSource(host, None).read("anfang_chain", ("enrolled",))

    assert given.rows == ((1, None),)
    assert missing.condition == condition(Status.UNREADABLE, "not_recorded", "anfang_chain")


@pytest.mark.parametrize(("table", "key"), [("users", Key("uid", "0")), ("file", None)])
def test_keys_belong_to_keyed_tables(table: str, key: Key | None) -> None:
    """Asking a full table by key, or a keyed one without, is the caller's mistake."""
    with pytest.raises(ValueError, match="key"):
        HostSource(LiveHost(), None).read(table, (), key)


def test_a_column_that_is_not_asked_says_nothing(tmp_path: Path) -> None:
    """Conditions come only for asked columns."""
    reading = HostSource(root(tmp_path, PASSWD), None).read("system_info", ("hostname",))

    assert list(reading.columns) == ["hostname"]


@pytest.mark.parametrize("table", registry.COLLECTORS)
def test_collectors_and_specifications_agree(table: str) -> None:
    """Each registered collector exists, and fills no column its specification lacks."""
    spec = SPECS[table]
    collect: Callable[..., Observed] = registry.collector(table)
    wanted = frozenset(column.name for column in spec.columns)
    key = () if spec.kind is not Kind.KEYED else (Key("path", "/etc/passwd"),)

    observed = collect(LiveHost(), wanted, *key)

    assert {name for row in observed.rows for name in row} <= wanted
    assert set(observed.columns) <= wanted


def test_every_table_has_its_collector() -> None:
    """Only what the agent says of itself is collected by nobody."""
    assert registry.COLLECTORS.keys() == SPECS.keys() - {spec.name for spec in agent.TABLES}


def test_the_clock_is_utc() -> None:
    """Without another clock a reading carries the time of this host."""
    before = datetime.now(UTC).replace(microsecond=0)

    read_at = HostSource(LiveHost(), None).read("kernel_info", ("version",)).read_at

    assert datetime.fromisoformat(read_at) - before < timedelta(minutes=1)
