"""The card's buttons and the forms of verbs. Each executes one command."""

import time

from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.actions.registry import command_of
from bot.listeners.inbox import refresh_inbox
from bot.listeners.interactions import Interactions, open_modal
from bot.listeners.services import Services
from bot.policies.keys import SourceError, read_source
from views import card_click, notices, verb_modal
from views.blocks import View
from views.ids import ActionId, CallbackId, InputId
from views.translator import Translator
from views.verb_modal import Submission
from workflows.rules.approvals.request import Decision, Verdict
from workflows.rules.approvals.verbs import Verb
from workflows.rules.people.actors import Actor, Origin
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
        self._interactions = Interactions(services)

    async def approve_clicked(self, args: AsyncArgs) -> None:
        """Approve and show the result; if a reason is required, ask for it first."""
        received = time.monotonic()
        await args.ack()
        click = card_click.parse_click(args.body)
        if click.reason_required:
            t = self._services.cached_translator(click.person)
            await open_modal(args.client, click, verb_modal.approve(click, t))
            return
        interaction = self._interactions.of_click(click, args.request, received)
        decision = Decision(
            actor=Actor(person=click.person, origin=Origin.SLACK),
            verdict=Verdict.APPROVE,
            content_revision=click.content_revision,
            level=click.level,
        )
        outcome = await self._interactions.execute(interaction, decision)
        if sentence := await refresh_inbox(self._services, interaction, outcome, Verb.APPROVE):
            await self._services.answers.reply(interaction.surface, sentence)

    async def reject_clicked(self, args: AsyncArgs) -> None:
        """Open the form that asks for the reason."""
        await self._interactions.open_modal(args, verb_modal.reject)

    async def verb_submitted(self, args: AsyncArgs) -> None:
        """Execute the form's command; the modal shows the result."""
        received = time.monotonic()
        submission = verb_modal.parse_submission(args.body)
        person, context = submission.person, submission.context
        t = self._services.cached_translator(person)
        if errors := verb_modal.check(submission, t) | _source_errors(submission, t):
            await args.ack(response_action="errors", errors=errors)
            return
        command = command_of(submission)
        await args.ack(response_action="update", view=verb_modal.working(t))
        acked = time.monotonic()
        submitted = click_id(context.request_id, submission.view_id, person, submission.view_hash)
        interaction = self._interactions.at(context, person, submitted, args.request, received)

        async def show(sentence: str, view: View | None = None) -> None:
            await self._services.answers.show_or_reply(
                args.client,
                submission.view_id,
                view or verb_modal.message(sentence, t),
                acked,
                surface=interaction.surface,
                sentence=sentence,
            )

        outcome = await self._interactions.execute(interaction, command, show)
        sentence = outcome.sentence or notices.confirmed(submission.verb, t)
        again = verb_modal.again(submission, sentence, t) if outcome.may_retry else None
        await show(sentence, again)
        if interaction.surface.is_private:  # an inbox message, which is outdated now
            await refresh_inbox(self._services, interaction, outcome, submission.verb)


def _source_errors(submission: Submission, t: Translator) -> dict[str, str]:
    """Return the error of the first approver who is not written as in a policy."""
    try:
        for written in submission.typed.written_sources:
            read_source(written)
    except SourceError as error:
        return {InputId.SOURCES.value: notices.not_a_source(error.written, t)}
    return {}
