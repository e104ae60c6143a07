"""Who gets in, how, and what a page lets a browser do."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from httpx2 import Response
from sqlalchemy import update

from server import clock
from server.pages.forms import MAX_FORM
from server.store.schema import people, sessions
from tests.server.markup import read
from tests.server.sites import UNIT, Site
from tests.server.visitor import NAME, PASSWORD, Visitor, add_person

COOKIE = "__Host-anfang"


@pytest.fixture
def visitor(site: Site) -> Visitor:
    """Somebody who has a password and has not signed in."""
    add_person(site.service.store)
    return Visitor(site.client)


def _token(visitor: Visitor) -> str:
    """The token in the form that signs out."""
    (form,) = visitor.page(f"/units/{UNIT}").all("form")
    (hidden,) = form.all("input")
    return hidden.attributes["value"]


@pytest.mark.parametrize("path", ["/", "/units/x", "/hosts/x", "/hosts/x/tables/y", "/nowhere"])
def test_without_a_session_the_way_in_is_shown(visitor: Visitor, path: str) -> None:
    """Nothing is told, not even whether the address exists; the way back is kept."""
    answer = visitor.get(path)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next={path.replace('/', '%2F')}"
    assert answer.content == b""


def test_the_right_password_opens_a_session(visitor: Visitor) -> None:
    """In a cookie that neither script nor another site gets hold of."""
    answer = visitor.send("/sign-in?next=/units/x", name=NAME, password=PASSWORD)

    cookie = answer.headers["set-cookie"]
    name, *attributes = cookie.split("; ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/units/x")
    assert name.startswith(f"{COOKIE}=")
    assert len(name) > 40
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(attributes)
    assert not any(attribute.startswith("Domain") for attribute in attributes)
    assert visitor.get(f"/units/{UNIT}").status_code == 200


def test_a_wrong_password_and_an_unknown_name_get_one_answer(visitor: Visitor) -> None:
    """Nobody learns which names there are."""
    wrong = visitor.sign_in(password="wrong")
    unknown = visitor.sign_in(name="nobody")

    assert wrong.status_code == unknown.status_code == 401
    assert read(wrong.text).text == read(unknown.text).text
    assert "用户名或口令不正确。" in wrong.text
    assert COOKIE not in wrong.headers.get("set-cookie", "")
    assert visitor.get(f"/units/{UNIT}").status_code == 303


def test_the_answer_is_in_the_language_of_the_page(visitor: Visitor) -> None:
    """Chosen once, it stays, also where a form goes."""
    visitor.page("/sign-in", lang="en")

    refused = visitor.sign_in(password="wrong")

    assert "The name or the password is wrong." in refused.text
    assert read(refused.text).attributes["lang"] == "en"


def test_a_disabled_person_does_not_get_in(visitor: Visitor, site: Site) -> None:
    """And is out at once, wherever already in."""
    visitor.sign_in()
    with site.service.store.write() as connection:
        connection.execute(update(people).values(disabled_at=clock.stamp(clock.now())))

    assert visitor.get(f"/units/{UNIT}").status_code == 303
    assert visitor.sign_in().status_code == 401


def test_a_session_ends_by_itself(visitor: Visitor, site: Site) -> None:
    """After a shift the page asks again."""
    visitor.sign_in()
    past = clock.stamp(clock.now() - timedelta(seconds=1))
    with site.service.store.write() as connection:
        connection.execute(update(sessions).values(expires_at=past))

    assert visitor.get(f"/units/{UNIT}").status_code == 303


def test_attempts_are_slowed(visitor: Visitor) -> None:
    """After a few, even the right password has to wait, and the page says how long."""
    refused = [visitor.sign_in(password=f"wrong {n}").status_code for n in range(5)]

    slowed = visitor.sign_in()

    assert refused == [401] * 5
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) >= 1
    assert "尝试次数过多" in slowed.text
    assert visitor.get(f"/units/{UNIT}").status_code == 303


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\r\nSet-Cookie: a=b",
        "",
    ],
)
def test_signing_in_never_leads_elsewhere(visitor: Visitor, elsewhere: str) -> None:
    """Whatever the address says: a path here, or the start."""
    answer = visitor.client.post(
        "/sign-in",
        params={"next": elsewhere},
        data={"name": NAME, "password": PASSWORD},
        follow_redirects=False,
    )

    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://testserver"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://testserver"},
    ],
)
def test_another_sites_form_signs_nobody_in(visitor: Visitor, headers: dict[str, str]) -> None:
    """Not even with the right password: a visitor could be made to work under another's name."""
    answer = visitor.client.post(
        "/sign-in",
        data={"name": NAME, "password": PASSWORD},
        headers=headers,
        follow_redirects=False,
    )

    assert answer.status_code == 403
    assert COOKIE not in answer.headers.get("set-cookie", "")
    assert "不是从本系统的登录页发出的" in answer.text


def test_signing_out_needs_the_sessions_own_token(visitor: Visitor) -> None:
    """Without it, with a made-up one or with another session's nothing happens."""
    visitor.sign_in()
    others = _token(visitor)
    visitor.client.cookies.clear()
    visitor.sign_in()

    answers = [
        visitor.send("/sign-out", token=""),
        visitor.send("/sign-out", token="x"),
        visitor.send("/sign-out", token=others),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert visitor.get(f"/units/{UNIT}").status_code == 200


def test_signing_out_ends_the_session(visitor: Visitor) -> None:
    """On the server too: the cookie, kept elsewhere, opens nothing any more."""
    visitor.sign_in()
    secret = visitor.client.cookies[COOKIE]

    answer = visitor.send("/sign-out", token=_token(visitor))
    visitor.client.cookies.set(COOKIE, secret)

    assert answer.headers["location"] == "/sign-in"
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]
    assert visitor.get(f"/units/{UNIT}").status_code == 303


def test_signing_in_again_ends_the_session_before(visitor: Visitor) -> None:
    """One browser, one session."""
    visitor.sign_in()
    before = visitor.client.cookies[COOKIE]
    visitor.sign_in()
    visitor.client.cookies.clear()

    visitor.client.cookies.set(COOKIE, before)

    assert visitor.get(f"/units/{UNIT}").status_code == 303


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"name=" + b"x" * MAX_FORM, "application/x-www-form-urlencoded", 413),
        (b"&".join([b"a=b"] * 9), "application/x-www-form-urlencoded", 400),
        (b"name=%ff", "application/x-www-form-urlencoded", 400),
        (b"name=\xff", "application/x-www-form-urlencoded", 400),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 415),
        (b"{}", "application/json", 415),
        (b"", "", 415),
    ],
)
def test_what_is_no_short_form_is_refused(
    visitor: Visitor, body: bytes, kind: str, status: int
) -> None:
    """Before anybody's password is looked at, on a page that says so."""
    answer = visitor.client.post("/sign-in", content=body, headers={"Content-Type": kind})

    assert answer.status_code == status
    assert [h.text for h in read(answer.text).all("h1")] == ["无法显示"]


def test_a_form_must_say_how_long_it_is(visitor: Visitor) -> None:
    """One that could go on for ever is not begun."""

    def endless() -> Iterator[bytes]:
        yield b"name=x"

    answer = visitor.client.post(
        "/sign-in",
        content=endless(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 411


def test_every_answer_keeps_the_page_to_itself(visitor: Visitor) -> None:
    """Pages, refusals, redirects, style sheet and failures alike."""
    answers: list[Response] = [
        visitor.get("/"),
        visitor.get("/sign-in"),
        visitor.get("/static/anfang.css"),
        visitor.get("/static/icon.svg"),
        visitor.sign_in(password="wrong"),
        visitor.sign_in(),
        visitor.get(f"/units/{UNIT}"),
        visitor.get("/hosts/none"),
        visitor.send("/sign-out"),
    ]

    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
    kept = {answer.headers["cache-control"] for answer in answers}
    assert kept == {"no-store", "public, max-age=3600"}


def test_what_is_public_is_only_how_pages_look(visitor: Visitor) -> None:
    """The style sheet and the icon may stay in a cache; no page may."""
    assert "no-store" in visitor.get("/sign-in").headers["cache-control"]
    assert "max-age" in visitor.get("/static/anfang.css").headers["cache-control"]
