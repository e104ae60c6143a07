"""Functions in SQL give the same answer on every machine, at every time."""

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.clock import NAMES
from facts.errors import QueryError
from facts.functions import register
from facts.values import Value
from facts.versions import compare

THEN = "2001-02-03T04:05:06Z"


def spend(_operations: int) -> None:
    """A budget without end."""


@pytest.fixture(scope="module", name="call")
def _call() -> Callable[..., Value]:
    connection = apsw.Connection(":memory:")
    register(connection, now=THEN, spend=spend)

    def call(expression: str, *arguments: Value) -> Value:
        answer: Value = connection.execute(f"SELECT {expression}", arguments).get
        return answer

    return call


PLAIN = apsw.Connection(":memory:")
"""SQLite's own functions, to compare with."""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("datetime('now')", "2001-02-03 04:05:06"),
        ("datetime('NOW', '+1 day')", "2001-02-04 04:05:06"),
        ("datetime()", "2001-02-03 04:05:06"),
        ("date()", "2001-02-03"),
        ("time()", "04:05:06"),
        ("julianday()", 2451943.6702083335),
        ("unixepoch()", 981173106),
        ("unixepoch('subsec')", 981173106),
        ("strftime('%Y')", "2001"),
        ("strftime('now %Y', 'now')", "now 2001"),
        ("timediff('now', '2001-02-03 04:05:05')", "+0000-00-00 00:00:01.000"),
        ("timediff('2001-02-03 04:05:05', 'now')", "-0000-00-00 00:00:01.000"),
        ("CURRENT_TIMESTAMP", "2001-02-03 04:05:06"),
        ("CURRENT_DATE", "2001-02-03"),
        ("CURRENT_TIME", "04:05:06"),
        ("datetime(char(110, 111, 119, 0, 120))", "2001-02-03 04:05:06"),
        ("datetime(CAST('now' AS BLOB))", None),
        ("datetime(NULL)", None),
        ("date('2024-01-31', '+1 month')", "2024-03-02"),
        ("datetime(0, 'unixepoch')", "1970-01-01 00:00:00"),
    ],
)
def test_now_is_the_time_of_the_scan(
    call: Callable[..., Value], expression: str, value: Value
) -> None:
    """Wherever SQL means the present, it is the time the facts were read."""
    assert call(expression) == value


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(NAMES - {"current_date", "current_time", "current_timestamp"})),
    st.lists(
        st.sampled_from(
            ["now", "NOW", "now\0", "subsec", "subsecond", "%Y %s %J", "+1 day", "auto", 7, None]
        ),
        max_size=3,
    ),
)
def test_the_machines_clock_is_out_of_reach(name: str, arguments: list[Value]) -> None:
    """No arrangement of arguments tells the present year."""
    connection = apsw.Connection(":memory:")
    register(connection, now=THEN, spend=spend)
    marks = ", ".join("?" * len(arguments))

    try:
        answer = connection.execute(f"SELECT {name}({marks})", arguments).get
    except QueryError:
        return

    assert time.strftime("%Y") not in str(answer)
    assert str(int(time.time()))[:5] not in str(answer)
    assert f"{time.time() / 86400 + 2440587.5:.0f}" not in str(answer)


@pytest.mark.parametrize("modifier", ["localtime", "LocalTime", "utc", "localtime\0"])
def test_the_machines_time_zone_is_out_of_reach(call: Callable[..., Value], modifier: str) -> None:
    """It is refused, because NULL would read as absent."""
    with pytest.raises(QueryError) as refusal:
        call("datetime('2001-01-01', ?)", modifier)

    assert refusal.value.code == "localtime_refused"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("in_cidr_block('10.0.0.0/26', '10.0.0.24')", 1),
        ("in_cidr_block('10.0.0.0/26', '10.0.0.64')", 0),
        ("in_cidr_block('198.51.100.14/24', '198.51.100.200')", 1),
        ("in_cidr_block('0.0.0.0/0', '255.255.255.255')", 1),
        ("in_cidr_block('192.0.2.1/32', '192.0.2.1')", 1),
        ("in_cidr_block('2001:db8::/48', '2001:db8:0:ffff::1')", 1),
        ("in_cidr_block('2001:db8::/48', '2001:db8:1::1')", 0),
        ("in_cidr_block('fe80::/10', 'fe80::1%eth0')", 1),
        ("in_cidr_block('::/0', '::')", 1),
        ("in_cidr_block('10.0.0.0/8', '::ffff:10.0.0.1')", 0),
        ("in_cidr_block('::/0', '10.0.0.1')", 0),
        ("in_cidr_block('10.0.0.0/8', 'localhost')", None),
        ("in_cidr_block('10.0.0.0/8', '010.0.0.1')", None),
        ("in_cidr_block('10.0.0.0/8', '')", None),
        ("in_cidr_block('10.0.0.0/33', '10.0.0.1')", None),
        ("in_cidr_block('10.0.0.0', '10.0.0.1')", None),
        ("in_cidr_block('10.0.0.0/-1', '10.0.0.1')", None),
        ("in_cidr_block('10.0.0.0/８', '10.0.0.1')", None),
        ("in_cidr_block(NULL, '10.0.0.1')", None),
        ("inet_aton('1.2.3.4')", 16909060),
        ("inet_aton('255.255.255.255')", 4294967295),
        ("inet_aton('::1')", None),
        ("inet_aton('1.2.3')", None),
        ("split('a/b//c', '/', 2)", "c"),
        ("split('a.b:c', '.:', 2)", "c"),
        ("split(' a , b ', ',', 1)", "b"),
        ("split('abc', '/', 0)", "abc"),
        ("split('abc', '/', 1)", None),
        ("split('abc', '/', -1)", None),
        ("split('', '/', 0)", None),
        ("split(NULL, '/', 0)", None),
        ("split('10.20', '.', '1')", "20"),
        ("regex_match('sshd-9.2p1', '([0-9]+)\\.([0-9]+)', 0)", "9.2"),
        ("regex_match('sshd-9.2p1', '([0-9]+)\\.([0-9]+)', 2)", "2"),
        ("regex_match('sshd-9.2p1', '([0-9]+)\\.([0-9]+)', 3)", None),
        ("regex_match('b', '(a)|b', 1)", ""),
        ("regex_match('b', '^a', 0)", None),
        ("regex_match(NULL, 'a', 0)", None),
        ("regex_match('ab', '(a)(b)', 1.9)", "a"),
        ("regex_match('ab', '(a)(b)', 'x')", "ab"),
        ("regex_match('ab', '(a)(b)', 1e300)", "ab"),
        ("regex_match('ab', '(a)(b)', '+-1')", "ab"),
        ("regex_match('ab', '(a)(b)', ' +1st')", "a"),
        ("inet_aton(NULL)", None),
        ("regex_match(10, '1', 0)", "1"),
        ("concat('a', NULL, 1)", "a1"),
        ("concat_ws('-', 'a', NULL, 'b')", "a-b"),
        ("json_extract('{\"a\": [1, 2]}', '$.a[1]')", 2),
        ("'{\"a\": {\"b\": 1}}' -> 'a' ->> 'b'", 1),
        ("json_array_length('[1, 2]')", 2),
    ],
)
def test_osquerys_functions(call: Callable[..., Value], expression: str, value: Value) -> None:
    """They answer as people's queries expect; what is malformed is NULL, never 0."""
    assert call(expression) == value


DPKG_PROGRAM = Path("/usr/bin/dpkg")
DPKG, RPM, ARCH = (1, 1, 0, 0), (1, 1, 1, 0), (1, 0, 1, 1)
"""The flags osquery documents for each distribution's rules."""


@pytest.mark.parametrize(
    ("versions", "flags", "holds"),
    [
        (("1.10", ">", "1.9"), (), 1),
        (("1.0", "=", "1.0"), (), 1),
        (("2.36-9+deb12u9", ">=", "2.36-9+deb12u10"), DPKG, 0),
        (("1:1.0", ">", "2.0"), DPKG, 1),
        (("1.0~rc1", "<", "1.0"), DPKG, 1),
        (("1.0", "<", "1.0-1"), DPKG, 1),
        (("1.0-1", "<", "1.0-1.1"), DPKG, 1),
        (("1.0a", "<", "1.0+"), DPKG, 1),
        (("0:1.0", "=", "1.0"), DPKG, 1),
        (("1.0~rc1-1", "<", "1.0-1"), RPM, 1),
        (("1.0^git1", ">", "1.0"), RPM, 1),
        (("1.0^git1", "<", "1.0.1"), RPM, 1),
        (("1.0.a", "<", "1.0.1"), RPM, 1),
        (("4.18.0-80.el8", "<", "4.18.0-147.el8"), RPM, 1),
        (("1.05", "=", "1.5"), RPM, 1),
        (("1.05.1", "<", "1.5.2"), RPM, 1),
        (("1.~", "<", "1"), RPM, 1),
        (("1." + "9" * 5_000, "<", "1.1" + "0" * 5_000), RPM, 1),
        (("1." + "9" * 5_000, "<", "1.1" + "0" * 5_000), DPKG, 1),
        (("1.", "=", "1.0"), DPKG, 1),
        (("1~~", "<", "1~~a"), DPKG, 1),
        (("1~~a", "<", "1~"), DPKG, 1),
        (("5.1-2", ">", "5.1-1"), ARCH, 1),
        (("5.1", "=", "5.1-3"), ARCH, 1),
    ],
)
def test_versions_are_ordered_by_their_distributions_rules(
    call: Callable[..., Value], versions: tuple[str, str, str], flags: tuple[int, ...], holds: int
) -> None:
    """Debian's, Red Hat's and Arch's rules, and plain ones for everything else."""
    marks = ", ?" * len(flags)

    assert call(f"version_compare(?, ?, ?{marks})", *versions, *flags) == holds


VERSIONS = st.from_regex(r"[0-9a-z~.+-]{1,6}", fullmatch=True)


@given(VERSIONS, VERSIONS, st.sampled_from([(), (1, 1), (1, 1, 1)]))
def test_the_order_of_versions_is_an_order(
    call: Callable[..., Value], left: str, right: str, flags: tuple[int, ...]
) -> None:
    """Exactly one of before, alike and after holds, and it is the converse the other way."""
    marks = ", ?" * len(flags)

    def holds(one: str, operator: str, other: str) -> Value:
        return call(f"version_compare(?, ?, ?{marks})", one, operator, other, *flags)

    assert [holds(left, sign, right) for sign in "<=>"] == [
        holds(right, sign, left) for sign in ">=<"
    ]
    assert sum(holds(left, sign, right) == 1 for sign in "<=>") == 1


@pytest.mark.skipif(not DPKG_PROGRAM.exists(), reason="asks dpkg itself")
def test_debians_order_is_dpkgs() -> None:
    """The program that decides on the host decides alike."""
    draw = random.Random(3)

    def version() -> str:
        upstream = "".join(draw.choices("01.~+ab", k=draw.randint(0, 6)))
        return f"{draw.randint(0, 3)}{upstream}{draw.choice(['', '-1', '-0', '-1~a'])}"

    for _ in range(100):
        left, right = version(), version()
        order = compare(left, right, "dpkg")
        operator = "lt" if order < 0 else "gt" if order > 0 else "eq"
        command = [str(DPKG_PROGRAM), "--compare-versions", left, operator, right]
        assert subprocess.run(command, check=False).returncode == 0, command


@pytest.mark.parametrize(
    "expression",
    [
        "split('a', '', 0)",
        "version_compare('1', 'like', '2')",
        "version_compare('1', '<', '2', 0, 1)",
        "regex_match('a', '(a)\\1', 0)",
        "'a' LIKE 'b' ESCAPE 'xy'",
        "json_extract('{', '$')",
        "datetime('now') LIKE ?",
    ],
)
def test_a_wrong_argument_is_an_error_not_an_answer(
    call: Callable[..., Value], expression: str
) -> None:
    """NULL would read as "no violation"."""
    arguments = ("x" * 257,) if "?" in expression else ()

    with pytest.raises(QueryError):
        call(expression, *arguments)


PATTERNS = st.text("aAb%_*?[]^-!\\\nſé", max_size=8)
SUBJECTS = st.text("aAb%_*?[]^-!\\\nſé", max_size=8)


@settings(max_examples=1_000)
@given(PATTERNS, SUBJECTS, st.sampled_from(["", "\\", "a", "%", "_"]))
def test_like_and_glob_are_sqlites(
    call: Callable[..., Value], pattern: str, subject: str, escape: str
) -> None:
    """The counted matchers agree with SQLite's own."""
    expression = "? LIKE ? ESCAPE ?" if escape else "? LIKE ?"
    arguments = (subject, pattern, escape)[: expression.count("?")]

    assert call(expression, *arguments) == PLAIN.execute(f"SELECT {expression}", arguments).get
    assert (
        call("? GLOB ?", subject, pattern)
        == PLAIN.execute("SELECT ? GLOB ?", (subject, pattern)).get
    )


@pytest.mark.parametrize(
    "expression",
    [
        "'b' GLOB '[a-c]'",
        "'-' GLOB '[a-]'",
        "'-' GLOB '[-a]'",
        "'b' GLOB '[c-a]'",
        "'d' GLOB '[^a-c]'",
        "']' GLOB '[]a]'",
        "'b' GLOB '[]-c]'",
        "'-' GLOB '[a-c-e]'",
        "'a' GLOB '[a'",
        "'a-b' GLOB '*[!-/]*'",
        "NULL LIKE 'a'",
        "'a' GLOB NULL",
        "'a' LIKE 'a' ESCAPE NULL",
        "10 LIKE '1%'",
        "10 LIKE 10",
        "1.5 GLOB '1.*'",
        "x'61' LIKE 'a'",
        "'a' GLOB x'61'",
        "'10%' LIKE '10!%' ESCAPE '!'",
        "'a' LIKE 'a!' ESCAPE '!'",
        "'Ä' LIKE 'ä'",
        "'A' LIKE 'a'",
        "'a\nb' LIKE 'a_b'",
        "instr(x'6162', 'b')",
        "trim(1.5, 1)",
    ],
)
def test_corners_are_sqlites_too(call: Callable[..., Value], expression: str) -> None:
    """Sets, escapes, NULL, numbers and blobs mean what they mean in SQLite."""
    assert call(expression) == PLAIN.execute(f"SELECT {expression}").get


TEXTS = st.one_of(st.none(), st.integers(-20, 20), st.text("ab é", max_size=6))


@settings(max_examples=500)
@given(TEXTS, TEXTS, TEXTS.filter(lambda value: value is not None))
def test_replaced_functions_are_sqlites(
    call: Callable[..., Value], first: Value, second: Value, third: Value
) -> None:
    """Counting what they cost changes nothing about what they answer."""
    for name in ("instr", "trim", "ltrim", "rtrim"):
        assert (
            call(f"{name}(?, ?)", first, second)
            == PLAIN.execute(f"SELECT {name}(?, ?)", (first, second)).get
        )
    assert (
        call("replace(?, ?, ?)", first, second, third)
        == PLAIN.execute("SELECT replace(?, ?, ?)", (first, second, third)).get
    )


def test_what_a_call_costs_is_told() -> None:
    """A query that calls functions in a loop runs out of budget like any other."""
    spent: list[int] = []
    connection = apsw.Connection(":memory:")
    register(connection, now=THEN, spend=spent.append)

    for expression in (
        "'x' LIKE '%y%'",
        "instr(?, 'y')",
        "datetime()",
        "json_valid('[]')",
        "regex_match('x', 'y', 0)",
    ):
        before = len(spent)
        bound = ("x" * 1_000,) if "?" in expression else ()
        connection.execute(f"SELECT {expression}", bound).fetchall()
        assert sum(spent[before:]) > 0
