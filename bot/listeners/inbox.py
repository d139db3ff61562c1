"""`/approvals`: what waits for a person, privately; and how presses there and on the Home are answered."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.listeners.answers import Surface
from bot.listeners.presses import Outcome, Press
from bot.listeners.services import Services
from views import inbox_message, notices
from views.blocks import Message
from views.translator import translator


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the command."""

    @app.command("/approvals")
    async def inbox_asked(ack: AsyncAck, command: dict[str, Any]) -> None:
        """Tell, privately, what waits for this person and what is theirs."""
        await ack()
        surface = Surface(
            person=command["user_id"],
            channel=command["channel_id"],
            response_url=command.get("response_url", ""),
        )
        message = await _message(services, surface.person)
        await services.answers.tell_message(surface, message)


async def shown_anew(services: Services, press: Press, outcome: Outcome, verb: str) -> str:
    """Show an inbox as it is after a press in it; return what is still to be said to the person.

    A card tells by itself what a press led to, an inbox does not: there the row is gone.
    """
    surface, sentence = press.surface, outcome.sentence
    t = translator(await services.people.locale_of(surface.person))
    settled = press.request_id if outcome.counted else ""
    if surface.is_home:
        words = sentence or notices.confirmed(verb, t)
        told = await services.homes.tell(surface.person, words, settled)
        return "" if told else words
    if surface.is_private:
        message = await _message(services, surface.person, settled)
        if not await services.answers.paint_final(surface, message):
            return sentence or notices.confirmed(verb, t)
    return sentence


async def _message(services: Services, person: str, settled: str = "") -> Message:
    page = await services.homes.overview(person, inbox_message.MOST, settled)
    return inbox_message.build(page, translator(await services.people.locale_of(person)))
