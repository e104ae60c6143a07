"""Who is looking, in which language, and what every answer says to the browser.

A session is a random secret in a cookie that script cannot read and that no other site's form
carries (`SameSite=Lax`). A form that changes something carries a token made with the session's own
key; the one form before there is a session, signing in, must come from our own page.
"""

import hashlib
import hmac
from typing import Literal, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from server import people
from server.people import Session
from server.store.engine import Store

Lang: TypeAlias = Literal["zh", "en"]

SESSION_COOKIE = "__Host-anfang"
LANG_COOKIE = "anfang-lang"

SIGN_OUT = "sign-out"
"""The form that ends a session."""

# A referrer goes to our own pages only; with none at all, browsers would hide a form's origin.
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def guarded(response: Response) -> Response:
    """`response` with the headers that keep a page to itself."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def session_of(request: Request, store: Store) -> Session | None:
    """Who is looking; None if nobody has signed in."""
    secret = request.cookies.get(SESSION_COOKIE)
    return people.session(store, secret) if secret else None


def let_in(response: Response, secret: str) -> None:
    """Give the browser the session's secret."""
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=int(people.SESSION.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def let_out(response: Response) -> None:
    """Take the session's secret from the browser."""
    response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")


def form_token(session: Session, form: str) -> str:
    """What the form `form` of this session has to carry."""
    return hmac.new(session.form_key, form.encode(), hashlib.sha256).hexdigest()


def genuine(session: Session, form: str, token: str) -> bool:
    """Whether a form was made for this session, and not by another site."""
    return hmac.compare_digest(form_token(session, form).encode(), token.encode())


def same_origin(request: Request) -> bool:
    """Whether a form was sent from a page of ours; browsers say so in headers no page can set."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("origin")
    return origin is None or origin == f"{request.url.scheme}://{request.headers.get('host')}"


def language(request: Request) -> Lang:
    """The language asked for in the address, else the one chosen before, else Chinese."""
    asked = request.query_params.get("lang") or request.cookies.get(LANG_COOKIE)
    return "en" if asked == "en" else "zh"


def remember_language(request: Request, response: Response) -> None:
    """Keep the language that was just chosen."""
    asked = request.query_params.get("lang")
    if asked in ("zh", "en"):
        response.set_cookie(
            LANG_COOKIE,
            asked,
            max_age=365 * 86400,
            path="/",
            secure=True,
            httponly=True,
            samesite="lax",
        )
