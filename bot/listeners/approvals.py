"""A click on a card: acknowledged, decided by the workflow, answered inline or by one sentence."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.faces import Face, read_face
from bot.listeners.answers import Surface, surface_of
from bot.listeners.services import Services
from bot.views import approval_card, notices, order_card, reject_modal
from bot.views.approval_card import Click
from bot.views.blocks import Message
from bot.views.ids import ActionId, CallbackId
from bot.views.reject_modal import Rejection
from bot.workflow_client import (
    Accepted,
    Answer,
    Ended,
    Refused,
    TemporalUnavailableError,
    Unconfirmed,
    Unknown,
)
from records.refusals import Refusal
from workflows.rules.click import REMEMBERED, click_id
from workflows.rules.face import ApprovalFace
from workflows.rules.people import Actor, Origin
from workflows.rules.request import Decision, Verdict

Say = Callable[[str], Awaitable[None]]
"""Says one sentence to the person who pressed, and to nobody else."""

_log = structlog.get_logger("bot.approvals")


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """One press on one copy of a card, however it reached us."""

    request_id: str
    click_id: str
    card_version: int
    surface: Surface
    received: float
    repeated: bool
    may_paint: bool


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the card's buttons and to the reject modal."""
    listener = ApprovalListeners(services)
    app.action(ActionId.APPROVE)(listener.approve_clicked)
    app.action(ActionId.REJECT)(listener.reject_clicked)
    app.view(CallbackId.REJECT_REASON)(listener.rejection_submitted)


class ApprovalListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seen: dict[str, None] = {}

    async def approve_clicked(
        self, ack: AsyncAck, body: dict[str, Any], request: AsyncBoltRequest
    ) -> None:
        """Send the decision and show what it led to."""
        received = time.monotonic()
        await ack()
        click = approval_card.parse_click(body)
        press = self._press(click, request, received)
        decision = Decision(
            actor=Actor(person=click.person, origin=Origin.SLACK),
            verdict=Verdict.APPROVE,
            content_revision=click.content_revision,
            level=click.level,
        )

        async def say(sentence: str) -> None:
            await self._services.answers.tell(press.surface, sentence)

        if sentence := await self._decide(press, decision, say):
            await say(sentence)

    async def reject_clicked(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Ask for the reason. The modal opens before any other I/O: a trigger lives three seconds."""
        await ack()
        click = approval_card.parse_click(body)
        view = reject_modal.build(click)
        if click.trigger_id:
            await client.views_open(trigger_id=click.trigger_id, view=view)
        else:  # a click inside a custom step has a pointer instead
            await client.views_open(interactivity_pointer=click.interactivity_pointer, view=view)

    async def rejection_submitted(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, request: AsyncBoltRequest
    ) -> None:
        """Send the decision with its reason; the modal tells how it went."""
        received = time.monotonic()
        rejection = reject_modal.parse_submission(body)
        if errors := reject_modal.check(rejection):
            await ack(response_action="errors", errors=errors)
            return
        await ack(response_action="update", view=reject_modal.working())
        acked = time.monotonic()
        press = self._press(rejection, request, received)
        decision = Decision(
            actor=Actor(person=rejection.person, origin=Origin.SLACK),
            verdict=Verdict.REJECT,
            reason=rejection.reason,
            content_revision=rejection.context.content_revision,
            level=rejection.context.level,
        )
        answers = self._services.answers

        async def say(sentence: str) -> None:
            view = reject_modal.told(sentence)
            if not await answers.show(client, rejection.view_id, view, acked):
                await answers.tell(press.surface, sentence)  # the person has closed the modal

        await say(await self._decide(press, decision, say) or notices.confirmed(Verdict.REJECT))

    def _press(
        self, pressed: Click | Rejection, request: AsyncBoltRequest, received: float
    ) -> Press:
        """Return the press, and whether Slack sends it for the first time.

        Slack numbers its retries (in Socket Mode the header stands on the first delivery too, as 0).
        One that it repeats without a number is known by its id: Temporal answers the same update
        with its first answer again, which may be an old one by now.
        """
        about = pressed.context if isinstance(pressed, Rejection) else pressed
        press_id = _id_of(pressed)
        repeated = press_id in self._seen
        self._seen[press_id] = None
        while len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        retried = request.headers.get("x-slack-retry-num", ["0"])[0] not in ("", "0")
        return Press(
            request_id=about.request_id,
            click_id=press_id,
            card_version=about.card_version,
            surface=surface_of(pressed),
            received=received,
            repeated=repeated,
            may_paint=not repeated and not retried,
        )

    async def _decide(self, press: Press, decision: Decision, say: Say) -> str:
        """Send the decision; return the sentence to say, or none where the card says it all."""
        client = self._services.workflows

        async def ask() -> Answer:
            return await client.decide(press.request_id, press.click_id, decision)

        answer = await ask()
        if not isinstance(answer, Unconfirmed):
            return await self._settle(press, decision, answer)
        await say(notices.unconfirmed())
        answer = await client.confirm(ask)
        if isinstance(answer, Accepted):
            return notices.confirmed(decision.verdict)
        if isinstance(answer, Ended) and await self._had_counted(press, decision):
            return notices.confirmed(decision.verdict)
        return await self._settle(press, decision, answer)

    async def _settle(self, press: Press, decision: Decision, answer: Answer) -> str:
        match answer:
            case Accepted(face=face):
                if press.may_paint:
                    await self._services.answers.paint(
                        press.surface, approval_card.build(face), press.received
                    )
                return ""
            case Refused():
                await self._write_down(press, decision, answer.code)
                if answer.card_version != press.card_version:
                    await self._republish(press.request_id, press)
                return notices.refusal(answer.code, answer.data)
            case Ended() | Unknown():
                return await self._tell_how_it_ended(press, decision)
            case Unconfirmed():
                return notices.still_unconfirmed()

    async def _write_down(self, press: Press, decision: Decision, code: str) -> None:
        """Keep the refusal, best effort: Temporal keeps none, and the person must hear it anyway."""
        if press.repeated:
            return
        refusal = Refusal(
            request_id=press.request_id,
            actor=decision.actor,
            verb="decide",
            code=code,
            at=self._services.now(),
        )
        try:
            await self._services.refusals.append(refusal)
        except SQLAlchemyError as error:
            _log.error("refusal_not_written", code=code, error=type(error).__name__)

    async def _tell_how_it_ended(self, press: Press, decision: Decision) -> str:
        """Answer a click on a card whose approval has ended, and have that card shown as it is."""
        record = await self._services.requests.get(press.request_id)
        if record is None:
            _log.warning("click_for_unknown_request", request_id=press.request_id)
            return notices.unavailable()
        await self._write_down(press, decision, "request_closed")
        if not await self._republish(record.owner_id, press):
            await self._paint_last_state(record.owner_id, press)
        return notices.refusal("request_closed", _closing(read_face(record.face)))

    async def _had_counted(self, press: Press, decision: Decision) -> bool:
        """Whether the ended request holds what this press asked for, the first time unanswered."""
        record = await self._services.requests.get(press.request_id)
        face = read_face(record.face) if record else None
        return isinstance(face, ApprovalFace) and _counted(face, decision)

    async def _republish(self, owner_id: str, press: Press) -> bool:
        """Ask the owner to write the card again; False where the owner has ended."""
        try:
            return await self._services.workflows.republish(owner_id, press.click_id)
        except TemporalUnavailableError as error:
            _log.warning("republish_not_confirmed", owner=owner_id, why=str(error))
            return True

    async def _paint_last_state(self, owner_id: str, press: Press) -> None:
        record = await self._services.requests.get(owner_id)
        if record is not None:
            # Whatever the last state was: with its owner gone, no button of it works any more.
            message = _render(read_face(record.face)).without_buttons()
            await self._services.answers.paint_final(press.surface, message)


def _id_of(pressed: Click | Rejection) -> str:
    if isinstance(pressed, Rejection):
        request_id = pressed.context.request_id
        return click_id(request_id, pressed.view_id, pressed.person, pressed.view_hash)
    return click_id(
        pressed.request_id,
        pressed.person,
        pressed.action_id,
        pressed.message_ts,
        pressed.action_ts,
    )


def _render(face: Face) -> Message:
    if isinstance(face, ApprovalFace):
        return approval_card.build(face)
    return order_card.build(face)


def _counted(face: ApprovalFace, decision: Decision) -> bool:
    """Whether the ended request holds this very verdict of this person."""
    return any(
        said.person == decision.actor.person and said.verdict == decision.verdict
        for level in face.levels
        if level.number == decision.level
        for said in level.decisions
    )


def _closing(face: Face) -> Mapping[str, str]:
    by = face.closed_by if isinstance(face, ApprovalFace) else None
    return {"status": face.status.value, "person": by.person if by else ""}
