"""Bad input through the real programs: the exit code, and a message that names the fix.

Shown elsewhere: a classified system and a misspelt setting (tests/agent/test_cli.py), a used token
(tests/agent/test_enrolment.py), an unknown signer (test_recomputation.py), full disks
(tests/agent/test_exchange.py, tests/server/test_durability.py).
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.spool import Spool
from agent.state import State
from evidence import dsse, parcel
from evidence.parcel import MAX_PARCEL
from evidence.statement import REPORT, predicate_type
from policies.nodes import MAX_BYTES
from server.store import engine
from tests.agent.collector_server import CollectorServer, serving
from tests.agent.running import anfang
from tests.e2e import hosts
from tests.e2e.hosts import Scanner
from tests.e2e.joined import joined
from tests.e2e.preloaded import interpreter
from tests.policies import samples

pytestmark = pytest.mark.xdist_group("bad input")

TWO_DAYS_S = 2 * 86400
TWO_DAYS_AGO = ["faketime", "--exclude-monotonic", "-f", "-2d"]
IN_TWO_DAYS = ["faketime", "-f", "+2d"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorServer]:
    """A collector server with one unit, a small policy assigned."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def host(server: CollectorServer, tmp_path: Path) -> Iterator[Scanner]:
    """A host enrolled with it."""
    with joined(server, tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("text", "line", "fix"),
    [
        ("policy: bad\n  version: x\n", 2, "correct what stands here"),
        ("policy: &p bad\nversion: *p\n", 1, "write the value out"),
        ("policy: bad\n" + "#" * MAX_BYTES, 0, "move long lists into data files"),
        (b"policy: b\xffd\n", 1, "UTF-8"),
    ],
    ids=["malformed", "aliased", "huge", "no text"],
)
def test_a_file_that_is_no_policy_file(
    tmp_path: Path, text: str | bytes, line: int, fix: str
) -> None:
    """Lint and scan both refuse it, at its line, saying what to write instead."""
    file = tmp_path / "bad.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)

    linted = anfang("policy", "lint", str(file))
    scanned = anfang("scan", "--policy", str(file), state=tmp_path / "none")

    place = f"{file}:{line}: "
    assert (linted.returncode, scanned.returncode) == (2, 2)
    assert place in linted.stdout
    assert place in scanned.stderr
    assert fix in linted.stdout
    assert scanned.stdout == ""


@pytest.mark.parametrize(
    ("changes", "said", "fix"),
    [
        ({"severty": "high"}, "unknown key `severty`", "did you mean `severity`?"),
        ({"violations": "SELECT serial FROM usb_device"}, "no table usb_device", "usb_devices"),
        ({"violations": "SELECT cmdline FROM processes"}, "processes.cmdline", "may be recorded"),
        ({"tests": []}, "no tests", "add tests for pass, fail, unknown"),
    ],
    ids=["unknown key", "does not plan", "local column", "no tests"],
)
def test_a_policy_that_does_not_lint(
    tmp_path: Path, changes: dict[str, Any], said: str, fix: str
) -> None:
    """`anfang policy lint` exits 2 with the file, the line, what is wrong and what to do."""
    file = samples.write(tmp_path, samples.policy(**changes))

    done = anfang("policy", "lint", str(file))

    (problem,) = (line for line in done.stdout.splitlines() if said in line)
    assert done.returncode == 2
    assert problem.startswith(f"{file}:")
    assert fix in done.stdout


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT serial AS vendor_id FROM usb_device", "usb_device"),
        ("SELECT cmdline AS vendor_id FROM processes", "processes.cmdline"),
    ],
    ids=["does not plan", "local column"],
)
def test_a_policy_no_host_could_carry_out_is_not_assigned(
    server: CollectorServer, tmp_path: Path, sql: str, said: str
) -> None:
    """What does not plan, or reads what never leaves a host, is not signed and shipped."""
    file = samples.write(tmp_path, samples.policy(violations=sql))

    with pytest.raises(RuntimeError) as refused:
        server.assign(file)

    assert f"{file}: CEP-USB-003 cannot be carried out" in str(refused.value)
    assert said in str(refused.value)
    assert "anfang policy lint" in str(refused.value)


def test_a_wrong_token(server: CollectorServer, tmp_path: Path) -> None:
    """A token nobody made, and what is none at all: refused, and the host is not half enrolled."""
    prefix, secret, authority = server.token().split(".")
    other = secret.translate(str.maketrans("abcdefgh", "bcdefgha"))
    state = tmp_path / "state"

    unknown = anfang("enroll", server.url, "--token", f"{prefix}.{other}.{authority}", state=state)
    malformed = anfang("enroll", server.url, "--token", "anf1.abc", state=state)

    assert (unknown.returncode, malformed.returncode) == (3, 2)
    assert "token" in unknown.stderr
    assert "anf1." in malformed.stderr
    assert not State(state).enrolled


def test_an_expired_token(server: CollectorServer, tmp_path: Path) -> None:
    """A token made two days ago for a day."""
    create = ["token", "create", "u1", "--data", str(server.directory)]
    program = "import sys; from server.cli import main; sys.exit(main())"
    made = subprocess.run(
        [*TWO_DAYS_AGO, sys.executable, "-c", program, *create],
        capture_output=True, check=True, text=True, timeout=60,
    )  # fmt: skip
    token = next(word for word in made.stdout.split() if word.startswith("anf1."))

    done = anfang("enroll", server.url, "--token", token, state=tmp_path / "state")

    assert done.returncode == 3
    assert "expired; ask the administrator for a new one" in done.stderr


def test_a_clock_two_days_ahead(server: CollectorServer, tmp_path: Path) -> None:
    """Such a host enrols, scans and sends; the server keeps how far off it was; a verifier says
    that the times are in doubt, and finds nothing false."""
    python = interpreter(tmp_path / "python")
    state, exported = State(tmp_path / "state"), tmp_path / "exported"
    common = ["--state", str(state.root), "--config", "/dev/null", "--lang", "en"]

    def ahead(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*IN_TWO_DAYS, str(python), "-m", "agent", *arguments, *common],
            capture_output=True, check=False, text=True, timeout=60,
        )  # fmt: skip

    done = [ahead("enroll", server.url, "--token", server.token()), ahead("scan"), ahead("send")]
    anfang("export", "--all", str(exported), state=state)
    verified = anfang("verify", str(exported), state=state)

    assert [each.returncode for each in done] == [0, 1, 0], done[-1].stderr
    assert Spool(state).pending() == []
    (skew,) = stored(server, state)
    assert abs(skew - TWO_DAYS_S) < 120
    assert verified.returncode == 3
    assert "ahead of the server's" in verified.stdout
    assert "recomputed from the tables, all the same" in verified.stdout


def test_a_server_that_is_down_and_comes_back(server: CollectorServer, host: Scanner) -> None:
    """The spool keeps what cannot be sent; afterwards each report is there once."""
    host.scan()
    server.stop()
    host.scan()
    down = anfang("send", state=host.state)
    waiting = Spool(host.state).pending()
    server.start()
    back, again = anfang("send", state=host.state), anfang("send", state=host.state)

    assert (down.returncode, waiting) == (3, [1, 2])
    assert "The spool keeps everything" in down.stderr
    assert (back.returncode, again.returncode) == (0, 0)
    assert Spool(host.state).pending() == []
    assert len(stored(server, host.state)) == 2
    assert reports(server, host.state) == 2


def stored(server: CollectorServer, state: State) -> list[int]:
    """How far the clock was off for each report of the host that the server holds, in seconds."""
    host = state.require_enrolled()
    with closing(sqlite3.connect(server.directory / engine.NAME)) as store:
        found = store.execute("SELECT skew_s FROM reports WHERE host_id = ?", (host.id,))
        return [skew for (skew,) in found]


def reports(server: CollectorServer, state: State) -> int:
    """How many reports of the host the server hands out."""
    exported = server.directory.parent / "exported"
    host = state.require_enrolled()
    server.run("export", host.id, str(exported), "--data", str(server.directory))
    held = parcel.read(exported.read_bytes(), limit=MAX_PARCEL)
    payloads = (dsse.open_envelope(envelope).payload for envelope in held.envelopes)
    return [predicate_type(payload) for payload in payloads].count(REPORT)


def test_a_process_named_with_undecodable_bytes(tmp_path: Path) -> None:
    """Recorded, signed and judged again like any other; shown with every odd byte written out."""
    program = bytes(tmp_path) + b"/e2e-\xff\n\x1b[2J"
    subprocess.run([b"cp", b"/bin/sleep", program], check=True)
    with hosts.host(tmp_path) as host, subprocess.Popen([program, b"60"]) as process:
        try:
            scan = host.scan()
            told = anfang(
                "query", "--json", f"SELECT name FROM processes WHERE pid = {process.pid}"
            )
            shown = anfang("query", f"SELECT name FROM processes WHERE pid = {process.pid}")
        finally:
            process.kill()

    rows = [json.loads(line) for line in scan.tables["processes"].splitlines()]
    name = "e2e-\\xff\n\x1b[2J"
    assert [row for row in rows if process.pid in row and name in row]
    assert json.loads(told.stdout) == [{"name": name}]
    assert "\x1b" not in shown.stdout
    assert "\\xff" in shown.stdout
