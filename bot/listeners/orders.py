"""Orders in Slack: `/order-status`, and the buttons of orders and of their list."""

import time

from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.listeners.answers import Surface
from bot.listeners.interactions import Interaction, Interactions
from bot.listeners.services import Services
from views import card_click, notices, order_status
from views.ids import ActionId
from views.payload import actor_id, text_at
from workflows.rules.orders.order import Cancellation
from workflows.rules.orders.verbs import OrderVerb
from workflows.rules.people.actors import Actor, Origin
from workflows.rules.shared.ids import ORDER_ID


def register(app: AsyncApp, services: Services) -> None:
    """Listen to the command, to the list that it shows, and to the cancel button."""
    listener = OrderListeners(services)
    app.command("/order-status")(listener.status_requested)
    app.action(ActionId.SHOW)(listener.show_clicked)
    app.action(ActionId.CANCEL)(listener.cancel_clicked)


class OrderListeners:
    """The listeners of this feature, bound to the services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._interactions = Interactions(services)

    async def status_requested(self, args: AsyncArgs) -> None:
        """Show, in private, one order or the latest orders of this person."""
        await args.ack()
        surface = Surface(
            person=args.body["user_id"],
            channel=args.body["channel_id"],
            response_url=args.body.get("response_url", ""),
        )
        typed = args.body.get("text", "").strip()
        if typed:
            await self._show(surface, typed)
            return
        snapshots = await self._services.orders.latest_of(surface.person)
        t = await self._services.translator(surface.person)
        await self._services.answers.reply_with(surface, order_status.latest(snapshots, t))

    async def show_clicked(self, args: AsyncArgs) -> None:
        """Show the current state of one order of a list, below the list."""
        await args.ack()
        surface = Surface(
            person=actor_id(args.body),
            channel=text_at(args.body, "channel", "id"),
            response_url=text_at(args.body, "response_url"),
        )
        await self._show(surface, text_at(card_click.pressed(args.body), "value"))

    async def _show(self, surface: Surface, typed: str) -> None:
        """Show an order, or the reason why it cannot be shown.

        Only members read the orders of others: guests get the same answer for every number.
        """
        answers, order_id = self._services.answers, typed.upper()
        t = await self._services.translator(surface.person)
        if not ORDER_ID.fullmatch(order_id):
            await answers.reply(surface, notices.malformed_order_id(typed, t))
            return
        snapshot = await self._services.orders.look_up(order_id)
        is_own = snapshot is not None and snapshot.requester.person == surface.person
        if not is_own and not await self._services.requesters.is_member(surface.person):
            await answers.reply(surface, notices.orders_for_members(t))
        elif snapshot is not None:
            await answers.reply_with(surface, order_status.order(snapshot, surface.person, t))
        else:
            await answers.reply(surface, notices.unknown_order(order_id, t))

    async def cancel_clicked(self, args: AsyncArgs) -> None:
        """Cancel the order, which the person has confirmed, and show the result."""
        received = time.monotonic()
        await args.ack()
        click = card_click.parse_click(args.body)
        interaction = self._interactions.of_click(click, args.request, received)
        command = Cancellation(actor=Actor(person=click.person, origin=Origin.SLACK))
        outcome = await self._interactions.execute(interaction, command)
        sentence = outcome.sentence
        if interaction.surface.is_private and not await self._refresh(interaction):
            t = await self._services.translator(click.person)
            sentence = sentence or notices.confirmed(OrderVerb.CANCEL, t)
        if sentence:
            await self._services.answers.reply(interaction.surface, sentence)

    async def _refresh(self, interaction: Interaction) -> bool:
        """Replace the private message with the order as it is now; return whether it was replaced."""
        snapshot = await self._services.orders.look_up(interaction.request_id)
        if snapshot is None:
            return False
        t = await self._services.translator(interaction.person)
        message = order_status.order(snapshot, interaction.person, t)
        return await self._services.answers.paint_final(interaction.surface, message)
