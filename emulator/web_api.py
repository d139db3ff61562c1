"""The Web API over HTTP: parsing in all of Slack's encodings, dispatch and journaling."""

import asyncio

from aiohttp import web

from emulator import strict_json
from emulator.api_call import ApiResponse, execute
from emulator.errors import Json, SlackError
from emulator.methods import basics, chat, conversations, directory, views
from emulator.methods.registry import METHODS, Call, Method, Token
from emulator.stand_in import StandIn

# Importing the modules registers their methods.
METHOD_MODULES = (basics, chat, conversations, directory, views)
MAX_BODY = 1024 * 1024


class WebApi:
    """Serves ``/api/<method>``."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle one call; the response is always JSON, unless a fault is planned."""
        name = request.match_info["method"]
        began = asyncio.get_running_loop().time()
        arguments: Json = {}
        token = Token.NONE
        try:
            arguments = await read_arguments(request)
            token = self._token_kind(request, arguments)
            response = await self._dispatch(name, arguments, token)
        except SlackError as error:
            response = ApiResponse(body=error.body())
        self._stand_in.journal.write(
            "api",
            method=name,
            token=token,
            # A token in a form must not end up in the journal.
            arguments={key: value for key, value in arguments.items() if key != "token"},
            status=response.status,
            response=response.body,
            reply_lost=response.status == 0 or None,
            latency_ms=round((asyncio.get_running_loop().time() - began) * 1000, 3),
        )
        scopes = {"X-OAuth-Scopes": ",".join(self._stand_in.manifest.scopes)}
        return response.to_http(request, scopes if token is Token.BOT else {})

    async def _dispatch(self, name: str, arguments: Json, token: Token) -> ApiResponse:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        _check_token(method, token)

        def run() -> Json:
            self._stand_in.tiers.acquire(name)
            call = Call(stand_in=self._stand_in, arguments=method.read(arguments))
            call.require_scope(*method.scopes)
            return method.handler(call)

        return await execute(self._stand_in, name, arguments, run)

    def _token_kind(self, request: web.Request, arguments: Json) -> Token:
        presented = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if not presented and request.content_type != "application/json":
            presented = str(arguments.get("token") or "")
        config = self._stand_in.config
        kinds = {"": Token.NONE, config.bot_token: Token.BOT, config.app_token: Token.APP}
        return kinds.get(presented, Token.UNKNOWN)


def _check_token(method: Method, token: Token) -> None:
    if method.token in (Token.NONE, token):
        return
    errors = {Token.NONE: "not_authed", Token.UNKNOWN: "invalid_auth"}
    raise SlackError(errors.get(token, "not_allowed_token_type"))


async def read_arguments(request: web.Request) -> Json:
    """Read arguments from the query and from a form or JSON body."""
    arguments = dict(request.query.items())
    if not request.can_read_body:
        return arguments
    kind = request.content_type
    if kind == "application/json":
        return arguments | strict_json.load_object(await _text(request))
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        try:
            form = await request.post()
        except (ValueError, LookupError, AssertionError) as error:
            raise SlackError("invalid_form_data") from error
        return arguments | {k: v for k, v in form.items() if isinstance(v, str)}
    if await request.read():
        raise SlackError("invalid_post_type")
    return arguments


async def _text(request: web.Request) -> str:
    try:
        return await request.text()
    except (UnicodeDecodeError, LookupError) as error:
        raise SlackError("invalid_charset") from error
