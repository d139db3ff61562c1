"""Time away: setting an absence and the delegate who decides in the meantime."""

import time

from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_sdk.web.async_client import AsyncWebClient

from bot.listeners.answers import NOT_ACKED, Surface
from bot.listeners.directory import refresh_watching
from bot.listeners.services import Services
from records.absences import AbsenceError
from views import away_modal, notices
from views.away_modal import AwaySubmission
from views.blocks import View
from views.ids import CallbackId
from views.translator import Translator
from workflows.rules.people.actors import SourceKind
from workflows.rules.shared.click import click_id


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the form."""
    listener = AwayListeners(services)
    app.view(CallbackId.AWAY)(listener.away_submitted)


class AwayListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def away_submitted(self, args: AsyncArgs) -> None:
        """Save the absence, and refresh the open requests that wait for this person."""
        submission = away_modal.parse(args.body)
        t = self._services.cached_translator(submission.person)
        if errors := away_modal.check(submission, self._services.now(), t):
            await args.ack(response_action="errors", errors=errors)
            return
        await args.ack(response_action="update", view=away_modal.working(t))
        acked = time.monotonic()
        answers, surface = self._services.answers, Surface(person=submission.person)
        saved, sentence, view = await self._save(submission, t)
        await answers.show_or_reply(
            args.client, submission.view_id, view, acked, surface=surface, sentence=sentence
        )
        if saved and (late := await self._refresh(submission)):
            await answers.reply(surface, notices.not_yet_notified(late, t))

    async def _save(self, submission: AwaySubmission, t: Translator) -> tuple[bool, str, View]:
        """Save or clear the absence; return whether that succeeded, with a sentence and a view."""
        absences, now = self._services.absences, self._services.now()
        person = submission.person
        if submission.written.back:
            sentence = away_modal.returned_text(await absences.clear(person, now), t)
        else:
            try:
                replaced = await absences.set(submission.absence, now)
            except AbsenceError as error:
                refusal = notices.refusal(error.code, {}, t)
                current = await absences.of(person, now)
                return False, refusal, away_modal.again(submission, current, refusal, t)
            sentence = away_modal.recorded_text(submission.absence, t, replaced)
        return True, sentence, away_modal.message(sentence, t)

    async def _refresh(self, submission: AwaySubmission) -> int:
        """Refresh the requests that wait for this person; return how many could not be reached."""
        person = submission.person
        cause = click_id(submission.view_id, person, submission.view_hash)
        return await refresh_watching(self._services, [f"{SourceKind.USER}:{person}"], cause)


async def open_form(
    services: Services, client: AsyncWebClient, person: str, trigger_id: str
) -> None:
    """Open the form at once; then show the absences that the person has, if any."""
    t = services.cached_translator(person)
    opened = await client.views_open(trigger_id=trigger_id, view=away_modal.build(t))
    absences = await services.absences.of(person, services.now())
    if absences:
        view = away_modal.build(t, absences)
        await services.answers.show(client, opened["view"]["id"], view, NOT_ACKED)
