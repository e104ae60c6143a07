"""`anfang verify`: is this what was signed, and does every verdict follow from the facts?"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from agent.commands.common import configured, print_json, state_of
from agent.errors import InputError, StateError
from agent.findings import MARKS, OUTCOMES, sentence
from agent.say import BOLD, DIM, GREEN, RED, YELLOW, Lang, Paint, pick, talk
from agent.verification import VerifiedFile, VerifiedStatement, laid_together, verify_files
from evidence.errors import EvidenceError
from evidence.finding import Finding, Outcome, worst
from evidence.statement import ASSIGNMENT, ENROLMENT, ENROLMENT_REQUEST, REPORT
from evidence.trust import Trust
from evidence.verification import CheckedReport
from policies.plain import visible

_KINDS: Mapping[str, tuple[str, str]] = {
    REPORT: ("主机报告", "report"),
    ASSIGNMENT: ("下发配置", "assignment"),
    ENROLMENT: ("纳管凭证", "enrolment"),
    ENROLMENT_REQUEST: ("纳管申请", "enrolment request"),
}
_COLOURS = {
    Outcome.HELD: GREEN,
    Outcome.NOT_CHECKED: YELLOW,
    Outcome.SIGNER_UNKNOWN: YELLOW,
    Outcome.FAILED: RED,
}
_EXIT = {Outcome.HELD: 0, Outcome.NOT_CHECKED: 3, Outcome.SIGNER_UNKNOWN: 3, Outcome.FAILED: 1}


def run(args: argparse.Namespace) -> int:
    """0 if all held, 1 if anything is false, 3 if something could not be checked."""
    files = verify_files(args.files, _trust(args))
    together = laid_together(files)
    outcome = max(worst(together), *(file.outcome for file in files))
    if args.json:
        print_json(
            {
                "outcome": outcome.name.lower(),
                "files": [_as_json(file) for file in files],
                "findings": [_finding_json(finding) for finding in together],
            }
        )
    else:
        paint = Paint(sys.stdout)
        for file in files:
            for line in _lines(file, args.lang, paint):
                print(line)
        for line in _together(together, args.lang, paint):
            print(line)
        talk(
            pick(
                args.lang,
                "签名只能说明内容由谁、在何时签署，此后未被改动；不能说明内容属实。",
                "A signature shows who said it, when, and that nothing changed since; not that it "
                "is true.",
            )
        )
    return _EXIT[outcome]


def _trust(args: argparse.Namespace) -> Trust:
    """The keys of --trust, else of this host's own state; nobody's if there are none."""
    directory: Path | None = args.trust
    try:
        if directory is None:
            state = state_of(configured(args))
            if state.host is None:
                return Trust()
            directory = state.trust_directory
        return Trust.load(directory)
    except StateError:  # a plain user verifies without this host's own trust
        return Trust()
    except EvidenceError as e:
        raise InputError(f"信任目录：{e}", f"the trust directory: {e}") from e


def _lines(file: VerifiedFile, lang: Lang, paint: Paint) -> Iterator[str]:
    outcome = file.outcome
    head = f"{MARKS[outcome]} {pick(lang, *OUTCOMES[outcome])}"
    yield f"{paint(head, _COLOURS[outcome], BOLD)}  {visible(str(file.path))}"
    if file.damaged is not None:
        said = pick(lang, "文件已损坏或被改动", "the file is damaged or was changed")
        yield f"  {paint('✗', RED)} {said}: {visible(file.damaged)}"
        return
    for each in file.statements:
        yield from _statement(each, lang, paint)
    for finding in file.findings:
        yield _finding(finding.outcome, sentence(finding, lang), paint, "  ")


def _together(findings: Sequence[Finding], lang: Lang, paint: Paint) -> Iterator[str]:
    """What the files say against each other; nothing where they do not."""
    if findings:
        outcome = worst(findings)
        head = pick(lang, "各文件之间互相矛盾", "the files contradict each other")
        yield paint(f"{MARKS[outcome]} {head}", _COLOURS[outcome], BOLD)
    for finding in findings:
        yield _finding(finding.outcome, sentence(finding, lang), paint, "  ")


def _statement(each: VerifiedStatement, lang: Lang, paint: Paint) -> Iterator[str]:
    checked = each.checked
    kind = pick(lang, *_KINDS.get(checked.predicate, ("未知声明", "unknown statement")))
    about = ""
    if isinstance(checked, CheckedReport):
        report = checked.report
        number = report.chain.sequence
        about = pick(lang, f" 第 {number} 份", f" number {number}")
        # A host calls itself what it likes; which one it is, the id says.
        about += f" · {report.host.name} ({report.host.id})"
    digest = checked.payload_digest[:16]
    title = f"{visible(kind + about)} {paint(digest + '…', DIM)}"
    yield "  " + _finding(each.outcome, title, paint, "")
    for finding in checked.findings:
        yield _finding(finding.outcome, sentence(finding, lang), paint, "      ")
    if isinstance(checked, CheckedReport):
        yield from _verdicts(each, lang, paint)


def _verdicts(each: VerifiedStatement, lang: Lang, paint: Paint) -> Iterator[str]:
    found = each.recomputed
    if found is None:
        text = pick(lang, "判定和得分：复算中断", "verdicts and score: recomputing broke off")
        yield _finding(Outcome.NOT_CHECKED, text, paint, "      ")
        return
    for difference in found.differences:
        name = _field(difference.field, lang)
        text = pick(
            lang,
            f"{difference.what} 的{name}：主机报告称 {difference.said}，复算得 {difference.found}",
            f"{difference.what}, {name}: the report says {difference.said}, recomputed "
            f"{difference.found}",
        )
        yield _finding(Outcome.FAILED, visible(text), paint, "      ")
    if found.unchecked:
        names = ", ".join(found.unchecked)
        text = pick(lang, f"未能复算：{names}", f"could not be recomputed: {names}")
        yield _finding(Outcome.NOT_CHECKED, visible(text), paint, "      ")
    if found.holds:
        count = len(found.verdicts)
        text = pick(
            lang,
            f"{count} 项判定结果和得分由所附数据复算，全部一致",
            f"{count} verdicts and the score recomputed from the tables, all the same",
        )
        yield _finding(Outcome.HELD, text, paint, "      ")


def _finding(outcome: Outcome, text: str, paint: Paint, indent: str) -> str:
    return f"{indent}{paint(MARKS[outcome], _COLOURS[outcome])} {text}"


def _field(field: str, lang: Lang) -> str:
    names = {
        "verdict": ("判定结果", "verdict"),
        "reasons": ("原因", "reasons"),
        "columns": ("佐证数据", "evidence columns"),
        "rows": ("佐证数据", "evidence rows"),
        "row_count": ("佐证数据条数", "number of rows"),
        "rows_digest": ("佐证数据校验值", "digest of the rows"),
        "content": ("内容", "content"),
        "grade": ("评级", "grade"),
    }
    return pick(lang, *names.get(field, (field, field)))


def _as_json(file: VerifiedFile) -> dict[str, object]:
    return {
        "path": str(file.path),
        "outcome": file.outcome.name.lower(),
        "damaged": file.damaged,
        "statements": [
            {
                "predicate": each.checked.predicate,
                "payload_digest": each.checked.payload_digest,
                "signer": each.checked.signer,
                "outcome": each.outcome.name.lower(),
                "findings": [_finding_json(finding) for finding in each.checked.findings],
                "differences": each.differences,
                "unchecked": [] if each.recomputed is None else each.recomputed.unchecked,
                "recomputed": each.recomputed is not None,
            }
            for each in file.statements
        ],
        "findings": [_finding_json(finding) for finding in file.findings],
    }


def _finding_json(finding: Finding) -> dict[str, object]:
    return {
        "outcome": finding.outcome.name.lower(),
        "code": finding.code.value,
        "args": finding.args,
    }
