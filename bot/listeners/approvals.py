"""The card's buttons: acknowledged, decided by the workflow, answered inline or by one sentence."""

import time
from typing import Any, assert_never

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions.commands import Deed
from bot.listeners.inbox import shown_anew
from bot.listeners.presses import Press, Presses, id_of
from bot.listeners.services import Services
from bot.policies.keys import SourceError, read_source
from views import card_click, notices, verb_modal
from views.blocks import View
from views.card_click import Click
from views.ids import ActionId, CallbackId, InputId
from views.translator import translator
from views.verb_modal import Submission
from workflows.rules.approvals.request import (
    Amendment,
    Closing,
    Comment,
    Decision,
    Delegation,
    Reassignment,
    Refresh,
    Verdict,
    Withdrawal,
)
from workflows.rules.approvals.verbs import Verb
from workflows.rules.people.actors import Actor, ApproverSource, Origin, SourceKind
from workflows.rules.shared.click import click_id


def register(app: AsyncApp, services: Services) -> None:
    """Listen to Approve and Reject, and to the form of every verb."""
    listener = ApprovalListeners(services)
    app.action(ActionId.APPROVE)(listener.approve_clicked)
    app.action(ActionId.REJECT)(listener.reject_clicked)
    app.view(CallbackId.VERB)(listener.verb_submitted)


class ApprovalListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._presses = Presses(services)

    async def approve_clicked(
        self,
        ack: AsyncAck,
        body: dict[str, Any],
        client: AsyncWebClient,
        request: AsyncBoltRequest,
    ) -> None:
        """Send the decision and show what it led to; ask for a reason first where one is needed."""
        received = time.monotonic()
        await ack()
        click = card_click.parse_click(body)
        if click.reason_required:
            t = translator(self._services.people.cached_locale(click.person))
            await open_modal(client, click, verb_modal.approve(click, t))
            return
        press = self._presses.press(click, click.person, id_of(click), request, received)
        decision = Decision(
            actor=Actor(person=click.person, origin=Origin.SLACK),
            verdict=Verdict.APPROVE,
            content_revision=click.content_revision,
            level=click.level,
        )

        async def say(sentence: str) -> None:
            await self._services.answers.tell(press.surface, sentence)

        outcome = await self._presses.do(press, decision, say)
        if sentence := await shown_anew(self._services, press, outcome, Verb.APPROVE):
            await say(sentence)

    async def reject_clicked(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Ask for the reason. The modal opens before any other I/O: a trigger lives three seconds."""
        await ack()
        click = card_click.parse_click(body)
        t = translator(self._services.people.cached_locale(click.person))
        await open_modal(client, click, verb_modal.reject(click, t))

    async def verb_submitted(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, request: AsyncBoltRequest
    ) -> None:
        """Send what the form says; the modal tells how it went."""
        received = time.monotonic()
        submission = verb_modal.parse_submission(body)
        t = translator(self._services.people.cached_locale(submission.person))
        if errors := verb_modal.check(submission, t):
            await ack(response_action="errors", errors=errors)
            return
        try:
            deed = deed_of(submission)
        except SourceError as error:
            sentence = notices.not_a_source(error.written, t)
            await ack(response_action="errors", errors={InputId.SOURCES.value: sentence})
            return
        await ack(response_action="update", view=verb_modal.working(t))
        acked = time.monotonic()
        press = self._press_of_form(submission, request, received)

        async def say(sentence: str, view: View | None = None) -> None:
            view = view or verb_modal.told(sentence, t)
            await self._services.answers.show_or_tell(
                client, submission.view_id, view, acked, surface=press.surface, sentence=sentence
            )

        outcome = await self._presses.do(press, deed, say)
        sentence = outcome.sentence or notices.confirmed(submission.verb, t)
        again = verb_modal.again(submission, sentence, t) if outcome.mendable else None
        await say(sentence, again)
        if press.surface.is_private:  # the modal has told how it went; the list is behind now
            await shown_anew(self._services, press, outcome, submission.verb)

    def _press_of_form(
        self, submission: Submission, request: AsyncBoltRequest, received: float
    ) -> Press:
        context, person = submission.context, submission.person
        press_id = click_id(context.request_id, submission.view_id, person, submission.view_hash)
        return self._presses.press(context, person, press_id, request, received)


def deed_of(submission: Submission) -> Deed:  # noqa: PLR0911 - one per verb
    """Return what a checked form asks for. The person is the one whom Slack names, nobody else.

    Raises:
        SourceError: an approver to reassign to is not written as a policy writes it.

    """
    actor = Actor(person=submission.person, origin=Origin.SLACK)
    typed, context = submission.typed, submission.context
    match submission.verb:
        case Verb.APPROVE | Verb.REJECT | Verb.REQUEST_CHANGES:
            return Decision(
                actor=actor,
                verdict=Verdict(submission.verb.value),
                reason=typed.reason,
                content_revision=context.content_revision,
                level=context.level,
            )
        case Verb.COMMENT:
            return Comment(actor=actor, text=typed.reason)
        case Verb.AMEND:
            return Amendment(
                actor=actor,
                content=verb_modal.amended(submission),
                content_revision=context.content_revision,
            )
        case Verb.DELEGATE:
            return Delegation(actor=actor, delegate=typed.delegate)
        case Verb.WITHDRAW:
            return Withdrawal(actor=actor, reason=typed.reason)
        case Verb.REASSIGN:
            people = (ApproverSource(kind=SourceKind.USER, value=one) for one in typed.people)
            written = (read_source(one) for one in typed.source_words)
            return Reassignment(actor=actor, approvers=(*people, *written), reason=typed.reason)
        case Verb.CLOSE:
            return Closing(actor=actor, reason=typed.reason)
        case Verb.REFRESH:
            return Refresh(actor=actor)
        case _:
            assert_never(submission.verb)


async def open_modal(client: AsyncWebClient, click: Click, view: View) -> str:
    """Open a modal for a press and return its id."""
    if click.trigger_id:
        opened = await client.views_open(trigger_id=click.trigger_id, view=view)
    else:  # a click inside a custom step has a pointer instead
        opened = await client.views_open(
            interactivity_pointer=click.interactivity_pointer, view=view
        )
    return str(opened["view"]["id"])
