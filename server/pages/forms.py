"""Forms as browsers send them: short, urlencoded, and read no further than that."""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from server import bodies
from server.errors import RefusedError

MAX_FORM = 16 * 1024
"""The longest form that is read, in bytes."""

MAX_FIELDS = 8

FORM_SECONDS = 10
"""How long a form may take to arrive."""


async def read(request: Request) -> Mapping[str, str]:
    """The fields of the form in `request`.

    Raises:
        RefusedError: it is none, is too long, or is too slow.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise RefusedError(415, "not_a_form", "提交的内容不是表单。", "This is not a form.")
    bodies.declared(request, limit=MAX_FORM)
    try:
        async with asyncio.timeout(FORM_SECONDS):
            body = await bodies.read(request, limit=MAX_FORM)
        fields = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except TimeoutError as e:
        raise RefusedError(408, "too_slow", "提交超时，请重试。", "It came too slowly.") from e
    except ValueError as e:
        raise RefusedError(400, "form_broken", "表单格式有误。", "The form is broken.") from e
    return dict(fields)
