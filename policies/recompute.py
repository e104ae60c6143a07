"""Whether a report says what its own tables say: verdicts and score recomputed and compared.

What was not handed over is `unchecked`, never equal. So is a verdict that one of the two could
not come to within its budget: a slower machine is no forger, and an unknown gains nothing.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct

from evidence.statement import Report, Score, Verdict
from policies.compile import read_compiled, reference
from policies.errors import PolicyError, RecomputeError
from policies.model import Policy
from policies.rejudge import GivenRegister, GivenTable, Job, Rejudged
from policies.score import score

_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from policies.rejudge import main; main()"
"""`-I` keeps the working directory and PYTHONPATH out, so the way to `policies` is handed over."""

_SHOWN = 200
"""The most characters of a value that a difference shows."""

_BUDGETS = frozenset({"over_time", "over_memory"})


@dataclass(frozen=True, slots=True)
class Difference:
    """Something the report says that is not so."""

    what: str
    """A check's id, `score`, or what is malformed: `tables/usb_devices` …"""
    field: str
    said: str
    found: str


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What came of judging a report's facts again."""

    verdicts: tuple[Verdict, ...]
    """As recomputed, in the order of the policies and their checks."""
    score: Score | None
    """From these verdicts and, where one is unchecked, the report's; None without a policy."""
    differences: tuple[Difference, ...]
    unchecked: tuple[str, ...]
    """What could not be compared: check ids, `policies/NAME`, `score`, and `tables/NAME vN`: it was
    recorded in a version that is not known here."""

    @property
    def holds(self) -> bool:
        """Whether everything was compared and nothing differs."""
        return not self.differences and not self.unchecked


class Recomputer:
    """The limited child, for as many reports as there are; a context manager.

    The child has no environment, no descriptor but its pipes, and no way to import a collector.
    One that breaks off is followed by another, so that what breaks it leaves the rest unharmed.
    """

    def __enter__(self) -> Self:
        self._child = _started()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.kill()
        self._child.communicate()

    def rejudge(self, job: Job) -> Rejudged:
        """The verdicts on `job`.

        Raises:
            RecomputeError: the child ended before it could say.
        """
        stdin, stdout = self._child.stdin, self._child.stdout
        if stdin is None or stdout is None:
            raise RecomputeError("the child has no pipes")
        try:
            stdin.write(msgspec.json.encode(job) + b"\n")
            stdin.flush()
            line = stdout.readline()
            return msgspec.json.decode(line, type=Rejudged)
        except (OSError, msgspec.DecodeError) as e:
            words = self._last_words()
            self._child = _started()
            raise RecomputeError(f"judging again broke off: {words}") from e

    def _last_words(self) -> str:
        """The last line the child left, or its status if it was killed."""
        _, stderr = self._child.communicate()
        lines = stderr.decode("utf-8", "replace").splitlines()
        return lines[-1] if lines else f"status {self._child.returncode}"

    def recompute(
        self,
        report: Report,
        tables: Mapping[str, bytes],
        policies: Mapping[str, bytes],
        registers: Mapping[str, bytes],
    ) -> Recomputed:
        """What `report` says, held against the bytes of what it names, all by name.

        Their digests are the verifier's concern; what is not in the mappings is unchecked.

        Raises:
            RecomputeError: judging broke off; nothing was found out.
        """
        present = [ref for ref in report.policies if ref.policy in policies]
        answer = self.rejudge(
            Job(
                now=report.scan.started,
                tables=tuple(GivenTable(entry, tables.get(entry.name)) for entry in report.tables),
                policies=tuple(policies[ref.policy] for ref in present),
                registers=tuple(
                    GivenRegister(ref, registers.get(ref.name)) for ref in report.registers
                ),
                parameters=report.parameters,
            )
        )
        return _compare(report, policies, answer)


def recompute(
    report: Report,
    tables: Mapping[str, bytes],
    policies: Mapping[str, bytes],
    registers: Mapping[str, bytes],
) -> Recomputed:
    """See `Recomputer.recompute`; for one report."""
    with Recomputer() as recomputer:
        return recomputer.recompute(report, tables, policies, registers)


def _started() -> "subprocess.Popen[bytes]":
    """A new child that waits for its first job."""
    root = str(Path(__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT, root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={},
        cwd="/",
    )


def _compare(report: Report, policies: Mapping[str, bytes], answer: Rejudged) -> Recomputed:
    differences = [Difference(what, "content", "", why) for what, why in answer.malformed]
    read: list[Policy] = []
    unchecked: list[str] = list(answer.strange)
    for ref in report.policies:
        try:
            policy = read_compiled(policies[ref.policy])
        except (KeyError, PolicyError):
            unchecked.append(f"policies/{ref.policy}")
            continue
        read.append(policy)
        differences += _of_fields(
            f"policies/{ref.policy}", ref, reference(policy, policies[ref.policy])
        )
    found = {(verdict.policy, verdict.check): verdict for verdict in answer.verdicts}
    said: dict[tuple[str, str], Verdict] = {}
    for verdict in report.verdicts:
        if (verdict.policy, verdict.check) in said:
            differences.append(Difference(verdict.check, "verdict", "two verdicts", "one"))
        said[verdict.policy, verdict.check] = verdict
    names = {policy.policy for policy in read}
    known = {(policy.policy, check.id) for policy in read for check in policy.checks}
    absent = set(answer.unchecked)
    absent |= {key for key in said if key[0] in {ref.policy for ref in report.policies} - names}
    judged: list[Verdict] = []
    for key in dict.fromkeys((*found, *answer.unchecked, *said)):
        mine, theirs = found.get(key), said.get(key)
        if key in absent or _one_ran_over(mine, theirs):
            unchecked.append(key[1])
        else:
            differences += _of_verdicts(key[1], theirs, mine)
            theirs = mine
        if theirs is not None and key in known:
            judged.append(theirs)
    recomputed = None
    if len(read) < len(report.policies):
        unchecked.append("score")
    else:
        recomputed = score(read, judged, answer.oldest_fact)
        differences += _of_fields("score", report.score, recomputed)
    return Recomputed(answer.verdicts, recomputed, tuple(differences), tuple(unchecked))


def _one_ran_over(mine: Verdict | None, theirs: Verdict | None) -> bool:
    """Whether they differ, and one of them is unknown for want of time or memory."""
    if mine is None or theirs is None or mine == theirs:
        return False
    return any(
        # A pass that names a budget is no verdict that ran over, but a false one.
        verdict.verdict == "unknown" and any(reason.code in _BUDGETS for reason in verdict.reasons)
        for verdict in (mine, theirs)
    )


def _of_verdicts(check: str, said: Verdict | None, found: Verdict | None) -> Iterator[Difference]:
    if said is None or found is None:
        yield Difference(
            check, "verdict", said.verdict if said else "none", found.verdict if found else "none"
        )
    else:
        yield from _of_fields(check, said, found)


def _of_fields(what: str, said: Struct, found: Struct) -> Iterator[Difference]:
    for field in said.__struct_fields__:
        theirs, mine = getattr(said, field), getattr(found, field)
        if theirs != mine:
            yield Difference(what, field, _shown(theirs), _shown(mine))


def _shown(value: object) -> str:
    """`value` on one short line."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8")
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
