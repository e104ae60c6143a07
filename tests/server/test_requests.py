"""Requests: who sent them, whether they are whole, and how much of them is read."""

import gzip
from datetime import timedelta
from pathlib import Path

import pytest

from evidence import dsse, parcel
from evidence.checkpoint import verify as verify_checkpoint
from evidence.parcel import MEDIA_TYPE
from server import bodies
from server.bodies import Room
from server.errors import RefusedError
from server.signature import Nonces
from tests.server.hosts import new_host, signed
from tests.server.sites import Site

URL = "https://testserver/v1/parcels"


def test_an_unsigned_request_is_refused(site: Site) -> None:
    """Nothing is read from whoever does not sign."""
    reply = site.client.post("/v1/parcels", content=b"x", headers={"Content-Type": MEDIA_TYPE})

    assert (reply.status_code, reply.json()["code"]) == (401, "signature_invalid")


def test_an_unknown_key_is_refused(site: Site, tmp_path: Path) -> None:
    """A key that is not enrolled is told to enrol."""
    stranger = new_host(tmp_path)

    reply = site.send(stranger.key, "POST", "/v1/parcels", b"x")

    assert (reply.status_code, reply.json()["code"]) == (403, "host_unknown")
    assert "enrol" in reply.json()["en"]


def test_a_request_is_taken_once(site: Site) -> None:
    """The same signed request again is a replay, however right its signature is."""
    host = site.enrolled()
    request = signed(host.key, "POST", URL, host.report().parcel)

    replies = [
        site.client.post(URL, content=request.body, headers=request.headers) for _ in range(2)
    ]

    assert [reply.status_code for reply in replies] == [200, 401]
    assert replies[1].json()["code"] == "nonce_replayed"


def test_a_changed_body_is_refused(site: Site) -> None:
    """The body is covered by its digest, and the digest by the signature."""
    host = site.enrolled()
    request = signed(host.key, "POST", URL, host.report().parcel)

    reply = site.client.post(URL, content=host.report().parcel, headers=request.headers)

    assert reply.json()["code"] == "body_changed"


def test_a_changed_target_is_refused(site: Site) -> None:
    """A request signed for another place is not taken here."""
    host = site.enrolled()
    request = signed(host.key, "POST", f"{URL}?copy=1", host.report().parcel)

    reply = site.client.post(URL, content=request.body, headers=request.headers)

    assert reply.json()["code"] == "signature_invalid"


@pytest.mark.parametrize("left_out", ["@method", "@target-uri"])
def test_every_component_must_be_covered(site: Site, left_out: str) -> None:
    """A signature over less, though right, does not count."""
    host = site.enrolled()
    components = tuple(c for c in ("@method", "@target-uri") if c != left_out)
    request = signed(host.key, "POST", URL, host.report().parcel, components=components)

    reply = site.client.post(URL, content=request.body, headers=request.headers)

    assert reply.json()["code"] == "signature_invalid"


@pytest.mark.parametrize("nonce", ["", "n" * 129])
def test_a_nonce_must_be_there_and_short(site: Site, nonce: str) -> None:
    """Without one a replay could not be told; a long one would fill the memory."""
    host = site.enrolled()

    reply = site.send(host.key, "POST", "/v1/parcels", host.report().parcel, nonce=nonce)

    assert reply.json()["code"] == "signature_invalid"


def test_a_gzipped_parcel_is_read(site: Site) -> None:
    """The digest is of what travels, the parcel is what comes out."""
    host = site.enrolled()

    reply = site.deliver(host, host.report(), zipped=True)

    assert reply.status_code == 200


def test_a_gzip_bomb_is_refused(site: Site) -> None:
    """Ten thousand bytes that become ten million are not unpacked."""
    host = site.enrolled()

    reply = site.send(host.key, "POST", "/v1/parcels", bytes(10_000_000), zipped=True)

    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")
    assert reply.json()["limit"] < 10_000_000


@pytest.mark.parametrize("cut", [slice(None, -5), slice(5, None)])
def test_damaged_gzip_is_refused(site: Site, cut: slice) -> None:
    """A body cut short is no parcel, and is told as what it is."""
    host = site.enrolled()
    damaged = gzip.compress(host.report().parcel)[cut]

    reply = site.send(
        host.key, "POST", "/v1/parcels", damaged, headers={"Content-Encoding": "gzip"}
    )

    assert reply.json()["code"] == "gzip_damaged"


def test_another_encoding_is_refused(site: Site) -> None:
    """Only gzip is understood."""
    host = site.enrolled()

    reply = site.send(host.key, "POST", "/v1/parcels", b"x", headers={"Content-Encoding": "br"})

    assert (reply.status_code, reply.json()["code"]) == (415, "encoding_unknown")


def test_too_large_a_body_is_refused_with_the_limit(site: Site) -> None:
    """The declared length is enough to refuse; nothing is read."""
    host = site.enrolled()
    request = signed(host.key, "POST", URL, b"x")
    request.headers["Content-Length"] = str(bodies.MAX_BODY + 1)

    reply = site.client.post(URL, content=iter([b"x"]), headers=request.headers)

    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")
    assert reply.json()["limit"] == bodies.MAX_BODY


def test_a_body_must_state_its_length(site: Site) -> None:
    """Room in memory is set aside before a body is read."""
    host = site.enrolled()
    request = signed(host.key, "POST", URL, b"x")

    reply = site.client.post(URL, content=iter([b"x"]), headers=request.headers)

    assert reply.json()["code"] == "length_required"


def test_a_broken_parcel_is_refused(site: Site) -> None:
    """What cannot be read as a parcel is told as such."""
    host = site.enrolled()

    reply = site.send(host.key, "POST", "/v1/parcels", b'{"parcel":"other"}\n')

    assert reply.json()["code"] == "parcel_broken"


def test_every_refusal_speaks_both_languages(site: Site) -> None:
    """A person at either end can read why."""
    said = site.client.post("/v1/parcels").json()

    assert said.keys() >= {"code", "zh", "en"}


def test_the_assignment_is_for_enrolled_hosts(site: Site, tmp_path: Path) -> None:
    """A host of the unit gets it, signed by the server; a stranger does not."""
    host = site.enrolled()
    before = site.send(host.key, "GET", "/v1/assignment")
    digest = site.assign()

    after = site.send(host.key, "GET", "/v1/assignment")
    stranger = site.send(new_host(tmp_path).key, "GET", "/v1/assignment")

    (envelope,) = parcel.read(after.content, limit=10**7).envelopes
    assert (before.status_code, before.json()["code"]) == (404, "no_assignment")
    assert dsse.open_envelope(envelope).payload_digest == digest
    assert stranger.status_code == 403


def test_the_checkpoint_is_signed_and_grows(site: Site) -> None:
    """Anybody may ask how large the log is."""
    empty = site.client.get("/v1/checkpoint")
    site.enrolled()

    note = site.client.get("/v1/checkpoint").text

    log = site.service.log
    assert empty.json()["code"] == "log_empty"
    assert verify_checkpoint(note, log.key.public, log.origin).size == 2


def test_health_and_authority_need_no_signature(site: Site) -> None:
    """An agent fetches the authority before it has a key."""
    health, authority = site.client.get("/v1/healthz"), site.client.get("/v1/ca")

    assert health.json() == {"status": "ok"}
    assert authority.content.startswith(b"-----BEGIN CERTIFICATE-----")


def test_an_unknown_path_is_told_in_json(site: Site) -> None:
    """Agents read JSON, also when an administrator gave them a wrong address."""
    assert site.client.get("/v1/nothing").json()["code"] == "no_such_request"


def test_nonces_are_remembered_within_bounds() -> None:
    """The oldest is forgotten first, and another host's nonce is another nonce."""
    nonces = Nonces(room=2)
    nonces.take("a", "1")
    nonces.take("b", "1")
    nonces.take("a", "2")

    nonces.take("a", "1")

    with pytest.raises(RefusedError):
        nonces.take("a", "2")


def test_bodies_share_the_room_there_is() -> None:
    """Who comes when it is full is asked to come back, and the room is given back after use."""
    room = Room(size=10)

    with room.taken(6), pytest.raises(RefusedError) as refused, room.taken(5):
        pass
    with room.taken(10):
        pass

    assert (refused.value.status, refused.value.details) == (503, {"retry_after": 5})


def test_a_skewed_clock_enrols(site: Site, tmp_path: Path) -> None:
    """A machine whose clock battery is dead can still be enrolled."""
    reply = site.enrol(new_host(tmp_path), site.token(), skew=timedelta(days=-9000))

    assert reply.status_code == 200
