"""Signed requests, whatever stands in their headers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from evidence.keys import SigningKey, create_key
from server import signature
from server.errors import RefusedError
from server.signature import Nonces
from tests.server.hosts import Signed, signed

URL = "https://collector.example:8443/v1/parcels"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    """A host's key."""
    return create_key(tmp_path_factory.mktemp("key") / "key.pem")


def _request(made: Signed) -> Request:
    headers = [(b"host", b"collector.example:8443")]
    headers += [(k.lower().encode(), v.encode("latin-1")) for k, v in made.headers.items()]
    scope = {
        "type": "http",
        "method": made.method,
        "scheme": "https",
        "path": "/v1/parcels",
        "raw_path": b"/v1/parcels",
        "query_string": b"",
        "headers": headers,
    }
    return Request(scope)


def test_what_the_general_library_signs_is_accepted(key: SigningKey) -> None:
    """Agents sign with it, in its own order of components and parameters."""
    orders = [
        ("@method", "@target-uri"),
        ("@target-uri", "@method"),
        ("content-digest", "@target-uri", "@method"),
    ]

    said = [
        signature.verify(
            _request(signed(key, "POST", URL, b"body", components=order)),
            {key.key_id: key.public}.get,
            Nonces(),
        )
        for order in orders
    ]

    assert {one.key_id for one in said} == {key.key_id}
    assert all(abs(one.skew_s) < 60 for one in said)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_header_that_is_changed_anywhere_is_refused(key: SigningKey, data: st.DataObject) -> None:
    """One character more, less or other in any signed header is a refusal, never a crash.

    Only the label is free, because it is not signed, as long as both headers have the same one.
    """
    made = signed(key, "POST", URL, b"body")
    name = data.draw(st.sampled_from(["Signature-Input", "Signature", "Content-Digest"]))
    value = made.headers[name]
    place = data.draw(st.integers(0, len(value)))
    cut = data.draw(st.integers(0, 2))
    put = data.draw(st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=3))
    changed = value[:place] + put + value[place + cut :]
    made.headers[name] = changed

    try:
        signature.verify(_request(made), {key.key_id: key.public}.get, Nonces())
    except RefusedError:
        accepted = False
    else:
        accepted = True

    assert accepted == (changed.strip(" \t") == value)
