"""A person's inbox in private, and how clicks in an inbox are answered."""

from bot.listeners.answers import Surface
from bot.listeners.interactions import Interaction, Outcome
from bot.listeners.services import Services
from views import inbox_message, notices
from views.blocks import Message


async def show(services: Services, surface: Surface) -> None:
    """Show, in private, the requests to decide and the person's own requests."""
    await services.answers.reply_with(surface, await _message(services, surface.person))


async def refresh_inbox(
    services: Services, interaction: Interaction, outcome: Outcome, verb: str
) -> str:
    """Update an inbox after a click in it; return the sentence that must still be shown.

    A card shows the result of a click; an inbox does not, because the row is gone.
    """
    surface, sentence = interaction.surface, outcome.sentence
    t = await services.translator(surface.person)
    settled = interaction.request_id if outcome.accepted else ""
    if surface.is_home:
        text = sentence or notices.confirmed(verb, t)
        shown = await services.homes.tell(surface.person, text, settled)
        return "" if shown else text
    if surface.is_private:
        message = await _message(services, surface.person, settled)
        if not await services.answers.paint_final(surface, message):
            return sentence or notices.confirmed(verb, t)
    return sentence


async def _message(services: Services, person: str, settled: str = "") -> Message:
    page = await services.homes.overview(person, inbox_message.MOST, settled)
    return inbox_message.build(page, await services.translator(person))
