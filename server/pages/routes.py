"""The pages' addresses.

GET  /                             the unit, or the list of units
GET  /units/NAME                   a unit's first screen
GET  /hosts/ID                     a host
GET  /hosts/ID/tables/NAME         a table of its latest report, as collected
GET  /sign-in  POST /sign-in  POST /sign-out
GET  /static/anfang.css
"""

import asyncio
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any, TypeAlias
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from server import clock, people
from server.pages import access, render, views
from server.people import Session
from server.store import queries
from server.store.engine import Store

Page: TypeAlias = Callable[[Request, Session], Response]

MAX_FORM_FIELD = 4096
"""The longest field of a form that is read, in characters."""


def routes(store: Store) -> list[Route]:
    """The routes of the pages over `store`."""
    pages = _Pages(store)
    return [
        Route("/", pages.signed_in(pages.start)),
        Route("/units/{unit}", pages.signed_in(pages.unit)),
        Route("/hosts/{host}", pages.signed_in(pages.host)),
        Route("/hosts/{host}/tables/{table}", pages.signed_in(pages.table)),
        Route("/sign-in", pages.sign_in, methods=["GET", "POST"]),
        Route("/sign-out", pages.sign_out, methods=["POST"]),
        Route("/static/anfang.css", _style),
    ]


class _Pages:
    def __init__(self, store: Store) -> None:
        self._store = store

    def signed_in(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """`page` for those who have signed in; the others are shown the way."""

        async def answer(request: Request) -> Response:
            session = await asyncio.to_thread(access.session_of, request, self._store)
            if session is None:
                target = quote(request.url.path)
                return access.guarded(RedirectResponse(f"/sign-in?next={target}", 303))
            try:
                response = await asyncio.to_thread(page, request, session)
            except HTTPException as e:
                response = self._render(
                    request, session, "missing.html", status=e.status_code, detail=e.detail
                )
            _remember_language(request, response)
            return access.guarded(response)

        return answer

    def start(self, request: Request, session: Session) -> Response:
        with self._store.read() as connection:
            names = queries.unit_names(connection)
        if len(names) == 1:
            return RedirectResponse(f"/units/{quote(names[0], safe='')}", 303)
        return self._render(request, session, "units.html", units=names)

    def unit(self, request: Request, session: Session) -> Response:
        with self._store.read() as connection:
            overview = queries.unit_overview(connection, request.path_params["unit"], clock.now())
        if overview is None:
            raise HTTPException(404, "unit")
        return self._render(
            request, session, "unit.html", overview=overview, every="all" in request.query_params
        )

    def host(self, request: Request, session: Session) -> Response:
        detail = self._host(request)
        view = views.host_view(detail, detail.latest) if detail.latest else None
        return self._render(request, session, "host.html", detail=detail, view=view)

    def table(self, request: Request, session: Session) -> Response:
        detail = self._host(request)
        name = request.path_params["table"]
        if detail.latest is None:
            raise HTTPException(404, "table")
        entries = {entry.name: entry for entry in detail.latest.predicate.tables}
        digests = {subject.name: subject.digest.sha256 for subject in detail.latest.subject}
        digest = digests.get(f"tables/{name}")
        if name not in entries or digest is None:
            raise HTTPException(404, "table")
        with self._store.read() as connection:
            data = queries.table_bytes(connection, digest)
        view = views.table_view(entries[name], data, _page(request))
        return self._render(request, session, "table.html", detail=detail, view=view, digest=digest)

    async def sign_in(self, request: Request) -> Response:
        target = _target(request.query_params.get("next", "/"))
        if request.method == "GET":
            response: Response = self._render(request, None, "sign_in.html", target=target)
        elif not access.same_origin(request):
            response = self._render(request, None, "sign_in.html", status=403, target=target)
        else:
            form = await request.form(max_files=0, max_fields=8)
            person = await asyncio.to_thread(
                people.authenticate, self._store, _field(form, "name"), _field(form, "password")
            )
            if person is None:
                response = self._render(
                    request, None, "sign_in.html", status=401, target=target, refused=True
                )
            else:
                response = RedirectResponse(target, 303)
                secret = await asyncio.to_thread(people.open_session, self._store, person)
                access.let_in(response, secret)
        _remember_language(request, response)
        return access.guarded(response)

    async def sign_out(self, request: Request) -> Response:
        response = RedirectResponse("/sign-in", 303)
        session = await asyncio.to_thread(access.session_of, request, self._store)
        if session is not None:
            form = await request.form(max_files=0, max_fields=8)
            if not access.genuine(session, access.SIGN_OUT, _field(form, "token")):
                raise HTTPException(403)
            secret = request.cookies[access.SESSION_COOKIE]
            await asyncio.to_thread(people.close_session, self._store, secret)
        access.let_out(response)
        return access.guarded(response)

    def _host(self, request: Request) -> queries.HostDetail:
        with self._store.read() as connection:
            detail = queries.host_detail(connection, request.path_params["host"], clock.now())
        if detail is None:
            raise HTTPException(404, "host")
        return detail

    def _render(
        self,
        request: Request,
        session: Session | None,
        template: str,
        *,
        status: int = 200,
        **values: Any,
    ) -> HTMLResponse:
        token = access.form_token(session, access.SIGN_OUT) if session else ""
        page = render.page(
            template,
            access.language(request),
            path=request.url.path,
            person=session.person if session else None,
            sign_out_token=token,
            now=clock.stamp(clock.now()),
            **values,
        )
        return HTMLResponse(page, status)


async def _style(_: Request) -> Response:
    style = resources.files("server.pages").joinpath("static/anfang.css").read_bytes()
    response = access.guarded(Response(style, media_type="text/css; charset=utf-8"))
    response.headers["cache-control"] = "public, max-age=3600"
    return response


def _remember_language(request: Request, response: Response) -> None:
    """Keep the language that was just chosen."""
    if request.query_params.get("lang") in ("zh", "en"):
        response.set_cookie(
            access.LANG_COOKIE,
            access.language(request),
            max_age=365 * 86400,
            path="/",
            secure=True,
            httponly=True,
            samesite="lax",
        )


def _target(asked: str) -> str:
    """Where to go after signing in: a path here, and never anywhere else."""
    inside = asked.startswith("/") and not asked.startswith(("//", "/\\"))
    return asked if inside and asked.isprintable() else "/"


def _page(request: Request) -> int:
    asked = request.query_params.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1  # noqa: PLR2004  # six digits


def _field(form: Any, name: str) -> str:
    value = form.get(name, "")
    return value[:MAX_FORM_FIELD] if isinstance(value, str) else ""
