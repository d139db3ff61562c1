"""Unexpected errors: the log has the details and an id, the person receives the id and a sentence."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.answers import Surface
from bot.listeners.hr import hr_offer
from bot.listeners.requests import form_choices
from bot.listeners.services import Services
from records.database import DATABASE_FAILURES
from slack_api.errors import slack_code
from views import approval_modal, away_modal, hr_modal, notices, order_modal, verb_modal
from views.blocks import View
from views.ids import CallbackId
from views.payload import UnreadablePayloadError, text_at
from views.translator import Translator

ACK_IS_SENT = 0.05
"""Seconds after which Bolt has sent an ack. It polls for one every 10 ms, and drops the ack of a
listener that fails if this handler returns before the next poll."""

TRIGGER_USED = "exchanged_trigger_id"
"""Slack's error if a click was delivered twice and the first delivery, perhaps to another process,
has opened the form already."""

FormAgain = Callable[[dict[str, Any], str, Services, Translator], View]
"""Returns a submitted form, with its values and a sentence (already escaped) at the top."""

FORMS_AGAIN: Mapping[str, FormAgain] = MappingProxyType(
    {
        CallbackId.ORDER: lambda body, sentence, services, t: order_modal.failed(
            body["view"], services.products.entries, sentence, t
        ),
        CallbackId.VERB: lambda body, sentence, _, t: verb_modal.again(
            verb_modal.parse_submission(body), sentence, t
        ),
        CallbackId.APPROVAL: lambda body, sentence, services, t: approval_modal.failed(
            body["view"], form_choices(services), sentence, t
        ),
        CallbackId.HR: lambda body, sentence, services, t: hr_modal.failed(
            body["view"], hr_offer(services), sentence, t
        ),
        CallbackId.AWAY: lambda body, sentence, _, t: away_modal.again(
            away_modal.parse(body), (), sentence, t
        ),
    }
)
"""How each form is shown again after an unexpected error, so that nothing typed is lost. The form
for several decisions is not: some of them may have been executed."""

_log = structlog.get_logger("bot.errors")


def register(app: AsyncApp, services: Services) -> None:
    """Handle the errors of listeners, and requests without a listener."""

    @app.error
    async def error_raised(
        error: Exception,
        body: dict[str, Any],
        client: AsyncWebClient,
        response: BoltResponse | None,
    ) -> BoltResponse | None:
        if isinstance(error, BoltUnhandledRequestError):
            _log.warning("unhandled_request", kind=_kind(body))
            return BoltResponse(status=404, body="unhandled request")
        if isinstance(error, SlackApiError) and slack_code(error) == TRIGGER_USED:
            _log.info("click_delivered_again", kind=_kind(body))
            await asyncio.sleep(ACK_IS_SENT)
            return None
        raised = time.monotonic()
        t = services.cached_translator(_surface(body).person)
        sentence = _log_error(error, body, t)
        view = _form_again(body, sentence, services, t)
        if response is not None and _kind(body) == "view_submission":  # nothing was acknowledged
            shown = view or verb_modal.message(sentence, t)
            return BoltResponse(status=200, body={"response_action": "update", "view": shown})
        await asyncio.sleep(ACK_IS_SENT)
        if view and await services.answers.show(client, body["view"]["id"], view, raised):
            return None
        surface = _surface(body)
        if surface.person:
            await services.answers.reply(surface, sentence)
        if isinstance(error, UnreadablePayloadError):
            await _write_card_again(surface, services)
        return None


async def _write_card_again(surface: Surface, services: Services) -> None:
    """Have the card with an unreadable button written again, if the message shows a card."""
    try:
        request_id = await services.cards.request_of(surface.channel, surface.message_ts)
        record = await services.requests.get(request_id) if request_id else None
    except DATABASE_FAILURES as error:
        _log.warning("card_not_written_again", error=type(error).__name__)
        return
    if record is not None:
        place = f"{surface.channel}:{surface.message_ts}"
        await services.commands.republish(record.owner_id, f"unreadable:{place}:{time.time_ns()}")


def _log_error(error: Exception, body: dict[str, Any], t: Translator) -> str:
    """Log the error and return the sentence for the person."""
    if isinstance(error, UnreadablePayloadError):
        person = text_at(body, "user", "id")
        _log.warning("unreadable_payload", what=error.what, kind=_kind(body), person=person)
        return notices.unreadable(t)
    error_id = secrets.token_hex(4)
    _log.error("listener_failed", error_id=error_id, kind=_kind(body), exc_info=error)
    return notices.internal_error(error_id, t)


def _form_again(
    body: dict[str, Any], sentence: str, services: Services, t: Translator
) -> View | None:
    """Return the submitted form, with its values and the sentence on top; None for other payloads."""
    if _kind(body) != "view_submission":
        return None
    form_again = FORMS_AGAIN.get(text_at(body, "view", "callback_id"))
    try:
        return form_again(body, sentence, services, t) if form_again is not None else None
    except UnreadablePayloadError:
        return None


def _kind(body: dict[str, Any]) -> str:
    return (
        text_at(body, "type")
        or text_at(body, "command")
        or text_at(body, "event", "type")
        or "unknown"
    )


def _surface(body: dict[str, Any]) -> Surface:
    """Return the surface that the payload names; parts may be empty."""
    return Surface(
        person=text_at(body, "user", "id") or text_at(body, "user_id"),
        channel=text_at(body, "channel", "id") or text_at(body, "channel_id"),
        message_ts=text_at(body, "container", "message_ts"),
        thread_ts=text_at(body, "container", "thread_ts"),
        response_url=text_at(body, "response_url"),
    )
