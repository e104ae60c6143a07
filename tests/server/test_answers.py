"""Answers that are made before our own code is asked have its form and its headers, too."""

import msgspec
import pytest
from starlette.testclient import TestClient

from facts.spec import TableSpec
from facts.tables import SPECS
from server import api
from server.app import create_app
from server.pages import render
from server.store.engine import Store
from tests.server.hosts import new_host
from tests.server.markup import read
from tests.server.sites import Site

GUARDS = {
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "cache-control",
}


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/"), ("PUT", "/sign-in"), ("POST", "/hosts/x")]
)
def test_another_method_on_a_page_is_told_on_a_page(site: Site, method: str, path: str) -> None:
    """In the visitor's language, with what keeps a page to itself, and with what is allowed."""
    zh = site.client.request(method, path)
    en = site.client.request(method, f"{path}?lang=en")

    assert (zh.status_code, en.status_code) == (405, 405)
    assert zh.headers.keys() >= GUARDS | {"allow"}
    assert "不接受这种请求方法" in read(zh.text).text
    assert "does not take requests of that method" in read(en.text).text


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/v1/parcels"), ("POST", "/v1/nothing")])
def test_another_method_is_told_to_agents_as_ever(site: Site, method: str, path: str) -> None:
    """Code and both languages, as JSON."""
    reply = site.client.request(method, path)

    said = msgspec.json.decode(reply.content, type=dict[str, str])
    assert reply.status_code == 405
    assert reply.headers.keys() >= GUARDS | {"allow"}
    assert said["code"] == "method_not_allowed"
    assert said["zh"]
    assert said["en"]


def test_a_failure_of_ours_has_the_same_form(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, and no bare words of the framework."""

    def broken(_: Store) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Store, "read", broken)
    with TestClient(
        create_app(site.service), base_url="https://testserver", raise_server_exceptions=False
    ) as client:
        reply = client.get("/v1/healthz")

    assert (reply.status_code, reply.json()["code"]) == (500, "internal_error")
    assert reply.headers.keys() >= GUARDS


def test_whoever_enrols_takes_no_room_from_hosts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the room for strangers taken, a stranger waits and an enrolled host reports."""
    site.assign()
    host = site.enrolled()
    monkeypatch.setattr(api, "ENROL_ROOM", 0)
    with TestClient(create_app(site.service), base_url="https://testserver") as client:
        full = Site(site.service, client, site.directory, site.asking)

        stranger = full.enrol(new_host(site.directory), full.token())
        report = full.deliver(host, host.report())

    assert (stranger.status_code, stranger.json()["code"]) == (503, "busy")
    assert stranger.headers["retry-after"] == "5"
    assert report.status_code == 200
    assert api.ENROL_SECONDS < api.BODY_SECONDS


def test_what_stands_between_backticks_is_shown_as_code() -> None:
    """In every table's description, in both languages; markup in it stays text."""
    said = [text for spec in SPECS.values() for text in _texts(spec)]

    shown = [str(render.ticked(text)) for text in said]

    assert any("<code>" in text for text in shown)
    assert [text for text in shown if "`" in text] == []
    assert render.ticked("`<b>` & one ` more") == "<code>&lt;b&gt;</code> &amp; one ` more"


def _texts(spec: TableSpec) -> list[str]:
    words = [spec.doc, *(column.doc for column in spec.columns)]
    words += [spec.notes] if spec.notes else []
    return [text for each in words for text in (each.zh, each.en)]
