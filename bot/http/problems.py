"""Error responses of the HTTP door: problem details (RFC 9457)."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hmac import compare_digest
from typing import TypeVar

import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.actions.execute import TemporalUnavailableError
from records.database import DATABASE_FAILURES

MAX_BODY = 64 * 1024
"""Bytes of a request body. An order of 100 lines has about a tenth of this."""
PATHS = ("/api/", "/webhooks/")
"""Paths below which every error is a problem document."""
RETRY_AFTER = "2"
"""Seconds, sent with status 503."""

_log = structlog.get_logger("bot.runtime.http_server")

Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Problem(Exception):  # noqa: N818 - it is a response
    """An error response. `code` is the last part of its type and never changes once released.

    Additional keyword arguments (`order_id`, `errors`) become members of the document.
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

    def response(self) -> web.Response:
        """Return the HTTP response."""
        response = web.json_response(
            self.body, status=self.status, content_type="application/problem+json"
        )
        if self.status == 401:  # noqa: PLR2004 - RFC 9110 requires this header
            response.headers["WWW-Authenticate"] = "Bearer"
        if self.status == 503:  # noqa: PLR2004 - temporary
            response.headers["Retry-After"] = RETRY_AFTER
        return response


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn errors of the routes below `PATHS` into problem documents."""
    if not request.path.startswith(PATHS):
        return await handler(request)
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        response = Problem(error.status, "http", error.reason).response()
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except Exception as error:  # noqa: BLE001 - no error may reach the client as a traceback
        return _unexpected(error, request.path).response()


def _unexpected(error: Exception, path: str) -> Problem:
    if isinstance(error, TemporalUnavailableError):
        _log.warning("temporal_unavailable", what=str(error))
        return _unavailable("temporal-unavailable", "Temporal does not answer")
    if isinstance(error, DATABASE_FAILURES):
        _log.warning("records_unavailable", error=type(error).__name__)
        return _unavailable("records-unavailable", "The database does not answer")
    error_id = secrets.token_hex(4)
    _log.error("request_failed", error_id=error_id, path=path, exc_info=error)
    return Problem(500, "internal", "Internal error", f"See the bot's log for error {error_id}.")


def _unavailable(code: str, title: str) -> Problem:
    return Problem(503, code, title, "Nothing was lost. It is safe to retry in a few seconds.")


async def read_body(request: web.Request) -> bytes:
    """Return the body.

    Raises:
        Problem: 413, the body is longer than `MAX_BODY`.

    """
    body = b""
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            raise Problem(
                413, "too-long", "The body is too long", f"The limit is {MAX_BODY} bytes."
            )
    return body


def parse(model: type[Model], body: bytes) -> Model:
    """Return the JSON body as an instance of `model`.

    Raises:
        Problem: 422, with each error and its place in the body in `errors`.

    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        raise unreadable(
            [("/".join(map(str, detail["loc"])), detail["msg"]) for detail in details]
        ) from None


def unreadable(mistakes: Sequence[tuple[str, str]]) -> Problem:
    """Return the problem for a body with these errors, each with its place, such as `lines/0/sku`."""
    errors: Sequence[Mapping[str, str]] = [
        {"pointer": f"#/{place}" if place else "#", "detail": detail} for place, detail in mistakes
    ]
    return Problem(422, "unreadable", "The body is invalid", errors=errors)


def require_bearer(request: web.Request, token: str) -> None:
    """Return if the request carries the bearer token.

    Raises:
        Problem: 503, no token is configured; 401, the request carries none or a wrong one.

    """
    if not token:
        raise Problem(
            503, "not-set-up", "The API is off", "To use it, set API_TOKEN and restart the bot."
        )
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    # Compare bytes: compare_digest raises TypeError for non-ASCII strings.
    same = compare_digest(given.strip().encode("utf-8", "surrogateescape"), token.encode())
    if scheme.lower() != "bearer" or not same:
        _log.warning("unauthorized", path=request.path)
        raise Problem(
            401,
            "unauthorized",
            "Authentication is required",
            "Send the header Authorization: Bearer TOKEN.",
        )
