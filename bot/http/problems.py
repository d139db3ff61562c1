"""What our own HTTP routes answer where they cannot do what was asked: problem details (RFC 9457)."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hmac import compare_digest
from typing import TypeVar

import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.actions.execute import TemporalUnavailableError
from records.database import DATABASE_FAILURES

MOST = 64 * 1024
"""Bytes of a body: an order of many lines has a tenth of it."""
OURS = ("/api/", "/webhooks/")
"""Paths below which every error is a problem."""
SOON = "2"
"""Seconds after which it is worth while to ask again."""

_log = structlog.get_logger("bot.runtime.http_server")

Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Problem(Exception):  # noqa: N818 - it is an answer
    """An answer that says what is wrong. `code` ends its type and never changes once released.

    Whatever else is given (`order_id`, `errors`) is a member of the answer too.
    """

    def __init__(
        self, status: int, code: str, title: str, detail: str = "", **more: object
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.body = {
            "type": f"urn:countersign:problem:{code}",
            "title": title,
            "status": status,
            **({"detail": detail} if detail else {}),
            **more,
        }

    def answer(self) -> web.Response:
        """Return the answer."""
        response = web.json_response(
            self.body, status=self.status, content_type="application/problem+json"
        )
        if self.status == 401:  # noqa: PLR2004 - RFC 9110 wants to hear how to do better
            response.headers["WWW-Authenticate"] = "Bearer"
        if self.status == 503:  # noqa: PLR2004 - it passes
            response.headers["Retry-After"] = SOON
        return response


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer errors of our own routes with problems; other routes are left alone."""
    if not request.path.startswith(OURS):
        return await handler(request)
    try:
        return await handler(request)
    except Problem as problem:
        return problem.answer()
    except web.HTTPException as error:
        answer = Problem(error.status, "http", error.reason).answer()
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except Exception as error:  # noqa: BLE001 - the last one who could say it in words
        return _told(error, request.path).answer()


def _told(error: Exception, path: str) -> Problem:
    if isinstance(error, TemporalUnavailableError):
        _log.warning("temporal_unavailable", what=str(error))
        return _unavailable("temporal-unavailable", "Temporal does not answer")
    if isinstance(error, DATABASE_FAILURES):
        _log.warning("records_unavailable", error=type(error).__name__)
        return _unavailable("records-unavailable", "The database does not answer")
    error_id = secrets.token_hex(4)
    _log.error("request_failed", error_id=error_id, path=path, exc_info=error)
    return Problem(500, "internal", "Something went wrong here", f"Our log has it as {error_id}.")


def _unavailable(code: str, title: str) -> Problem:
    return Problem(503, code, title, "Nothing is lost. Asking again in a moment is safe.")


async def read_body(request: web.Request) -> bytes:
    """Return the body.

    Raises:
        Problem: 413, it is longer than `MOST`.

    """
    body = b""
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MOST:
            raise Problem(413, "too-long", "The body is too long", f"{MOST} bytes are enough.")
    return body


def parse(model: type[Model], body: bytes) -> Model:
    """Return what a JSON body says.

    Raises:
        Problem: 422 with every mistake in `errors`, by its place in the body.

    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise unreadable([("/".join(map(str, one["loc"])), one["msg"]) for one in found]) from None


def unreadable(mistakes: Sequence[tuple[str, str]]) -> Problem:
    """Return the problem of a body with these mistakes, each with its place, such as `lines/0/sku`."""
    errors: Sequence[Mapping[str, str]] = [
        {"pointer": f"#/{place}" if place else "#", "detail": detail} for place, detail in mistakes
    ]
    return Problem(422, "unreadable", "The body cannot be used", errors=errors)


def require_bearer(request: web.Request, token: str) -> None:
    """Return where the request carries our token.

    Raises:
        Problem: 503, we have no token, so nobody is let in; 401, it carries none, or another.

    """
    if not token:
        raise Problem(
            503, "not-set-up", "The API is off", "Set API_TOKEN, and restart the bot, to use it."
        )
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    # In bytes: a comparison of texts would refuse letters outside ASCII with an error.
    same = compare_digest(given.strip().encode("utf-8", "surrogateescape"), token.encode())
    if scheme.lower() != "bearer" or not same:
        _log.warning("not_let_in", path=request.path)
        raise Problem(401, "unauthorized", "Send our token", "Authorization: Bearer TOKEN")
