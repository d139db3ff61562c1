"""Where orders stand, in Slack: the command that tells it, and the buttons of what it shows."""

import time
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest

from bot.listeners.answers import Surface
from bot.listeners.presses import Press, Presses, id_of
from bot.listeners.services import Services
from bot.runtime.ids import ORDER_ID
from views import card_click, notices, order_status
from views.ids import ActionId
from views.payload import clicker, word
from views.translator import translator
from workflows.rules.orders.order import Cancellation
from workflows.rules.orders.verbs import OrderVerb
from workflows.rules.people.actors import Actor, Origin


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the command, to the list that it shows, and to the button of a card."""
    listener = OrderListeners(services)
    app.command("/order-status")(listener.status_asked)
    app.action(ActionId.SHOW)(listener.show_clicked)
    app.action(ActionId.CANCEL)(listener.cancel_clicked)


class OrderListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._presses = Presses(services)

    async def status_asked(self, ack: AsyncAck, command: dict[str, Any]) -> None:
        """Tell, privately, where one order stands, or which orders this person has."""
        await ack()
        surface = Surface(
            person=command["user_id"],
            channel=command["channel_id"],
            response_url=command.get("response_url", ""),
        )
        written = command.get("text", "").strip()
        if written:
            await self._tell_of(surface, written)
            return
        snapshots = await self._services.orders.latest_of(surface.person)
        t = translator(await self._services.people.locale_of(surface.person))
        await self._services.answers.tell_message(surface, order_status.latest(snapshots, t))

    async def show_clicked(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Tell where one order of a list stands now; the list stays."""
        await ack()
        surface = Surface(
            person=clicker(body),
            channel=word(body, "channel", "id"),
            response_url=word(body, "response_url"),
        )
        await self._tell_of(surface, word(card_click.pressed(body), "value"))

    async def _tell_of(self, surface: Surface, written: str) -> None:
        """Show one order to whoever asks by its number, or say why not."""
        answers, order_id = self._services.answers, written.upper()
        t = translator(await self._services.people.locale_of(surface.person))
        if not ORDER_ID.fullmatch(order_id):
            await answers.tell(surface, notices.malformed_order_id(written, t))
        elif snapshot := await self._services.orders.look_up(order_id):
            await answers.tell_message(surface, order_status.one(snapshot, surface.person, t))
        else:
            await answers.tell(surface, notices.unknown_order(order_id, t))

    async def cancel_clicked(
        self, ack: AsyncAck, body: dict[str, Any], request: AsyncBoltRequest
    ) -> None:
        """Cancel the order, which has asked "sure?" already, and show what that led to."""
        received = time.monotonic()
        await ack()
        click = card_click.parse_click(body)
        press = self._presses.press(click, click.person, id_of(click), request, received)
        deed = Cancellation(actor=Actor(person=click.person, origin=Origin.SLACK))

        async def say(sentence: str) -> None:
            await self._services.answers.tell(press.surface, sentence)

        outcome = await self._presses.do(press, deed, say)
        sentence = outcome.sentence
        if press.surface.is_private and not await self._shown_anew(press):
            t = translator(await self._services.people.locale_of(click.person))
            sentence = sentence or notices.confirmed(OrderVerb.CANCEL, t)
        if sentence:
            await say(sentence)

    async def _shown_anew(self, press: Press) -> bool:
        """Show the order as it is now in place of the private message; say whether it was done."""
        snapshot = await self._services.orders.look_up(press.request_id)
        if snapshot is None:
            return False
        t = translator(await self._services.people.locale_of(press.surface.person))
        message = order_status.one(snapshot, press.surface.person, t)
        return await self._services.answers.paint_final(press.surface, message)
