"""Signs what the watcher has written: a small report of events, in its place in the chain.

    python -I -m agent.event [--state DIR] [--config FILE]

It has the form of every report. Its tables are `hardware_events`, with the events that no report
carries yet, and `usb_devices`, what is attached as it is made; it judges nothing, and so names no
policy and no assignment. Exit code 0 only if it was spooled.
"""

import argparse
import hashlib
import os
import secrets
import signal
import sys
import time
from functools import partial
from pathlib import Path

from agent import build, clock
from agent.config import load
from agent.discipline import discipline
from agent.errors import AgentError, ClassifiedError
from agent.journal import Journal, Row
from agent.sealing import seal
from agent.state import LOCK_WAIT_S, State, this_host
from agent.view import view
from agent.watched import TABLE, as_table
from collectors.host import LiveHost
from collectors.source import HostSource
from evidence import __version__
from evidence.agreement import NOTHING_JUDGED
from evidence.statement import (
    Cost,
    Digest,
    Engine,
    Report,
    Scan,
    Subject,
    TableEntry,
    encode_statement,
)
from facts.pseudonym import Pseudonym
from facts.snapshot import RecordedTable, in_canonical_order, to_wire
from facts.spec import Privacy
from facts.tables import SPECS

MOST = 5000
"""The most events in one report; what is beyond goes into the next."""
_ATTACHED = "usb_devices"
_LIVE = "/"


def main() -> int:
    """Report the events that no report carries yet; 0 also if there are none."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--state")
    parser.add_argument("--config", type=Path)
    args = parser.parse_args()
    try:
        config = load(args.config)
        if config.classified:
            raise ClassifiedError
        more = report_events(State(Path(args.state or config.state)))
    except (AgentError, OSError, ValueError) as e:
        print(f"anfang: events not signed: {e}", file=sys.stderr)
        return e.exit_code if isinstance(e, AgentError) else 3
    if more:
        os.kill(os.getppid(), signal.SIGUSR1)
    return 0


def report_events(state: State) -> bool:
    """Make one report of the oldest events that no report carries; whether there are more.

    Raises:
        NotEnrolledError: no server has taken this host on.
        StateError, BusyError: the state directory cannot be used.
        OSError, ValueError: the journal cannot be read.
    """
    began, cpu = time.monotonic(), time.process_time()
    journal = Journal(state.root)
    with state.locked(LOCK_WAIT_S):
        rows = journal.rows(after=journal.signed())
        if not rows:
            return False
        host, key = state.require_enrolled(), state.pseudonym_key
        pseudonym = Pseudonym(secrets.token_bytes(32) if key is None else bytes.fromhex(key))
        started = clock.now()
        tables = _tables(rows[:MOST], pseudonym)
        report = partial(
            Report,
            host=this_host(host.id),
            scan=Scan(secrets.token_hex(16), started, clock.now(), discipline(), "event"),
            assignment=None,
            policies=(),
            registers=(),
            parameters={},
            tables=tuple(entry for entry, _ in tables),
            verdicts=(),
            score=NOTHING_JUDGED,
            engine=Engine(__version__, "", "{}.{}.{}".format(*sys.version_info)),
            agent=Digest(build.digest()),
            view=view(_LIVE),
            cost=Cost(
                round((time.process_time() - cpu) * 1000),
                round((time.monotonic() - began) * 1000),
                0,
            ),
        )
        digests = [hashlib.sha256(data).hexdigest() for _, data in tables]
        subjects = tuple(
            Subject(f"tables/{entry.name}", Digest(digest))
            for (entry, _), digest in zip(tables, digests, strict=True)
        )
        blobs = {digest: data for (_, data), digest in zip(tables, digests, strict=True)}
        seal(
            state,
            lambda chain: encode_statement(subjects, report(chain=chain)),
            blobs,
            interval_s=None,
        )
        journal.sign(int(rows[:MOST][-1]["eid"]))
    return len(rows) > MOST


def _tables(rows: list[Row], pseudonym: Pseudonym) -> list[tuple[TableEntry, bytes]]:
    """The events and what is attached, as they are signed."""
    source = HostSource(LiveHost(), pseudonym, given={TABLE: as_table(rows, rows)})
    return [to_wire(_recorded(source, name)) for name in (TABLE, _ATTACHED)]


def _recorded(source: HostSource, name: str) -> RecordedTable:
    spec = SPECS[name]
    columns = tuple(c.name for c in spec.columns if c.privacy is not Privacy.LOCAL)
    reading = source.read(name, columns)
    return RecordedTable(
        name=name,
        version=spec.version,
        columns=columns,
        rows=in_canonical_order(reading.rows),
        read_at=reading.read_at,
        condition=reading.condition,
        column_conditions=reading.columns,
    )


if __name__ == "__main__":
    sys.exit(main())
