"""The reject modal: asks why, says what is about to be rejected, and needs nothing but the click."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.views import notices
from bot.views.approval_card import Click
from bot.views.blocks import INPUT, PRIVATE_METADATA, Block, View, modal, plain, said, section
from bot.views.blocks import text_input as text_input_block
from bot.views.ids import BlockId, CallbackId, InputId
from bot.views.payload import UnreadablePayloadError, clicker, from_json, team, to_json, word
from bot.views.text import text
from workflows.rules.errors import ReasonRequiredError, ReasonTooLongError


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectContext:
    """What the modal keeps of the click that opened it."""

    request_id: str
    content_revision: int
    level: int
    card_version: int
    reason_required: bool
    subject: str
    channel: str
    message_ts: str
    thread_ts: str
    response_url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """A submitted rejection. `view_hash` differs each time the form is shown again."""

    context: RejectContext
    reason: str
    person: str
    team: str
    view_id: str
    view_hash: str


def build(click: Click, locale: str = "en") -> View:
    """Return the modal for a press on Reject. Pure, so it opens before anything is looked up."""
    context = RejectContext(
        request_id=click.request_id,
        content_revision=click.content_revision,
        level=click.level,
        card_version=click.card_version,
        reason_required=click.reason_required,
        subject=click.subject,
        channel=click.channel,
        message_ts=click.message_ts,
        thread_ts=click.thread_ts,
        response_url=click.response_url,
    )
    return _form(context, [], "", locale)


def build_again(rejection: Rejection, sentence: str, locale: str = "en") -> View:
    """Return the form with what was typed and, on top, why it did not go through."""
    problem = said(BlockId.PROBLEM, sentence, locale)
    return _form(rejection.context, [problem], rejection.reason, locale)


def _form(context: RejectContext, above: list[Block], reason: str, locale: str) -> View:
    what = text("reject.what", locale, subject=context.subject)
    return modal(
        text("reject.title", locale),
        [
            *above,
            section(BlockId.SUBJECT, plain(what, 600, locale)),
            text_input_block(
                InputId.REASON,
                InputId.REASON,
                text("reject.reason", locale),
                locale,
                typed=reason,
                hint=text("reject.hint", locale),
                multiline=True,
                optional=not context.reason_required,
            ),
        ],
        locale,
        submit=text("reject.submit", locale),
        close=text("reject.cancel", locale),
        callback_id=CallbackId.REJECT_REASON,
        private_metadata=_metadata(context),
    )


def _metadata(context: RejectContext) -> str:
    """Return the context as JSON; the first thing to go, if it is too long, is the response URL."""
    written = to_json(context)
    if len(written) <= PRIVATE_METADATA:
        return written
    return to_json(replace(context, response_url=""))


def parse_submission(body: Mapping[str, object]) -> Rejection:
    """Read the `view_submission` payload of this modal.

    Raises:
        UnreadablePayloadError: it is not one, or a part that matters is missing or not ours.

    """
    view_id, view_hash = word(body, "view", "id"), word(body, "view", "hash")
    if not view_id:
        raise UnreadablePayloadError("view.id")
    return Rejection(
        context=from_json(
            word(body, "view", "private_metadata"), RejectContext, "private_metadata"
        ),
        reason=word(body, "view", "state", "values", InputId.REASON, InputId.REASON, "value"),
        person=clicker(body),
        team=team(body),
        view_id=view_id,
        view_hash=view_hash,
    )


def check(rejection: Rejection, locale: str = "en") -> dict[str, str]:
    """Return the field errors that need no workflow to know; empty when all is well."""
    if rejection.context.reason_required and not rejection.reason.strip():
        return errors(ReasonRequiredError.code, {}, locale)
    if len(rejection.reason) > INPUT:
        return errors(ReasonTooLongError.code, {"length": str(len(rejection.reason))}, locale)
    return {}


def errors(code: str, data: Mapping[str, str], locale: str = "en") -> dict[str, str]:
    """Return a refusal at the reason's field, for `ack(response_action="errors")`."""
    return {InputId.REASON.value: notices.field_refusal(code, data, locale)}


def working(locale: str = "en") -> View:
    """Return what stands there between the submission and its result."""
    return told(text("reject.working", locale), locale)


def told(sentence: str, locale: str = "en") -> View:
    """Return a sentence, already escaped, with nothing left to do but close."""
    return modal(
        text("reject.title", locale),
        [said(BlockId.NOTICE, sentence, locale)],
        locale,
        close=text("reject.close", locale),
    )
