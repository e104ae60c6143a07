"""The pages' addresses.

GET  /                             the unit, or the list of units
GET  /units/NAME                   a unit's first screen
GET  /hosts/ID                     a host
GET  /hosts/ID/tables/NAME         a table of its latest report, as collected
GET  /sign-in  POST /sign-in  POST /sign-out
GET  /static/anfang.css  /static/icon.svg
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from server import clock, people
from server.errors import DataError, RefusedError
from server.pages import access, forms, overview, render, views
from server.pages.attempts import Attempts
from server.pages.events import event_view
from server.pages.views import Damage
from server.people import Session
from server.store import queries
from server.store.engine import Store
from server.store.events import recent
from server.store.queries import HostDetail

Answer: TypeAlias = Callable[[Request, Session | None], Awaitable[Response]]
Page: TypeAlias = Callable[[Request, Session], Response]

STYLE_SECONDS = 3600
"""How long a browser keeps the style sheet."""

logger = logging.getLogger(__name__)


def routes(store: Store) -> list[BaseRoute]:
    """The routes of the pages over `store`; the last one takes every other address."""
    pages = _Pages(store)
    shown = pages.signed_in
    return [
        Route("/", shown(pages.start)),
        Route("/units/{unit:path}", shown(pages.unit)),
        Route("/hosts/{host}", shown(pages.host)),
        Route("/hosts/{host}/tables/{table}", shown(pages.table)),
        Route("/sign-in", pages.answering(pages.sign_in), methods=["GET", "POST"]),
        Route("/sign-out", pages.answering(pages.sign_out), methods=["POST"]),
        Route("/static/anfang.css", _static("anfang.css", "text/css; charset=utf-8")),
        Route("/static/icon.svg", _static("icon.svg", "image/svg+xml")),
        Route("/{path:path}", shown(pages.nowhere)),
    ]


def message(request: Request, error: RefusedError) -> Response:
    """The page that says `error` to whoever asked, signed in or not."""
    lang = access.language(request)
    page = render.page(
        "message.html",
        lang,
        elsewhere=_in_language(request, "en" if lang == "zh" else "zh"),
        person=None,
        zh=error.zh,
        en=error.en,
    )
    return access.guarded(HTMLResponse(page, error.status))


class _Pages:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._attempts = Attempts()

    def answering(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """`answer`, with what every answer has, also when something goes wrong."""

        async def answered(request: Request) -> Response:
            session = None
            try:
                session = await asyncio.to_thread(access.session_of, request, self._store)
                response = await answer(request, session)
            except RefusedError as e:
                response = self._message(request, session, e.status, e.zh, e.en)
                if "retry_after" in e.details:
                    response.headers["retry-after"] = str(e.details["retry_after"])
            except Exception:
                logger.exception("page %s failed", request.url.path)
                response = self._message(
                    request,
                    session,
                    500,
                    "这一页无法显示：服务器上的数据缺失、损坏或者暂时无法读取。原因已记入服务日志，请联系管理员。",
                    "This page cannot be shown: data on the server is missing, damaged or cannot "
                    "be read for now. The server's log says why; tell the administrator.",
                )
            access.remember_language(request, response)
            return access.guarded(response)

        return answered

    def signed_in(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """`page` for those who have signed in; the others are shown the way."""

        async def answer(request: Request, session: Session | None) -> Response:
            if session is None:
                return RedirectResponse(
                    f"/sign-in?next={quote(request.scope['path'], safe='')}", 303
                )
            return await asyncio.to_thread(page, request, session)

        return self.answering(answer)

    def start(self, request: Request, session: Session) -> Response:
        with self._store.read() as connection:
            names = queries.unit_names(connection)
        if len(names) == 1:
            return RedirectResponse(f"/units/{quote(names[0], safe='')}", 303)
        return self._render(request, session, "units.html", units=names)

    def unit(self, request: Request, session: Session) -> Response:
        with self._store.read() as connection:
            found = queries.unit_overview(connection, request.path_params["unit"], clock.now())
        if found is None:
            raise RefusedError(404, "no_unit", "没有这个单位。", "There is no such unit.")
        asked = request.query_params
        view = overview.unit_view(
            found, _page(request), every="all" in asked, outdated="outdated" in asked
        )
        return self._render(request, session, "unit.html", overview=found, view=view)

    def host(self, request: Request, session: Session) -> Response:
        detail = self._host(request)
        view = None
        if detail.latest is not None:
            digest = views.table_digest(detail.latest, "os_version")
            system, _ = self._table(digest) if digest else (None, None)
            view = views.host_view(detail, detail.latest, system)
        with self._store.read() as connection:
            events = event_view(recent(connection, detail.host.id))
        return self._render(request, session, "host.html", detail=detail, view=view, events=events)

    def table(self, request: Request, session: Session) -> Response:
        detail = self._host(request)
        name = request.path_params["table"]
        digest = views.table_digest(detail.latest, name) if detail.latest else None
        if detail.latest is None or digest is None:
            raise RefusedError(
                404,
                "no_table",
                "最近一份主机报告没有记录这张表。",
                "The latest report recorded no such table.",
            )
        data, damage = self._table(digest)
        view = views.table_view(detail.latest, name, data, _page(request), damage)
        return self._render(request, session, "table.html", detail=detail, view=view, digest=digest)

    def nowhere(self, _: Request, __: Session) -> Response:
        raise RefusedError(404, "nowhere", "没有这个页面，请检查地址。", "There is no such page.")

    async def sign_in(self, request: Request, session: Session | None) -> Response:
        target = _target(request.query_params.get("next", "/"))
        if request.method != "POST":
            return self._render(request, None, "sign_in.html", target=target)
        if not access.same_origin(request):
            raise RefusedError(
                403,
                "cross_origin",
                "登录请求不是从本系统的登录页发出的，未予处理。请打开登录页重新登录。",
                "This did not come from our own sign-in page. Open that page to sign in.",
            )
        form = await forms.read(request)
        name, password = form.get("name", ""), form.get("password", "")
        address = request.client.host if request.client else ""
        wait = self._attempts.begin(name, address)
        person = None
        if not wait:
            person = await asyncio.to_thread(people.authenticate, self._store, name, password)
        if person is None:
            logger.warning("sign-in refused name=%.64r address=%s wait=%d", name, address, wait)
            status = 429 if wait else 401
            answer = self._render(
                request, None, "sign_in.html", status=status, target=target, wait=wait
            )
            if wait:
                answer.headers["retry-after"] = str(wait)
            return answer
        self._attempts.succeeded(name, address)
        logger.info("sign-in name=%s address=%s", person.name, address)
        secret = await asyncio.to_thread(people.open_session, self._store, person)
        if session is not None:
            await asyncio.to_thread(self._close, request)
        response = RedirectResponse(target, 303)
        access.let_in(response, secret)
        return response

    async def sign_out(self, request: Request, session: Session | None) -> Response:
        response = RedirectResponse("/sign-in", 303)
        if session is None:
            # Another site's form comes without the cookie, and must not take it away either.
            return response
        form = await forms.read(request)
        if not access.genuine(session, access.SIGN_OUT, form.get("token", "")):
            raise RefusedError(
                403,
                "token_wrong",
                "该请求不是由本页发出的，未予处理。请返回后重试。",
                "This did not come from our own page. Go back and try again.",
            )
        await asyncio.to_thread(self._close, request)
        access.let_out(response)
        return response

    def _close(self, request: Request) -> None:
        """End the session that `request` came with."""
        people.close_session(self._store, request.cookies[access.SESSION_COOKIE])

    def _host(self, request: Request) -> HostDetail:
        with self._store.read() as connection:
            detail = queries.host_detail(connection, request.path_params["host"], clock.now())
        if detail is None:
            raise RefusedError(404, "no_host", "没有这台主机。", "There is no such host.")
        return detail

    def _table(self, digest: str) -> tuple[bytes | None, Damage | None]:
        """The bytes of the table with this digest, or why there are none."""
        try:
            with self._store.read() as connection:
                data = queries.table_bytes(connection, digest)
        except DataError:
            logger.exception("table %s", digest)
            return None, "damaged"
        return data, None if data is not None else "missing"

    def _message(
        self, request: Request, session: Session | None, status: int, zh: str, en: str
    ) -> Response:
        return self._render(request, session, "message.html", status=status, zh=zh, en=en)

    def _render(
        self,
        request: Request,
        session: Session | None,
        template: str,
        *,
        status: int = 200,
        **values: Any,
    ) -> HTMLResponse:
        lang = access.language(request)
        page = render.page(
            template,
            lang,
            elsewhere=_in_language(request, "en" if lang == "zh" else "zh"),
            person=session.person if session else None,
            sign_out_token=access.form_token(session, access.SIGN_OUT) if session else "",
            now=clock.stamp(clock.now()),
            **values,
        )
        return HTMLResponse(page, status)


def _static(name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    data = resources.files("server.pages").joinpath("static", name).read_bytes()

    async def answer(_: Request) -> Response:
        response = access.guarded(Response(data, media_type=media_type))
        response.headers["cache-control"] = f"public, max-age={STYLE_SECONDS}"
        return response

    return answer


def _in_language(request: Request, lang: access.Lang) -> str:
    """The address of this page in `lang`."""
    if request.method == "POST" and request.scope["path"] != "/sign-in":
        return f"/?lang={lang}"
    kept = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
    return "?" + urlencode([*kept, ("lang", lang)])


def _target(asked: str) -> str:
    """Where to go after signing in: a path here, and never anywhere else."""
    inside = asked.startswith("/") and not asked.startswith(("//", "/\\"))
    return quote(asked, safe="/") if inside and asked.isprintable() else "/"


def _page(request: Request) -> int:
    asked = request.query_params.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1  # noqa: PLR2004  # six digits
