"""Responses from the app to a user action: in an ack, or later through a response_url."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from aiohttp import web

from emulator import messages, strict_json
from emulator.api_call import ApiResponse, execute
from emulator.delivery import Ack
from emulator.errors import Json, SlackError
from emulator.modals import OpenView
from emulator.payloads import Actor, view_closed
from emulator.response_urls import ResponseUrl
from emulator.stand_in import StandIn
from emulator.workspace import Channel


class ResponseUrlApi:
    """Serves ``/response/...``: replace or delete the original message, or post a new one."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle one use of a response_url.

        Responds with HTTP 404 and ``expired_url`` after 30 minutes or ``used_url`` after five uses.
        """
        arguments: Json = {}
        try:
            arguments = strict_json.load_object((await request.read()).decode(errors="replace"))
        except SlackError as error:
            response = ApiResponse(body=error.body())
        else:
            key = request.match_info["key"]
            response = await execute(
                self._stand_in, "response_url", arguments, lambda: self._use(key, arguments)
            )
        if response.status == HTTPStatus.OK and not response.body["ok"]:
            response = replace(response, status=_status(response.body["error"]))
        self._stand_in.journal.write(
            "response_url",
            method="response_url",
            arguments=arguments,
            status=response.status,
            response=response.body,
            reply_lost=response.status == 0 or None,
        )
        return response.to_http(request, {})

    def _use(self, key: str, arguments: Json) -> Json:
        url = self._stand_in.response_urls.check(key)
        channel = self._stand_in.workspace.channel(url.channel)
        apply_response(self._stand_in, url, channel, arguments)
        url.uses += 1
        return {}


def _status(error: str) -> HTTPStatus:
    """Choose the HTTP status for an error.

    Slack documents 404 for ``expired_url`` and ``used_url``. For invalid content we respond with 400, as
    incoming webhooks do.
    """
    content = error.startswith(("invalid_", "no_text", "msg_", "markdown_", "metadata_", "json_"))
    return HTTPStatus.BAD_REQUEST if content else HTTPStatus.NOT_FOUND


def apply_response(stand_in: StandIn, url: ResponseUrl, channel: Channel, arguments: Json) -> None:
    """Apply a response_url payload (docs: handling user interaction, message responses)."""
    if arguments.get("delete_original"):
        messages.delete(stand_in, channel, _find_original(stand_in, url, channel))
        return
    content = messages.read_content(_check_text_types(arguments))
    if arguments.get("replace_original"):
        messages.update(stand_in, channel, _find_original(stand_in, url, channel), content)
        return
    thread_ts = str(arguments.get("thread_ts") or "")
    if arguments.get("response_type") == "in_channel":
        messages.post_as_bot(stand_in, channel, content, thread_ts=thread_ts)
    else:
        messages.post_ephemeral(stand_in, url.user, channel, content, thread_ts=thread_ts)


def _check_text_types(arguments: Json) -> Json:
    for name in ("text", "markdown_text"):
        if not isinstance(arguments.get(name, ""), str | None):
            raise SlackError("invalid_payload")
    return arguments


def _find_original(stand_in: StandIn, url: ResponseUrl, channel: Channel) -> Json:
    ephemeral = stand_in.workspace.ephemerals.get((url.user, channel.id), {}).get(url.ts)
    return ephemeral or messages.find(stand_in, channel, url.ts)


def apply_slash_ack(actor: Actor, channel: Channel, ack: Ack) -> None:
    """Show the message in a slash command's ack: to the user only, unless it is in_channel."""
    payload = {"text": ack.payload} if isinstance(ack.payload, str) else ack.payload
    if not isinstance(payload, dict) or not payload:
        return
    url = ResponseUrl(channel.id, actor.user.id, "", actor.stand_in.clock.now())
    apply_response(actor.stand_in, url, channel, payload)


def apply_submission_ack(actor: Actor, opened: OpenView, ack: Ack) -> Json:
    """Apply the ``response_action`` of a view_submission ack; return errors by block id.

    Raises ``SlackError`` if Slack would reject the response. The user then sees a generic error and the
    modal stays open.
    """
    payload: Any = ack.payload
    action = payload.get("response_action") if isinstance(payload, dict) else None
    modals = actor.stand_in.modals
    if action == "errors":
        return {"errors": _field_errors(opened, payload.get("errors"))}
    if action == "update":
        modals.update(payload.get("view"), view_id=opened.id)
    elif action == "push":
        modals.push_on(opened, payload.get("view"))
    elif action == "clear":
        closed = modals.clear(opened.user, opened.tab)
        others = [v for v in closed if v.id != opened.id]
        notify_closed(actor, others, is_cleared=True)
    elif action is None:
        modals.pop(opened)
    else:
        raise SlackError("invalid_response_action")
    return {}


def notify_closed(actor: Actor, closed: list[OpenView], *, is_cleared: bool) -> None:
    """Deliver view_closed for the views that set ``notify_on_close``."""
    actor.stand_in.deliver_view_closed(
        [
            view_closed(actor, opened.view, is_cleared=is_cleared)
            for opened in closed
            if opened.view["notify_on_close"]
        ]
    )


def _field_errors(opened: OpenView, errors: Any) -> dict[str, str]:
    inputs = {b["block_id"] for b in opened.view["blocks"] if b["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise SlackError("invalid_errors")
    return {str(block): str(message) for block, message in errors.items()}
