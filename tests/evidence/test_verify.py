"""Verification: what held, what could not be checked, what is false; nothing is passed over."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from evidence import canonical, dsse, parcel
from evidence.errors import EvidenceError
from evidence.finding import Code, Outcome
from evidence.parcel import Parcel
from evidence.statement import (
    Digest,
    Host,
    PolicyRef,
    Report,
    Subject,
    encode_statement,
)
from evidence.trust import Server, Trust
from evidence.verification import Verification
from evidence.verify import verify_parcel, verify_together
from tests.evidence.world import (
    ORIGIN,
    POLICY,
    RECEIVED,
    REGISTER,
    TABLES,
    Log,
    World,
    blobs,
    digest,
    payload_digest,
    sha256,
    subjects,
    table_bytes,
    without_blob,
)

LIMIT = 64 * 1024 * 1024


def codes(verification: Verification) -> set[Code]:
    """Every code that is not `HELD`."""
    found = [*verification.findings]
    for each in verification.checked:
        found += each.findings
    return {finding.code for finding in found if finding.outcome is not Outcome.HELD}


def test_a_parcel_in_which_everything_fits_holds(world: World) -> None:
    """Signatures, tables, policies, registers, assignment, receipts, times and chain."""
    verification = verify_parcel(world.parcel(*world.chain(3)), world.trust)

    assert verification.outcome is Outcome.HELD
    assert [report.signer for report in verification.reports] == [world.host.key_id] * 3
    assert {finding.code for finding in verification.reports[0].findings} == {
        Code.SIGNATURE_VALID,
        Code.TABLES_HELD,
        Code.POLICIES_HELD,
        Code.REGISTERS_HELD,
        Code.ASSIGNMENT_HELD,
        Code.RECEIPT_HELD,
        Code.TIMES_HELD,
    }
    assert verification.findings[0].args == (world.host.key_id, "1", "3")


def test_it_hands_out_what_verdicts_are_recomputed_from(world: World) -> None:
    """The decoded report, table, policy and register bytes by name, assignment and time."""
    (report,) = verify_parcel(world.parcel(), world.trust).reports

    assert report.report.scan.id == f"{1:032x}"
    assert report.tables == {name: table_bytes(name) for name in TABLES}
    assert report.policies == {"cii-host": POLICY}
    assert report.registers == {"approved_usb": REGISTER}
    assert report.assignment == world.assignment
    assert report.received_at == RECEIVED


def test_no_flipped_byte_holds(world: World) -> None:
    """Every byte of a parcel, with each of two flips: refused, or not held."""
    data = parcel.write(world.parcel())
    held = []

    for at in range(len(data)):
        for flip in (0x01, 0x20):
            changed = bytearray(data)
            changed[at] ^= flip
            try:
                read = parcel.read(bytes(changed), limit=LIMIT)
            except EvidenceError:
                continue
            if verify_parcel(read, world.trust).outcome is Outcome.HELD:
                held.append(at)

    assert held == []


def test_without_trust_everything_is_intact_but_nobodys(world: World) -> None:
    """The signer is not established, which is neither held nor failed, whatever the parcel says."""
    verification = verify_parcel(world.parcel(*world.chain(2)), Trust())

    assert verification.outcome is Outcome.SIGNER_UNKNOWN
    assert [each.signer for each in verification.checked] == [None] * 4
    assert Code.SIGNER_NOT_TRUSTED in codes(verification)


def test_an_edit_shows_even_without_trust(world: World) -> None:
    """The key that the parcel brings cannot vouch for itself, but can show a signature wrong."""
    packed = world.parcel()
    opened = dsse.open_envelope(packed.envelopes[-1])
    edited = dsse.write(replace(opened, payload=opened.payload.replace(b"srv-1", b"srv-2")))
    changed = replace(packed, envelopes=(*packed.envelopes[:-1], edited))

    verification = verify_parcel(changed, Trust())

    assert verification.outcome is Outcome.FAILED
    assert Code.SIGNATURE_WRONG in codes(verification)


def test_a_trusted_host_needs_no_enrolment(world: World) -> None:
    """A host's key in the trust directory establishes it; without a server nobody assigned."""
    report = world.sealed(world.report(assignment=None))
    trust = Trust(hosts={"srv-1": world.host.public})

    verification = verify_parcel(Parcel((report,), blobs()), trust)

    assert verification.outcome is Outcome.HELD
    assert verification.reports[0].signer == world.host.key_id


def test_an_enrolment_by_a_stranger_establishes_nobody(world: World) -> None:
    """Only a server in the trust directory can bind a key to a host."""
    packed = world.parcel()
    forged = world.sealed_enrolment(world.stranger)

    verification = verify_parcel(
        replace(packed, envelopes=(forged, *packed.envelopes[1:])), world.trust
    )

    assert verification.outcome is Outcome.SIGNER_UNKNOWN
    assert verification.reports[0].signer is None


def test_a_key_speaks_for_the_host_it_is_bound_to(world: World) -> None:
    """An enrolled host cannot report as another, nor a trusted key as two hosts."""
    other = Host(id="f" * 32, name="srv-2")
    first, second = world.chain(2)
    lying = world.sealed(world.report(2, payload_digest(first), host=other))
    trust = Trust(world.trust.servers, {"srv-1": world.host.public})
    unbound = replace(world.parcel(first, lying), envelopes=(first, lying))

    enrolled = verify_parcel(world.parcel_of(host=other), world.trust)
    twice = verify_parcel(unbound, trust)

    assert Code.HOST_MISMATCH in codes(enrolled)
    assert enrolled.outcome is Outcome.FAILED
    assert Code.HOST_MISMATCH in codes(twice)
    assert verify_parcel(world.parcel(first, second), world.trust).outcome is Outcome.HELD


def test_an_enrolment_names_the_key_it_brings(world: World) -> None:
    """A binding of one key that carries another binds nothing."""
    packed = world.parcel()
    for false in (
        world.sealed_enrolment(key_id="0" * 64),
        world.sealed_enrolment(public_key=world.stranger.public.pem),
    ):
        verification = verify_parcel(
            replace(packed, envelopes=(false, *packed.envelopes[1:])), world.trust
        )

        assert Code.STATEMENT_MALFORMED in codes(verification)
        assert verification.reports[0].signer is None


def test_nobody_speaks_in_anothers_role(world: World) -> None:
    """A host does not assign or enrol, a server does not report; not even when trusted."""
    packed = world.parcel()
    enrolment, assignment, report = packed.envelopes
    trust = Trust(world.trust.servers, {"srv-1": world.host.public})

    for envelopes in (
        (enrolment, world.sealed_assignment(world.host), report),
        (world.sealed_enrolment(world.host), assignment, report),
        (enrolment, assignment, world.sealed(world.report(), world.server)),
    ):
        verification = verify_parcel(replace(packed, envelopes=envelopes), trust)

        assert verification.outcome is Outcome.FAILED
        assert Code.SIGNER_ROLE in codes(verification)


def test_a_request_is_its_hosts_own(world: World) -> None:
    """Signed by the key it brings it is intact; by another it is that other's lie."""
    own, others = world.sealed_request(), world.sealed_request(world.stranger)
    enrolled = (world.sealed_enrolment(), own)
    trust = Trust(world.trust.servers, {"x": world.stranger.public})

    assert verify_parcel(Parcel((own,)), world.trust).outcome is Outcome.SIGNER_UNKNOWN
    assert codes(verify_parcel(Parcel(enrolled), world.trust)) == {Code.NO_REPORT}
    assert codes(verify_parcel(Parcel((others,)), trust)) == {Code.HOST_MISMATCH, Code.NO_REPORT}


def changed_score(report: Report) -> dict[str, Any]:
    return {"score": msgspec.structs.replace(report.score, pass_weight=11)}


def changed_rows(report: Report) -> dict[str, Any]:
    return {"verdicts": (msgspec.structs.replace(report.verdicts[0], row_count=2),)}


def changed_width(report: Report) -> dict[str, Any]:
    return {"verdicts": (msgspec.structs.replace(report.verdicts[0], columns=("a", "b")),)}


def doubled_verdict(report: Report) -> dict[str, Any]:
    return {"verdicts": report.verdicts * 2}


def dropped_table(report: Report) -> dict[str, Any]:
    return {"tables": report.tables[:1]}


def doubled_table(report: Report) -> dict[str, Any]:
    return {"tables": (report.tables[0], *report.tables)}


def foreign_policy(report: Report) -> dict[str, Any]:
    return {"verdicts": (msgspec.structs.replace(report.verdicts[0], policy="other"),)}


@pytest.mark.parametrize(
    "change",
    [
        changed_score,
        changed_rows,
        changed_width,
        doubled_verdict,
        dropped_table,
        doubled_table,
        foreign_policy,
    ],
)
def test_a_report_that_contradicts_itself_fails(
    world: World, change: Callable[[Report], dict[str, Any]]
) -> None:
    """Validly signed, and yet its parts do not fit together."""
    verification = verify_parcel(world.parcel_of(**change(world.report())), world.trust)

    assert verification.outcome is Outcome.FAILED
    assert Code.REPORT_INCONSISTENT in codes(verification)


def test_a_table_must_be_what_the_report_says(world: World) -> None:
    """Another number of rows or columns than its own is false, and it is not handed out."""
    report = world.report()
    entry = report.tables[0]

    for changes in ({"row_count": 7}, {"columns": ("a",)}):
        tables = (msgspec.structs.replace(entry, **changes), *report.tables[1:])
        verification = verify_parcel(world.parcel_of(tables=tables), world.trust)

        assert Code.TABLE_WRONG in codes(verification)
        assert entry.name not in verification.reports[0].tables


def test_a_table_that_is_not_canonical_fails(world: World) -> None:
    """Rows out of order under the right digest are refused."""
    unsorted = b'["2"]\n["1"]\n'
    report = world.report()
    entry = msgspec.structs.replace(report.tables[0], columns=("a",), row_count=2)
    subject = (Subject(name=f"tables/{entry.name}", digest=digest(unsorted)), *subjects()[1:])
    payload = encode_statement(
        subject, msgspec.structs.replace(report, tables=(entry, *report.tables[1:]))
    )
    packed = world.parcel(dsse.seal(payload, world.host))
    packed = replace(packed, blobs={**packed.blobs, sha256(unsorted): unsorted})

    assert Code.TABLE_WRONG in codes(verify_parcel(packed, world.trust))


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        (table_bytes("users"), Code.TABLE_MISSING),
        (POLICY, Code.POLICY_MISSING),
        (REGISTER, Code.REGISTER_MISSING),
    ],
)
def test_what_is_withheld_could_not_be_checked(world: World, missing: bytes, code: Code) -> None:
    """A missing blob is named; the rest is checked."""
    verification = verify_parcel(without_blob(world.parcel(), missing), world.trust)

    assert verification.outcome is Outcome.NOT_CHECKED
    assert codes(verification) == {code}


def test_a_false_blob_fails(world: World) -> None:
    """Bytes under a digest that is not theirs, handed over without being read from a file."""
    packed = world.parcel()
    false = replace(packed, blobs={**packed.blobs, sha256(POLICY): POLICY + b" "})

    verification = verify_parcel(false, world.trust)

    assert codes(verification) == {Code.BLOB_WRONG, Code.POLICY_MISSING}


def test_what_no_statement_names_is_told(world: World) -> None:
    """An unsigned blob and a receipt for nothing are not passed over."""
    packed = world.parcel()
    more = Parcel(
        packed.envelopes,
        {**packed.blobs, sha256(b"x"): b"x"},
        {**packed.receipts, "0" * 64: "x"},
    )

    verification = verify_parcel(more, world.trust)

    assert verification.outcome is Outcome.NOT_CHECKED
    assert codes(verification) == {Code.BLOB_UNSIGNED, Code.RECEIPT_UNUSED}


def test_an_empty_parcel_does_not_hold(world: World) -> None:
    """Nothing that was checked is nothing that held."""
    verification = verify_parcel(Parcel(), world.trust)

    assert verification.outcome is Outcome.NOT_CHECKED
    assert codes(verification) == {Code.NOTHING_SIGNED}


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"parameters": {"audit_retention_days": 1}}, "parameters"),
        ({"parameters": {"audit_retention_days": 180, "more": 1}}, "parameters"),
        (
            {"policies": (PolicyRef(policy="cii-host", version="1", digest=digest(POLICY)),)},
            "policies",
        ),
        ({"registers": ()}, "registers"),
    ],
)
def test_a_report_runs_what_it_was_assigned(
    world: World, changes: dict[str, Any], what: str
) -> None:
    """Other policies, registers or parameters than the assignment's are false."""
    verification = verify_parcel(world.parcel_of(**changes), world.trust)

    assert verification.outcome is Outcome.FAILED
    (found,) = [f for f in verification.reports[0].findings if f.outcome is Outcome.FAILED]
    assert (found.code, found.args[1]) == (Code.ASSIGNMENT_DISAGREES, what)


def test_an_assignment_is_of_the_hosts_unit(world: World) -> None:
    """One of another unit is not this host's."""
    foreign = world.sealed_assignment(unit="unit-2")
    report = world.sealed(world.report(assignment=Digest(sha256=payload_digest(foreign))))
    packed = world.parcel(report)

    verification = verify_parcel(
        replace(packed, envelopes=(packed.envelopes[0], foreign, report)), world.trust
    )

    assert codes(verification) == {Code.ASSIGNMENT_DISAGREES}


def test_an_assignment_must_be_here_and_signed_by_a_server(world: World) -> None:
    """Missing and forged are told apart."""
    packed = world.parcel()
    enrolment, _, report = packed.envelopes
    forged = world.sealed_assignment(world.stranger)

    missing = verify_parcel(replace(packed, envelopes=(enrolment, report)), world.trust)
    stranger = verify_parcel(replace(packed, envelopes=(enrolment, forged, report)), world.trust)

    assert codes(missing) == {Code.ASSIGNMENT_MISSING}
    assert stranger.reports[0].assignment is None
    assert Code.ASSIGNMENT_NOT_ESTABLISHED in codes(stranger)
    assert stranger.outcome is Outcome.SIGNER_UNKNOWN


def test_a_scan_that_nobody_assigned_is_told(world: World) -> None:
    """A host that leaves its assignment out does not thereby choose what it is judged by unseen."""
    packed = world.parcel_of(assignment=None, parameters={"audit_retention_days": 1})

    verification = verify_parcel(packed, world.trust)

    assert verification.outcome is Outcome.NOT_CHECKED
    assert codes(verification) == {Code.ASSIGNMENT_NONE}


def test_a_receipt_is_expected_where_a_server_is_trusted(world: World) -> None:
    """Without it nobody but the host says when."""
    verification = verify_parcel(replace(world.parcel(), receipts={}), world.trust)

    assert verification.outcome is Outcome.NOT_CHECKED
    assert codes(verification) == {Code.RECEIPT_MISSING}
    assert verification.reports[0].received_at is None


def test_a_receipt_of_an_unknown_log_shows_nothing(world: World) -> None:
    """Neither when its origin is unknown, nor when it takes the name of a known one."""
    packed = world.parcel()
    report = packed.envelopes[-1]

    for origin in ("other.example/log", ORIGIN):
        stranger = Log(world.stranger, origin)
        given = {payload_digest(report): stranger.receive(report)}
        verification = verify_parcel(replace(packed, receipts=given), world.trust)

        assert verification.outcome is Outcome.SIGNER_UNKNOWN
        assert codes(verification) == {Code.LOG_UNKNOWN}
        assert verification.reports[0].received_at is None


def test_a_receipt_for_something_else_fails(world: World) -> None:
    """One report's receipt under another's digest."""
    packed = world.parcel(*world.chain(2))
    first, second = packed.receipts
    exchanged = {first: packed.receipts[second], second: packed.receipts[first]}

    verification = verify_parcel(replace(packed, receipts=exchanged), world.trust)

    assert verification.outcome is Outcome.FAILED
    assert codes(verification) == {Code.RECEIPT_WRONG}


def test_an_assignment_may_bring_its_receipt(world: World) -> None:
    """It is checked like a report's."""
    packed = world.parcel()
    _, assignment, _ = packed.envelopes
    good = world.log.receive(assignment)
    digests = payload_digest(assignment)

    right = replace(packed, receipts={**packed.receipts, digests: good})
    wrong = replace(
        packed, receipts={**packed.receipts, digests: good.replace("index ", "index 9")}
    )

    assert verify_parcel(right, world.trust).outcome is Outcome.HELD
    assert verify_parcel(wrong, world.trust).outcome is Outcome.FAILED


def test_a_log_that_signs_two_roots_of_one_size_is_found_out(world: World) -> None:
    """Each receipt verifies by itself; together they convict the server."""
    first, second = world.chain(2)
    packed = world.parcel(first, second)
    twin = Log(world.server)
    given = {
        payload_digest(first): Log(world.server).receive(first),
        payload_digest(second): twin.receive(second),
    }

    verification = verify_parcel(replace(packed, receipts=given), world.trust)

    assert verification.outcome is Outcome.FAILED
    assert codes(verification) == {Code.LOG_FORKED}


def last_seen(world: World, text: str) -> Verification:
    chain = msgspec.structs.replace(world.report().chain, last_seen=text)
    return verify_parcel(world.parcel_of(chain=chain), world.trust)


def test_a_log_that_was_rolled_back_is_found_out(world: World) -> None:
    """A report is received after everything that the host had seen before it scanned."""
    ahead = Log(world.server)
    for number in range(9):
        ahead.append(b"%d" % number)
    world.log.append(b"0")

    assert last_seen(world, world.log.checkpoint()).outcome is Outcome.HELD
    assert codes(last_seen(world, ahead.checkpoint())) == {Code.LOG_ROLLED_BACK}


def test_the_last_seen_checkpoint_is_checked(world: World) -> None:
    """Damaged, of an unknown log, or no checkpoint at all."""
    world.log.append(b"0")
    good = world.log.checkpoint()
    stranger = Log(world.stranger, "other.example/log").checkpoint()
    root = good.split("\n")[2]
    damaged = good.replace(root, canonical_root())

    assert codes(last_seen(world, damaged)) == {Code.CHECKPOINT_WRONG}
    assert codes(last_seen(world, "x")) == {Code.CHECKPOINT_WRONG}
    assert codes(last_seen(world, stranger)) == {Code.LOG_UNKNOWN}


def canonical_root() -> str:
    """The root of the empty tree as a checkpoint writes it."""
    return "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def scan_times(world: World, **times: str) -> dict[str, Any]:
    return {"scan": msgspec.structs.replace(world.report().scan, **times)}


@pytest.mark.parametrize(
    "time",
    [
        "",
        "yesterday",
        "2026-11-23T08:00:02",
        "2026-11-23T08:00:02+08:00",
        "2026-11-23 08:00:02Z",
        "2026-W47-1T08:00:02Z",
        "2026-02-30T08:00:02Z",
        "2026-11-23T08:00:02z",
        "２026-11-23T08:00:02Z",
    ],
)
def test_a_time_has_one_form(world: World, time: str) -> None:
    """Anything else is false, not guessed at."""
    verification = verify_parcel(world.parcel_of(**scan_times(world, ended=time)), world.trust)

    assert verification.outcome is Outcome.FAILED
    assert Code.TIME_MALFORMED in codes(verification)


def test_facts_of_another_root_are_told(world: World) -> None:
    """A host may scan a recorded root; whoever verifies is told that this was not the host."""
    view = msgspec.structs.replace(world.report().view, root="recorded")

    verification = verify_parcel(world.parcel_of(view=view), world.trust)

    assert (verification.outcome, codes(verification)) == (
        Outcome.NOT_CHECKED,
        {Code.VIEW_NOT_LIVE},
    )


def test_times_out_of_order_are_told(world: World) -> None:
    """A clock that was set back during the scan leaves its times in doubt, nothing more."""
    report = world.report()
    late = (msgspec.structs.replace(report.tables[0], read_at="2026-11-23T09:00:00Z"),)
    old = (msgspec.structs.replace(report.tables[0], read_at="2026-11-22T08:00:00Z"),)
    back = scan_times(world, ended="2026-11-23T07:59:59Z")

    for changes in (back, *({"tables": (*some, *report.tables[1:])} for some in (late, old))):
        verification = verify_parcel(world.parcel_of(**changes), world.trust)

        assert verification.outcome is Outcome.NOT_CHECKED
        assert codes(verification) == {Code.TIMES_DISORDERED}


def test_a_clock_two_days_ahead_is_told_with_its_seconds(world: World) -> None:
    """The evidence is kept; when it was made is in doubt. Late delivery is not."""
    ahead = scan_times(world, ended="2026-11-25T08:00:05Z")
    verification = verify_parcel(world.parcel_of(**ahead), world.trust)
    (found,) = [f for f in verification.reports[0].findings if f.code is Code.CLOCK_AHEAD]

    late = world.chain(1)[0]
    receipts = {payload_digest(late): world.log.receive(late, "2026-12-24T00:00:00Z")}
    delivered = replace(world.parcel(late), receipts=receipts)

    assert (found.outcome, found.args) == (Outcome.NOT_CHECKED, ("172800",))
    assert verify_parcel(delivered, world.trust).outcome is Outcome.HELD


def test_a_fork_and_a_gap_are_told_with_their_place(world: World) -> None:
    """Validly signed reports are all kept and checked."""
    chain = world.chain(4)
    twin = world.sealed(
        world.report(
            2, payload_digest(chain[0]), cost=msgspec.structs.replace(world.report().cost, cpu_ms=9)
        )
    )

    fork = verify_parcel(world.parcel(chain[0], chain[1], twin), world.trust)
    gap = verify_parcel(world.parcel(chain[0], chain[3]), world.trust)

    assert (fork.outcome, codes(fork)) == (Outcome.NOT_CHECKED, {Code.CHAIN_FORK})
    assert [f.args[1:] for f in fork.findings] == [("2", "2")]
    assert len(fork.reports) == 3
    assert (gap.outcome, codes(gap)) == (Outcome.NOT_CHECKED, {Code.CHAIN_GAP})
    assert [f.args[1:] for f in gap.findings] == [("2", "3")]


def test_parcels_are_held_against_each_other(world: World) -> None:
    """A clone shows one report to each audience, a server one log: side by side they show."""
    chain = world.chain(2)
    twin = world.sealed(world.report(2, payload_digest(chain[0]), agent=digest(b"clone")))
    one, other = (
        verify_parcel(world.parcel(chain[0], each), world.trust) for each in (chain[1], twin)
    )
    world.log = Log(world.server)
    forked = verify_parcel(world.parcel(twin, chain[0]), world.trust)

    assert [one.outcome, other.outcome, forked.outcome] == [Outcome.HELD] * 3
    assert verify_together([one, one]) == ()
    assert [f.code for f in verify_together([one, other])] == [Code.CHAIN_FORK]
    assert Code.LOG_FORKED in {f.code for f in verify_together([one, forked])}


def test_signed_but_without_a_report_says_nothing_of_a_host(world: World) -> None:
    """Whoever is handed enrolment and assignment alone was shown no verdict."""
    packed = world.parcel()
    alone = Parcel(packed.envelopes[:2], {sha256(b): b for b in (POLICY, REGISTER)})

    verification = verify_parcel(alone, world.trust)

    assert (verification.outcome, codes(verification)) == (Outcome.NOT_CHECKED, {Code.NO_REPORT})


def test_a_replaced_report_breaks_the_chain(world: World) -> None:
    """The host's own key cannot put another report in the place of one that a later one names."""
    chain = world.chain(3)
    other = world.sealed(world.report(2, payload_digest(chain[0]), agent=digest(b"other")))

    verification = verify_parcel(world.parcel(chain[0], other, chain[2]), world.trust)

    assert verification.outcome is Outcome.FAILED
    assert Code.CHAIN_BROKEN in codes(verification)


def test_a_forged_report_does_not_harm_the_chain(world: World) -> None:
    """A stranger's signature under the host's key id fails, and the host's chain stays whole."""
    chain = world.chain(2)
    forged = dsse.open_envelope(world.sealed(world.report(2, "0" * 64), world.stranger))
    claimed = dsse.Signature(keyid=world.host.key_id, sig=forged.signatures[0].sig)
    packed = world.parcel(*chain)
    envelopes = (*packed.envelopes, dsse.write(replace(forged, signatures=(claimed,))))

    verification = verify_parcel(replace(packed, envelopes=envelopes), world.trust)

    assert Code.SIGNATURE_WRONG in codes(verification)
    assert [f.code for f in verification.findings] == [Code.CHAIN_HELD]


def test_a_further_signature_that_cannot_be_checked_is_told(world: World) -> None:
    """The first is enough to say who; that the second was not checked is said."""
    packed = world.parcel()
    cosigned = dsse.cosign(packed.envelopes[-1], world.stranger)

    verification = verify_parcel(
        replace(packed, envelopes=(*packed.envelopes[:-1], cosigned)), world.trust
    )

    assert verification.reports[0].signer == world.host.key_id
    assert codes(verification) == {Code.COSIGNER_UNKNOWN}


def test_what_this_version_does_not_know_is_told(world: World) -> None:
    """A later kind of statement could not be checked; what is no statement is false."""
    packed = world.parcel()
    for payload, code in (
        (canonical.encode({"predicateType": "urn:anfang:later:v1"}), Code.STATEMENT_UNKNOWN),
        (canonical.encode({"predicateType": "urn:anfang:report:v1"}), Code.STATEMENT_MALFORMED),
        (canonical.encode({"predicateType": 1}), Code.STATEMENT_MALFORMED),
        (b'{"predicateType":"urn:anfang:later:v1" }', Code.STATEMENT_MALFORMED),
        (b"[" * 1_000_000, Code.STATEMENT_MALFORMED),
        (b"\xff", Code.STATEMENT_MALFORMED),
        (b"", Code.STATEMENT_MALFORMED),
    ):
        more = (*packed.envelopes, dsse.seal(payload, world.host))
        verification = verify_parcel(replace(packed, envelopes=more), world.trust)

        assert codes(verification) == {code}


def test_two_servers_and_their_hosts_are_kept_apart(world: World) -> None:
    """A server vouches for assignments; which server's does not matter as long as it is trusted."""
    both = Trust((*world.trust.servers, Server("zone", world.stranger.public, "zone.example/log")))
    zone = Log(world.stranger, "zone.example/log")
    packed = world.parcel()
    report = packed.envelopes[-1]
    given = {payload_digest(report): zone.receive(report)}

    assert verify_parcel(replace(packed, receipts=given), both).outcome is Outcome.HELD


def test_a_year_of_reports_looks_at_each_table_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unchanged tables are decoded once however many reports name them, and so are checkpoints."""
    decoded: list[int] = []
    decode_table = canonical.decode_table

    def counted(data: bytes, *, width: int, limit: int) -> list[tuple[canonical.Cell, ...]]:
        decoded.append(len(data))
        return decode_table(data, width=width, limit=limit)

    monkeypatch.setattr(canonical, "decode_table", counted)
    verification = verify_parcel(world.parcel(*world.chain(50)), world.trust)

    assert verification.outcome is Outcome.HELD
    assert len(decoded) == len(TABLES)
