"""A token and a new key become an enrolled host, once."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from evidence import dsse, parcel, receipt
from evidence.keys import public_key
from evidence.statement import Assignment, Enrolment, decode_statement
from server import units
from server.store.schema import hosts, statements, tokens
from tests.server.hosts import new_host
from tests.server.sites import UNIT, Site


def test_answers_with_enrolment_assignment_and_what_it_names(site: Site, tmp_path: Path) -> None:
    """The host learns who it is, what to run, the unit's key and whom to trust, all receipted."""
    site.assign()
    host = new_host(tmp_path)

    reply = site.enrol(host, site.token())

    answer = reply.json()
    server = public_key(answer["server"]["key"])
    held = parcel.read(answer["parcel"].encode(), limit=10**7)
    enrolment, assignment = map(dsse.open_envelope, held.envelopes)
    dsse.verify(enrolment, {server.key_id: server})
    dsse.verify(assignment, {server.key_id: server})
    said = decode_statement(enrolment.payload, Enrolment).predicate
    assert (said.host.id, said.key_id, said.unit) == (host.id, host.key.key_id, UNIT)
    (policy,) = decode_statement(assignment.payload, Assignment).predicate.policies
    assert policy.digest.sha256 in held.blobs
    assert len(bytes.fromhex(answer["unit_key"])) == 32
    for envelope in (enrolment, assignment):
        proof = receipt.decode(held.receipts[envelope.payload_digest])
        origin = answer["server"]["origin"]
        receipt.verify(proof, envelope.payload_digest, server.key_id, server, origin)
    assert len(held.receipts) == 3


def test_asking_again_gets_the_same_answer(site: Site, tmp_path: Path) -> None:
    """An answer that got lost costs neither a second use nor a second host."""
    host, token = new_host(tmp_path), site.token()
    first = site.enrol(host, token).json()

    again = site.enrol(host, token).json()

    assert again == first
    with site.service.store.read() as connection:
        assert connection.scalar(select(tokens.c.used)) == 1
        assert connection.scalar(select(func.count()).select_from(hosts)) == 1
        assert connection.scalar(select(func.count()).select_from(statements)) == 2


def test_a_token_is_good_for_its_uses_only(site: Site, tmp_path: Path) -> None:
    """The second host on a token for one is refused, and the error says why."""
    token = site.token(uses=1)
    site.enrol(new_host(tmp_path), token)

    reply = site.enrol(new_host(tmp_path), token)

    assert (reply.status_code, reply.json()["code"]) == (403, "token_used_up")


def test_a_batch_token_enrols_several(site: Site, tmp_path: Path) -> None:
    """A token for three takes three hosts."""
    token = site.token(uses=3)

    codes = [site.enrol(new_host(tmp_path), token).status_code for _ in range(4)]

    assert codes == [200, 200, 200, 403]


def test_an_expired_token_is_refused(site: Site, tmp_path: Path) -> None:
    """What decides is the server's clock."""
    token = site.token(lifetime=timedelta(seconds=-1))

    reply = site.enrol(new_host(tmp_path), token)

    assert reply.json()["code"] == "token_expired"


def test_a_revoked_token_is_refused(site: Site, tmp_path: Path) -> None:
    """Revoking works at once, for a server that is running."""
    token = site.token()
    with site.service.store.write() as connection:
        units.revoke_token(connection, 1)

    reply = site.enrol(new_host(tmp_path), token)

    assert reply.json()["code"] == "token_revoked"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (f"anf1.{'a' * 32}.{'b' * 32}", "token_unknown"),
        ("anf1.short.one", "token_malformed"),
    ],
)
def test_a_wrong_token_is_refused(site: Site, tmp_path: Path, token: str, code: str) -> None:
    """Unknown and malformed tokens are told apart, nothing else about them is told."""
    reply = site.enrol(new_host(tmp_path), token)

    assert reply.json()["code"] == code


def test_no_token_is_refused(site: Site, tmp_path: Path) -> None:
    """A request without a token does not get as far as its body."""
    host = new_host(tmp_path)

    reply = site.send(host.key, "POST", "/v1/enrol", host.enrolment_request("x"))

    assert reply.json()["code"] == "token_missing"


def test_another_key_cannot_take_over_a_host(site: Site, tmp_path: Path) -> None:
    """A valid token does not let anyone speak for a host that is enrolled."""
    host = site.enrolled()
    thief = new_host(tmp_path, id=host.id)

    reply = site.enrol(thief, site.token())

    assert (reply.status_code, reply.json()["code"]) == (409, "host_known")


def test_the_request_must_be_signed_by_the_new_key(site: Site, tmp_path: Path) -> None:
    """Whoever replays another host's request cannot sign the HTTP request with its key."""
    host, other, token = new_host(tmp_path), new_host(tmp_path), site.token()

    reply = site.send(
        other.key,
        "POST",
        "/v1/enrol",
        host.enrolment_request(token),
        headers={"Authorization": f"Anfang-Token {token}"},
    )

    assert reply.status_code == 403


def test_the_request_is_about_the_token_beside_it(site: Site, tmp_path: Path) -> None:
    """A request made for one token does not enrol with another."""
    host, token = new_host(tmp_path), site.token()

    reply = site.send(
        host.key,
        "POST",
        "/v1/enrol",
        host.enrolment_request(site.token()),
        headers={"Authorization": f"Anfang-Token {token}"},
    )

    assert reply.json()["code"] == "enrolment_broken"


def test_no_token_is_kept(site: Site, tmp_path: Path) -> None:
    """The store holds digests, so that a copy of it enrols nobody."""
    token = site.token()
    site.enrol(new_host(tmp_path), token)

    everything = b"".join(
        path.read_bytes() for path in site.service.directory.iterdir() if path.is_file()
    )

    assert token.split(".")[1].encode() not in everything
    assert json.dumps(token).encode() not in everything
