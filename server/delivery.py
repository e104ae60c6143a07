"""What a host delivers, examined before it may be stored: signatures first, then every field.

Nothing here looks at the store, so that many deliveries can be examined at once while one
transaction runs. A delivery is examined whole: one report that cannot be accepted refuses all,
naming it, and the sender keeps everything.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evidence import dsse, parcel
from evidence.dsse import Envelope
from evidence.errors import EvidenceError, NotAuthenticError, UnknownSignerError
from evidence.keys import PublicKey
from evidence.parcel import Parcel
from evidence.statement import (
    MAX_EVIDENCE_ROWS,
    REPORT,
    Report,
    Statement,
    decode_statement,
    rests_on,
)
from server import history
from server.errors import RefusedError
from server.log import Entry
from server.store import envelopes

MAX_REPORTS = 1000
"""The most reports in one delivery."""
MAX_BLOBS = 10_000
"""The most blobs in one delivery."""
MAX_TABLES = 1000
MAX_VERDICTS = 5000

_HOST_ID = re.compile(r"[0-9a-f]{32}")
# Looked for in all texts of a kind at once, joined by line ends, which none of them may contain.
_DIGESTS = re.compile(r"(?:[0-9a-f]{64}\n)*")
_TIMES = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\n)*")
_NAMES = re.compile(r"(?:[!-~]{1,64}\n)*")
_TABLES = "tables/"


@dataclass(frozen=True, slots=True)
class Sender:
    """An enrolled host, as far as its deliveries are concerned."""

    host_id: str
    unit_id: int
    key: PublicKey


@dataclass(frozen=True, slots=True)
class Examined:
    """One report that may be stored."""

    entry: Entry
    report: Report
    needs: frozenset[str]
    """Digests of the tables it is about, and of the policies and registers it was judged by."""
    outcomes: bytes
    """A digest over all outcomes it says, see `server.history.outcomes`."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One blob that may be stored."""

    packed: bytes
    size: int
    """Before it was packed."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one request delivers."""

    sender: Sender
    skew_s: int
    """The host's clock minus ours when it was sent, in seconds."""
    reports: tuple[Examined, ...]
    blobs: Mapping[str, Blob]
    """By digest; without those that were known to be stored."""


def read_parcel(body: bytes, *, limit: int) -> Parcel:
    """The parcel in `body`.

    Raises:
        RefusedError: it is none.
    """
    try:
        return parcel.read(body, limit=limit)
    except EvidenceError as e:
        raise RefusedError(
            400,
            "parcel_broken",
            "传递包格式不符合规定或内容损坏",
            f"not an intact parcel: {e}",
        ) from e


def examine(
    sent: Parcel, sender: Sender, skew_s: int, *, is_stored: Callable[[str], bool]
) -> Delivery:
    """What `sender` delivers in the parcel `sent`, every report checked.

    Raises:
        RefusedError: a report is not this host's, not signed, or not what a report must be.
    """
    if len(sent.envelopes) > MAX_REPORTS or len(sent.blobs) > MAX_BLOBS:
        raise RefusedError(
            413,
            "too_many",
            f"一次最多 {MAX_REPORTS} 份主机报告、{MAX_BLOBS} 个数据块；请分批发送",
            f"at most {MAX_REPORTS} reports and {MAX_BLOBS} blobs at once; send fewer",
        )
    reports = tuple(
        _examined(index, envelope, sender) for index, envelope in enumerate(sent.opened)
    )
    blobs = {
        digest: Blob(envelopes.pack(data), len(data))
        for digest, data in sent.blobs.items()
        if not is_stored(digest)
    }
    return Delivery(sender, skew_s, reports, blobs)


def _examined(index: int, envelope: Envelope, sender: Sender) -> Examined:
    """The report in `envelope`, the one at `index`."""
    digest = envelope.payload_digest
    try:
        key_id = dsse.verify(envelope, {sender.key.key_id: sender.key})
        statement = decode_statement(envelope.payload, Report)
        problem = _problem(statement, sender)
    except UnknownSignerError as e:
        raise _refused(
            "report_unsigned",
            index,
            digest,
            "没有本机已纳管密钥的签名",
            f"not signed by this host: {e}",
        ) from e
    except NotAuthenticError as e:
        raise _refused(
            "report_not_authentic", index, digest, "签名核验不通过，内容被改动", str(e)
        ) from e
    except EvidenceError as e:
        raise _refused("report_broken", index, digest, "格式不符合规定", str(e)) from e
    if problem is not None:
        raise _refused("report_broken", index, digest, "内容不符合规定", problem)
    entry = Entry.of(envelope, REPORT, key_id)
    report = statement.predicate
    return Examined(entry, report, frozenset(rests_on(statement)), history.outcomes(report))


def _refused(code: str, index: int, digest: str, zh: str, en: str) -> RefusedError:
    return RefusedError(
        400,
        code,
        f"第 {index + 1} 份主机报告未接收：{zh}。本次发送全部未保存，请去掉该份后重新发送",
        f"report {index + 1} is not accepted: {en}. Nothing of this delivery was stored; send it "
        "again without that report",
        index=index,
        payload_digest=digest,
    )


def _problem(statement: Statement[Report], sender: Sender) -> str | None:
    """What is wrong with a report whose signature and structure are right."""
    report = statement.predicate
    if report.host.id != sender.host_id:
        return f"it is of host {report.host.id[:64]!r}, and the key is that of {sender.host_id}"
    if not 0 < len(report.host.name) <= 255:  # noqa: PLR2004  # HOST_NAME_MAX is 64, FQDNs 255
        return "a host name is 1 to 255 characters"
    chain = report.chain
    if chain.sequence < 1:
        return "the sequence starts with 1"
    if chain.interval_s is not None and chain.interval_s < 1:
        return "an interval is a positive number of seconds"
    names = [f"{_TABLES}{table.name}" for table in report.tables]
    if sorted(names) != sorted(subject.name for subject in statement.subject):
        return "subjects and tables are not the same"
    if len(set(names)) != len(names) or len(names) > MAX_TABLES:
        return f"a table twice, or more than {MAX_TABLES} tables"
    checks = [(verdict.policy, verdict.check) for verdict in report.verdicts]
    if len(set(checks)) != len(checks) or len(checks) > MAX_VERDICTS:
        return f"a verdict twice, or more than {MAX_VERDICTS} verdicts"
    for form, texts, problem in (
        (_DIGESTS, _digests(statement), "a digest that is not 64 lower-case hex digits"),
        (_TIMES, _times(report), "a time that is not written like 2026-11-23T08:00:00Z"),
        (_NAMES, _names(report), "a name that is not 1 to 64 visible ASCII characters"),
    ):
        joined = "".join(f"{text}\n" for text in texts)
        if joined.count("\n") != len(texts) or not form.fullmatch(joined):
            return problem
    return _count_problem(report)


def _digests(statement: Statement[Report]) -> list[str]:
    report = statement.predicate
    return [
        *(subject.digest.sha256 for subject in statement.subject),
        *(policy.digest.sha256 for policy in report.policies),
        *(register.digest.sha256 for register in report.registers),
        *(verdict.rows_digest.sha256 for verdict in report.verdicts),
        *([report.chain.previous] if report.chain.previous is not None else []),
        *([report.assignment.sha256] if report.assignment is not None else []),
    ]


def _times(report: Report) -> list[str]:
    return [
        report.scan.started,
        report.scan.ended,
        *([report.score.oldest_fact] if report.score.oldest_fact is not None else []),
        *(table.read_at for table in report.tables),
    ]


def _names(report: Report) -> list[str]:
    return [
        *(verdict.policy for verdict in report.verdicts),
        *(verdict.check for verdict in report.verdicts),
        *(table.name for table in report.tables),
    ]


def _count_problem(report: Report) -> str | None:
    score = report.score
    numbers = (
        score.pass_weight,
        score.applicable_weight,
        score.not_applicable_weight,
        score.evaluated,
        score.expected,
        *(verdict.row_count for verdict in report.verdicts),
        *(table.row_count for table in report.tables),
    )
    if min(numbers) < 0:
        return "a count or weight below zero"
    if score.pass_weight > score.applicable_weight or score.evaluated > score.expected:
        return "a score above what it is counted against"
    if any(len(verdict.rows) > MAX_EVIDENCE_ROWS for verdict in report.verdicts):
        return f"more than {MAX_EVIDENCE_ROWS} evidence rows on one verdict"
    return None


def is_host_id(text: str) -> bool:
    """Whether `text` is a host id."""
    return _HOST_ID.fullmatch(text) is not None
