"""Reports in, receipts out: what is stored, what is refused, and what is never lost."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from evidence import canonical, dsse, parcel, receipt
from evidence.errors import NotAuthenticError
from evidence.parcel import Parcel
from evidence.statement import Digest, PolicyRef
from server.store.schema import blobs, hosts, reports, statements, verdicts
from tests.server.hosts import SCORE, FakeHost, Made, new_host, sha256, verdict
from tests.server.sites import Site


def _links(site: Site) -> list[tuple[int, str, bool]]:
    with site.service.store.read() as connection:
        found = connection.execute(
            select(reports.c.sequence, reports.c.link, reports.c.scored)
            .join(statements, statements.c.digest == reports.c.digest)
            .order_by(statements.c.leaf_index)
        )
        return [(row.sequence, row.link, row.scored) for row in found]


def _counts(site: Site) -> tuple[int, int]:
    """How many statements and blobs are stored."""
    with site.service.store.read() as connection:
        return (
            connection.scalar(select(func.count()).select_from(statements)) or 0,
            connection.scalar(select(func.count()).select_from(blobs)) or 0,
        )


def _receipts(body: bytes) -> dict[str, str]:
    return dict(parcel.read(body, limit=10**7).receipts)


def test_a_report_gets_a_receipt_that_verifies(site: Site) -> None:
    """The receipt binds payload, key and time to a checkpoint signed by this server."""
    host = site.enrolled()
    made = host.report()

    reply = site.deliver(host, made)

    (text,) = _receipts(reply.content).values()
    log = site.service.log
    shown = receipt.verify(
        receipt.decode(text), made.digest, host.key.key_id, log.key.public, log.origin
    )
    assert shown.index == 2
    with pytest.raises(NotAuthenticError):
        receipt.verify(receipt.decode(text), "0" * 64, host.key.key_id, log.key.public, log.origin)


def test_the_same_bytes_get_the_same_receipt(site: Site) -> None:
    """Sent again, now or after others, a report is stored once and receipted with equal bytes."""
    host = site.enrolled()
    made = host.report()
    first = _receipts(site.deliver(host, made).content)
    stored = _counts(site)

    at_once = _receipts(site.deliver(host, made).content)
    for _ in range(5):
        site.deliver(host, host.report())
    later = _receipts(site.deliver(host, made).content)

    assert first == at_once == later
    assert stored == (3, 1)
    assert _counts(site) == (8, 6)


def test_the_envelope_is_kept_byte_for_byte(site: Site) -> None:
    """What is handed out later is what was signed."""
    host = site.enrolled()
    made = host.report()

    site.deliver(host, made)

    with site.service.store.read() as connection:
        from server.store.envelopes import blob_contents, envelopes  # noqa: PLC0415

        assert envelopes(connection, [made.digest]) == {made.digest: made.envelope}
        assert blob_contents(connection, made.blobs) == made.blobs


def test_a_chain_is_followed(site: Site) -> None:
    """Reports in order follow on from each other."""
    host = site.enrolled()

    site.deliver(host, *[host.report() for _ in range(3)])

    assert _links(site) == [(1, "first", True), (2, "unbroken", True), (3, "unbroken", True)]


def test_a_fork_is_stored_receipted_flagged_and_not_scored(site: Site) -> None:
    """Two reports in one place: the second, and what follows it, never counts."""
    host = site.enrolled()
    site.deliver(host, host.report(), host.report())
    second = host.previous
    first = host.report(advance=False)
    fork = host.report(verdicts=[verdict("CEP-USB-003", "pass")])
    site.deliver(host, first)

    reply = site.deliver(host, fork)
    after = site.deliver(host, host.report())

    assert fork.digest in _receipts(reply.content)
    assert after.status_code == 200
    assert _links(site)[2:] == [(3, "unbroken", True), (3, "fork", False), (4, "fork", False)]
    assert second is not None
    with site.service.store.read() as connection:
        head, sequence = connection.execute(select(hosts.c.head, hosts.c.head_sequence)).one()
    assert (head, sequence) == (first.digest, 3)


def test_a_gap_is_flagged_until_it_is_filled(site: Site) -> None:
    """A report whose predecessor is missing counts; when the predecessor comes it is whole."""
    host = site.enrolled()
    site.deliver(host, host.report())
    missing = host.report()
    site.deliver(host, host.report())
    before = _links(site)

    site.deliver(host, missing)

    assert before == [(1, "first", True), (3, "gap", True)]
    assert sorted(_links(site)) == [
        (1, "first", True),
        (2, "unbroken", True),
        (3, "unbroken", True),
    ]


def test_a_late_report_does_not_replace_a_newer_one(site: Site) -> None:
    """What fills a gap is history; the newest report stays the one that counts."""
    host = site.enrolled()
    late, newest = host.report(), host.report()
    site.deliver(host, newest)

    site.deliver(host, late)

    with site.service.store.read() as connection:
        assert connection.scalar(select(hosts.c.head)) == newest.digest


@pytest.mark.parametrize(
    ("sequence", "previous"), [(2, None), (1, "ab" * 32), (2, "cd" * 32), (3, "first")]
)
def test_a_report_that_names_another_predecessor_is_broken(
    site: Site, sequence: int, previous: str | None
) -> None:
    """It is stored and receipted, and does not count."""
    host = site.enrolled()
    first = host.report()
    if sequence != 1:
        site.deliver(host, first)
    named = first.digest if previous == "first" else previous

    reply = site.deliver(host, host.report(sequence=sequence, previous=named))

    assert reply.status_code == 200
    assert _links(site)[-1] == (sequence, "broken", False)


def test_missing_tables_are_asked_for(site: Site) -> None:
    """Nothing is stored until every table is there; sent again with them it is accepted."""
    host = site.enrolled()
    made = host.report()

    refused = site.deliver(host, Made(made.envelope, made.digest, {}))
    stored = _counts(site)
    accepted = site.deliver(host, made)

    assert (refused.status_code, refused.json()["code"]) == (409, "blobs_missing")
    assert refused.json()["wanted"] == sorted(made.blobs)
    assert stored == (2, 0)
    assert accepted.status_code == 200


def test_tables_may_come_before_their_report(site: Site) -> None:
    """A parcel with tables alone stores them, and the report may then come alone."""
    host = site.enrolled()
    made = host.report()

    tables = site.send(host.key, "POST", "/v1/parcels", parcel.write(Parcel(blobs=made.blobs)))
    alone = site.deliver(host, Made(made.envelope, made.digest, {}))

    assert (tables.status_code, alone.status_code) == (200, 200)


def test_a_table_is_stored_once_whoever_sends_it(site: Site) -> None:
    """Two hosts with equal tables share one copy, and the second need not send it."""
    one, two = site.enrolled(), site.enrolled()
    same = {"os_version": [("Debian", "12")]}
    site.deliver(one, one.report(tables=same))
    made = two.report(tables=same)

    reply = site.deliver(two, Made(made.envelope, made.digest, {}))

    assert reply.status_code == 200
    assert _counts(site)[1] == 1


def test_an_edited_report_is_refused(site: Site) -> None:
    """A payload under another payload's signature is not authentic, and says which one it was."""
    host = site.enrolled()
    good, other = host.report(), host.report()
    opened = dsse.open_envelope(good.envelope)
    forged = dsse.write(
        dsse.Envelope(dsse.open_envelope(other.envelope).payload, opened.signatures)
    )

    reply = site.deliver(host, good, Made(forged, other.digest, other.blobs))

    said = reply.json()
    assert (reply.status_code, said["code"], said["index"]) == (400, "report_not_authentic", 1)
    assert said["payload_digest"] == other.digest
    assert _counts(site) == (2, 0)


def test_a_report_signed_by_another_key_is_refused(site: Site, tmp_path: Path) -> None:
    """Only the host's own key speaks for it."""
    host, stranger = site.enrolled(), new_host(tmp_path)

    reply = site.deliver(host, stranger.report(host_id=host.id))

    assert reply.json()["code"] == "report_unsigned"


def test_a_report_about_another_host_is_refused(site: Site) -> None:
    """A host's key does not speak for another host."""
    host, other = site.enrolled(), site.enrolled()

    reply = site.deliver(host, host.report(host_id=other.id))

    assert reply.json()["code"] == "report_broken"


def test_a_report_with_senseless_fields_is_refused(site: Site) -> None:
    """What is queried later must have the form it is queried by."""
    host = site.enrolled()
    worse = msgspec.structs.replace(SCORE, pass_weight=99)

    replies = [
        site.deliver(host, host.report(advance=False, **wrong))
        for wrong in (
            {"started": "yesterday"},
            {"sequence": 0},
            {"previous": "not a digest", "sequence": 2},
            {"score": worse},
            {"verdicts": [verdict("CEP-USB-003", "pass")] * 2},
            {"verdicts": [verdict("x\ny", "pass")]},
            {"policies": [PolicyRef("own", "2026.11.0", Digest("zz"))]},
        )
    ]

    assert [reply.json()["code"] for reply in replies] == ["report_broken"] * len(replies)


def test_what_is_not_a_report_is_refused(site: Site, tmp_path: Path) -> None:
    """An enrolment request, rightly signed, is no report."""
    host = site.enrolled()

    reply = site.send(host.key, "POST", "/v1/parcels", host.enrolment_request("x"))

    assert reply.json()["code"] == "report_broken"


def test_a_clock_two_days_off_is_recorded_and_no_reason_to_refuse(site: Site) -> None:
    """Evidence arrives whatever the host's clock says; how far it was off is kept."""
    host = site.enrolled()

    replies = [
        site.deliver(host, host.report(), skew=timedelta(days=days)) for days in (2, -2, -20_000)
    ]

    assert [reply.status_code for reply in replies] == [200, 200, 200]
    with site.service.store.read() as connection:
        skews = connection.scalars(select(reports.c.skew_s).order_by(reports.c.sequence)).all()
    assert [round(skew / 86400) for skew in skews] == [2, -2, -20_000]


def test_the_newest_assignment_comes_with_the_receipts(site: Site) -> None:
    """A host that reports under an older assignment gets the one in force, with its policies."""
    host = site.enrolled()
    digest = site.assign()

    under_none = site.deliver(host, host.report(asked=False))
    under_it = site.deliver(host, host.report())

    held = parcel.read(under_none.content, limit=10**7)
    (envelope,) = held.envelopes
    assert dsse.open_envelope(envelope).payload_digest == digest
    assert digest in held.receipts
    assert len(held.blobs) == 1
    assert parcel.read(under_it.content, limit=10**7).envelopes == ()


def _standing(site: Site, host: FakeHost) -> tuple[str | None, str]:
    """The report that counts for `host`, and when the host becomes silent."""
    with site.service.store.read() as connection:
        row = connection.execute(select(hosts).where(hosts.c.id == host.id)).one()
    return row.head, row.due_at


def test_only_what_the_unit_asked_for_counts(site: Site) -> None:
    """By a policy of his own choice, or on another root, nobody looks better than he is."""
    site.assign()
    host = site.enrolled()
    own = b"{}"
    asked = host.report(verdicts=[verdict("CEP-USB-003", "fail", [("S1",)])])
    site.deliver(host, asked)
    before = _standing(site, host)
    passing = [verdict("CEP-USB-003", "pass")]
    reference = PolicyRef("own", "2026.11.0", Digest(sha256(own)))

    unassigned = host.report(asked=False, verdicts=passing)
    elsewhere = host.report(root="recorded", verdicts=passing)
    lying = host.report(policies=[reference], verdicts=passing)
    lying.blobs[sha256(own)] = own
    reply = site.deliver(host, unassigned, elsewhere, lying)

    assert len(_receipts(reply.content)) == 3
    assert _standing(site, host) == before
    assert before[0] == asked.digest
    assert _links(site) == [
        (1, "first", True),
        (2, "unbroken", False),
        (3, "unbroken", False),
        (4, "unbroken", False),
    ]
    with site.service.store.read() as connection:
        holding = select(verdicts.c.verdict).where(verdicts.c.until.is_(None))
        assert connection.scalars(holding).all() == ["fail"]

    site.deliver(host, again := host.report(verdicts=passing))

    assert _standing(site, host)[0] == again.digest


def test_an_older_assignment_of_the_unit_still_counts(site: Site) -> None:
    """A host that could not fetch the newer one yet did what it was asked."""
    site.assign()
    host = site.enrolled()
    under_older = host.report()
    site.assign(interval_s=600)

    site.deliver(host, under_older)

    assert _standing(site, host)[0] == under_older.digest


def test_reports_judged_by_a_policy_bring_it(site: Site) -> None:
    """A policy that the server does not have is wanted like a table."""
    host = site.enrolled()
    policy = canonical.encode({"policy": "own"})
    reference = PolicyRef("own", "2026.11.0", Digest(sha256(policy)))

    reply = site.deliver(host, host.report(policies=[reference]))

    assert reply.json()["wanted"] == [sha256(policy)]


def test_many_reports_in_one_parcel_each_get_a_receipt(site: Site) -> None:
    """A spool of hours is emptied in one request."""
    host = site.enrolled()
    spool = [host.report() for _ in range(50)]

    reply = site.deliver(host, *spool)

    log = site.service.log
    texts = _receipts(reply.content)
    for made in spool:
        proof = receipt.decode(texts[made.digest])
        receipt.verify(proof, made.digest, host.key.key_id, log.key.public, log.origin)


def test_an_empty_parcel_is_no_harm(site: Site) -> None:
    """It gets an empty answer."""
    host = site.enrolled()

    reply = site.send(host.key, "POST", "/v1/parcels", parcel.write(Parcel()))

    assert parcel.read(reply.content, limit=1000) == Parcel()
