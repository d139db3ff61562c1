"""Several decisions at once: each is its own command, with its own result in the modal."""

import asyncio
import time
from collections.abc import Sequence

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.listeners.answers import NOT_ACKED, Surface
from bot.listeners.interactions import Interactions
from bot.listeners.services import Services
from views import bulk_modal, bulk_results, notices
from views.bulk_modal import BulkItem, BulkSubmission
from views.bulk_results import BulkResult, Progress
from views.ids import ActionId, CallbackId
from views.payload import actor_id
from workflows.rules.approvals.request import Decision
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.click import click_id

_PROGRESS = {True: Progress.ACCEPTED, False: Progress.REFUSED, None: Progress.WAITING}

_log = structlog.get_logger("bot.bulk")


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the button on the App Home, and to the form that it opens."""
    listener = BulkListeners(services)
    app.action(ActionId.BULK)(listener.bulk_clicked)
    app.view(CallbackId.BULK)(listener.bulk_submitted)


class BulkListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._interactions = Interactions(services)

    async def bulk_clicked(self, args: AsyncArgs) -> None:
        """Open the modal at once; then show the requests on this page of the home."""
        await args.ack()
        person = actor_id(args.body)
        t = self._services.cached_translator(person)
        opening = bulk_modal.opening(t)
        opened = await args.client.views_open(trigger_id=args.body["trigger_id"], view=opening)
        page = await self._services.homes.page_of(person)
        view = bulk_modal.form(page.to_decide, t)
        await self._services.answers.show(args.client, opened["view"]["id"], view, NOT_ACKED)

    async def bulk_submitted(self, args: AsyncArgs) -> None:
        """Execute every decision, and show the result of each."""
        received = time.monotonic()
        submission = bulk_modal.parse(args.body)
        t = self._services.cached_translator(submission.person)
        if errors := bulk_modal.check(submission, t):
            await args.ack(response_action="errors", errors=errors)
            return
        await args.ack(response_action="update", view=bulk_modal.working(t))
        acked = time.monotonic()
        results = _Results(bulk_results.pending_results(submission))

        async def show() -> None:
            view = bulk_results.results(results.items, t)
            await self._services.answers.show(args.client, submission.view_id, view, acked)

        async def decide(item: BulkItem) -> None:
            async def notify(sentence: str) -> None:
                results.set(item, Progress.WAITING, sentence)
                await show()

            submitted = click_id(
                item.request_id, submission.view_id, submission.person, submission.view_hash
            )
            interaction = self._interactions.at(
                item.context, submission.person, submitted, args.request, received
            )
            decision = _decision(submission, item)
            outcome = await self._interactions.execute(interaction, decision, notify)
            results.set(item, _PROGRESS[outcome.accepted], outcome.sentence or confirmed)

        confirmed = notices.confirmed(submission.verdict, t)
        failures = await asyncio.gather(*map(decide, submission.items), return_exceptions=True)
        for item, failure in zip(submission.items, failures, strict=True):
            if failure is not None:  # the results of the other decisions are shown anyway
                _log.error("decision_not_followed", request_id=item.request_id, exc_info=failure)
                results.set(item, Progress.WAITING, notices.still_unconfirmed(t))
        await self._services.answers.show_or_reply(
            args.client,
            submission.view_id,
            bulk_results.results(results.items, t),
            acked,
            surface=Surface(person=submission.person, is_home=True),
            sentence=bulk_results.results_text(results.items, t),
        )


class _Results:
    """The results of the decisions so far."""

    def __init__(self, items: Sequence[BulkResult]) -> None:
        self.items = list(items)

    def set(self, item: BulkItem, progress: Progress, sentence: str) -> None:
        """Set the result of one decision."""
        self.items = bulk_results.with_result(self.items, item, progress, sentence)


def _decision(submission: BulkSubmission, item: BulkItem) -> Decision:
    return Decision(
        actor=Actor(person=submission.person, origin=Origin.SLACK),
        verdict=submission.verdict,
        reason=submission.reason,
        content_revision=item.content_revision,
        level=item.level,
    )
