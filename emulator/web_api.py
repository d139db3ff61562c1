"""The Web API over HTTP: reads a call in any of Slack's encodings, checks it, runs it, journals it."""

import asyncio

from aiohttp import web

from emulator import strict_json
from emulator.api_call import Answer, carry_out
from emulator.errors import Json, SlackError
from emulator.methods import basics, chat, conversations, directory, views
from emulator.methods.registry import METHODS, Call, Method, Token
from emulator.stand_in import StandIn

# Importing the families fills the table.
FAMILIES = (basics, chat, conversations, directory, views)
MAX_BODY = 1024 * 1024


class WebApi:
    """Serves ``/api/<method>``."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call; always JSON, except where a fault says otherwise."""
        name = request.match_info["method"]
        began = asyncio.get_running_loop().time()
        arguments: Json = {}
        token = Token.NONE
        try:
            arguments = await read_arguments(request)
            token = self._token(request, arguments)
            answer = await self._answer(name, arguments, token)
        except SlackError as error:
            answer = Answer(body=error.body())
        self._stand_in.journal.write(
            "api",
            method=name,
            token=token,
            # A token in a form must not end up in the journal.
            arguments={key: value for key, value in arguments.items() if key != "token"},
            status=answer.status,
            response=answer.body,
            reply_lost=answer.status == 0 or None,
            latency_ms=round((asyncio.get_running_loop().time() - began) * 1000, 3),
        )
        scopes = {"X-OAuth-Scopes": ",".join(self._stand_in.manifest.scopes)}
        return answer.response(request, scopes if token is Token.BOT else {})

    async def _answer(self, name: str, arguments: Json, token: Token) -> Answer:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        _check_token(method, token)

        def run() -> Json:
            call = Call(stand_in=self._stand_in, arguments=method.read(arguments))
            call.require_scope(*method.scopes)
            return method.handler(call)

        return await carry_out(self._stand_in, name, arguments, run)

    def _token(self, request: web.Request, arguments: Json) -> Token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if not given and request.content_type != "application/json":
            given = str(arguments.get("token") or "")
        config = self._stand_in.config
        kinds = {"": Token.NONE, config.bot_token: Token.BOT, config.app_token: Token.APP}
        return kinds.get(given, Token.UNKNOWN)


def _check_token(method: Method, token: Token) -> None:
    if method.token in (Token.NONE, token):
        return
    refusals = {Token.NONE: "not_authed", Token.UNKNOWN: "invalid_auth"}
    raise SlackError(refusals.get(token, "not_allowed_token_type"))


async def read_arguments(request: web.Request) -> Json:
    """Collect arguments from the query and from a form or JSON body."""
    found = dict(request.query.items())
    if not request.can_read_body:
        return found
    kind = request.content_type
    if kind == "application/json":
        return found | strict_json.load_object(await _text(request))
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        try:
            form = await request.post()
        except (ValueError, LookupError, AssertionError) as error:
            raise SlackError("invalid_form_data") from error
        return found | {k: v for k, v in form.items() if isinstance(v, str)}
    if await request.read():
        raise SlackError("invalid_post_type")
    return found


async def _text(request: web.Request) -> str:
    try:
        return await request.text()
    except (UnicodeDecodeError, LookupError) as error:
        raise SlackError("invalid_charset") from error
