"""The limited child: reads the host, judges, streams what it finds, and holds no key.

    python -I -m agent.child      a job (agent.job.Job) on stdin, one JSON line per message up

It is exec'd, never forked, so that nothing of its parent's memory is in it. It gives up what it
does not need before it reads anything that others could have written (agent.limits), and each
table and verdict is sent as soon as it is there, so that what was sent stands even if it is
killed.
"""

import os
import resource
import sys
from pathlib import Path

import apsw
import msgspec

from agent import watched
from agent.clock import seconds
from agent.discipline import UNKNOWN, discipline
from agent.job import (
    MEMORY_EXIT,
    Answered,
    Ended,
    Job,
    Judged,
    Message,
    OwnState,
    Planned,
    QueryJob,
    Recorded,
    Refused,
    ScanJob,
)
from agent.journal import Journal
from agent.limits import confine
from agent.roots import LIVE
from agent.say import log_to_stderr
from collectors.errors import BadRecordingError
from collectors.host import CoveredError, Host, LiveHost, RootHost
from collectors.interface import Observed
from collectors.source import HostSource
from evidence.statement import Digest, Reason, RegisterRef
from facts.catalogue import Catalogue
from facts.engine import Engine
from facts.errors import QueryError
from facts.foreign import hidden
from facts.plan import whole
from facts.pseudonym import Pseudonym
from facts.snapshot import RecordedTable, condition_to_wire, to_wire
from facts.source import Key
from facts.spec import Kind
from facts.status import Status, condition
from facts.tables import BASELINE, SPECS
from facts.tables.agent import TABLES as OWN_TABLES
from policies.compile import read_compiled
from policies.judge import catalogue, judge, needs
from policies.registers import read_register


def main() -> int:
    """Do the job on stdin."""
    log_to_stderr("WARNING")
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    confine(job.limits, job.parent)
    try:
        if isinstance(job, ScanJob):
            _scan(job)
        else:
            _query(job)
    except BadRecordingError as e:
        _send(Refused(Reason("recording_refused", (job.root, str(e)))))
    except MemoryError:
        return MEMORY_EXIT
    own, programs = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    _send(
        Ended(
            cpu_ms=round(
                1000 * (own.ru_utime + own.ru_stime + programs.ru_utime + programs.ru_stime)
            ),
            peak_kib=own.ru_maxrss,
        )
    )
    return 0


def _source(root: str, pseudonym_key: str | None, own: OwnState) -> HostSource:
    pseudonym = None if pseudonym_key is None else Pseudonym(bytes.fromhex(pseudonym_key))
    if root == LIVE:
        return HostSource(live := LiveHost(), pseudonym, given=_own(live, own))
    if Path(root).is_dir():
        return HostSource(files := RootHost(Path(root)), pseudonym, given=_own(files, own))
    from collectors.recorded import RecordedHost  # noqa: PLC0415  # few scans need it

    then = RecordedHost.at(Path(root))
    return HostSource(then, pseudonym, lambda: then.recorded_at, given=_own(then, own))


def _own(host: Host, own: OwnState) -> dict[str, Observed]:
    """The agent's own tables; a state that is denied or covered is no missing enrolment."""
    if not host.live:
        there = {
            spec.name: condition(Status.UNSUPPORTED, "not_live", spec.name) for spec in OWN_TABLES
        }
        return {name: Observed((), why) for name, why in there.items()}
    if own.tables is None:
        denied = condition(Status.DENIED, "permission_denied", own.directory)
        names = [watched.TABLE, *(spec.name for spec in OWN_TABLES)]
        return {name: Observed((), denied) for name in names}
    if not own.tables["anfang_chain"][0]["enrolled"]:
        try:
            host.stat(own.directory)
        except CoveredError as e:
            return {name: Observed((), e.condition) for name in own.tables}
        except OSError:
            pass  # no state directory, which is what not being enrolled looks like
    tables = {name: Observed(rows) for name, rows in own.tables.items()}
    last = own.tables["anfang_chain"][0]["last_report"]
    since = 0 if last is None else seconds(str(last))
    return tables | {watched.TABLE: watched.recorded(Journal(Path(own.directory)), since)}


def _scan(job: ScanJob) -> None:
    policies = [read_compiled(text.encode("utf-8")) for text in job.policies]
    registers = {
        register.name: read_register(
            RegisterRef(register.name, register.columns, Digest(sha256=register.sha256)),
            register.text.encode("utf-8"),
        )
        for register in job.registers
    }
    tables = catalogue(policies)
    engine = Engine(_source(job.root, job.pseudonym_key, job.own), catalogue=tables, now=job.now)
    read = needs(policies, engine)
    recorded = read
    for name in BASELINE:
        recorded |= whole(name, tables)
    facts = sorted(recorded.keys() & SPECS.keys())
    _send(
        Planned(
            tables={name: tables.in_order(name, recorded[name]) for name in facts},
            read=tuple(sorted(read.keys() & SPECS.keys())),
            clock=discipline() if job.root == LIVE else UNKNOWN,
            sqlite=apsw.sqlite_lib_version(),
        )
    )
    for table in engine.load(recorded):
        _send(_recorded(table))
    for verdict in judge(policies, engine, registers, job.parameters):
        _send(Judged(verdict))
    for table in engine.recorded().tables.values():
        if SPECS[table.name].kind is Kind.KEYED:
            _send(_recorded(table))


def _recorded(table: RecordedTable) -> Recorded:
    entry, data = to_wire(table)
    return Recorded(entry, data.decode("utf-8"))


def _query(job: QueryJob) -> None:
    engine = Engine(
        _source(job.root, job.pseudonym_key, job.own),
        catalogue=Catalogue(SPECS, hidden=hidden(SPECS)),
        now=job.now,
        policy=False,
    )
    try:
        for _ in engine.load(engine.plan(job.sql).needs):
            pass
        answer = engine.run(job.sql)
    except QueryError as e:
        _send(Refused(Reason(code=e.reason.code, args=e.reason.args)))
        return
    gaps = tuple(
        (_named(gap.table, gap.what), condition_to_wire(gap.condition))
        for gap in engine.conditions(answer.needs, answer.keys)
    )
    _send(Answered(answer.columns, answer.rows, gaps))


def _named(table: str, what: str | Key | None) -> str:
    match what:
        case None:
            return table
        case Key():
            return f"{table} {what}"
        case column:
            return f"{table}.{column}"


def _send(message: Message) -> None:
    """One line up; whole or not at all."""
    line = memoryview(msgspec.json.encode(message) + b"\n")
    while line:
        line = line[os.write(1, line) :]


if __name__ == "__main__":
    sys.exit(main())
